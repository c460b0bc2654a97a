r"""Screening: what a score and a threshold do to the ill and to the healthy; NumPy.

:math:`s` is a score (larger: more suspicious), :math:`y` is 1 for ill and 0 for healthy. An alarm is
:math:`s \ge t`: the threshold itself counts as an alarm.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_lib.errors import CourseError


class Rates(NamedTuple):
    """The two rates that do not depend on how many people are ill."""

    sensitivity: float
    """The share of the ill that an alarm finds."""
    specificity: float
    """The share of the healthy that are left in peace."""


def rates(y: np.ndarray, scores: np.ndarray, threshold: float) -> Rates:
    """Give sensitivity and specificity at a threshold; nan where nobody is ill, or nobody healthy."""
    alarm, ill = np.asarray(scores) >= threshold, np.asarray(y) == 1
    return Rates(
        float(alarm[ill].mean()) if ill.any() else np.nan,
        float((~alarm[~ill]).mean()) if (~ill).any() else np.nan,
    )


def curve(y: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give false-alarm rate and sensitivity at every threshold, from no alarm to all: the ROC curve."""
    order = np.argsort(-scores, kind="stable")
    ill, s = np.asarray(y)[order] == 1, np.asarray(scores)[order]
    last = np.append(np.diff(s) != 0, True)  # equal scores cross the threshold together
    found, false = np.cumsum(ill)[last] / ill.sum(), np.cumsum(~ill)[last] / (~ill).sum()
    return np.append(0.0, false), np.append(0.0, found)


def area_under_curve(y: np.ndarray, scores: np.ndarray) -> float:
    r"""Give :math:`P(s_\text{ill} > s_\text{healthy}) + \tfrac12 P(\text{equal})`, the area under the ROC curve.

    Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 143, 1982.
    """
    ill, healthy = (np.asarray(scores)[np.asarray(y) == label] for label in (1, 0))
    if not len(ill) or not len(healthy):
        raise CourseError(
            "The area under the curve needs both ill and healthy.",
            "计算曲线下面积，患病的和健康的都要有。",
        )
    pairs = ill[:, None] - healthy[None]
    return float((pairs > 0).mean() + 0.5 * (pairs == 0).mean())


def threshold_for(y: np.ndarray, scores: np.ndarray, sensitivity: float) -> float:
    """Give the highest threshold that still finds at least this share of the ill.

    Choose it on validation patients: on the test's it would promise what it cannot keep.
    """
    ill = np.sort(np.asarray(scores)[np.asarray(y) == 1])[::-1]
    return float(ill[max(int(np.ceil(sensitivity * len(ill) - 1e-9)), 1) - 1])


def predictive_value(sensitivity: float, specificity: float, prevalence: float) -> float:
    r"""Give the share of alarms that are right, where a share :math:`\pi` of all is ill (Bayes).

    .. math:: \mathrm{PPV} = \frac{\pi\, Se}{\pi\, Se + (1 - \pi)(1 - Sp)}
    """
    right, false = prevalence * sensitivity, (1 - prevalence) * (1 - specificity)
    return right / (right + false) if right + false > 0 else float("nan")
