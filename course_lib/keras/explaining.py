r"""Where a network looked: class activation maps, by gradients."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.keras.differentiation import gradients
from course_lib.training.batches import as_inputs
from course_lib.training.requirements import require_mean_head, require_one_class_each


def grad_cam(model: keras.Model, x: np.ndarray, classes: Any) -> np.ndarray:
    r"""Give Grad-CAM maps: which places of the last map speak for a class.

    With :math:`A^d_{p}` the last map's channel d at place p, of P places, and :math:`z_c` the logit of class c,

    .. math::
        \alpha^c_d = \frac1P \sum_p \frac{\partial z_c}{\partial A^d_p}, \qquad
        L^c_p = \max\Bigl(0, \sum_d \alpha^c_d A^d_p\Bigr)

    It says *where*, as coarsely as the last map is; it does not say *what* was seen there. Selvaraju et al.,
    *Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization*, ICCV 2017.

    Args:
        model: What ``attach_head`` gives, with a head on the mean of the last map.
        x: Images, N×H×W×C, uint8.
        classes: For each image, the class whose evidence is asked for, N.

    Returns:
        Maps N×h×w, float32, none negative.
    """
    require_mean_head(model, "grad_cam")
    x = as_inputs(x)
    chosen = require_one_class_each(classes, len(x))
    # A variable, since every engine can differentiate with respect to one.
    maps = keras.Variable(model.backbone.feature_map(x, training=False))

    def evidence() -> KerasTensor:  # of all images at once: each depends on its own map alone
        z = model.head(ops.mean(maps, axis=(1, 2)), training=False)
        return ops.sum(z * ops.one_hot(chosen, z.shape[-1]))

    _, (slopes,) = gradients(evidence, [maps])
    alpha = ops.mean(slopes, axis=(1, 2), keepdims=True)
    found = ops.relu(ops.sum(alpha * maps, axis=-1))
    return ops.convert_to_numpy(found)
