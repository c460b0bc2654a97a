r"""Learning to learn from few examples: prototypical networks, in Keras."""

from __future__ import annotations

import keras
from keras import KerasTensor, ops

from course_lib.arguments import require_count
from course_lib.keras import losses
from course_lib.keras.objectives import Batch, OfTargets


def prototype_logits(support: KerasTensor, queries: KerasTensor) -> KerasTensor:
    r"""Give how near each query lies to each class: :math:`z_{qk} = -\lVert f_q - c_k \rVert^2`.

    The prototype :math:`c_k` is the mean of class k's support.

    Args:
        support: Features of the labelled few, K×S×D.
        queries: Features to be labelled, Q×D.

    Returns:
        Logits Q×K.
    """
    prototypes = ops.mean(support, axis=1)
    return -ops.sum(ops.square(queries[:, None] - prototypes[None]), axis=-1)


class Prototypes(OfTargets):
    r"""Mean surprise at the right class of the queries, over the episodes of a batch.

    .. math::
        L = -\frac1Q \sum_q \log \mathrm{softmax}(z_q)_{y_q}, \qquad
        z_{qk} = -\lVert f(x_q) - c_k \rVert^2

    The model is the embedding f: pictures N×H×W×C → N×D. Data are what ``episodes`` gives: x
    E×K×(S+q)×H×W×C. Snell, Swersky, Zemel, *Prototypical Networks for Few-shot Learning*, NeurIPS 2017,
    arXiv:1703.05175.

    Args:
        shots: S, how many examples of each class are the support; the rest are queries.
    """

    def __init__(self, shots: int) -> None:
        super().__init__()
        self.shots = require_count("shots", shots)

    def loss(self, model: keras.Model, batch: Batch) -> KerasTensor:
        x = batch["x"]
        ways, each = x.shape[1:3]
        f = model(ops.reshape(x, (-1, *x.shape[3:])), training=True)
        f = ops.reshape(f, (-1, ways, each, f.shape[-1]))  # tasks first
        # The episodes of a batch at once: a new axis for the tasks, else as in prototype_logits.
        prototypes = ops.mean(f[:, :, : self.shots], axis=2)
        queries = ops.reshape(f[:, :, self.shots :], (-1, ways * (each - self.shots), f.shape[-1]))
        z = -ops.sum(ops.square(queries[:, :, None] - prototypes[:, None]), axis=-1)
        y = ops.repeat(ops.arange(ways), each - self.shots)
        y = ops.tile(y, [ops.shape(z)[0]])
        return losses.cross_entropy(ops.reshape(z, (-1, ways)), y)

    def settings(self) -> dict[str, object]:
        return {"shots": self.shots}
