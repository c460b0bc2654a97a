"""From features to labels: simple classifiers on top of a frozen backbone.

NumPy and scikit-learn only: features come in, labels go out, whichever framework made them.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import ThreadpoolController

from course_lib.errors import CourseError

# From almost free to almost nothing but the penalty; see ``linear_probe`` for the scale.
STRENGTHS = tuple(float(s) for s in np.logspace(-5, 0, 11))


def unit_length(f: np.ndarray) -> np.ndarray:
    """Bring each row of features (N×D) to length 1, so that only its direction counts."""
    length = np.linalg.norm(f, axis=1, keepdims=True)
    return f / np.maximum(length, 1e-12)


def root_features(f: np.ndarray) -> np.ndarray:
    r"""Even features out: :math:`\sqrt{f / \sum_d f_d}`, each row of length 1.

    A few channels that answer loudly would otherwise decide every comparison. Only for features that
    are never negative, such as those after a ReLU. Arandjelović and Zisserman, "Three things everyone
    should know to improve object retrieval", CVPR 2012 (RootSIFT).

    Args:
        f: features, N×D, none negative.
    """
    if (f < 0).any():
        raise CourseError(
            "root_features takes square roots, but some features are negative: use unit_length.",
            "root_features 要开平方，而有些特征是负数：请改用 unit_length。",
        )
    return unit_length(np.sqrt(f))


def class_means(f: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The labels that occur (K, sorted) and the mean feature of each (K×D)."""
    labels = np.unique(y)
    return labels, np.stack([f[y == label].mean(axis=0) for label in labels])


def nearest_class_mean(f_train: np.ndarray, y_train: np.ndarray, f_test: np.ndarray) -> np.ndarray:
    r"""Give each example the class whose mean points most nearly the same way.

    .. math:: \hat y = \arg\max_k \; \frac{f \cdot m_k}{\|f\| \, \|m_k\|}, \qquad
              m_k = \frac{1}{n_k} \sum_{i: y_i = k} \frac{f_i}{\|f_i\|}

    It has nothing to tune, so it works from a single label per class on. Mensink et al.,
    "Distance-based image classification", TPAMI 2013; Snell et al., "Prototypical networks", 2017.

    Args:
        f_train: features, N×D.
        y_train: their labels, N.
        f_test: features to be labelled, M×D.

    Returns:
        Labels, M.
    """
    _require_features(f_train, y_train, f_test)
    labels, means = class_means(unit_length(f_train), y_train)
    return labels[np.argmax(unit_length(f_test) @ unit_length(means).T, axis=1)]


def nearest_neighbours(
    f_train: np.ndarray, y_train: np.ndarray, f_test: np.ndarray, *, k: int = 1
) -> np.ndarray:
    """Give each example the commonest label among its ``k`` nearest neighbours (Euclidean).

    A tie goes to the smallest label.

    Args:
        f_train: features, N×D.
        y_train: their labels, N.
        f_test: features to be labelled, M×D.
        k: number of neighbours, 1 to N.

    Returns:
        Labels, M.
    """
    _require_features(f_train, y_train, f_test)
    if not 1 <= k <= len(f_train):
        raise CourseError(
            f"k={k} neighbours, but there are {len(f_train)} examples: choose k between 1 and that.",
            f"k={k}，而样本只有 {len(f_train)} 个：k 应在 1 与样本数之间。",
        )
    # |a − b|² = |a|² − 2 a·b + |b|²; |a|² is the same for all neighbours of a.
    distance = (f_train**2).sum(axis=1) - 2 * f_test @ f_train.T
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :k]
    labels, numbered = np.unique(y_train, return_inverse=True)
    votes = (numbered[nearest][:, :, None] == np.arange(len(labels))).sum(axis=1)
    return labels[np.argmax(votes, axis=1)]


@dataclass(frozen=True)
class LinearProbe:
    """A linear classifier on features.

    Attributes:
        weights: D×K.
        bias: K.
        labels: the label of each column, K.
        strength: the L2 strength it was trained with.
    """

    weights: np.ndarray
    bias: np.ndarray
    labels: np.ndarray
    strength: float

    def scores(self, f: np.ndarray) -> np.ndarray:
        """Logits ``f W + b``: N×D → N×K."""
        return f @ self.weights + self.bias

    def predict(self, f: np.ndarray) -> np.ndarray:
        """Labels of features: N×D → N."""
        return self.labels[np.argmax(self.scores(f), axis=1)]

    def mean_log_probability(self, f: np.ndarray, y: np.ndarray) -> float:
        """How sure the probe is of the true labels ``y``, on average: 0 is perfect."""
        log_p = log_softmax(self.scores(f), axis=1)
        return float(log_p[np.arange(len(y)), np.searchsorted(self.labels, y)].mean())


