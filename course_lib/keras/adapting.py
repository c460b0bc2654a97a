r"""Few new weights around frozen layers: LoRA and bottleneck adapters.

Both start as nothing: a model with them gives the same outputs as without, to the last bit of the
zeros that they add. Only they and the head learn; the backbone's own weights and BatchNorm
statistics stay, so one backbone serves any number of tasks (``small_parts.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.keras.freezing import NORMS, learn_only
from course_lib.keras.replacing import replace_layers
from course_lib.keras.torch_layout import leaf_layers
from course_lib.training.adapting import (
    as_names,
    is_chosen,
    require_found,
    require_lora,
    require_plain,
    require_sizes,
)
from course_lib.training.initial import small_start


class Around(layers.Layer):
    """The base of what is put around a layer.

    Attributes:
        base: The layer, ``Dense`` or ``Conv2D``; here it stops before its activation.
        activation: What it did at the end, done here now.
    """

    def __init__(self, base: Any) -> None:
        super().__init__(name=base.name)
        self.base, self.activation = base, base.activation
        base.activation = keras.activations.linear

    def take_off(self) -> keras.Layer:
        """Give the layer back as it was."""
        self.base.activation = self.activation
        return self.base


class LowRank(Around):
    r"""A frozen layer plus a learned change of low rank.

    .. math:: y = W x + b + \frac{\alpha}{r} B A x, \qquad
              A \in \mathbb R^{r \times in}, \quad B \in \mathbb R^{out \times r}

    For a convolution, A is one with r filters of the same size and stride, B one of 1×1.

    Attributes:
        base: The layer, ``Dense`` or ``Conv2D``.
        lora_a, lora_b: A and B, layers without bias. A starts at random, B at zero.
        scale: :math:`\alpha / r`.
    """

    def __init__(self, base: Any, rank: int, alpha: float, name: str, seed: int) -> None:
        super().__init__(base)
        self.scale = alpha / rank
        names = (f"{name}.lora_a", f"{name}.lora_b")
        self.lora_a, self.lora_b = down_and_up(
            base, rank, names, seed, use_bias=False, like_base=True
        )

    def call(self, x: KerasTensor) -> KerasTensor:
        return self.activation(self.base(x) + self.scale * self.lora_b(self.lora_a(x)))

    def change(self) -> KerasTensor:
        r"""Give :math:`\Delta W = \frac{\alpha}{r} B A` in the shape of the layer's kernel."""
        a, b = self.lora_a.kernel, self.lora_b.kernel
        return self.scale * ops.matmul(a, ops.reshape(b, b.shape[-2:]))


class Bottleneck(Around):
    r"""A frozen layer and an adapter after it: down to few channels, and up again.

    .. math:: h = f(x), \qquad y = h + U \, \mathrm{gelu}(D h + d) + u

    After a convolution both are 1×1 convolutions: the same at each place.

    Attributes:
        base: The layer f, ``Dense`` or ``Conv2D``.
        down, up: D, d and U, u. U and u start at zero, so that y = h.
    """

    def __init__(self, base: Any, width: int, name: str, seed: int) -> None:
        super().__init__(base)
        names = (f"{name}.down", f"{name}.up")
        self.down, self.up = down_and_up(base, width, names, seed, use_bias=True, like_base=False)

    def call(self, x: KerasTensor) -> KerasTensor:
        h = self.base(x)
        return self.activation(h + self.up(ops.gelu(self.down(h), approximate=False)))


