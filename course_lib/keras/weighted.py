r"""Examples that do not all count alike: weights of single examples, and of two labelled domains."""

from __future__ import annotations

import keras
from keras import KerasTensor

from course_lib.arguments import require_number
from course_lib.keras import losses
from course_lib.keras.objectives import Batch, Objective
from course_lib.keras.wrappers import Wrapper
from course_lib.training.batches import Arrays, require_arrays
from course_lib.training.two_domains import require_weights


class WeightedCrossEntropy(Objective):
    r"""Cross-entropy in which each example has a weight of its own.

    .. math:: L = \frac{1}{N} \sum_i w_i \, \ell_i, \qquad \ell_i = -\log \mathrm{softmax}(z_i)_{y_i}

    With :math:`w(x) = p_t(x) / p_s(x)` the mean over source examples estimates, without bias, the mean
    over the target: :math:`\mathbb{E}_s[w \ell] = \mathbb{E}_t[\ell]`. For that the sum is divided by
    :math:`N` and not by the weights of the batch. Shimodaira, *Improving Predictive Inference under
    Covariate Shift by Weighting the Log-likelihood Function*, JSPI 90, 2000.

    Train it on ``{"x": …, "y": …, "weight": …}``; ``density_ratio`` gives weights with mean 1.
    """

    def check(self, arrays: Arrays) -> None:
        require_weights(arrays)

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        z = model(batch["x"], training=True)
        return losses.cross_entropy(z, batch["y"], weight=batch["weight"])


class SourceAndTarget(Wrapper):
    r"""Two labelled domains, weighed against each other.

    .. math:: L = \lambda \, L_s + (1 - \lambda) \, L_t

    Train it on ``labelled_target(source, target)``: each batch has as many rows of both, however few the
    target has. :math:`\lambda = 1` is the source alone, 0 the target alone; the best in between depends on
    how many labels the target has and how far the domains are apart. Ben-David et al., *A Theory of
    Learning from Different Domains*, Machine Learning 79, 2010 (Theorem 3).

    Args:
        objective: What to make small on each; ``CrossEntropy()``, for one.
        share: :math:`\lambda`, from 0 to 1.
    """

    def __init__(self, objective: Objective, share: float = 0.5) -> None:
        super().__init__(objective)
        self.share = require_number("share", share, 0, 1)

    def check(self, arrays: Arrays) -> None:
        require_arrays(arrays, "x", "y", "x_t", "y_t")
        self.objective.check(arrays)

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        target = {**batch, "x": batch["x_t"], "y": batch["y_t"]}
        L_s, L_t = self.objective.loss(model, batch), self.objective.loss(model, target)
        return self.share * L_s + (1 - self.share) * L_t

    def own_settings(self) -> dict[str, object]:
        return {"share": self.share}
