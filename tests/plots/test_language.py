"""The figure of chapter 10 says in words where each token looks."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import language, plots


@pytest.mark.parametrize(("spoken", "said"), [("en", "looks most"), ("zh", "最关注")])
def test_attention_names_the_largest_weight_of_each_row(
    spoken: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    language.use(spoken)
    plots.language.plot_attention(np.array([[1.0, 0.0], [0.7, 0.3]]), ["lumi", "→"])
    out = capsys.readouterr().out
    assert said in out and "lumi → lumi (1.00)" in out and "→ → lumi (0.70)" in out
