"""The code clinic: an index from symptom to cause, and the small programs that its probes hand out."""

from course_lib.clinic.programs import KINDS, VERDICTS, Trials, make_run
from course_lib.clinic.symptoms import Cause, Symptom, read_symptoms, symptom_table

__all__ = [
    "KINDS",
    "VERDICTS",
    "Cause",
    "Symptom",
    "Trials",
    "make_run",
    "read_symptoms",
    "symptom_table",
]
