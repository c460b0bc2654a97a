"""``knob(draw, values, …)``: a picture with a slider; without a kernel, pictures side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from course_lib.exercises.settings import is_grading
from course_lib.figures import as_html
from course_lib.language import both
from course_lib.widgets import is_live, widget_bundle

Draw = Callable[[Axes, float], str]
"""Draws on the axes what holds for a value, and gives the sentence that says it."""


class Knob:
    """A picture that depends on one number, as it stands in a notebook."""

    def __init__(self, draw: Draw, values: Sequence[float], name: str, shown: Sequence[float]):
        self.draw, self.values, self.name = draw, list(values), name
        self.sentence, self._still = self._side_by_side(shown)
        self._box = self._slider(shown[len(shown) // 2]) if is_live() else None

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return widget_bundle(self._box, plain=self.sentence, html=self._still)

    def __repr__(self) -> str:
        return self.sentence

    def _title(self, value: float) -> str:
        return f"{self.name} = {value:g}"

    def _side_by_side(self, shown: Sequence[float]) -> tuple[str, str]:
        """Draw the static form: one panel for each of a few values, one below the other."""
        figure, axes = plt.subplots(len(shown), 1, figsize=(5.2, 2.9 * len(shown)), squeeze=False)
        sentences = []
        for axis, value in zip(axes[:, 0], shown, strict=True):
            said = self.draw(axis, value)
            axis.set_title(self._title(value), loc="left", fontsize=12)
            sentences.append(f"{self._title(value)}{both(': ', '：')}{said}")
        sentence = both(" ", "").join(sentences)
        still = as_html(figure, sentence)
        plt.close(figure)
        return sentence, still

    def _picture(self, value: float) -> str:
        figure, axis = plt.subplots()
        said = self.draw(axis, value)
        axis.set_title(self._title(value), loc="left", fontsize=12)
        picture = as_html(figure, said)
        plt.close(figure)
        return picture

    def _slider(self, start: float) -> Any:
        """Make the widget: a slider over the values, which the arrow keys move too, and the picture."""
        try:
            import ipywidgets
        except ModuleNotFoundError:
            return None
        slider = ipywidgets.SelectionSlider(
            options=[(f"{value:g}", value) for value in self.values],
            value=start,
            description=self.name,
            continuous_update=False,
            style={"description_width": "initial"},
            layout=ipywidgets.Layout(width="24em"),
        )
        picture = ipywidgets.HTML(self._picture(start))

        def turn(change: Any) -> None:
            picture.value = self._picture(change["new"])

        slider.observe(turn, names="value")
        return ipywidgets.VBox([slider, picture])


def knob(draw: Draw, values: Sequence[float], *, name: str, shown: Sequence[float]) -> Knob | None:
    """Let the reader turn a number and see what it does.

    In a live notebook there is a slider over ``values``; everywhere else (the book, a notebook that
    is only read) the pictures for the values ``shown`` stand one below the other.

    Args:
        draw: Called as ``draw(axis, value)``; returns a sentence for those who cannot see the picture.
        values: What the slider offers.
        name: What is turned, in the reader's language.
        shown: The values of the static form, among ``values``; the slider starts at the middle one.

    Raises:
        ValueError: A value shown that the slider doesn't offer.
    """
    missing = [value for value in shown if value not in values]
    if missing:
        raise ValueError(f"shown, but not among the values: {missing}")
    if is_grading():  # nothing of it is graded
        return None
    return Knob(draw, values, name, shown)
