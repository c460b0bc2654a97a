"""Batch normalisation: one operation, and the same written out."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.keras import normalization
from course_lib.keras.engine import keras
from course_lib.keras.normalization import BatchNorm

RNG = np.random.default_rng(0)


def in_training(layer: BatchNorm, maps: np.ndarray, slope: np.ndarray) -> list[np.ndarray]:
    """Give a training step's maps, both statistics, and the gradients of γ, β and the input."""
    from course_lib.keras import gradients

    layer.build(maps.shape)
    layer.gamma.assign(np.linspace(0.5, 1.5, maps.shape[-1], dtype=np.float32))
    layer.beta.assign(np.linspace(-1, 1, maps.shape[-1], dtype=np.float32))
    x = keras.Variable(maps)
    y = layer(x, training=True)
    statistics = [layer.moving_mean.numpy(), layer.moving_variance.numpy()]
    _, slopes = gradients(
        lambda: keras.ops.sum(layer(x, training=True) * slope), [layer.gamma, layer.beta, x]
    )
    return [np.asarray(y), *statistics, *(np.asarray(each) for each in slopes)]


def written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normalization, "normalised_by_batch", lambda *given: None)


@pytest.mark.parametrize("shape", [(6, 5, 5, 3), (1, 3, 2, 4), (40, 1, 1, 2)])
def test_one_operation_is_what_it_stands_for(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = RNG.normal(3, 2, shape).astype(np.float32)
    slope = RNG.normal(size=shape).astype(np.float32)
    one = in_training(BatchNorm(), maps, slope)
    written_out(monkeypatch)
    for a, b in zip(one, in_training(BatchNorm(), maps, slope), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5)


def test_the_running_variance_is_unbiased() -> None:
    """As PyTorch keeps it: n - 1, for n values that went into each channel's mean."""
    maps = RNG.normal(3, 2, (4, 2, 2, 3)).astype(np.float32)
    layer = BatchNorm()
    layer(maps, training=True)
    expected = 0.9 + 0.1 * maps.var((0, 1, 2), ddof=1)
    np.testing.assert_allclose(layer.moving_variance.numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "shape", "dtype"),
    [
        ({"scale": False, "center": False}, (6, 5, 5, 3), "float32"),
        ({}, (12, 3), "float32"),
        ({}, (6, 7, 3), "float32"),
        ({}, (6, 5, 5, 3), "float64"),
        ({"dtype": "mixed_bfloat16"}, (6, 5, 5, 3), "float32"),
    ],
)
def test_whatever_is_given_is_normalised(options: dict, shape: tuple[int, ...], dtype: str) -> None:
    """The engine's one operation is for maps with a scale and a shift; the others are written out."""
    maps = RNG.normal(3, 2, shape).astype(dtype)
    layer = BatchNorm(**({"dtype": dtype} | options))
    y = np.asarray(keras.ops.cast(layer(maps, training=True), "float32"))
    axes = tuple(range(len(shape) - 1))
    coarse = 0.05 if options.get("dtype") else 1e-3
    np.testing.assert_allclose(y.mean(axes), 0, atol=coarse)
    np.testing.assert_allclose(y.std(axes), 1, atol=coarse)
