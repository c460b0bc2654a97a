r"""Where a network looked: class activation maps, by gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.pytorch.devices import device_of
from course_lib.pytorch.differentiation import gradients
from course_lib.pytorch.inference import inference
from course_lib.training.batches import as_inputs
from course_lib.training.requirements import require_mean_head, require_one_class_each


def grad_cam(model: nn.Module, x: np.ndarray, classes: Any) -> np.ndarray:
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
    with inference(model), torch.enable_grad():
        maps = model.backbone.feature_map(torch.from_numpy(x).to(device_of(model))).detach()
        maps.requires_grad_()

        def evidence() -> torch.Tensor:  # of all images at once: each depends on its own map alone
            z = model.head(maps.mean(dim=(1, 2)))
            return z[torch.arange(len(z)), torch.from_numpy(chosen).to(z.device)].sum()

        _, (slopes,) = gradients(evidence, [maps])
    alpha = slopes.mean(dim=(1, 2), keepdim=True)
    found = (alpha * maps.detach()).sum(dim=-1).clamp(min=0)
    return found.cpu().numpy()