def add_lora(
    model: keras.Model,
    *,
    rank: int = 4,
    alpha: float = 8.0,
    where: Iterable[str] | None = None,
    norms: bool = False,
    seed: int = 0,
) -> keras.Model:
    r"""Let a backbone's layers learn a change of low rank, and nothing else of it.

    What fine-tuning changes in a layer is often nearly of low rank: :math:`r (in + out)` numbers
    stand for :math:`in \cdot out`. Hu et al., *LoRA: Low-Rank Adaptation of Large Language Models*,
    ICLR 2022, arXiv:2106.09685. See :class:`LowRank` for the maths. At first the outputs are those
    of the model without it; afterwards only A, B and the head take a gradient.

    Args:
        model: What ``attach_head`` gives, or a functional or sequential model (then all of it is
            backbone). A model with a backbone is changed in place.
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
    model: keras.Model,
    *,
    width: int = 8,
    where: Iterable[str] | None = None,
    norms: bool = False,
    seed: int = 0,
) -> keras.Model:
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


def merge_lora(model: keras.Model) -> keras.Model:
    r"""Add each change to its layer's weight, :math:`W \leftarrow W + \frac{\alpha}{r} B A`.

    What is left is a plain model with the same outputs (but for rounding) and no further cost. It is
    as frozen as before; ``unfreeze`` or ``freeze_plan`` say otherwise.
    """
    merged = []

    def fold(_: str, layer: keras.Layer) -> keras.Layer | None:
        if not isinstance(layer, LowRank):
            return None
        layer.base.kernel.assign_add(layer.change())
        merged.append(layer)
        return layer.take_off()

    model = replace_layers(model, fold)
    require_lora(len(merged))
    return model


def remove_adapters(model: keras.Model) -> keras.Model:
    """Take LoRA and adapters away without a trace: the backbone is what it was before."""
    return replace_layers(model, lambda _, layer: layer.take_off() if is_adapted(layer) else None)


def is_adapted(layer: keras.Layer) -> bool:
    """Say whether a layer is one of those that this module puts in."""
    return isinstance(layer, Around)


def _put_around(
    model: keras.Model,
    where: Iterable[str] | None,
    norms: bool,
    around: Callable[[str, Any], Around],
) -> keras.Model:
    """Put something new around the chosen layers; it, the head and perhaps the norms learn."""
    require_plain(any(map(is_adapted, model._flatten_layers())))
    names = as_names(where)
    new: list[Around] = []

    def put(name: str, layer: keras.Layer) -> keras.Layer | None:
        if not (takes_adapters(layer) and is_chosen(name, names)):
            return None
        new.append(around(name, layer))
        return new[-1]

    model = replace_layers(model, put)
    require_found(len(new), names)
    free = [part for layer in new for part in leaf_layers(layer) if part is not layer.base]
    free += [layer for layer in leaf_layers(model) if norms and isinstance(layer, NORMS)]
    head = getattr(model, "head", None)
    return learn_only(model, free + (leaf_layers(head) if head else []))


def takes_adapters(layer: keras.Layer) -> bool:
    """Say whether a layer is linear or an ordinary convolution (not one of several groups)."""
    return type(layer) is layers.Dense or (type(layer) is layers.Conv2D and layer.groups == 1)


def down_and_up(
    base: Any, between: int, names: tuple[str, str], seed: int, *, use_bias: bool, like_base: bool
) -> tuple[keras.Layer, keras.Layer]:
    """Build two layers, to ``between`` channels and on to the base's outputs.

    The first starts at random and the second at zero, biases at zero.

    Args:
        like_base: Whether the first takes the base's inputs as the base does, or its outputs.
    """
    out, is_linear = base.kernel.shape[-1], isinstance(base, layers.Dense)
    same = ("strides", "padding", "dilation_rate") if like_base and not is_linear else ()
    how = {name: getattr(base, name) for name in same}
    taken = base.kernel.shape[:-1] if like_base else (1, 1, out)[-1 if is_linear else 0 :]
    # Drawn in PyTorch's layout: outputs first, then inputs, then height and width.
    drawn = small_start((between, taken[-1], *taken[:-1]), names[0], seed)
    begin = keras.initializers.Constant(np.ascontiguousarray(np.moveaxis(drawn, (0, 1), (-1, -2))))
    down_name, up_name = (name.replace(".", "-") for name in names)
    if is_linear:
        down = layers.Dense(between, use_bias=use_bias, kernel_initializer=begin, name=down_name)
        up = layers.Dense(out, use_bias=use_bias, kernel_initializer="zeros", name=up_name)
    else:
        down = layers.Conv2D(
            between, taken[:-1], use_bias=use_bias, kernel_initializer=begin, name=down_name, **how
        )
        up = layers.Conv2D(out, 1, use_bias=use_bias, kernel_initializer="zeros", name=up_name)
    return down, up
