r"""How good are detections? Precision, recall, and the area under their curve.

Everingham et al., "The Pascal Visual Object Classes Challenge: A Retrospective", IJCV 111, 2015; Lin et
al., "Microsoft COCO: common objects in context", ECCV 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.vision.boxes import box_iou, decode_boxes, suppress


@dataclass(frozen=True)
class Found:
    """Objects on pictures: what a detector says, or the truth (with scores of 1).

    Attributes:
        boxes: M×4, pixels.
        labels: the class of each, M.
        page: on which picture each is, M.
        scores: how sure the detector is, M.
    """

    boxes: np.ndarray
    labels: np.ndarray
    page: np.ndarray
    scores: np.ndarray

    def of_class(self, label: int) -> Found:
        """Those of one class."""
        chosen = self.labels == label
        return Found(
            self.boxes[chosen], self.labels[chosen], self.page[chosen], self.scores[chosen]
        )


def detections(
    outputs: np.ndarray, *, stride: float, least: float = 0.02, overlap: float = 0.5
) -> Found:
    """Read a detection head's outputs, and drop what is unlikely or said twice.

    Args:
        outputs: N×h×h×(1 + K + 4), as for ``decode_boxes``.
        stride: pixels per cell.
        least: lowest score that is kept; low, for the curve needs the unsure ones too.
        overlap: for ``suppress``, among boxes of one class on one picture.
    """
    boxes, scores, labels = decode_boxes(outputs, stride=stride)
    rows = []
    for page in range(len(outputs)):
        for label in np.unique(labels[page]):
            some = np.flatnonzero((labels[page] == label) & (scores[page] >= least))
            kept = some[suppress(boxes[page, some], scores[page, some], overlap=overlap)]
            rows += [(page, cell) for cell in kept]
    at, cell = np.array(rows, int).reshape(-1, 2).T
    return Found(boxes[at, cell], labels[at, cell], at, scores[at, cell])


def match(found: Found, truth: Found, *, least: float = 0.5) -> np.ndarray:
    """Say which detections of one class are hits, best score first.

    In the order of their scores each detection takes the true box of its picture that it overlaps
    most, if that is at least ``least`` and nobody took it before. A second detection of the same
    object is a false alarm.

    Returns:
        M truth values, in the order of falling scores.
    """
    taken = np.zeros(len(truth.boxes), bool)
    overlaps = box_iou(found.boxes, truth.boxes)
    overlaps[found.page[:, None] != truth.page] = -1  # on another picture
    hits = []
    for i in np.argsort(-found.scores, kind="stable"):
        best = overlaps[i].argmax() if len(taken) else -1
        hit = len(taken) > 0 and overlaps[i, best] >= least and not taken[best]
        if hit:
            taken[best] = True
        hits.append(hit)
    return np.array(hits, bool)


def precision_recall(hits: np.ndarray, objects: int) -> tuple[np.ndarray, np.ndarray]:
    r"""Give precision and recall after the first, second … detection.

    .. math:: P_k = \frac{1}{k} \sum_{i \le k} h_i, \qquad R_k = \frac{1}{G} \sum_{i \le k} h_i

    Args:
        hits: :math:`h`, in the order of falling scores.
        objects: :math:`G`, how many there are to be found.
    """
    right = np.cumsum(hits)
    return right / np.arange(1, len(hits) + 1), right / objects


def average_precision(hits: np.ndarray, objects: int, *, envelope: bool = True) -> float:
    r"""Give the area under precision over recall.

    .. math:: \mathrm{AP} = \sum_k (R_k - R_{k-1}) \, \tilde P_k, \qquad \tilde P_k = \max_{j \ge k} P_j

    Args:
        hits: in the order of falling scores.
        objects: how many there are to be found; what is never found is lost recall.
        envelope: False takes :math:`P_k` itself, as scikit-learn does; VOC (since 2010) and COCO
            take the envelope :math:`\tilde P`. COCO reads it at 101 values of recall only.
    """
    if not len(hits):
        return 0.0
    precision, recall = precision_recall(hits, objects)
    if envelope:
        precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0) * precision))


def mean_average_precision(found: Found, truth: Found, *, least: float = 0.5) -> float:
    """Give the mean, over the classes that occur in the truth, of each class's average precision."""
    per_class = []
    for label in np.unique(truth.labels):
        there = truth.of_class(label)
        hits = match(found.of_class(label), there, least=least)
        per_class.append(average_precision(hits, len(there.boxes)))
    return float(np.mean(per_class))
