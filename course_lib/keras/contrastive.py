r"""Contrastive pre-training: two views of one picture belong together, all others apart.

Chen, Kornblith, Norouzi & Hinton, *A Simple Framework for Contrastive Learning of Visual
Representations* (SimCLR), ICML 2020, arXiv:2002.05709.
"""

from __future__ import annotations

import keras
from keras import KerasTensor, ops

from course_lib.arguments import require_number
from course_lib.keras.objectives import Batch, Objective
from course_lib.training.batches import Arrays, require_arrays
from course_lib.training.requirements import require_same_shape


def nt_xent(a: KerasTensor, b: KerasTensor, temperature: float) -> KerasTensor:
    r"""Give the normalised, temperature-scaled cross-entropy of N pairs.

    .. math::
        L = -\frac{1}{2N} \sum_{i=1}^{2N} \log
            \frac{\exp(s_{i\,p(i)} / \tau)}{\sum_{k \ne i} \exp(s_{ik} / \tau)}, \qquad
        s_{ik} = \frac{z_i \cdot z_k}{\lVert z_i \rVert \lVert z_k \rVert}

    :math:`z` are the 2N rows of a above those of b, :math:`p(i)` is the place of i's other view.

    Args:
        a, b: The two views' outputs, N×D each; row i of both comes from one picture.
        temperature: :math:`\tau` above 0.
    """
    require_same_shape("views", a.shape, b.shape)
    a, b = unit(a), unit(b)
    z = ops.concatenate([a, b])
    rows = ops.arange(ops.shape(z)[0])
    own = rows[:, None] == rows[None, :]
    scores = ops.where(own, -1e9, z @ ops.transpose(z) / temperature)  # nobody with itself
    partner = ops.tile(ops.sum(a * b, axis=1) / temperature, 2)
    return ops.mean(ops.logsumexp(scores, axis=1) - partner)


def attraction(a: KerasTensor, b: KerasTensor) -> KerasTensor:
    """Give the mean of 1 − cosine of N pairs: what is left of ``nt_xent`` when nothing is pushed apart."""
    return 1 - ops.mean(ops.sum(unit(a) * unit(b), axis=1))


def unit(z: KerasTensor) -> KerasTensor:
    """Bring each row to length 1."""
    return z / ops.maximum(ops.sqrt(ops.sum(z * z, axis=1, keepdims=True)), 1e-12)


class Contrastive(Objective):
    r"""``nt_xent`` of the model's outputs for two views, ``x`` and ``view``, of the same pictures.

    Args:
        temperature: :math:`\tau`; small values look mostly at the nearest strangers.
        negatives: False: only pull the two views together (``attraction``), to see what comes of it.
    """

    def __init__(self, temperature: float = 0.2, *, negatives: bool = True) -> None:
        super().__init__()
        self.temperature = require_number("temperature", temperature, ends="()")
        self.negatives = bool(negatives)

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        a, b = model(batch["x"], training=True), model(batch["view"], training=True)
        return nt_xent(a, b, self.temperature) if self.negatives else attraction(a, b)

    def check(self, arrays: Arrays) -> None:
        require_arrays(arrays, "x", "view")

    def settings(self) -> dict[str, object]:
        return {"temperature": self.temperature, "negatives": self.negatives}
