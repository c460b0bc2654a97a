"""The doors into nbgrader: three steps among its own, so that every way of grading is the same way.

``nbgrader autograde``, the formgrader's button and ``./course teach grade`` all run nbgrader's
``Autograde`` with this course's configuration; :func:`configure` puts our steps in.
"""

from __future__ import annotations

import json
import os
import stat
import warnings
from itertools import count as count_from
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.warnings import DuplicateCellId, MissingIDFieldWarning
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearOutput,
    Execute,
    IgnorePattern,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
)
from sqlalchemy.exc import SAWarning
from traitlets import Bool

from course_lib.authoring.editions import nbgrader_stubs
from course_lib.errors import CourseError
from course_lib.exercises.values import text
from course_lib.files import write_atomically
from course_lib.grading import audit, feedback, marks, results
from course_lib.grading.course import Course, open_course
from course_lib.grading.export import GradesTable
from course_lib.grading.hand_marks import SaveGrades
from course_lib.grading.judging import reading, verdicts
from course_lib.grading.judging.assignment import Assignment, open_assignment
from course_lib.grading.judging.reading import LARGEST
from course_lib.grading.judging.screening import grade_id
from course_lib.grading.judging.verdicts import Verdict
from course_lib.grading.kernels import execution
from course_lib.grading.kernels.execution import Execution
from course_lib.grading.kernels.executors import Serial, Task, limits_of
from course_lib.grading.people import arrival
from course_lib.grading.people.lateness import CountLateness, PercentPerDay
from course_lib.language import Text

# Whether this run of nbgrader may do without a sandbox: said on the command line, never in a file.
UNSANDBOXED = "COURSE_UNSANDBOXED"
_MOST_BESIDE = 1000  # files beside a notebook


class MakeWhole(NbGraderPreprocessor):
    """Screening: in place of nbgrader's ``DeduplicateIds``, whose result can end the whole batch."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Put the submission back into the form that was released; note in it what that took."""
        assignment = _assignment(self, resources)
        student = resources["nbgrader"]["student"]
        path = _handed_in(assignment, student)
        try:
            reading.refuse_links(path)
            notes = assignment.make_whole(nb)
        except CourseError as problem:
            note_refusal(assignment.course, assignment.name, student, problem)
            raise
        for note in notes:
            self.log.warning("%s: %s", student, note)
        if notes:
            nb.metadata["course_screening"] = notes
        return nb, resources


class CheckOnce(CheckCellMetadata):
    """nbgrader's own check of its metadata; once for all notebooks that have the very same."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Check the notebook. Screening gives everybody's cells the released ones' metadata."""
        named = [(c.cell_type, c.metadata.nbgrader) for c in nb.cells if "nbgrader" in c.metadata]
        seen = json.dumps(named, sort_keys=True)
        if seen not in _checked:
            super().preprocess(nb, resources)
            _checked.add(seen)
        return nb, resources


_checked: set[str] = set()


def screen_handed_in(*, notebooks: list[str], **_: Any) -> None:
    """Look at one student's files before nbgrader does: its ``pre_convert_hook``.

    What nbgrader could not read, or should not (a link, a pipe that nobody writes to, a gigabyte), is
    taken off the list of what it converts: that ends in an error for this student alone, and the reason
    is noted here. A single notebook under another name is read as what it is. nbgrader copies whatever
    else lies there, twice, and reads a time stamp: links and devices are removed first, and what is too
    much, or no time, is set aside.
    """
    for name in list(notebooks):
        path = Path(name)
        student, assignment = path.parts[-3:-1]
        course = open_course(path.parents[3])
        try:
            reading.refuse_links(path)
            _tidy_up_beside(course, path, student, assignment)
            wanted = path.with_name(f"{course.notebook_name(assignment)}.ipynb")
            if path != wanted and not wanted.exists() and len(notebooks) == 1:
                _take_under_its_name(course, path, wanted, student, assignment)
                notebooks.append(str(wanted))
            if path == wanted or str(wanted) not in notebooks:
                reading.read_submission(path)
            # Until it is done: whatever stops nbgrader here, it is not silence.
            marks.note_failure(course, assignment, student, _stopped())
        except CourseError as problem:
            notebooks.remove(name)
            note_refusal(course, assignment, student, problem)


