r"""TrAdaBoost: boosting that believes the few target labels and lets go of misleading source examples."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from course_lib.adaptation.requirements import require_examples
from course_lib.arguments import as_numbers, require_count
from course_lib.errors import CourseError
from course_lib.readouts import one_thread


def _logistic() -> Any:
    return LogisticRegression(C=1.0, max_iter=200)


@dataclass
class TrAdaBoost:
    r"""Boost a weak learner on many source examples and a few of the target.

    In each round a learner is trained on all examples, weighed. Then

    .. math::
        w_i \leftarrow w_i \, \beta^{[h(x_i) \neq y_i]} \;\; (\text{source}), \qquad
        w_i \leftarrow w_i \, \beta_t^{-[h(x_i) \neq y_i]} \;\; (\text{target}), \qquad
        \beta = \frac{1}{1 + \sqrt{2 \ln n / T}}, \qquad
        \beta_t = \frac{\epsilon_t}{1 - \epsilon_t}

    with :math:`n` source examples, :math:`T` rounds, and :math:`\epsilon_t` the weighted error on the
    *target* alone. A source example that contradicts the target fades; a target example that was missed
    counts more. The rounds from :math:`\lceil T/2 \rceil` on vote, each with :math:`\ln 1/\beta_t`. Dai,
    Yang, Xue & Yu, *Boosting for Transfer Learning*, ICML 2007: for two classes; with more of them this is
    what AdaBoost.M1 does (Freund & Schapire, JCSS 55, 1997). An error of ½ or more is taken as just below
    ½; the method has no answer to it: where most of the source contradicts the target, the first learners
    are wrong, and it is the *right* source examples that fade.

    Attributes:
        rounds: :math:`T`.
        learner: Makes a weak learner with scikit-learn's ``fit(f, y, sample_weight=…)`` and ``predict``.
        source_weights: After ``fit``: the source's weights at the end, n, with the mean of 1 they began with.
        errors: After ``fit``: :math:`\epsilon_t` of each round.
    """

    rounds: int = 20
    learner: Callable[[], Any] = _logistic
    source_weights: np.ndarray = field(init=False, repr=False)
    errors: list[float] = field(init=False, repr=False)
    _learners: list[Any] = field(init=False, repr=False)

    def fit(
        self, f_source: np.ndarray, y_source: np.ndarray, f_target: np.ndarray, y_target: np.ndarray
    ) -> TrAdaBoost:
        """Train on both domains' features and labels. Gives itself back."""
        f_s, y_s = require_examples("source", f_source, y_source)
        f_t, y_t = require_examples("target", f_target, y_target)
        n, rounds = len(f_s), require_count("rounds", self.rounds)
        beta = 1 / (1 + math.sqrt(2 * math.log(n) / rounds))
        f, y, w = np.concatenate([f_s, f_t]), np.concatenate([y_s, y_t]), np.ones(n + len(f_t))
        self.errors, self._learners = [], []
        for _ in range(rounds):
            w = w / w.sum()
            learner = self.learner()
            with one_thread():
                learner.fit(f, y, sample_weight=w * len(w))
            missed = learner.predict(f) != y
            error = float(w[n:] @ missed[n:] / w[n:].sum())
            beta_t = odds(error)
            w = w * np.concatenate([beta ** missed[:n], beta_t ** -missed[n:].astype(float)])
            self.errors.append(error)
            self._learners.append(learner)
        self.source_weights = w[:n] / w[:n].mean()
        return self

    def predict(self, f: np.ndarray) -> np.ndarray:
        """Give the labels that rounds ⌈T/2⌉ … T vote for: N×D → N. Call ``fit`` first."""
        if not hasattr(self, "_learners"):
            raise CourseError(
                "TrAdaBoost has learnt nothing yet: call fit first.",
                "TrAdaBoost 还没有学习：请先调用 fit。",
            )
        f, first = as_numbers("f", f), (len(self._learners) + 1) // 2 - 1
        voters = list(zip(self._learners, self.errors, strict=True))[first:]
        labels = np.unique(np.concatenate([learner.classes_ for learner, _ in voters]))
        votes = np.zeros((len(f), len(labels)))
        for learner, error in voters:
            votes += -math.log(odds(error)) * (learner.predict(f)[:, None] == labels)
        return labels[votes.argmax(axis=1)]


def odds(error: float) -> float:
    r"""Give :math:`\epsilon / (1 - \epsilon)`, of an error kept inside (0, ½)."""
    kept = min(max(error, 1e-3), 0.499)
    return kept / (1 - kept)
