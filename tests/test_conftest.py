"""The tests' own rules: no silent skips, slow tests on request."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT

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
"""


@pytest.fixture
def sample(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    pytester.makepyfile(test_sample=SAMPLE)
    pytester.makeconftest("from tests.conftest import *")
    pytester.makeini("[pytest]\nmarkers = slow")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return pytester


def _outcomes(sample: pytest.Pytester, *arguments: str) -> dict[str, int]:
    result = sample.runpytest_inprocess("-p", "no:cacheprovider", *arguments)
    return result.parseoutcomes()


def test_a_skip_is_a_skip(sample: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_NO_SKIP", raising=False)
    counts = {"passed": 1, "skipped": 1, "xfailed": 1, "deselected": 1}
    assert _outcomes(sample) == counts
    assert _outcomes(sample, "--full") == {"passed": 2, "skipped": 1, "xfailed": 1}


def test_under_no_skip_a_skip_is_a_failure(
    sample: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_NO_SKIP", "1")
    assert _outcomes(sample) == {"passed": 1, "failed": 1, "xfailed": 1, "deselected": 1}
    sample.makepyfile(test_sample="import pytest\npytest.importorskip('no_such_module_at_all')")
    assert _outcomes(sample) == {"errors": 1}
