"""Every weight of a model by one name, which is the same in both halves.

The names are PyTorch's, the layout of the arrays is PyTorch's. What a method puts around a layer
(LoRA, an adapter, a mask) does not change the name of the layer's own weights: they can be compared,
averaged and stored as if nothing were there.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.training.merging import Arrays, require_same_arrays


def named_weights(module: nn.Module) -> dict[str, nn.Parameter]:
    """Give the weights themselves, frozen or not, by name; no BatchNorm statistics."""
    return {plain(name): weight for name, weight in module.named_parameters()}


def named_arrays(module: nn.Module) -> Arrays:
    """Give copies of all weights and BatchNorm statistics, by name, in PyTorch's layout."""
    return {name: np.array(t.detach().cpu()) for name, t in named_tensors(module).items()}


def put_arrays(module: nn.Module, arrays: Mapping[str, np.ndarray]) -> nn.Module:
    """Put arrays into the weights and statistics that bear their names. Gives the module back.

    Args:
        module: What :func:`named_arrays` was asked about, or a module of the same build.
        arrays: All of them or some; what is not named stays as it is.

    Raises:
        CourseError: For a name that the module does not have, or another shape.
    """
    tensors = named_tensors(module)
    require_same_arrays({n: tuple(t.shape) for n, t in tensors.items()}, arrays)
    with torch.no_grad():
        for name, array in arrays.items():
            tensors[name].copy_(torch.from_numpy(np.ascontiguousarray(array)))
    return module


def named_tensors(module: nn.Module) -> dict[str, Tensor]:
    """Give weights and statistics by name, not copied; counters and masks are left out."""
    state = module.state_dict(keep_vars=True)
    own = (name for name in state if not name.endswith(("num_batches_tracked", ".mask")))
    return {plain(name): state[name] for name in own}


def inner_network(model: nn.Module) -> nn.Module:
    """Give the layers that a method may work on: a backbone's network, or the module itself."""
    backbone = getattr(model, "backbone", model)
    return getattr(backbone, "network", backbone)


def plain(name: str) -> str:
    """Give a weight's name without what was put around its layer."""
    return name.replace(".parametrizations.weight.original", ".weight").replace(".base.", ".")
