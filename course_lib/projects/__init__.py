"""A project with data of one's own: loading, checking, cutting, a sealed test part, a record that adds up.

| module | idea |
|---|---|
| ``own_data`` | a folder of pictures or a table of texts, with groups and times, becomes a project |
| ``checking`` | what is wrong with a folder or table, one sentence for each fault |
| ``template`` | an empty folder or table to begin with |
| ``cutting`` | train, validation and test without a group, a copy or the future on two sides |
| ``sealing`` | the test part, opened once |
| ``records`` | what a project reports, and whether it can be true |

All of it is NumPy and plain Python: both frameworks use the same.
"""

from course_lib.projects.checking import check_data
from course_lib.projects.cutting import PARTS, cut_parts, describe_parts, fingerprints
from course_lib.projects.own_data import Project, load_project
from course_lib.projects.records import choose_by_rule, faults_of_record, make_record
from course_lib.projects.sealing import Sealed, seal
from course_lib.projects.template import make_template

__all__ = [
    "PARTS",
    "Project",
    "Sealed",
    "check_data",
    "choose_by_rule",
    "cut_parts",
    "describe_parts",
    "faults_of_record",
    "fingerprints",
    "load_project",
    "make_record",
    "make_template",
    "seal",
]
