"""A network's forward pass in inference mode, compiled once the network has been asked often.

Called as it is, each layer of a small network takes Keras a millisecond of Python, more than its
arithmetic; compiling costs as much as half a dozen such calls. So the first answers come uncompiled.

What is compiled reads the weights anew each time, but knows everything else of its day: which layers
there are, which rank an adapter has, how long a text is. So it serves as long as none of it has
changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any

import keras
from keras import KerasTensor

from course_lib.keras_backend.running import compiled

WORTH_IT = 5  # answers: as many as compiling takes the time of
OURS = ("keras", "course_lib")  # whose layers only compute; a reader's may count, keep, print


class Known:
    """What is known of a network as it is.

    Attributes:
        state: All that it holds besides its weights' numbers.
        asked: How often it was asked about each kind of examples.
        compiled: What was compiled of it: its forward pass for a kind of examples, and what
            :func:`remembered` made.
    """

    def __init__(self, state: list[Any]) -> None:
        self.state = state
        self.asked: Counter[Hashable] = Counter()
        self.compiled: dict[Hashable, Callable[..., Any]] = {}


def forward(model: keras.Layer, x: Any, waiting: int = 1) -> KerasTensor:
    """Give a network's outputs for one batch, in inference mode.

    Args:
        waiting: How many batches there are to ask about, this one included.
    """
    known = _known(model)
    if known is None:
        return model(x, training=False)
    kind = (*x.shape[1:], str(x.dtype))  # a text that is written on grows with every answer
    known.asked[kind] += 1
    if kind not in known.compiled and known.asked[kind] + waiting > WORTH_IT:
        known.compiled[kind] = compiled(lambda inputs: model(inputs, training=False), like=x)
    return known.compiled[kind](x) if kind in known.compiled else model(x, training=False)


def remembered(
    model: keras.Layer, name: Hashable, make: Callable[[], Callable[..., Any]]
) -> Callable[..., Any]:
    """Give a compiled function of a network: the one that was made under this name, or a new one.

    It is made anew once the network has changed; new numbers in its weights are no such change. (JAX
    takes them for constants, so there it is made anew each time.)

    Args:
        name: All that the function depends on besides the network.
        make: Compiles it.
    """
    known = _known(model)
    if known is None or keras.backend.backend() == "jax":
        return make()
    if name not in known.compiled:
        known.compiled[name] = make()
    return known.compiled[name]


def _known(model: keras.Layer) -> Known | None:
    """Look up what is known of a network as it is now; ``None`` if it holds layers of a reader's own."""
    layers = list(model._flatten_layers())
    if not all(map(_only_computes, layers)):
        return None
    state = [part for layer in layers for part in (layer, layer.compute_dtype, *_settings(layer))]
    known = getattr(model, "_known_forward", None)
    if known is None or not _same(known.state, state):
        known = Known(state)
        # Past Keras's own __setattr__, which would take the layers in the state for new parts.
        object.__setattr__(model, "_known_forward", known)
    return known


def _only_computes(layer: keras.Layer) -> bool:
    ours = type(layer).__module__.partition(".")[0] in OURS
    return ours and not isinstance(layer, keras.layers.Lambda)


def _settings(layer: keras.Layer) -> list[Any]:
    """Give all that a layer holds: numbers and words, and what its lists and mappings hold."""
    found: list[Any] = []
    for name, value in vars(layer).items():
        if name == "_known_forward":
            continue
        found.append(name)
        if isinstance(value, dict):
            found += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set):
            found += value
        else:
            found.append(value)
    return found


def _same(before: list[Any], now: list[Any]) -> bool:
    """Say whether everything is the same object, or an equal number or word."""
    plain = (str, int, float, type(None))
    return len(before) == len(now) and all(
        a is b or (type(a) is type(b) and isinstance(a, plain) and a == b)
        for a, b in zip(before, now, strict=True)
    )
