r"""Covariate shift: which source examples look like the target?

:math:`p_s(x) \neq p_t(x)`, but :math:`p(y \mid x)` is the same. Then the source's loss, each example weighed
by :math:`w(x) = p_t(x) / p_s(x)`, is on average the target's. Where the source has nothing at all
(:math:`p_s(x) = 0 < p_t(x)`), no weight helps.
"""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import StratifiedKFold

from course_lib.adaptation.requirements import require_two_features
from course_lib.arguments import as_numbers, require_count, require_number, require_seed
from course_lib.errors import CourseError
from course_lib.readouts import linear_probe


def density_ratio(
    f_source: np.ndarray,
    f_target: np.ndarray,
    *,
    strength: float = 1e-2,
    clip: float | None = 10.0,
    folds: int = 5,
    seed: int = 0,
) -> np.ndarray:
    r"""Give each source example its weight, from a classifier that tells the domains apart.

    .. math::
        w(x) = \frac{p_t(x)}{p_s(x)}
             = \frac{p(\mathrm{target} \mid x)}{p(\mathrm{source} \mid x)} \cdot \frac{n_s}{n_t}

    by Bayes's rule. The classifier is logistic regression; each example is weighed by one that has not
    seen it, since a classifier is too sure of what it has learnt by heart. Weights above ``clip`` are cut:
    a few large ones would decide alone (some bias for far less variance). Then they are scaled to mean 1.
    Bickel, Brückner & Scheffer, *Discriminative Learning under Covariate Shift*, JMLR 10, 2009.

    Args:
        f_source, f_target: Features n_s×D and n_t×D of one scale; low-dimensional ones do better.
        strength: The classifier's L2 strength (see ``readouts.linear_probe``).
        clip: The largest weight before scaling; ``None``: none is cut.
        folds: Parts for the cross-fitting.
        seed: Decides who is in which part.

    Returns:
        Weights n_s, none negative, mean 1.
    """
    log_odds = domain_log_odds(f_source, f_target, strength=strength, folds=folds, seed=seed)
    weights = np.exp(np.clip(log_odds[: len(f_source)], -30, 30)) * len(f_source) / len(f_target)
    if clip is not None:
        weights = np.minimum(weights, require_number("clip", clip, ends="()"))
    return weights / weights.mean()


def domain_log_odds(
    f_source: np.ndarray, f_target: np.ndarray, *, strength: float, folds: int, seed: int
) -> np.ndarray:
    r"""Give :math:`\log p(\mathrm{target} \mid x) / p(\mathrm{source} \mid x)` of all rows, source first.

    Each row's by a classifier trained on the other folds: n_s + n_t.
    """
    f_source, f_target = require_two_features(f_source, f_target)
    folds = require_count("folds", folds, 2, min(len(f_source), len(f_target)))
    f = np.concatenate([f_source, f_target])
    domain = np.repeat([0, 1], [len(f_source), len(f_target)])
    parts = StratifiedKFold(folds, shuffle=True, random_state=require_seed(seed))
    log_odds = np.zeros(len(f))
    for train, held_out in parts.split(f, domain):
        z = linear_probe(f[train], domain[train], strength=strength).scores(f[held_out])
        log_odds[held_out] = z[:, 1] - z[:, 0]
    return log_odds


def effective_sample_size(weights: np.ndarray) -> float:
    r"""Give how many examples of equal weight would be worth as much: between 1 and N.

    .. math:: n_\mathrm{eff} = \frac{(\sum_i w_i)^2}{\sum_i w_i^2}

    Far below N, the weighted mean hangs on a few examples. Kong, *A Note on Importance Sampling using
    Standardized Weights*, University of Chicago, 1992.

    Args:
        weights: N, none negative, not all 0.
    """
    w = as_numbers("weights", weights)
    if w.ndim != 1 or (w < 0).any() or not w.sum() > 0:
        raise CourseError(
            "Weights are one row of numbers, none negative and not all 0.",
            "权重应是一列非负的数，且不全为 0。",
        )
    return float(w.sum() ** 2 / (w**2).sum())
