"""The student editions as published run from top to bottom, with nothing of `solutions/` around them.

Their demo cells are the solved editions' own, which run in test_solved.py, and `./course check`
proves that none of them uses an answer. So every edition is run here without them; `--full` runs
everything all the same.
"""

from __future__ import annotations

import pytest

from course_lib.authoring import executed, faults
from course_lib.authoring.sources import source_paths
from course_lib.paths import repository_root

ROOT = repository_root()


EDITIONS = pytest.mark.parametrize(("language", "framework"), [("zh", "pytorch"), ("en", "keras")])
# Bridges have no exercises: there is nothing to leave untouched.
CHAPTERS = pytest.mark.parametrize(
    "name", [path.stem for path in source_paths(ROOT) if not path.stem.startswith("b")]
)


@EDITIONS
@CHAPTERS
def test_untouched_exercises_run_to_the_end(name: str, language: str, framework: str) -> None:
    run = executed(ROOT, name[:2], framework, language=language, solved=False, demo=False)
    assert faults(run.notebook) == []
    unanswered = {"en": "not attempted", "zh": "还没有作答"}[language]
    checks = [cell for cell in run.notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    automatic = [cell for cell in checks if cell.cell_type == "code"]
    assert automatic, "the chapter has exercises"
    for cell in automatic:
        shown = "".join(output.data["text/plain"] for output in cell.outputs)
        assert unanswered in shown, f"{cell.id}: {shown}"


@pytest.mark.slow
@EDITIONS
@CHAPTERS
def test_an_untouched_edition_runs_with_its_demos(name: str, language: str, framework: str) -> None:
    run = executed(ROOT, name[:2], framework, language=language, solved=False)
    assert faults(run.notebook) == []
