"""The solved editions, executed once for each framework: nothing raises, and outputs are as expected.

That one run is for both languages (see course_lib.bilingual); test_both_languages.py proves that it
shows what each language's own run does.
"""

from __future__ import annotations

import nbformat
import pytest

from course_lib.authoring import Executed, executed, faults
from course_lib.authoring.building import notebook_path
from course_lib.authoring.sources import source_paths
from course_lib.edition import FRAMEWORKS
from course_lib.language import LANGUAGES
from course_lib.paths import repository_root

from .comparing import differing_cells

ROOT = repository_root()
MEMORY = 1.5e9  # bytes
RUNS = [
    pytest.param(
        (path.stem, framework),
        (path.stem, framework),
        id=f"{path.stem}-{framework}",
        # A bridge takes a second; to start Keras for it takes ten.
        marks=[pytest.mark.slow] if path.stem.startswith("b") and framework == "keras" else [],
    )
    for path in source_paths(ROOT)
    for framework in FRAMEWORKS
]


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest) -> dict[str, Executed]:
    name, framework = request.param
    return {each: executed(ROOT, name[:2], framework, language=each) for each in LANGUAGES}


# Each test gets each run, by language, and what it was a run of.
with_runs = pytest.mark.parametrize(("run", "of"), RUNS, indirect=["run"], scope="module")


@with_runs
def test_a_solved_edition_runs_without_a_fault(
    run: dict[str, Executed], of: tuple[str, str]
) -> None:
    assert {each: faults(run[each].notebook) for each in LANGUAGES} == {"en": [], "zh": []}


@with_runs
@pytest.mark.parametrize("language", LANGUAGES)
def test_outputs_are_those_that_the_source_expects(
    run: dict[str, Executed], of: tuple[str, str], language: str, request: pytest.FixtureRequest
) -> None:
    name, framework = of
    reference = ROOT / notebook_path("solutions", language, framework, name)
    assert differing_cells(request.session, reference, run[language].notebook) == {}


@with_runs
def test_a_chapter_fits_into_a_small_machine(
    run: dict[str, Executed], of: tuple[str, str], record_property: pytest.FixtureRequest
) -> None:
    seconds, memory = run["en"].seconds, run["en"].peak_memory
    record_property("seconds", round(seconds, 1))  # type: ignore[operator]
    print(f"{'/'.join(of)}: {seconds:.1f} s, {memory / 1e6:.0f} MB")
    assert memory < MEMORY


@pytest.mark.parametrize("path", source_paths(ROOT), ids=lambda path: path.stem)
def test_every_expected_output_is_compared(path) -> None:  # type: ignore[no-untyped-def]
    notebook = nbformat.read(ROOT / notebook_path("solutions", "en", "pytorch", path.stem), 4)
    marked = {
        cell.id for cell in notebook.cells if "nbval-check-output" in cell.metadata.get("tags", ())
    }
    counted = {cell.id for cell in notebook.cells if cell.get("execution_count") is not None}
    assert marked == counted, "nbval compares only cells with a count"
    assert marked, "a chapter has at least one cell whose output is known beforehand"
