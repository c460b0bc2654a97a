"""What every figure keeps to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from matplotlib import pyplot as plt

from course_lib import figures


@pytest.fixture(autouse=True)
def every_mark_is_drawn() -> Iterator[None]:
    """The course's style spaces the marks of a line; where there is no line, that would hide points."""
    plt.close("all")
    figures.use_style()
    yield
    for number in plt.get_fignums():
        for axis in plt.figure(number).axes:
            for line in axis.lines:
                alone = line.get_linestyle() in ("None", "none", "", " ")
                if alone and len(line.get_xdata()) > 1:
                    assert line.get_markevery() in (None, 1), f"{line} hides points: markevery=1"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[Any, str, str]]]:
    """Listen to what modules say of their figures: a list of (figure, English, Chinese) that fills."""

    def listen(*modules: Any) -> list[tuple[Any, str, str]]:
        heard: list[tuple[Any, str, str]] = []

        def describe(figure: Any, en: str, zh: str) -> None:
            figures.image_bytes(figure)  # a glyph that the fonts lack raises here
            heard.append((figure, en, zh))

        for module in modules:
            monkeypatch.setattr(module, "describe", describe)
        return heard

    return listen
