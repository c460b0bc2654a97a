"""A folder of a teacher's marks, drawn with a shaky hand: the example from which chapter 00 starts.

A tick for what is right, a cross for what is wrong, and, as teachers in China do, a tick that is struck
through for what is half right. They are written as ordinary PNG files, dark ink on light paper, one
sub-folder for each mark, so that whoever goes on with drawings or photographs of their own needs
nothing but other files.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from course_lib.errors import CourseError
from course_lib.language import Text, pick

MARKS: dict[str, Text] = {
    "right": {"en": "right", "zh": "对"},
    "half right": {"en": "half right", "zh": "半对"},
    "wrong": {"en": "wrong", "zh": "错"},
}
SIDE = 96  # pixels of a picture
_FINER = 4  # drawn so many times as large, then made smaller: soft edges

Line = np.ndarray  # points × 2: x to the right, y down; a mark fills about −1 … 1 both ways


def draw_marks(folder: str | Path, *, per_class: int = 40, seed: int = 0) -> Path:
    """Write a folder of drawn marks, one sub-folder for each kind, unless it is there already.

    Args:
        folder: Where. A folder that exists is left as it is: its pictures may be somebody's own.
        per_class: Number of pictures of each kind.
        seed: Another seed draws other pictures.

    Returns:
        The folder.
    """
    folder = Path(folder)
    if per_class < 1:
        raise CourseError(
            f"per_class={per_class}: draw at least one picture of each mark.",
            f"per_class={per_class}：每种记号至少画一张。",
        )
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    # Drawn elsewhere and put in place at the end: whoever stops it in between leaves no half folder.
    beside = Path(tempfile.mkdtemp(prefix=".marks.", dir=folder.parent))
    try:
        for mark, name in MARKS.items():
            (beside / "done" / pick(name)).mkdir(parents=True)
            for number in range(1, per_class + 1):
                draw_mark(mark, seed=rng).save(beside / "done" / pick(name) / f"{number:03}.png")
        os.replace(beside / "done", folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def draw_mark(mark: str, *, seed: int | np.random.Generator = 0) -> Image.Image:
    """Draw one mark in grey, with a pen, a place, a size and a tilt of its own.

    Args:
        mark: ``"right"``, ``"half right"`` or ``"wrong"``.
        seed: Another seed draws another one; a generator goes on from where it is.
    """
    if mark not in MARKS:
        raise CourseError(
            f"There is no mark {mark!r}: choose one of {', '.join(MARKS)}.",
            f"没有 {mark!r} 这种记号：可选 {'、'.join(MARKS)}。",
        )
    rng = np.random.default_rng(seed)
    paper, ink = int(rng.integers(225, 256)), int(rng.integers(0, 90))
    image = Image.new("L", (SIDE * _FINER, SIDE * _FINER), paper)
    pen, width = ImageDraw.Draw(image), int(rng.integers(8, 28))
    turn = rng.uniform(-0.4, 0.4)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    size = rng.uniform(0.2, 0.38) * rng.uniform(0.8, 1.25, size=2)
    middle = 0.5 + rng.uniform(-0.08, 0.08, size=2)
    for line in _lines(mark, rng):
        at = (middle + size * (line @ rotation)) * SIDE * _FINER
        pen.line([(float(x), float(y)) for x, y in at], fill=ink, width=width, joint="curve")
    return image.reduce(_FINER)


def _lines(mark: str, rng: np.random.Generator) -> list[Line]:
    """The strokes of a mark; ends lie about where they should."""

    def near(x: float, y: float) -> np.ndarray:
        return np.array([x, y]) + rng.normal(scale=0.13, size=2)

    if mark == "wrong":
        return [
            _stroke(near(-0.8, -0.8), near(0.8, 0.8), rng),
            _stroke(near(0.8, -0.8), near(-0.8, 0.8), rng),
        ]
    turn = near(-0.3, 0.75)
    tick = np.concatenate(
        [_stroke(near(-0.9, 0.1), turn, rng), _stroke(turn, near(0.9, -0.85), rng)]
    )
    if mark == "right":
        return [tick]
    return [tick, _stroke(near(0.0, -0.45), near(0.75, 0.4), rng)]


def _stroke(start: np.ndarray, end: np.ndarray, rng: np.random.Generator) -> Line:
    """A line from start to end that bends a little to one side and trembles."""
    t = np.linspace(0, 1, 12)[:, None]
    aside = np.array([start[1] - end[1], end[0] - start[0]])
    bend = rng.normal(scale=0.1) * 4 * t * (1 - t) * aside
    return start + t * (end - start) + bend + rng.normal(scale=0.01, size=(12, 2))
