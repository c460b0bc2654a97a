"""The figures of chapter 15 say in words what they draw."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import language, plots


@pytest.fixture(autouse=True)
def _english() -> None:
    language.use("en")


def test_the_way_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    plots.serving.draw_way()
    assert "an alarm leads to re-transfer" in capsys.readouterr().out


def test_latencies_are_said_in_milliseconds(capsys: pytest.CaptureFixture[str]) -> None:
    plots.serving.plot_latencies({"direct": np.arange(1, 101) / 1000, "service": np.full(9, 0.2)})
    said = capsys.readouterr().out
    assert "direct: median 50 ms, 95 % 95 ms" in said and "service: median 200 ms" in said


def test_the_weeks_name_their_alarms(capsys: pytest.CaptureFixture[str]) -> None:
    plots.serving.plot_weeks({"never": [1.0, 0.9, 0.5, 0.3]}, [1, 1.2, 5, 9], 1.5, 2)
    said = capsys.readouterr().out
    assert "never 0.95, 0.40" in said and "in weeks 2, 3" in said
