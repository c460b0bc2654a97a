"""Should the new model replace the old one? Decided on labelled pictures that neither was trained on."""

from __future__ import annotations

from math import comb
from typing import NamedTuple

import numpy as np

from course_lib.arguments import as_labels
from course_lib.errors import CourseError
from course_lib.judging import Interval


class Decision(NamedTuple):
    """What to do, and why.

    Attributes:
        promote: Whether the new model takes over.
        gain: New minus old accuracy on the same pictures, with its 95 % interval (normal; for reading,
            not for deciding).
        chance: How often two equally good models would show such a lead or a larger one.
        lost: The largest loss of recall among the classes with enough pictures; 0 where none has.
    """

    promote: bool
    gain: Interval
    chance: float
    lost: float


def decide(
    y: np.ndarray, old: np.ndarray, new: np.ndarray, *, rate: float = 0.025,
    loss_allowed: float = 0.2, enough: int = 10,
) -> Decision:  # fmt: skip
    r"""Promote a model whose lead is no luck and which gives up no class.

    Only pictures on which one of the two is right and the other wrong can tell them apart. Of k such
    pictures the new model is right on w. Were both equally good, each would be a fair coin's throw:

    .. math:: P(W \ge w) = 2^{-k} \sum_{j=w}^{k} \binom{k}{j}

    (the exact sign test, McNemar's on two models). The interval :math:`\bar d \pm 1.96\, s_d/\sqrt n`
    is too bold for a few pictures: 4 better and none worse would pass it, by luck once in 16.

    Args:
        y: True labels, n.
        old, new: What the two models say of the same n pictures.
        rate: How often an equally good model may be promoted, at most.
        loss_allowed: How much recall a single class may lose.
        enough: How many pictures of a class are enough to speak of its recall; rarer ones are left out.
    """
    y, old, new = (as_labels(name, a) for name, a in (("y", y), ("old", old), ("new", new)))
    if not len(y) == len(old) == len(new) or len(y) < 2:
        raise CourseError(
            f"Two models are compared on the same two pictures or more; found {len(y)} labels, "
            f"{len(old)} and {len(new)} answers.",
            f"两个模型要在同样的、至少两张图片上比较；现在有 {len(y)} 个标签、"
            f"{len(old)} 个与 {len(new)} 个回答。",
        )
    d = (new == y).astype(float) - (old == y)
    half = 1.96 * d.std(ddof=1) / np.sqrt(len(d))
    gain = Interval(float(d.mean()), float(d.mean() - half), float(d.mean() + half))
    counted = [k for k in np.unique(y) if (y == k).sum() >= enough]
    lost = max((float(-d[y == k].mean()) for k in counted), default=0.0)
    won, split = int((d > 0).sum()), int((d != 0).sum())
    chance = sum(comb(split, j) for j in range(won, split + 1)) / 2**split
    return Decision(chance <= rate and lost <= loss_allowed, gain, chance, lost)
