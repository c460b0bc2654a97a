r"""Label shift: the classes look as before, but their shares are others.

:math:`p_s(y) \neq p_t(y)`, but :math:`p(x \mid y)` is the same: a disease has become frequent, its symptoms
are the same. (Covariate shift is the other way round, see ``density.py``; a method for the one does harm
under the other.)
"""

from __future__ import annotations

import numpy as np

from course_lib.adaptation.requirements import require_labels_below, require_outputs
from course_lib.arguments import as_numbers, require_count, require_seed
from course_lib.errors import CourseError


def label_weights(
    y_held_out: np.ndarray,
    predicted_held_out: np.ndarray,
    predicted_target: np.ndarray,
    *,
    classes: int,
) -> np.ndarray:
    r"""Give how much more frequent each class is in the target, from a classifier's answers alone.

    .. math::
        C_{ij} = p_s(\hat y = i, y = j), \qquad a_i = p_t(\hat y = i), \qquad w = C^{-1} a, \qquad
        w_j = \frac{p_t(y = j)}{p_s(y = j)}

    The classifier may be poor as long as :math:`C` can be inverted: it need only be wrong in the same way
    in both domains. That is what label shift says, and what any other shift breaks. Negative estimates are
    set to 0. *Black box shift estimation*: Lipton, Wang & Smola, *Detecting and Correcting for Label Shift
    with Black Box Predictors*, ICML 2018, arXiv:1802.03916.

    Args:
        y_held_out: Labels of source examples that the classifier was not trained on, N.
        predicted_held_out: Its answers for them, N.
        predicted_target: Its answers for the target, M.
        classes: K.

    Returns:
        Weights K. ``weights[y]`` weighs source examples, ``reweigh_outputs`` corrects outputs.

    Raises:
        CourseError: When the answers do not tell the classes apart: no inverse.
    """
    y = require_labels_below("y_held_out", y_held_out, classes)
    answers = require_labels_below("predicted_held_out", predicted_held_out, classes)
    target = require_labels_below("predicted_target", predicted_target, classes)
    if len(y) != len(answers):
        raise CourseError(
            f"There are {len(y)} held-out labels and {len(answers)} answers: give one answer for each.",
            f"留出样本有 {len(y)} 个标签，却有 {len(answers)} 个预测：两者应一一对应。",
        )
    C = np.zeros((classes, classes))
    np.add.at(C, (answers, y), 1 / len(y))
    if np.linalg.cond(C) > 1e6:
        raise CourseError(
            "The classifier's answers do not tell all classes apart (a class that is never held out, or "
            "never answered), so their shares cannot be worked out: hold out more, or improve it.",
            "分类器的预测无法区分所有类别（有的类别没有留出样本，或从未被预测），因而无法推出各类占比："
            "请增加留出样本，或先改进分类器。",
        )
    a = np.bincount(target, minlength=classes) / len(target)
    return np.maximum(np.linalg.solve(C, a), 0)


def reweigh_outputs(outputs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    r"""Give logits for other shares of the classes: no training needed.

    .. math:: p_t(y \mid x) \propto w_y \, p_s(y \mid x), \qquad z_y \leftarrow z_y + \log w_y

    Exact where the probabilities were right (calibrated) on the source. Saerens, Latinne & Decaestecker,
    *Adjusting the Outputs of a Classifier to New a Priori Probabilities*, Neural Computation 14, 2002.

    Args:
        outputs: Logits N×K.
        weights: K, as :func:`label_weights` gives them; 0 rules a class out.
    """
    z, w = require_outputs(outputs), as_numbers("weights", weights)
    if w.shape != z.shape[1:] or (w < 0).any() or not w.sum() > 0:
        raise CourseError(
            f"There is one weight for each of the {z.shape[1]} classes, none negative and not all 0; found "
            f"the shape {w.shape}.",
            f"{z.shape[1]} 个类别各要有一个非负的权重，且不全为 0；这里的形状是 {w.shape}。",
        )
    with np.errstate(divide="ignore"):
        return z + np.log(w)


def draw_with_shares(y: np.ndarray, shares: np.ndarray, n: int, *, seed: int = 0) -> np.ndarray:
    """Draw examples so that the classes have given shares: a label shift made on purpose.

    Args:
        y: Labels N, 0 … K-1.
        shares: Each class's share, K; they are scaled to sum 1.
        n: How many to draw; with replacement, so the rare may be drawn often.
        seed: Another seed gives another draw.

    Returns:
        Indices n, int64: ``domain.take(indices)``.
    """
    shares = as_numbers("shares", shares)
    y = require_labels_below("y", y, len(shares))
    counts = np.bincount(y, minlength=len(shares))
    if (shares < 0).any() or not shares.sum() > 0 or ((shares > 0) & (counts == 0)).any():
        raise CourseError(
            "Each class's share is at least 0, not all are 0, and a class without examples has 0.",
            "每个类别的占比不小于 0，且不能全为 0；没有样本的类别只能为 0。",
        )
    p = (shares / shares.sum() / np.maximum(counts, 1))[y]
    rng = np.random.default_rng(require_seed(seed))
    return rng.choice(len(y), size=require_count("n", n), p=p / p.sum())
