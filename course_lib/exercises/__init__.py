"""Exercises: what they are, how an answer is checked, hints, progress, quizzes and claims.

A notebook uses these::

    from course_lib.exercises import check, claim, example, hint, progress, quiz
"""

from course_lib.exercises.checking import CheckFailed, captured, check, example
from course_lib.exercises.claims import ClaimFailed, claim
from course_lib.exercises.hints import hint
from course_lib.exercises.home import home
from course_lib.exercises.journal import progress
from course_lib.exercises.quizzes import quiz

__all__ = [
    "CheckFailed",
    "ClaimFailed",
    "captured",
    "check",
    "claim",
    "example",
    "hint",
    "home",
    "progress",
    "quiz",
]
