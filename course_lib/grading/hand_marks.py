"""Points and comments given by hand survive a regrading, and are asked for again only where they must be.

nbgrader keeps them, but sends every one of them back to be reviewed. Here one stays settled as long as
the answer that it was given for is the same, and so is what the machine says of it.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import SaveAutoGrades

from course_lib.files import write_atomically
from course_lib.grading.judging.screening import grade_id
from course_lib.grading.nbgrader_side import folder_of


class SaveGrades(SaveAutoGrades):
    """nbgrader's step that writes marks into the gradebook, with a memory for settled marks."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Write the marks; then note which answers they were given for."""
        known = resources["nbgrader"]
        path = folder_of(self) / ".course" / "answers" / known["assignment"]
        path /= f"{known['student']}.json"
        self._answers, self._before = _answers_in(nb), _read(path)
        nb, resources = super().preprocess(nb, resources)
        # Once the marks are there and not before: killed in between, the next run takes the answers for
        # new ones and asks again.
        write = partial(write_atomically, path, json.dumps(self._answers))
        later = getattr(self.gradebook, "after_keeping", None)
        if later is None:
            write()
        else:
            later.append(write)
        return nb, resources

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        name = cell.metadata.nbgrader["grade_id"]
        place = (name, self.notebook_id, self.assignment_id, self.student_id)
        grade = self.gradebook.find_grade(*place)
        settled = grade.manual_score is not None and not grade.needs_manual_grade
        by_machine = grade.auto_score
        super()._add_score(cell, resources)
        same = self._answers.get(name) == self._before.get(name) is not None
        if settled and same and grade.auto_score == by_machine:
            grade.needs_manual_grade = False
            self.gradebook.db.commit()


def _answers_in(nb: NotebookNode) -> dict[str, str]:
    """Give a hash of what each graded cell's mark depends on: the answer, its own or its exercise's."""
    answers = [cell for cell in nb.cells if _is(cell, "solution")]
    hashes = {}
    for cell in nb.cells:
        name = grade_id(cell)
        if name is None or not (_is(cell, "grade") or _is(cell, "task")):
            continue
        own = [cell]
        if not _is(cell, "solution"):
            own = [each for each in answers if _exercise(each) == _exercise(cell)]
        text = json.dumps([each.source for each in own or answers])
        hashes[name] = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return hashes


def _exercise(cell: NotebookNode) -> Any:
    return (cell.metadata.get("course") or {}).get("exercise")


def _is(cell: NotebookNode, what: str) -> bool:
    return bool((cell.metadata.get("nbgrader") or {}).get(what))


def _read(path: Path) -> dict[str, str]:
    with suppress(OSError, ValueError):
        noted = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(noted, dict):
            return noted
    return {}
