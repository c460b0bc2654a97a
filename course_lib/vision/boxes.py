r"""Boxes: four numbers that say where something is.

A box is :math:`(x_0, y_0, x_1, y_1)` in pixels: left, top, right, bottom. It covers the area from
:math:`x_0` to :math:`x_1`, so its width is :math:`x_1 - x_0` (no "+ 1"): pixel number 3 covers 3 to 4.

A *grid* of cells lies over the picture, ``stride`` pixels each. What a network says in a cell, and
what it is taught there, are the distances from the cell's middle to the four sides of the object
whose middle lies in that cell (Tian et al., "FCOS", ICCV 2019, without its pyramid).
"""

from __future__ import annotations

import numpy as np

from course_lib.errors import CourseError

CODE = 6
"""Numbers that a cell is taught: is there an object, its class, its four sides (in strides)."""


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""Give the intersection over the union of every box in ``a`` with every box in ``b``.

    .. math:: \mathrm{IoU}(A, B) = \frac{|A \cap B|}{|A \cup B|}
              = \frac{|A \cap B|}{|A| + |B| - |A \cap B|}

    Args:
        a, b: N×4 and M×4, pixels.

    Returns:
        N×M, from 0 (apart) to 1 (equal). Two boxes without area have 0.
    """
    a, b = np.asarray(a, float).reshape(-1, 4), np.asarray(b, float).reshape(-1, 4)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    together = box_area(a)[:, None] + box_area(b)[None] - common
    return np.divide(common, together, out=np.zeros_like(common), where=together > 0)


def box_area(boxes: np.ndarray) -> np.ndarray:
    """Give the area of each box (N×4 → N), square pixels; 0 where it is turned inside out."""
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)


def box_of_mask(mask: np.ndarray) -> np.ndarray:
    """Give the smallest box around the true pixels of a mask H×W."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        raise CourseError("The mask is empty: it has no box.", "掩码是空的，没有边界框。")
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)


def cell_middles(cells: int, stride: float) -> np.ndarray:
    """Give where the middle of each cell lies, cells×cells×2 (x, y), pixels."""
    middle = (np.arange(cells) + 0.5) * stride
    return np.stack(np.meshgrid(middle, middle, indexing="xy"), axis=-1)


def encode_boxes(
    boxes: np.ndarray,
    labels: np.ndarray,
    page: np.ndarray,
    *,
    pages: int,
    cells: int,
    stride: float,
) -> np.ndarray:
    """Write objects into the cells where their middles lie: what a detection head is taught.

    Args:
        boxes: M×4, pixels. labels: M. page: on which picture each is, M.
        pages: how many pictures, N. cells: along each side. stride: pixels per cell.

    Returns:
        N×cells×cells×6, float32: object (0 or 1), class, and the distances to the left, upper, right
        and lower side, in strides. Of two objects in one cell the later one is kept.
    """
    y = np.zeros((pages, cells, cells, CODE), np.float32)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    column, row = np.clip(middle // stride, 0, cells - 1).astype(int).T
    at = cell_middles(cells, stride)[row, column]
    sides = np.concatenate([at - boxes[:, :2], boxes[:, 2:] - at], axis=1) / stride
    y[page, row, column] = np.column_stack([np.ones(len(boxes)), labels, sides])
    return y


def decode_boxes(
    outputs: np.ndarray, *, stride: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Read boxes, scores and classes out of what a detection head says in each cell.

    The score is :math:`\sigma(z_\text{object}) \cdot \max_k \mathrm{softmax}(z_\text{class})_k`.

    Args:
        outputs: N×h×h×(1 + K + 4): the object's logit, K class logits, four distances in strides.
        stride: pixels per cell.

    Returns:
        Boxes N×(h·h)×4, scores N×(h·h), classes N×(h·h).
    """
    n, cells = outputs.shape[:2]
    z = outputs[..., 1:-4] - outputs[..., 1:-4].max(axis=-1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    score = p.max(axis=-1) / (1 + np.exp(-np.clip(outputs[..., 0], -50, 50)))
    at, sides = cell_middles(cells, stride), outputs[..., -4:] * stride
    boxes = np.concatenate([at - sides[..., :2], at + sides[..., 2:]], axis=-1)
    return boxes.reshape(n, -1, 4), score.reshape(n, -1), p.argmax(axis=-1).reshape(n, -1)


def suppress(boxes: np.ndarray, scores: np.ndarray, *, overlap: float = 0.5) -> np.ndarray:
    """Non-maximum suppression: give the indices of what remains, best first.

    Again and again the best box is kept, and every other that overlaps it by more than ``overlap``
    (IoU) is dropped: it speaks of the same object.

    Args:
        boxes: N×4. scores: N.
        overlap: from 0 to 1.
    """
    left, kept = np.argsort(-scores, kind="stable"), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[box_iou(boxes[best], boxes[left])[0] <= overlap]
    return np.array(kept, int)
