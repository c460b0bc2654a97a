"""The tests' own rules: no silent skips, slow tests on request."""

from __future__ import annotations

import pytest

from tests.conftest import NO_SAMPLES, ROOT

pytest_plugins = ["pytester"]

SAMPLE = """
import pytest
from tests.conftest import require

def test_passes(): pass
def test_skips(): require(False, "no sandbox here")
@pytest.mark.xfail(reason="known")
def test_known(): assert False
@pytest.mark.slow
def test_slow(): pass
@pytest.mark.real
def test_real(): pass
"""


@pytest.fixture
def sample(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    pytester.makepyfile(test_sample=SAMPLE)
    pytester.makeconftest("from tests.conftest import *")
    pytester.makeini("[pytest]\nmarkers =\n    slow\n    real")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COURSE_SAMPLES", str(pytester.path))
    return pytester


def _outcomes(sample: pytest.Pytester, *arguments: str) -> dict[str, int]:
    result = sample.runpytest_inprocess("-p", "no:cacheprovider", *arguments)
    return result.parseoutcomes()


def test_a_skip_is_a_skip(sample: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_NO_SKIP", raising=False)
    counts = {"passed": 2, "skipped": 1, "xfailed": 1, "deselected": 1}
    assert _outcomes(sample) == counts
    assert _outcomes(sample, "--full") == {"passed": 3, "skipped": 1, "xfailed": 1}


def test_under_no_skip_a_skip_is_a_failure(
    sample: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_NO_SKIP", "1")
    assert _outcomes(sample) == {"passed": 2, "failed": 1, "xfailed": 1, "deselected": 1}
    sample.makepyfile(test_sample="import pytest\npytest.importorskip('no_such_module_at_all')")
    assert _outcomes(sample) == {"errors": 1}


@pytest.mark.parametrize("no_skip", ["0", "1"])
def test_without_real_files_their_tests_are_skipped_with_the_reason(
    sample: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, no_skip: str
) -> None:
    """Left out without a word nobody would know; and no machine can be made to have these files."""
    monkeypatch.delenv("COURSE_SAMPLES")
    monkeypatch.setenv("COURSE_NO_SKIP", no_skip)
    result = sample.runpytest_inprocess("-p", "no:cacheprovider", "-rs", "-k", "real")
    result.assert_outcomes(skipped=1, deselected=4)
    result.stdout.fnmatch_lines([f"SKIPPED*{NO_SAMPLES}"])
