"""Writing grades down: nbgrader's own autograding, step by step, each student's in one transaction.

nbgrader opens the gradebook a dozen times for each student, commits some forty times, converts the
notebook twice and checks its form after each step. Here its steps run on one open gradebook, and the
notebook is read and written once. So it is quicker; and whoever pulls the plug finds a student's grades
all there or not at all.
"""

from __future__ import annotations

import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.converters import Autograde
from nbgrader.converters import autograde as autograde_module
from nbgrader.preprocessors import (
    latesubmissions,
    overwritecells,
    overwritekernelspec,
    saveautogrades,
)
from nbgrader.utils import temp_attrs
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.grading.course import Course
from course_lib.grading.gradebook import (
    is_file,
    make,
    make_engine,
    problems_said,
    raise_machine_problem,
    take_turn,
)
from course_lib.grading.nbgrader_side import environment, last_line, open_api
from course_lib.grading.people import lateness
from course_lib.grading.plugin import UNSANDBOXED

_OPENERS: tuple[ModuleType, ...] = (
    *(autograde_module, overwritecells, overwritekernelspec, saveautogrades),
    *(latesubmissions, lateness),
)


class _Session(Session):
    """A session in which a commit is only a promise, until :meth:`keep`."""

    def commit(self) -> None:
        """Send what there is to the database, and read afresh what is asked for next."""
        self.flush()
        self.expire_all()

    def keep(self) -> None:
        """Commit."""
        super().commit()


class _OpenGradebook(Gradebook):
    """A gradebook that stays open, in place of those that nbgrader opens and closes."""

    def __init__(self, url: str, course_id: str) -> None:
        super().__init__(url, course_id)
        super().close()
        self.engine = make_engine(url)
        maker = sessionmaker(class_=_Session, autoflush=True, bind=self.engine, future=True)
        self.db = scoped_session(maker)
        # What nbgrader's steps leave to be done once their marks are really there.
        self.after_keeping: list[Callable[[], object]] = []

    def close(self) -> None:
        """It stays open: nbgrader's steps close it all the time."""

    def shut(self) -> None:
        """Close it."""
        super().close()

    def begin(self) -> None:
        """Begin to write, once no other grader is writing to the same database."""
        take_turn(self.db.connection())

    def keep(self) -> None:
        """Commit what has been written since the last time."""
        self.db().keep()
        for each in self.after_keeping:
            each()
        self.after_keeping.clear()

    def forget(self) -> None:
        """Take back what has been written since the last time."""
        self.db.rollback()
        self.after_keeping.clear()


class _InOneGo(Autograde):
    """nbgrader's autograding with its own steps in its own order, without files in between."""

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Read a submission, take every step, and write the result as a whole file."""
        resources = ResourcesDict()
        resources.update(self.init_single_notebook_resources(notebook_filename))
        name = Path(notebook_filename).stem
        resources["metadata"] = ResourcesDict(name=name, path=str(Path(notebook_filename).parent))
        notebook = nbformat.read(notebook_filename, as_version=4)
        for self._sanitizing in (True, False):
            self._init_preprocessors()
            for step in self.exporter._preprocessors:
                notebook, resources = step(notebook, resources)
        self._sanitizing = True
        known = resources["nbgrader"]
        folder = Path(self._format_dest(known["assignment"], known["student"]))
        # Without indents: Python's quick way, for a file that only programs read.
        text = json.dumps(notebook, ensure_ascii=False)
        write_atomically(folder / f"{name}.ipynb", text.encode("utf-8", "replace") + b"\n")


class Recorder:
    """Writes grades into a course's gradebook; the only writer while grading runs."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._api = open_api(course)
        directory = self._api.coursedir
        self._url = str(directory.db_url)
        if not is_file(self._url):
            make(course)
        with problems_said(self._url):
            self._gradebook = _OpenGradebook(self._url, directory.course_id)

    def record(self, assignment: str, student: str, *, sandboxed: bool) -> None:
        """Take nbgrader's steps for one student; the grades are in the gradebook afterwards.

        Raises:
            CourseError: nbgrader says why not, for this student.
            MachineError: The disk is full or the gradebook is held by somebody else.
        """
        directory = self._api.coursedir
        flag = None if sandboxed else "1"
        chosen = temp_attrs(directory, assignment_id=assignment, student_id=student)
        with problems_said(self._url), environment(UNSANDBOXED, flag), chosen:
            app = _InOneGo(coursedir=directory, parent=self._api)
            app.force, app.create_student = True, True
            try:
                with _shared(self._gradebook), _log_of(app) as log:
                    self._gradebook.begin()
                    try:
                        app.start()
                    except (
                        Exception
                    ):  # and no other: to be told to end is no failure of a student's
                        said, error = log.getvalue(), traceback.format_exc()
                        raise_machine_problem(f"{said}\n{error}", self._url)
                        raise CourseError(f"nbgrader: {last_line(said, error)}") from None
                self._gradebook.keep()
            except BaseException:
                self._gradebook.forget()
                raise

    def find(self, assignment: str, student: str) -> SubmittedAssignment | None:
        """Give a student's submission as the gradebook has it, ``None`` where it has none."""
        with problems_said(self._url):
            self._gradebook.forget()  # what others have written meanwhile counts, too
            try:
                return self._gradebook.find_submission(assignment, student)
            except MissingEntry:
                return None

    def close(self) -> None:
        """Close the gradebook."""
        self._gradebook.forget()
        self._gradebook.shut()


@contextmanager
def _shared(gradebook: Gradebook) -> Iterator[None]:
    """Let nbgrader's steps find this gradebook open wherever they would open one."""

    def opened(*_: Any, **__: Any) -> Gradebook:
        return gradebook

    before = [vars(module)["Gradebook"] for module in _OPENERS]
    try:
        for module in _OPENERS:
            vars(module)["Gradebook"] = opened
        yield
    finally:
        for module, real in zip(_OPENERS, before, strict=True):
            vars(module)["Gradebook"] = real


@contextmanager
def _log_of(app: Autograde) -> Iterator[io.StringIO]:
    """Collect what nbgrader says meanwhile."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    app.log.addHandler(handler)
    try:
        yield log
    finally:
        app.log.removeHandler(handler)
