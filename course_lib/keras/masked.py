r"""Masked pre-training: hide most patches of a picture, and let the network fill them in.

He et al., *Masked Autoencoders Are Scalable Vision Learners*, CVPR 2022, arXiv:2111.06377; filling in
a missing part: Pathak et al., *Context Encoders*, CVPR 2016, arXiv:1604.07379.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.arguments import require_number
from course_lib.keras.objectives import Batch, Objective
from course_lib.training.batches import Arrays, require_arrays
from course_lib.training.patches import draw_hidden
from course_lib.training.requirements import require_same_shape


def masked_error(filled: KerasTensor, x: KerasTensor, hidden: KerasTensor) -> KerasTensor:
    r"""Give the mean squared error over the hidden numbers alone.

    .. math:: L = \frac{\sum_{ij} m_{ij} (\hat x_{ij} - x_{ij})^2}{\sum_{ij} m_{ij}}

    Args:
        filled: :math:`\hat x`, what the network filled in, N×D.
        x: The pictures as they are, N×D.
        hidden: :math:`m`, 1 where a number was hidden, else 0, N×D.
    """
    require_same_shape("filled-in pictures", filled.shape, x.shape)
    return ops.sum(hidden * (filled - x) ** 2) / ops.sum(hidden)


class MaskedPatches(Objective):
    """``masked_error`` of pictures as rows: hidden patches are black when the model sees them.

    Args:
        patch_of: The patch of each number of a row, as ``patch_of_pixels`` gives it.
        share: The part of the patches that is hidden, drawn anew for each picture and step.
    """

    def __init__(self, patch_of: np.ndarray, share: float = 0.5) -> None:
        super().__init__()
        self.share = require_number("share", share, 0, 1, ends="()")
        self.patches = int(np.max(patch_of)) + 1
        self.patch_of = np.asarray(patch_of, np.int32)

    def draws(self, rng: np.random.Generator, batch_size: int) -> Arrays:
        return {"masked.hidden": draw_hidden(rng, batch_size, self.patches, self.share)}

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        hidden = ops.take(batch["masked.hidden"], self.patch_of, axis=1)
        return masked_error(model(batch["x"] * (1 - hidden), training=True), batch["x"], hidden)

    def check(self, arrays: Arrays) -> None:
        require_arrays(arrays, "x")

    def settings(self) -> dict[str, object]:
        return {"share": self.share, "patches": self.patches}
