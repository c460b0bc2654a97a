"""The figures of feedback: a student's answer beside what it should be (:mod:`course_lib.exercises.drawings`).

Expected is blue and solid, yours orange, dashed or hatched and marked by its own shape; every panel is
named in words, so that no figure needs colour. They are drawn outside pyplot: a student's own current
figure stays what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from course_lib.figures import COLOURS, MARKERS
from course_lib.language import both, pick

if TYPE_CHECKING:
    from course_lib.exercises.drawings import Drawing, Sketch

WIDTH = 5.2  # inches, as the course's other figures
_WRITTEN = 60  # entries of a matrix up to which each is written in
EXPECTED, YOURS = COLOURS[0], COLOURS[1]


def draw(sketch: Sketch, expected: np.ndarray, found: np.ndarray) -> Figure:
    """Draw both values, on the axes that the kind wants (see :data:`.drawings.KINDS`)."""
    return _DRAW[sketch.drawing.kind](sketch, expected, found)


def _figure(height: float) -> Figure:
    return Figure(figsize=(WIDTH, height), layout="constrained")


def _sides(sketch: Sketch, expected: np.ndarray, found: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """List the panels: both values, or one where they agree."""
    if expected.shape == found.shape and not sketch.differing(expected, found).any():
        return [(both("yours, as expected", "你的，与应有的一致"), found)]
    return [(both("expected", "应为"), expected), (both("yours", "你的"), found)]


def _range_of(*arrays: np.ndarray) -> tuple[float, float]:
    """Give the least and the largest finite value; a little apart where they are one."""
    values = np.concatenate([np.asarray(each, float).ravel() for each in arrays])
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if values.size else (0.0, 1.0)
    return float(low), float(high) if high > low else float(low) + 1.0


def _name_sides(figure: Figure, axes: Axes) -> None:
    """Put the legend above, where it covers nothing."""
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), fontsize=10)


def _name_axes(axes: Axes, drawing: Drawing) -> None:
    if drawing.across:
        axes.set_xlabel(pick(drawing.across))
    if drawing.down:
        axes.set_ylabel(pick(drawing.down))


def _draw_pictures(sketch: Sketch, expected: np.ndarray, found: np.ndarray) -> Figure:
    sides = _sides(sketch, expected, found)
    chosen = _which_pictures(sketch, expected, found)
    low, high = _range_of(*(each for _, each in sides))
    figure = _figure(1.35 * len(sides) + 0.2)
    panels = figure.subplots(len(sides), len(chosen), squeeze=False)
    for row, (name, pictures) in zip(panels, sides, strict=True):
        for axes, index in zip(row, chosen, strict=True):
            axes.set(xticks=[], yticks=[])
            axes.grid(visible=False)
            if index < len(pictures):
                axes.imshow(_as_shown(pictures[index], low, high), vmin=0, vmax=1, cmap="gray")
                axes.set_title(f"[{index}]", fontsize=10)
        row[0].set_ylabel(name, fontsize=10)
    return figure


def _which_pictures(sketch: Sketch, expected: np.ndarray, found: np.ndarray) -> list[int]:
    """Choose up to four pictures, first of all those that differ."""
    order = np.arange(max(len(expected), len(found)))
    if expected.shape == found.shape:
        wrong = sketch.differing(expected, found).reshape(len(expected), -1).any(axis=1)
        order = np.argsort(~wrong, kind="stable")
    return sorted(int(each) for each in order[:4])


def _as_shown(picture: np.ndarray, low: float, high: float) -> np.ndarray:
    """Scale a picture to 0 … 1, three channels as colours and otherwise the first one in grey."""
    scaled = np.clip((np.nan_to_num(picture.astype(float)) - low) / (high - low), 0, 1)
    return scaled if picture.shape[-1] == 3 else scaled[..., 0]


def _draw_matrix(sketch: Sketch, expected: np.ndarray, found: np.ndarray) -> Figure:
    sides = _sides(sketch, expected, found)
    low, high = _range_of(*(each for _, each in sides))
    rows = max(len(each) for _, each in sides)
    wide = max(each.shape[1] for _, each in sides) > 6  # then one above the other
    height = min(0.32 * rows + 0.9, 4.0)
    figure = _figure(height * len(sides) if wide else height)
    panels = figure.subplots(*((len(sides), 1) if wide else (1, len(sides))), squeeze=False).ravel()
    for axes, (name, values) in zip(panels, sides, strict=True):
        axes.imshow(values.astype(float), vmin=low, vmax=high, cmap="cividis", aspect="auto")
        axes.set_title(name, fontsize=11)
        axes.grid(visible=False)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        _name_axes(axes, sketch.drawing)
        if values.size <= _WRITTEN:
            _write_in(axes, values, low + 0.45 * (high - low))
    if len(sides) == 2 and expected.shape == found.shape:
        wrong = sketch.differing(expected, found)
        _frame(panels[1], wrong & ~wrong.all())  # frames around all of them would say nothing
    return figure


def _write_in(axes: Axes, values: np.ndarray, middle: float) -> None:
    size = 8 if values.shape[1] <= 8 else 6
    for (row, column), value in np.ndenumerate(values):
        colour = "black" if float(value) > middle else "white"
        axes.text(column, row, _short(value), ha="center", va="center", fontsize=size, color=colour)


def _short(value: np.generic) -> str:
    """Write an entry in at most five characters or so."""
    if value.dtype.kind in "bui":
        return str(int(value))
    return f"{float(value) + 0.0:.2g}".replace("-", "−")  # + 0.0: no minus before a zero


def _frame(axes: Axes, wrong: np.ndarray) -> None:
    for row, column in np.argwhere(wrong):
        place = (column - 0.46, row - 0.46)
        axes.add_patch(Rectangle(place, 0.92, 0.92, fill=False, edgecolor=YOURS, linewidth=2))


def _draw_curve(sketch: Sketch, expected: np.ndarray, found: np.ndarray) -> Figure:
    drawing = sketch.drawing
    figure = _figure(2.6)
    axes = figure.subplots()
    along = np.ravel(sketch.inputs[drawing.x]) if drawing.x else None
    for side, (name, values) in enumerate(_both_sides(expected, found)):
        x = along if along is not None and len(along) == len(values) else np.arange(len(values))
        order = np.argsort(x, kind="stable")
        for column in range(values.shape[1]):
            axes.plot(
                x[order],
                values[order, column],
                color=(EXPECTED, YOURS)[side],
                linestyle=("-", "--")[side],
                linewidth=(4, 1.6)[side],
                alpha=(0.55, 1.0)[side],
                marker="" if side == 0 else MARKERS[column],
                markersize=5,
                markevery=max(1, len(values) // 25),
                label=name if column == 0 else None,
            )
    if along is None:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _name_axes(axes, drawing)
    _name_sides(figure, axes)
    return figure


def _both_sides(expected: np.ndarray, found: np.ndarray) -> list[tuple[str, np.ndarray]]:
    return [(both("expected", "应为"), expected), (both("yours", "你的"), found)]


def _draw_bars(sketch: Sketch, expected: np.ndarray, found: np.ndarray) -> Figure:
    rows = max(len(expected), len(found))
    figure = _figure(1.1 + 1.15 * rows)
    panels = figure.subplots(rows, 1, squeeze=False, sharex=True).ravel()
    for row, axes in enumerate(panels):
        for side, (name, values) in enumerate(_both_sides(expected, found)):
            if row >= len(values):
                continue
            x = np.arange(values.shape[1]) + (-0.2, 0.2)[side]
            axes.bar(
                x, values[row].astype(float), width=0.38, color=(EXPECTED, "white")[side],
                edgecolor=(EXPECTED, YOURS)[side], hatch=("", "///")[side], label=name,
            )  # fmt: skip
        axes.axhline(0, color="black", linewidth=0.8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if rows > 1:
            axes.set_title(f"[{row}]", fontsize=10)
    if sketch.drawing.across:
        panels[-1].set_xlabel(pick(sketch.drawing.across))
    if sketch.drawing.down:
        figure.supylabel(pick(sketch.drawing.down), fontsize=12)
    _name_sides(figure, panels[0])
    return figure


def _draw_points(sketch: Sketch, expected: np.ndarray, found: np.ndarray) -> Figure:
    figure = _figure(3.0)
    axes = figure.subplots()
    if sketch.drawing.behind:
        behind = np.asarray(sketch.inputs[sketch.drawing.behind])
        axes.scatter(
            behind[:, 0], behind[:, 1], s=30, color="#808080", marker="x",
            label=sketch.drawing.behind,
        )  # fmt: skip
    for one, other in _pairs(expected, found):
        axes.plot(*zip(one, other, strict=True), color="#808080", linewidth=0.9, marker="")
    for side, (name, values) in enumerate(_both_sides(expected, found)):
        axes.scatter(
            values[:, 0], values[:, 1], s=(90, 36)[side], marker=("o", "D")[side], label=name,
            facecolors=("none", YOURS)[side], edgecolors=(EXPECTED, YOURS)[side], linewidths=2,
        )  # fmt: skip
    _name_axes(axes, sketch.drawing)
    _name_sides(figure, axes)
    return figure


def _pairs(expected: np.ndarray, found: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Join each point to where it should be."""
    if expected.shape == found.shape:
        yield from zip(expected, found, strict=True)


def _draw_interval(sketch: Sketch, expected: np.ndarray, found: np.ndarray) -> Figure:
    figure = _figure(1.7)
    axes = figure.subplots()
    for side, (_, (mean, low, high)) in enumerate(_both_sides(expected, found)):
        colour, height = (EXPECTED, YOURS)[side], 1 - side
        axes.plot([low, high], [height, height], color=colour, marker="|", markersize=14,
                  linestyle=("-", "--")[side], markevery=1)  # fmt: skip
        axes.plot([mean], [height], color=colour, marker=("o", "D")[side], markersize=8)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_ylim(-0.6, 1.6)
    axes.set_yticks([1, 0], [name for name, _ in _both_sides(expected, found)])
    _name_axes(axes, sketch.drawing)
    return figure


_DRAW: Mapping[str, Callable[[Sketch, np.ndarray, np.ndarray], Figure]] = {
    "pictures": _draw_pictures,
    "matrix": _draw_matrix,
    "curve": _draw_curve,
    "bars": _draw_bars,
    "points": _draw_points,
    "interval": _draw_interval,
}
