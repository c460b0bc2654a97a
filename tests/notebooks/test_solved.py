"""The solved editions, executed once for each framework: nothing raises, and outputs are as expected.

English is run with PyTorch and Chinese with Keras; tests/editions equality (`./course check`) says
that the other two differ from these only in words.
"""

from __future__ import annotations

import nbformat
import pytest

from course_lib.authoring import Executed, executed, faults
from course_lib.authoring.building import notebook_path
from course_lib.authoring.sources import source_paths
from course_lib.paths import repository_root

from .comparing import differing_cells

ROOT = repository_root()
MEMORY = 1.5e9  # bytes
RUNS = [
    pytest.param(
        path.stem,
        language,
        framework,
        id=f"{path.stem}-{language}-{framework}",
        # A bridge takes a second; to start Keras for it takes ten.
        marks=[pytest.mark.slow] if path.stem.startswith("b") and framework == "keras" else [],
    )
    for path in source_paths(ROOT)
    for language, framework in (("en", "pytorch"), ("zh", "keras"))
]


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest) -> Executed:
    name, language, framework = request.param
    return executed(ROOT, name[:2], framework, language=language)


def with_runs(test):  # type: ignore[no-untyped-def]
    """Give a test each run, and what it was a run of."""
    values = [
        pytest.param(parameter.values, parameter.values, id=parameter.id, marks=parameter.marks)
        for parameter in RUNS
    ]
    return pytest.mark.parametrize(("run", "edition"), values, indirect=["run"], scope="module")(
        test
    )


@with_runs
def test_a_solved_edition_runs_without_a_fault(
    run: Executed, edition: tuple[str, str, str]
) -> None:
    assert faults(run.notebook) == []


@with_runs
def test_outputs_are_those_that_the_source_expects(
    run: Executed, edition: tuple[str, str, str], request: pytest.FixtureRequest
) -> None:
    name, language, framework = edition
    reference = ROOT / notebook_path("solutions", language, framework, name)
    assert differing_cells(request.session, reference, run.notebook) == {}


@with_runs
def test_a_chapter_fits_into_a_small_machine(
    run: Executed, edition: tuple[str, str, str], record_property: pytest.FixtureRequest
) -> None:
    record_property("seconds", round(run.seconds, 1))  # type: ignore[operator]
    print(f"{'/'.join(edition)}: {run.seconds:.1f} s, {run.peak_memory / 1e6:.0f} MB")
    assert run.peak_memory < MEMORY


@pytest.mark.parametrize("path", source_paths(ROOT), ids=lambda path: path.stem)
def test_every_expected_output_is_compared(path) -> None:  # type: ignore[no-untyped-def]
    notebook = nbformat.read(ROOT / notebook_path("solutions", "en", "pytorch", path.stem), 4)
    marked = {
        cell.id for cell in notebook.cells if "nbval-check-output" in cell.metadata.get("tags", ())
    }
    counted = {cell.id for cell in notebook.cells if cell.get("execution_count") is not None}
    assert marked == counted, "nbval compares only cells with a count"
    assert marked, "a chapter has at least one cell whose output is known beforehand"
