"""The course's tests: the folders mirror course_lib."""
