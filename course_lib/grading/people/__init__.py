"""People: who is in the class, when they handed in, what that costs, and where they stand.

``roster``    the class list, and whose a submission is by the name that a platform gave it
``arrival``   when a submission was handed in, as far as what was exported says so
``policy``    what an instructor decides for a course; ``lateness``: due dates and penalties, through nbgrader
``times``     points in time: read as instructors write them, kept in UTC, shown in the course's zone
``standing``  where everybody stands and why: for ``status`` and ``export``
"""
