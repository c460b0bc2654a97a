r"""How much each weight matters to what a model says: the diagonal of its Fisher information."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.keras.forward import remembered
from course_lib.keras.inference import as_model_reads, predict
from course_lib.keras.losses import cross_entropy
from course_lib.keras.named import named_weights
from course_lib.keras_backend.gradients import squared_gradients
from course_lib.training.importance import weighed_answers
from course_lib.training.merging import Arrays


def fisher_diagonal(
    model: keras.Model,
    domain: Any,
    *,
    labels: str = "sampled",
    n: int | None = 200,
    classes: Sequence[int] | None = None,
    seed: int = 0,
) -> Arrays:
    r"""Give, for each weight that learns, how sharply the model's answers depend on it.

    Move the weights by a little :math:`\delta`. How far do the answers move? Their Kullback-Leibler
    divergence is, to the second order, a quadratic form, because its value and its slope are 0 at
    :math:`\delta = 0`:

    .. math::
        \mathbb E_x \, \mathrm{KL}\bigl(p_\theta(\cdot \mid x) \,\|\, p_{\theta + \delta}(\cdot \mid x)
        \bigr) \approx \tfrac12 \, \delta^\top F \, \delta, \qquad
        F = \mathbb E_x \, \mathbb E_{y \sim p_\theta(\cdot \mid x)}
        \bigl[ \nabla \log p_\theta(y \mid x) \, \nabla \log p_\theta(y \mid x)^\top \bigr]

    F is also the expected Hessian of the loss where the model is right about the labels: the Laplace
    approximation of what is known of :math:`\theta` after a task has the precision :math:`N F`. Its
    diagonal is the mean of *squares*, one for each example and weight:

    .. math:: F_i = \mathbb E_x \, \mathbb E_{y \sim p_\theta(\cdot \mid x)}
              \Bigl[ \bigl( \tfrac{\partial}{\partial \theta_i} \log p_\theta(y \mid x) \bigr)^2 \Bigr]

    Two mistakes are common. The square of a *batch's* gradient is no mean of squares: at a minimum
    gradients of examples cancel, and it is nearly 0 where F is not. And y comes from the model, not
    from the data: with the true labels it is the *empirical* Fisher, which vanishes as the training
    loss does. Kirkpatrick et al., *Overcoming catastrophic forgetting in neural networks*, PNAS 2017,
    arXiv:1612.00796; Kunstner, Hennig & Balles, *Limitations of the Empirical Fisher Approximation*,
    NeurIPS 2019, arXiv:1905.12558; van de Ven, *On the Computation of the Fisher Information in
    Continual Learning*, 2025, arXiv:2502.11756.

    Args:
        model: Gives logits N×K. It is asked in inference mode, one example at a time.
        domain: A ``Domain`` or a pair: the task's training data.
        labels: ``"sampled"``: y drawn once from the model's answer to each x; unbiased. ``"all"``: the
            inner expectation in full, K times the work. ``"data"``: the empirical Fisher.
        n: How many examples, drawn at random; None: all.
        classes: Among which outputs the model chooses here, such as a task's own; all unless given.
        seed: Decides which examples and which answers are drawn.

    Returns:
        By name, in PyTorch's layout: arrays like the weights, none negative.
    """
    x, among, rows = weighed_answers(
        lambda x: predict(model, x), domain, labels=labels, n=n, classes=classes, seed=seed
    )
    learning = {id(weight) for weight in model.trainable_weights}
    places = {n: p for n, p in named_weights(model).items() if id(p.variable) in learning}
    chosen = np.asarray(among, "int32")

    def surprise(example: KerasTensor, answer: KerasTensor) -> KerasTensor:
        z = model(as_model_reads(model, example), training=False)
        return cross_entropy(ops.take(z, chosen, axis=1), answer)

    variables = [place.variable for place in places.values()]
    kind = ("fisher", tuple(map(id, variables)), tuple(chosen.tolist()))
    squares_for = remembered(model, kind, lambda: squared_gradients(surprise, variables))
    sums = [np.zeros(variable.shape, np.float32) for variable in variables]
    for i, k, share in rows:
        squares = squares_for(x[i : i + 1], np.array([k], "int32"))
        for total, square in zip(sums, squares, strict=True):
            total += share * ops.convert_to_numpy(square)
    totals = zip(places.items(), sums, strict=True)
    return {name: place.as_torch(total) for (name, place), total in totals}