def note_graded(*, notebooks: list[str], **_: Any) -> None:
    """Take a failure off again when nbgrader has written everything: its ``post_convert_hook``."""
    for name in notebooks[:1]:
        student, assignment = Path(name).parts[-3:-1]
        marks.forget_failure(open_course(Path(name).parents[3]), assignment, student)


def _stopped() -> Text:
    return text(
        "nbgrader stopped while it graded this: run  ./course teach grade  or see nbgrader's log.",
        "nbgrader 在评阅这份作业时中断：请运行  ./course teach grade  ，或查看 nbgrader 的日志。",
    )


def note_refusal(course: Course, assignment: str, student: str, problem: CourseError) -> None:
    """Note why a submission was not graded, for ``teach status`` and the audit log."""
    why = {"en": problem.en, "zh": problem.zh}
    marks.note_failure(course, assignment, student, why)
    entry = {"event": "failed", "student": student, "assignment": assignment, "failed": why}
    audit.record(course, entry)


def _take_under_its_name(
    course: Course, path: Path, wanted: Path, student: str, assignment: str
) -> None:
    """Copy a student's only notebook to the name that the assignment has."""
    reading.read_submission(path)
    write_atomically(wanted, path.read_bytes())
    entry = {"student": student, "assignment": assignment, "renamed": path.name}
    audit.record(course, {"event": "renamed", **entry})


def _tidy_up_beside(course: Course, path: Path, student: str, assignment: str) -> None:
    """Remove what is neither file nor folder from beside a notebook, and set aside what must not be copied.

    Never the notebook itself. A file that claims a terabyte takes no room before somebody copies it.
    """
    count = size = 0
    for here, folders, names in os.walk(path.parent, followlinks=False):
        for name in sorted([*folders, *names]):
            other = Path(here, name)
            found = other.lstat()
            if other == path:
                continue
            if other == path.with_name("timestamp.txt") and not _is_time(other):
                _set_aside(course, other, student, assignment)
                folders[:] = [each for each in folders if each != name]
            elif stat.S_ISREG(found.st_mode) and other.suffix != ".ipynb":
                count, size = count + 1, size + found.st_size
                if count > _MOST_BESIDE or size > LARGEST:
                    _set_aside(course, other, student, assignment)
                    count, size = count - 1, size - found.st_size
            elif not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
                other.unlink()
                entry = {"student": student, "assignment": assignment, "removed": name}
                audit.record(course, {"event": "removed", **entry})


def _is_time(path: Path) -> bool:
    """Say whether a time stamp is one: of anything else nbgrader says only that it failed."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > 200:
        return False
    with open(path, "rb") as file:
        return arrival.of_timestamp(file.read(200)) is not None


def _set_aside(course: Course, other: Path, student: str, assignment: str) -> None:
    """Move a file out of a submission's folder, to where an instructor finds it."""
    folder = course.private / "set-aside" / assignment / student
    folder.mkdir(parents=True, exist_ok=True)
    place = next(
        place for n in count_from(1) if not os.path.lexists(place := folder / f"{n}-{other.name}")
    )
    other.rename(place)
    entry = {"student": student, "assignment": assignment, "set_aside": other.name}
    audit.record(course, {"event": "set aside", **entry})


def _handed_in(assignment: Assignment, student: str) -> Path:
    folder = assignment.course.folder / "submitted" / student / assignment.name
    return folder / f"{assignment.notebook}.ipynb"


