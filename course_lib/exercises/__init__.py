"""Exercises: what they are, how an answer is checked, hints, progress, quizzes and claims."""