def linear_probe(
    f: np.ndarray, y: np.ndarray, *, strength: float, weight: np.ndarray | None = None
) -> LinearProbe:
    r"""Train a softmax classifier on frozen features.

    .. math:: \min_{W, b} \; -\frac{1}{N} \sum_i w_i \log p_{i, y_i}
              + \frac{\lambda}{2} \|W\|^2, \qquad p_i = \mathrm{softmax}(f_i W + b)

    The problem is convex, so there is one best answer and no learning rate to choose.

    Args:
        f: features, N×D; bring their scale into order first (``unit_length``, or a scaler that has
            seen the training part only), since the penalty compares weights with one another.
        y: labels, N, at least two different ones.
        strength: :math:`\lambda`, above 0; larger keeps the weights smaller.
        weight: what each example counts, :math:`w_i`, N; alike (1) unless given. The mean is over N
            all the same, so weights with mean 1 leave the balance with the penalty as it is.
    """
    _require_features(f, y, f)
    if strength <= 0 or len(np.unique(y)) < 2:
        raise CourseError(
            f"A probe needs a strength above 0 (it is {strength}) and at least two classes "
            f"(there are {len(np.unique(y))}).",
            f"线性探针要求 strength 大于 0（现为 {strength}），且至少有两个类别"
            f"（现有 {len(np.unique(y))} 个）。",
        )
    # scikit-learn sums the loss and divides the penalty: C = 1 / (λ N).
    model = LogisticRegression(C=1 / (strength * len(f)), solver="newton-cg", tol=1e-4)
    with one_thread(), warnings.catch_warnings():
        # At tiny strengths the optimum lies far out; a hundred Newton steps get near enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(f, y, sample_weight=weight)
    return LinearProbe(*_all_columns(model), model.classes_, strength)


def one_thread() -> AbstractContextManager[object]:
    """Multiply small matrices in one thread: several would spend their time waiting for one another."""
    return _thread_pools().limit(limits=1)


@cache
def _thread_pools() -> ThreadpoolController:
    """Find the libraries that multiply matrices here: once, it takes as long as a small probe."""
    return ThreadpoolController()


def _all_columns(model: LogisticRegression) -> tuple[np.ndarray, np.ndarray]:
    """Weights D×K and bias K; for two classes scikit-learn keeps one column only."""
    weights, bias = model.coef_.T, model.intercept_
    if weights.shape[1] == 1:  # score(second) − score(first) is all that counts
        weights, bias = np.hstack([-weights, weights]) / 2, np.hstack([-bias, bias]) / 2
    return weights, bias


def l2_path(
    f: np.ndarray, y: np.ndarray, *, strengths: Sequence[float] = STRENGTHS
) -> list[LinearProbe]:
    """One probe for each strength: how the answer changes from almost free to tightly held."""
    return [linear_probe(f, y, strength=strength) for strength in strengths]


def choose_strength(
    f: np.ndarray,
    y: np.ndarray,
    *,
    strengths: Sequence[float] = STRENGTHS,
    folds: int = 5,
    seed: int = 0,
) -> float:
    """Choose the L2 strength by cross-validation on the labelled examples alone.

    The examples are cut into ``folds`` parts with all classes in each; every part is predicted once
    by probes trained on the others. The strength wins that gives the held-out labels the highest mean
    log-probability: with few labels many strengths are equally often right, but not equally sure.

    Args:
        f: features of the labelled examples, N×D.
        y: their labels, N, each at least twice.
        strengths: what to choose from.
        folds: number of parts; fewer where a class has fewer examples.
        seed: decides who is in which part.
    """
    _require_features(f, y, f)
    fewest = int(np.unique(y, return_counts=True)[1].min())
    if fewest < 2:
        raise CourseError(
            "Cross-validation needs at least two labelled examples of each class; with one per class "
            "there is nothing to choose by: use nearest_class_mean.",
            "交叉验证要求每个类别至少有两个带标签的样本；每类只有一个时无从选择，"
            "请改用 nearest_class_mean。",
        )
    parts = StratifiedKFold(min(folds, fewest), shuffle=True, random_state=seed)
    log_p = np.zeros(len(strengths))
    for train, held_out in parts.split(f, y):
        probes = l2_path(f[train], y[train], strengths=strengths)
        log_p += [probe.mean_log_probability(f[held_out], y[held_out]) for probe in probes]
    return float(strengths[int(np.argmax(log_p))])


def _require_features(f_train: np.ndarray, y_train: np.ndarray, f_test: np.ndarray) -> None:
    fits = f_train.ndim == f_test.ndim == 2 and f_train.shape[1] == f_test.shape[1]
    if not fits or len(f_train) != len(y_train) or len(f_train) == 0:
        raise CourseError(
            f"Features are N×D with one label each, and D is the same for training and test; these "
            f"have shapes {f_train.shape}, {np.shape(y_train)} and {f_test.shape}.",
            f"特征应为 N×D，每行一个标签，训练与测试的 D 相同；这里的形状是 "
            f"{f_train.shape}、{np.shape(y_train)} 和 {f_test.shape}。",
        )
