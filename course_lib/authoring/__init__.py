"""From one source to four editions: reading, building, checking, executing.

``build`` makes the notebooks, ``check`` lists what is wrong with the sources, ``stamp_matched`` records that
the two languages of a cell say the same, ``executed`` runs an edition once for everybody, ``try_mutants``
says how many small mistakes in an answer its exercise would notice, ``try_seeds`` whether the claims hold
with other random numbers.
The source format is described in ``README.md`` beside this file.
"""

from course_lib.imports import leaving_out

with leaving_out("rfc3987_syntax"):
    import nbformat  # noqa: F401

from course_lib.authoring.building import build
from course_lib.authoring.checking import check
from course_lib.authoring.executing import Executed, executed, faults
from course_lib.authoring.matching import stamp_matched
from course_lib.authoring.mutants import try_mutants
from course_lib.authoring.problems import Problem, SourceError
from course_lib.authoring.reseeding import try_seeds

__all__ = [
    "Executed",
    "Problem",
    "SourceError",
    "build",
    "check",
    "executed",
    "faults",
    "stamp_matched",
    "try_mutants",
    "try_seeds",
]
