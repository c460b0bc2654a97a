r"""Few new weights around frozen layers: LoRA and bottleneck adapters.

Both start as nothing: a model with them gives the same outputs as without, to the last bit of the
zeros that they add. Only they and the head learn; the backbone's own weights and BatchNorm
statistics stay, so one backbone serves any number of tasks (``small_parts.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.pytorch.freezing import NORMS, freeze, unfreeze
from course_lib.pytorch.replacing import replace_layers
from course_lib.training.adapting import (
    as_names,
    is_chosen,
    require_found,
    require_lora,
    require_plain,
    require_sizes,
)
from course_lib.training.initial import small_start


class LowRank(nn.Module):
    r"""A frozen layer plus a learned change of low rank.

    .. math:: y = W x + b + \frac{\alpha}{r} B A x, \qquad
              A \in \mathbb R^{r \times in}, \quad B \in \mathbb R^{out \times r}

    For a convolution, A is one with r filters of the same size and stride, B one of 1×1.

    Attributes:
        base: The layer, ``nn.Linear`` or ``nn.Conv2d``.
        lora_a, lora_b: A and B, layers without bias. A starts at random, B at zero.
        scale: :math:`\alpha / r`.
    """

    def __init__(self, base: nn.Module, rank: int, alpha: float, name: str, seed: int) -> None:
        super().__init__()
        self.base, self.scale = base, alpha / rank
        self.lora_a, self.lora_b = down_and_up(base, rank, bias=False, like_base=True)
        start(self.lora_a, self.lora_b, f"{name}.lora_a", seed)

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + self.scale * self.lora_b(self.lora_a(x))

    def change(self) -> Tensor:
        r"""Give :math:`\Delta W = \frac{\alpha}{r} B A` in the shape of the layer's weight."""
        a, b = self.lora_a.weight, self.lora_b.weight
        return self.scale * (b.flatten(1) @ a.flatten(1)).view(b.shape[0], *a.shape[1:])


class Bottleneck(nn.Module):
    r"""A frozen layer and an adapter after it: down to few channels, and up again.

    .. math:: h = f(x), \qquad y = h + U \, \mathrm{gelu}(D h + d) + u

    After a convolution both are 1×1 convolutions: the same at each place.

    Attributes:
        base: The layer f, ``nn.Linear`` or ``nn.Conv2d``.
        down, up: D, d and U, u. U and u start at zero, so that y = h.
    """

    def __init__(self, base: nn.Module, width: int, name: str, seed: int) -> None:
        super().__init__()
        self.base = base
        self.down, self.up = down_and_up(base, width, bias=True, like_base=False)
        start(self.down, self.up, f"{name}.down", seed)

    def forward(self, x: Tensor) -> Tensor:
        h = self.base(x)
        return h + self.up(nn.functional.gelu(self.down(h)))


def add_lora(
    model: nn.Module,
    *,
    rank: int = 4,
    alpha: float = 8.0,
    where: Iterable[str] | None = None,
    norms: bool = False,
    seed: int = 0,
) -> nn.Module:
    r"""Let a backbone's layers learn a change of low rank, and nothing else of it.

    What fine-tuning changes in a layer is often nearly of low rank: :math:`r (in + out)` numbers
    stand for :math:`in \cdot out`. Hu et al., *LoRA: Low-Rank Adaptation of Large Language Models*,
    ICLR 2022, arXiv:2106.09685. See :class:`LowRank` for the maths. At first the outputs are those
    of the model without it; afterwards only A, B and the head take a gradient.

    Args:
        model: What ``attach_head`` gives, or any module (then all of it is backbone). It is changed
            in place.
        rank: r, 1 or more. A filter bank k×k costs r (in k² + out).
        alpha: :math:`\alpha`; the change is multiplied by :math:`\alpha / r`, so that another rank
            needs no other learning rate.
        where: Names of layers or blocks, such as ``["block3"]`` or ``["conv1", "conv2"]``; all
            linear and convolution layers unless given (but grouped ones, and attention's own).
        norms: Whether the norms learn as well: their scale and shift, and BatchNorm's statistics follow
            (unless ``fit`` is told ``batch_norm="frozen"``). A task then stores them, too.
        seed: Where A comes from, the same numbers in both halves.

    Returns:
        The model.

    Raises:
        CourseError: Where no layer matches, or something has been put around the layers before.
    """
    require_sizes(rank=rank, alpha=alpha, seed=seed)
    return _put_around(
        model, where, norms, lambda name, base: LowRank(base, rank, alpha, name, seed)
    )


