"""The Keras half of the course library (being built)."""
from course_lib.keras import engine as engine
