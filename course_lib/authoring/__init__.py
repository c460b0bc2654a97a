"""From one source to four editions: reading, building, checking, executing.

``build`` makes the notebooks, ``check`` lists what is wrong with the sources, ``match`` records that
the two languages of a cell say the same, ``executed`` runs a solved edition once for everybody.
The source format is described in ``README.md`` beside this file.
"""

from course_lib.authoring.building import build
from course_lib.authoring.matching import match
from course_lib.authoring.problems import Problem, SourceError

__all__ = ["Problem", "SourceError", "build", "match"]
