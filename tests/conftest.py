"""What all tests share: an environment of their own, slow tests on request, no silent skips."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent

# Before anything of the course is imported: tests speak English, draw into memory, and keep caches
# and progress apart from the developer's own (but across runs: what was rendered once stays).
os.environ.setdefault("COURSE_LANGUAGE", "en")
os.environ.setdefault("COURSE_HOME", str(ROOT / ".pytest_cache" / "course-home"))
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# One thread in each process of these tests, whoever imports TensorFlow first: sums are then the same to the bit.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
# And the convolutions that the course asks for: a test's child process must compute as the test itself does,
# and what TensorFlow takes by itself depends on the processor.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE", "0")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as course_lib sets it, before PyTorch comes

# Before any test module brings TensorFlow: the other way round the two LLVMs end the process.
with suppress(ImportError):
    import triton._C.libtriton  # type: ignore # noqa: F401

# Why a test marked `real` is skipped. Nobody can be asked to install these files: several may not be passed on.
NO_SAMPLES = "no real files here: COURSE_SAMPLES names no folder of samples"


def require(condition: object, reason: str) -> None:
    """Skip the running test unless the condition holds; the reason says what the machine lacks.

    Under ``COURSE_NO_SKIP=1`` a skip counts as a failure.
    """
    if not condition:
        pytest.skip(reason)


@pytest.fixture(autouse=True)
def _fresh_edition() -> Iterator[None]:
    """Let no test leave its language or edition to the next one."""
    from course_lib import edition, language

    yield
    edition.set_current(None)
    language._chosen = None


@pytest.fixture
def course_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty COURSE_HOME to a test that is about caches, downloads or progress."""
    home = tmp_path / "course-home"
    monkeypatch.setenv("COURSE_HOME", str(home))
    return home


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the tests marked slow as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow and not config.getoption("--full"):
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    for item in filter(_lacks_samples, items):
        item.add_marker(pytest.mark.skip(reason=NO_SAMPLES))


def _lacks_samples(item: pytest.Item) -> bool:
    return not os.environ.get("COURSE_SAMPLES") and item.get_closest_marker("real") is not None


class ByFileAndChapter(LoadScopeScheduling):
    """Keep a file's tests in one worker, but spread tests of whole chapters chapter by chapter."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        chapter = re.search(r"\[(?:\w+-)?(\d\d|b\d)_", nodeid)
        return f"{file} {chapter[1]}" if chapter else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    by_file = config.getoption("dist") == "loadfile"
    return ByFileAndChapter(config, log) if by_file else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    allowed = hasattr(report, "wasxfail") or _lacks_samples(item)
    if report.skipped and not allowed and os.environ.get("COURSE_NO_SKIP") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped, which COURSE_NO_SKIP=1 forbids: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and os.environ.get("COURSE_NO_SKIP") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped, which COURSE_NO_SKIP=1 forbids: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