class ExecuteInSandbox(Execute):
    """Execution: in nbgrader's place for it, but inside the walls, and judged from outside."""

    unsandboxed = Bool(
        False, help="Run submissions without a sandbox. Everything that they do is done as you."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], **_: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Run the submission, ask its functions, and write outputs and verdicts into the notebook."""
        assignment = _assignment(self, resources)
        sandboxed = not (self.unsandboxed or os.environ.get(UNSANDBOXED) == "1")
        done = execute_once(assignment, nb, sandboxed=sandboxed)
        decided = write_results(assignment, nb, done)
        student = resources["nbgrader"]["student"]
        _record(assignment, student, done, decided, nb.metadata.get("course_screening", []))
        return nb, resources


def execute_once(assignment: Assignment, nb: NotebookNode, *, sandboxed: bool) -> Execution:
    """Run a submission that has been made whole, or take the kept result of running just this."""
    work, limits = assignment.work_for(nb), limits_of(assignment.course)
    key = results.key_of(work, limits, sandboxed=sandboxed)
    done = results.load(assignment.course, key)
    if done is None:
        executor = Serial()
        executor.submit(Task(key, work, limits, sandboxed))
        (came,) = executor.collect(wait=True)
        if came.execution is None:
            raise came.problem or AssertionError(key)
        done = came.execution
        results.keep(assignment.course, key, done)
    return done


def write_results(assignment: Assignment, nb: NotebookNode, done: Execution) -> dict[str, str]:
    """Write outputs and verdicts into the notebook; give each graded cell's code."""
    language, codes = assignment.course.language, {}
    for cell, run in zip(nb.cells, done.cells, strict=True):
        if cell.cell_type != "code":
            continue
        cell.outputs = run.outputs
        cell.execution_count = None
        name = grade_id(cell)
        if name is None or not cell.metadata.nbgrader.get("grade"):
            _explain_state(cell, run.state, language)
            continue
        if cell.metadata.nbgrader.get("solution"):
            continue
        exercise = assignment.exercise_of.get(name, "")
        if exercise in assignment.asked:
            answer = done.answers[exercise]
            verdict = verdicts.judge(
                assignment.asked[exercise], answer, check_ran=run.state == "ok"
            )
            verdicts.write(cell, verdict, language)
            codes[name] = _code(verdict)
        else:
            codes[name] = verdicts.failed_closed(cell, run.state, language)
    return codes


def configure(config: Any, *, language: str) -> None:
    """Put the course's steps into nbgrader's configuration."""
    # Of nbgrader's own use of SQLAlchemy, and of ids that screening makes unique: nothing that an
    # instructor could do anything about.
    warnings.filterwarnings("ignore", category=SAWarning, module=r"nbgrader\.")
    warnings.filterwarnings("ignore", category=DuplicateCellId)
    warnings.filterwarnings("ignore", category=MissingIDFieldWarning)
    config.Autograde.pre_convert_hook = screen_handed_in
    config.Autograde.post_convert_hook = note_graded
    config.Autograde.sanitize_preprocessors = [
        MakeWhole,
        ClearOutput,
        OverwriteKernelspec,
        OverwriteCells,
        CheckOnce,
    ]
    config.Autograde.autograde_preprocessors = [
        ExecuteInSandbox,
        IgnorePattern,
        LimitOutput,
        SaveGrades,
        CountLateness,
        CheckOnce,
    ]
    config.AssignLatePenalties.plugin_class = PercentPerDay
    config.ExportApp.plugin_class = GradesTable
    config.merge(nbgrader_stubs(language))
    feedback.configure(config)


def _assignment(step: NbGraderPreprocessor, resources: dict[str, Any]) -> Assignment:
    """Find the course directory that nbgrader works in, and the notebook in hand."""
    known = resources["nbgrader"]
    converter = step.parent.parent if step.parent is not None else None
    directory = getattr(converter, "coursedir", None)
    folder = Path(directory.root) if directory is not None else Path.cwd()
    return open_assignment(open_course(folder), known["assignment"], known["notebook"])


def _explain_state(cell: NotebookNode, state: str, language: str) -> None:
    """Say beneath a cell that ran out of time, or took the kernel along, that it did."""
    code = {"timeout": "TimedOut", "dead": "KernelDied", "not_run": "NotRun"}.get(state)
    if code is not None and not any(each.output_type == "error" for each in cell.outputs):
        verdicts.write_note(cell, code, language)


def _code(verdict: Verdict) -> str:
    return f"{verdict.code}/{verdict.pitfall}" if verdict.pitfall else verdict.code


def _record(
    assignment: Assignment,
    student: str,
    done: Execution,
    codes: dict[str, str],
    screening: list[str],
) -> None:
    file = _handed_in(assignment, student)
    audit.record(
        assignment.course,
        {
            "event": "graded",
            "student": student,
            "assignment": assignment.name,
            "submission": audit.hash_of(file.read_bytes()) if file.is_file() else None,
            "screening": screening,
            "execution": execution.plain(done),
            "verdicts": codes,
        },
    )
