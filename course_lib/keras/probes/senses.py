"""Probes of chapter 11: a first layer for another number of channels, a policy read out of a network.

As in ``probes.py``, each runs a student's function on a tiny model and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import keras
import numpy as np
from keras import ops


def layer_to_narrow(
    *, kernel: np.ndarray, bias: np.ndarray, stride: int, images: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`narrowing` calls the student's function with: a convolution of three channels."""
    high, wide, channels, features = kernel.shape
    layer = keras.layers.Conv2D(features, (high, wide), strides=stride)
    layer.build((None, None, None, channels))
    layer.set_weights([kernel, bias])
    return {"layer": layer}


def network_to_read(
    *, w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: np.ndarray, states: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`reading_out` calls the student's function with: dense → ReLU → dense."""
    model = keras.Sequential(
        [
            keras.Input((w1.shape[0],)),
            keras.layers.Dense(w1.shape[1], activation="relu"),
            keras.layers.Dense(w2.shape[1]),
        ]
    )
    model.set_weights([w1, b1, w2, b2])
    return {"model": model}


ARGUMENTS = {"narrowing": layer_to_narrow, "reading_out": network_to_read}


def narrowing(
    narrow: Callable[[Any], Any],
    *,
    kernel: np.ndarray,
    bias: np.ndarray,
    stride: int,
    images: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function make a layer for one channel, and compare it with the one for three.

    Args:
        narrow: The student's function: a convolution of three channels → one of one channel.
        kernel: high×wide×3×D. bias: D. stride: of the convolution.
        images: N×H×W×1, float32.

    Returns:
        ``outputs`` (the new layer's, N×H'×W'×D), ``numbers`` (how many it has to learn), ``layer_unchanged``
        (the old one), ``independent`` (changing the new one does not change the old).
    """
    old = layer_to_narrow(kernel=kernel, bias=bias, stride=stride, images=images)["layer"]
    before = old.get_weights()
    new = narrow(old)
    unchanged = _same(before, old.get_weights())
    outputs = ops.convert_to_numpy(new(ops.convert_to_tensor(images)))
    kept = old.get_weights()
    new.set_weights([w + 1 for w in new.get_weights()])
    return {
        "outputs": outputs,
        "numbers": sum(int(np.prod(w.shape)) for w in new.trainable_weights),
        "layer_unchanged": unchanged,
        "independent": _same(kept, old.get_weights()),
    }


def reading_out(
    read: Callable[[Any], Any],
    *,
    w1: np.ndarray,
    b1: np.ndarray,
    w2: np.ndarray,
    b2: np.ndarray,
    states: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function make a NumPy policy of a network, train the network on, and ask the policy.

    Args:
        read: The student's function: a network → a function of states N×4 that gives pushes N.
        w1, b1, w2, b2: The network's, inputs×outputs each.
        states: N×4, float32.

    Returns:
        ``pushes`` (N, before), ``one_state`` (the first state alone gets the same push), ``kept`` (the same
        after the network's weights have changed), ``numpy`` (no tensor came out, and the framework was not
        asked), ``network_unchanged``.
    """
    model = network_to_read(w1=w1, b1=b1, w2=w2, b2=b2, states=states)["model"]
    before = model.get_weights()
    policy = read(model)
    first, asked = _watch_policy(policy, states.copy())
    alone = _as_array(policy(states[:1].copy()))
    unchanged = _same(before, model.get_weights())
    model.set_weights([w + 1 for w in model.get_weights()])
    later, pushes = (_as_array(each) for each in (policy(states.copy()), first))
    return {
        "pushes": pushes,
        "one_state": bool(alone.shape == pushes[:1].shape and np.allclose(alone, pushes[:1])),
        "kept": bool(later.shape == pushes.shape and np.allclose(later, pushes)),
        "numpy": not _has_tensor(first) and not asked,
        "network_unchanged": unchanged,
    }


def _has_tensor(pushes: Any) -> bool:
    parts = pushes if isinstance(pushes, list | tuple) else [pushes]
    return any(ops.is_tensor(part) for part in parts)


def _as_array(pushes: Any) -> np.ndarray:
    return ops.convert_to_numpy(pushes) if ops.is_tensor(pushes) else np.asarray(pushes)


def _watch_policy(policy: Callable[[np.ndarray], Any], states: np.ndarray) -> tuple[Any, bool]:
    """Give a policy's pushes, and whether it called a layer or a network of Keras for them."""
    asked, call = [], keras.Layer.__call__

    def noted(layer: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(layer)
        return call(layer, *args, **kwargs)

    with mock.patch.object(keras.Layer, "__call__", noted):
        pushes = policy(states)
    return pushes, bool(asked)


def _same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
