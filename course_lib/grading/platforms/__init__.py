"""Platforms: where students hand in and read their marks, when that is not our own folder.

``tables``      Canvas's gradebook and Moodle's grading worksheet, filled in with scores
``gradescope``  an autograder for Gradescope; ``gradescope_run``: what runs in its container
``hub``         a JupyterHub recipe, with nbgrader's own exchange or with ngshare
"""
