"""Pages: handwritten digits scattered over ruled, scribbled paper, with a box and a mask for each.

The digits are the real ones of ``load("digits")``; where they stand, how large they are, the lines
and the scribbles are drawn here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from course_lib.data.domain import Domain
from course_lib.vision.boxes import box_iou, box_of_mask
from course_lib.vision.precision import Found

INK = 100
"""What is darker than this (of 255) belongs to a digit's mask."""


@dataclass(frozen=True)
class Pages:
    """Pictures with several objects each.

    Attributes:
        x: uint8, N×H×W×1, 0 (paper) to 255 (ink).
        truth: every object's box, class and page; all scores are 1.
        masks: N×H×W, 0 for paper, 1 + class for an object's ink.
    """

    x: np.ndarray
    truth: Found
    masks: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    def take(self, chosen: np.ndarray) -> Pages:
        """The pages with these numbers, in this order."""
        chosen = np.asarray(chosen)
        place = np.full(len(self), -1)
        place[chosen] = np.arange(len(chosen))
        t, here = self.truth, place[self.truth.page] >= 0
        truth = Found(t.boxes[here], t.labels[here], place[t.page[here]], t.scores[here])
        return Pages(self.x[chosen], truth, self.masks[chosen])


def draw_pages(digits: Domain, *, n: int, seed: int = 0, size: int = 48) -> Pages:
    """Draw pages with one to three digits each.

    Args:
        digits: the handwriting to take, such as one part of ``load("digits")``.
        n: number of pages.
        seed: another seed gives other pages.
        size: their side, pixels; a multiple of 8.
    """
    rng = np.random.default_rng(seed)
    x, masks, objects = np.zeros((n, size, size), np.uint8), np.zeros((n, size, size), int), []
    for page in range(n):
        paper, mask = _paper(rng, size), masks[page]
        boxes: list[np.ndarray] = []
        for _ in range(int(rng.integers(1, 4))):
            i = int(rng.integers(len(digits)))
            ink = _resized(digits.x[i, ..., 0], int(rng.integers(15, 25)))
            spot = _free_spot(rng, ink.shape, boxes, size)
            if spot is None:
                continue
            top, left = spot
            there = np.s_[top : top + ink.shape[0], left : left + ink.shape[1]]
            paper[there] = np.maximum(paper[there], ink * rng.uniform(0.7, 1.0))
            mask[there][ink > INK] = 1 + digits.y[i]
            box = box_of_mask(ink > INK) + np.array([left, top, left, top])
            boxes.append(box)
            objects.append((page, digits.y[i], *box))
        x[page] = np.rint(np.clip(paper + rng.normal(0, 12, paper.shape), 0, 255))
    table = np.array(objects, float)
    truth = Found(
        table[:, 2:], table[:, 1].astype(int), table[:, 0].astype(int), np.ones(len(table))
    )
    return Pages(x[..., None], truth, masks)


def _paper(rng: np.random.Generator, size: int) -> np.ndarray:
    """Paper with ruled lines and a few scribbled strokes, size×size, 0 … 255."""
    paper = np.full((size, size), rng.uniform(0, 40))
    paper[int(rng.integers(4, 12)) :: int(rng.integers(8, 14))] += rng.uniform(20, 70)
    rows, columns = np.mgrid[:size, :size] + 0.5
    for _ in range(int(rng.integers(1, 4))):  # short straight strokes: ink that is no digit
        middle, way = rng.uniform(0, size, 2), rng.uniform(0, np.pi)
        along = (rows - middle[0]) * np.sin(way) + (columns - middle[1]) * np.cos(way)
        across = (rows - middle[0]) * np.cos(way) - (columns - middle[1]) * np.sin(way)
        stroke = (np.abs(along) < rng.uniform(4, 9)) & (np.abs(across) < rng.uniform(0.7, 1.5))
        paper[stroke] = rng.uniform(120, 230)
    return paper


def _resized(glyph: np.ndarray, high: int) -> np.ndarray:
    """A digit's ink, cropped and brought to a height: H×W, 0 … 255."""
    left, top, right, bottom = box_of_mask(glyph > INK).astype(int)
    crop = glyph[top:bottom, left:right]
    wide = max(4, round(high * crop.shape[1] / crop.shape[0]))
    return np.asarray(Image.fromarray(crop).resize((wide, high), Image.Resampling.BILINEAR), float)


def _free_spot(
    rng: np.random.Generator, shape: tuple[int, ...], boxes: list[np.ndarray], size: int
) -> tuple[int, int] | None:
    """A place (top, left) where a digit of this shape touches no other; None after twenty tries."""
    for _ in range(20):
        top, left = (int(rng.integers(0, size - side + 1)) for side in shape)
        box = np.array([left - 1, top - 1, left + shape[1] + 1, top + shape[0] + 1])
        if not boxes or box_iou(box, np.array(boxes)).max() == 0:
            return top, left
    return None
