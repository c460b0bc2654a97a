"""The student editions as published run from top to bottom, with nothing of `solutions/` around them."""

from __future__ import annotations

import pytest

from course_lib.authoring import executed, faults
from course_lib.authoring.sources import source_paths
from course_lib.paths import repository_root

ROOT = repository_root()


@pytest.mark.parametrize(("language", "framework"), [("zh", "pytorch"), ("en", "keras")])
@pytest.mark.parametrize("name", [path.stem for path in source_paths(ROOT)])
def test_an_untouched_edition_runs_to_its_end(name: str, language: str, framework: str) -> None:
    run = executed(ROOT, name[:2], framework, language=language, solved=False)
    assert faults(run.notebook) == []
    unanswered = {"en": "not attempted", "zh": "还没有作答"}[language]
    checks = [cell for cell in run.notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    automatic = [cell for cell in checks if cell.cell_type == "code"]
    assert automatic, "the chapter has exercises"
    for cell in automatic:
        shown = "".join(output.data["text/plain"] for output in cell.outputs)
        assert unanswered in shown, f"{cell.id}: {shown}"