def add_adapters(
    model: nn.Module,
    *,
    width: int = 8,
    where: Iterable[str] | None = None,
    norms: bool = False,
    seed: int = 0,
) -> nn.Module:
    """Put a small network with a short cut after a backbone's layers; it learns, they do not.

    Houlsby et al., *Parameter-Efficient Transfer Learning for NLP*, ICML 2019, arXiv:1902.00751; for
    convolutions, Rebuffi, Bilen & Vedaldi, *Learning multiple visual domains with residual adapters*,
    NeurIPS 2017, arXiv:1705.08045. See :class:`Bottleneck` for the maths. Unlike LoRA it is not
    linear and cannot be merged: it costs a little time at every prediction.

    Args:
        model, where, norms, seed: As for :func:`add_lora`.
        width: How many channels there are between down and up. A layer with ``out`` of them costs
            2 · width · out + width + out.

    Returns:
        The model.
    """
    require_sizes(width=width, seed=seed)
    return _put_around(model, where, norms, lambda name, base: Bottleneck(base, width, name, seed))


def merge_lora(model: nn.Module) -> nn.Module:
    r"""Add each change to its layer's weight, :math:`W \leftarrow W + \frac{\alpha}{r} B A`.

    What is left is a plain model with the same outputs (but for rounding) and no further cost. It is
    as frozen as before; ``unfreeze`` or ``freeze_plan`` say otherwise.
    """
    merged = []

    def fold(_: str, layer: nn.Module) -> nn.Module | None:
        if not isinstance(layer, LowRank):
            return None
        with torch.no_grad():
            layer.base.weight += layer.change()  # type: ignore[operator]
        merged.append(layer)
        return layer.base

    model = replace_layers(model, fold)
    require_lora(len(merged))
    return model


def remove_adapters(model: nn.Module) -> nn.Module:
    """Take LoRA and adapters away without a trace: the backbone is what it was before."""
    return replace_layers(model, lambda _, layer: layer.base if is_adapted(layer) else None)


def is_adapted(layer: nn.Module) -> bool:
    """Say whether a layer is one of those that this module puts in."""
    return isinstance(layer, (LowRank, Bottleneck))


def _put_around(
    model: nn.Module,
    where: Iterable[str] | None,
    norms: bool,
    around: Callable[[str, Any], nn.Module],
) -> nn.Module:
    """Put something new around the chosen layers; it, the head and perhaps the norms learn."""
    require_plain(any(map(is_adapted, model.modules())))
    names = as_names(where)
    new: list[Any] = []

    def put(name: str, layer: nn.Module) -> nn.Module | None:
        if not (takes_adapters(layer) and is_chosen(name, names)):
            return None
        new.append(around(name, layer))
        return new[-1]

    model = replace_layers(model, put)
    require_found(len(new), names)
    freeze(model)
    for layer in new:
        unfreeze(layer)
        freeze(layer.base)
    for layer in model.modules() if norms else ():
        if isinstance(layer, NORMS):
            unfreeze(layer)
    if hasattr(model, "head"):
        unfreeze(model.head)
    return model


def takes_adapters(layer: nn.Module) -> bool:
    """Say whether a layer is linear or an ordinary convolution (not one of several groups)."""
    return type(layer) is nn.Linear or (type(layer) is nn.Conv2d and layer.groups == 1)


def down_and_up(
    base: Any, between: int, *, bias: bool, like_base: bool
) -> tuple[nn.Module, nn.Module]:
    """Build two layers, to ``between`` channels and on to the base's outputs.

    Args:
        like_base: Whether the first takes the base's inputs as the base does, or its outputs.
    """
    if isinstance(base, nn.Linear):
        width_in = base.in_features if like_base else base.out_features
        down: nn.Module = nn.Linear(width_in, between, bias=bias)
        up: nn.Module = nn.Linear(between, base.out_features, bias=bias)
    else:
        same = (base.kernel_size, base.stride, base.padding, base.dilation)
        width_in, how = (base.in_channels, same) if like_base else (base.out_channels, (1,))
        down = nn.Conv2d(width_in, between, *how, bias=bias)
        up = nn.Conv2d(between, base.out_channels, 1, bias=bias)
    return down.to(base.weight.device), up.to(base.weight.device)


def start(down: Any, up: Any, name: str, seed: int) -> None:
    """Start the first layer at random and the second at zero, biases at zero."""
    drawn = torch.from_numpy(small_start(down.weight.shape, name, seed))
    with torch.no_grad():
        for weight in (up.weight, down.bias, up.bias):
            if weight is not None:
                weight.zero_()
        down.weight.copy_(drawn)
