r"""Fewer weights: the smallest set to zero for good, or whole filters taken out.

Zeros in a matrix save storage where it is stored as sparse; they make nothing faster on ordinary
hardware. A network without the filters is smaller and faster as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.keras.adapting import takes_adapters
from course_lib.keras.backbones import with_network
from course_lib.keras.glyphnet import WIDTHS, build_glyphnet
from course_lib.keras.heads import TransferModel
from course_lib.keras.named import inner_network, named_arrays, put_arrays, renamed
from course_lib.keras.torch_layout import leaf_layers, torch_name
from course_lib.training.adapting import is_chosen
from course_lib.training.pruning import magnitude_masks, narrow_glyphnet, require_glyphnet
from course_lib.training.requirements import require_transfer_model


class Mask(keras.constraints.Constraint):
    """Set a weight's masked places to zero again, after each update: Keras's optimizers ask it."""

    def __init__(self, mask: np.ndarray) -> None:
        self.mask = keras.Variable(mask, trainable=False, dtype="float32")

    def __call__(self, weight: KerasTensor) -> KerasTensor:
        return weight * ops.cast(self.mask, weight.dtype)


def prune_weights(
    model: keras.Model, sparsity: float, *, per_layer: bool = False
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
        The masks by the layers' names, in PyTorch's layout: 1 stays, 0 goes.
    """
    found = prunable(finish_pruning(model))
    weights = {name: _as_torch(layer.kernel) for name, layer in found.items()}
    masks = magnitude_masks(weights, sparsity, per_layer=per_layer)
    for name, layer in found.items():
        mask = np.moveaxis(masks[name], (0, 1), (-1, -2))
        layer.kernel.assign(layer.kernel * mask)
        layer.kernel.constraint = Mask(mask)
    return masks


def finish_pruning(model: keras.Model) -> keras.Model:
    """Let go of the masks; the zeros stay until the next training. Gives the model back."""
    for weight in model.weights:
        if isinstance(weight.constraint, Mask):
            weight.constraint = None
    return model


def is_masked(model: keras.Model) -> bool:
    """Say whether some weights of a model are held at zero."""
    return any(isinstance(weight.constraint, Mask) for weight in model.weights)


def masks_of(model: keras.Model) -> list[Mask | None]:
    """Give what holds each of a model's weights, in order; ``None`` where nothing is masked."""
    found = [weight.constraint for weight in model.weights]
    return [mask if isinstance(mask, Mask) else None for mask in found]


def take_masks(masks: Sequence[Mask | None], model: keras.Model) -> None:
    """Put the zeros of a model's masks into these, place by place."""
    for mask, given in zip(masks, masks_of(model), strict=True):
        if mask is not None and given is not None:
            mask.mask.assign(given.mask)


@contextmanager
def wearing(model: keras.Model, masks: Sequence[Mask | None]) -> Iterator[None]:
    """Hold a model's weights by these masks inside a ``with`` statement, and by its own afterwards."""
    places = [(w, own) for w, own in zip(model.weights, masks_of(model), strict=True)]
    for (weight, own), mask in zip(places, masks, strict=True):
        if own or mask:
            weight.constraint = mask
    try:
        yield
    finally:
        for (weight, own), mask in zip(places, masks, strict=True):
            if own or mask:
                weight.constraint = own


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
    network = put_arrays(build_glyphnet(WIDTHS, inner, pooled=False), tensors)
    head = keras.models.clone_model(model.head)
    head.set_weights(model.head.get_weights())
    return TransferModel(with_network(model.backbone, network), head, flatten=model.flatten)


def prunable(model: keras.Model) -> dict[str, Any]:
    """Give a backbone's linear and ordinary convolution layers by name."""
    names = renamed(model) or {}
    found = {names.get(x.name, torch_name(x)): x for x in leaf_layers(inner_network(model))}
    return {name: x for name, x in found.items() if takes_adapters(x) and is_chosen(name, None)}


def _as_torch(kernel: keras.Variable) -> np.ndarray:
    """Give a kernel (…, in, out) in PyTorch's layout (out, in, …)."""
    return np.moveaxis(ops.convert_to_numpy(kernel), (-1, -2), (0, 1))
