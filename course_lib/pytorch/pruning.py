r"""Fewer weights: the smallest set to zero for good, or whole filters taken out.

Zeros in a matrix save storage where it is stored as sparse; they make nothing faster on ordinary
hardware. A network without the filters is smaller and faster as it is.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from course_lib.pytorch.adapting import takes_adapters
from course_lib.pytorch.backbones import with_network
from course_lib.pytorch.freezing import unfreeze
from course_lib.pytorch.glyphnet import WIDTHS, build_glyphnet
from course_lib.pytorch.heads import TransferModel
from course_lib.pytorch.named import inner_network, named_arrays, put_arrays
from course_lib.training.adapting import is_chosen
from course_lib.training.pruning import magnitude_masks, narrow_glyphnet, require_glyphnet
from course_lib.training.requirements import require_transfer_model


class Mask(nn.Module):
    """Give a weight with zeros where the mask has them; no gradient comes back there."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.mask: Tensor
        self.register_buffer("mask", mask)

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.mask


def prune_weights(
    model: nn.Module, sparsity: float, *, per_layer: bool = False
) -> dict[str, np.ndarray]:
    r"""Set the smallest weights of a backbone to zero and hold them there.

    .. math:: w \leftarrow m \odot w, \qquad m_i = [\,|w_i| > \tau\,]

    Biases and norms stay. ``fit`` trains what is left: zeros survive every step, until
    :func:`finish_pruning`. Han et al., *Learning both Weights and Connections for Efficient Neural
    Networks*, NeurIPS 2015, arXiv:1506.02626. To prune more and more, call it again with a larger
    sparsity after some training: zeros are the smallest.

    Args:
        model: What ``attach_head`` gives, or any module. It is changed in place.
        sparsity: The part of the weights that goes, from 0 to (but not) 1.
        per_layer: Whether each layer loses this part, or all together.

    Returns:
        The masks by the layers' names: 1 stays, 0 goes.
    """
    layers = prunable(finish_pruning(model))
    weights = {name: np.array(layer.weight.detach().cpu()) for name, layer in layers.items()}
    masks = magnitude_masks(weights, sparsity, per_layer=per_layer)
    for name, layer in layers.items():
        mask = torch.from_numpy(masks[name]).to(layer.weight.device)
        with torch.no_grad():
            layer.weight *= mask
        parametrize.register_parametrization(layer, "weight", Mask(mask))
    return masks


def finish_pruning(model: nn.Module) -> nn.Module:
    """Let go of the masks; the zeros stay until the next training. Gives the model back."""
    for layer in model.modules():
        if parametrize.is_parametrized(layer, "weight"):
            free = layer.parametrizations.weight.original.requires_grad  # type: ignore[union-attr]
            parametrize.remove_parametrizations(layer, "weight")
            layer.weight.requires_grad_(free)  # type: ignore[union-attr]
    return model


def prune_filters(model: TransferModel, keep: float) -> TransferModel:
    """Give a smaller glyphnet with the same head: inside each block, the strongest filters.

    Filters are judged by their L1 norm: Li et al., *Pruning Filters for Efficient ConvNets*, ICLR
    2017, arXiv:1608.08710. Features keep their size and order, so the head still fits; a little
    training afterwards brings back most of what was lost.

    Args:
        model: A glyphnet with a head, neither adapted nor masked. It is not changed.
        keep: The part of the filters between each block's two convolutions that stays.

    Returns:
        A new model, nothing frozen.
    """
    require_transfer_model(model, "prune_filters")
    require_glyphnet(model.backbone.name)
    tensors, inner = narrow_glyphnet(named_arrays(model.backbone.network), keep)
    network = put_arrays(build_glyphnet(WIDTHS, inner), tensors)
    head = unfreeze(copy.deepcopy(model.head))
    return TransferModel(with_network(model.backbone, network), head, flatten=model.flatten).eval()


def prunable(model: nn.Module) -> dict[str, Any]:
    """Give a backbone's linear and ordinary convolution layers by name."""
    found = inner_network(model).named_modules()
    return {name: x for name, x in found if takes_adapters(x) and is_chosen(name, None)}
