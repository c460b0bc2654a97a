"""A network that is asked often is compiled, and what is compiled never answers for another state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.keras import (
    TransformerShape,
    attach_head,
    build_language_model,
    fisher,
    fisher_diagonal,
    forward,
    freeze,
    load_backbone,
    predict,
)
from course_lib.keras.engine import keras

IMAGES = np.random.default_rng(0).integers(0, 255, (12, 16, 16, 1)).astype("uint8")


def network(seed: int = 0) -> keras.Model:
    return attach_head(load_backbone("glyphnet_half", weights=None, seed=seed), 3)


def asked_often(model: keras.Model, x: np.ndarray = IMAGES) -> np.ndarray:
    for _ in range(forward.WORTH_IT + 1):  # the first call may settle something in a layer
        answers = predict(model, x)
    return answers


def passes(model: keras.Model) -> Any:
    return model._known_forward.compiled or None


def test_the_answers_stay_the_same_for_batches_of_any_size() -> None:
    model = network()
    first = predict(model, IMAGES)
    assert passes(model) is None
    assert np.array_equal(asked_often(model), first)
    assert passes(model) is not None
    np.testing.assert_allclose(predict(model, IMAGES[:5]), first[:5], atol=1e-5)
    assert np.array_equal(predict(model, IMAGES, batch_size=12), first)


def test_many_parts_in_one_call_are_enough() -> None:
    model = network()
    predict(model, IMAGES, batch_size=2)
    assert passes(model) is not None


def test_a_text_that_grows_is_read_at_every_length() -> None:
    shape = TransformerShape(vocabulary=7, places=9, width=8, depth=1, heads=2, hidden=8)
    model = build_language_model(shape, seed=0)
    text = np.random.default_rng(1).integers(1, 7, (1, 9))
    asked_often(model, text[:, :5])
    assert passes(model) is not None
    whole = predict(model, text)
    np.testing.assert_allclose(predict(model, text[:, :6]), whole[:, :6], atol=1e-5)


def test_importances_are_traced_once_and_read_new_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    traced, plain = [], fisher.squared_gradients

    def counted(*given: Any) -> Any:
        traced.append(1)
        return plain(*given)

    monkeypatch.setattr(fisher, "squared_gradients", counted)
    model, other, task = network(), network(seed=1), (IMAGES, np.arange(12) % 3)
    first = fisher_diagonal(model, task, n=3)
    model.set_weights(other.get_weights())
    second = fisher_diagonal(model, task, n=3)
    assert len(traced) == 1
    for name, values in fisher_diagonal(other, task, n=3).items():
        assert np.array_equal(second[name], values) and not np.array_equal(first[name], values)
    traced.clear()
    fisher_diagonal(model, task, n=3, classes=[0, 1])  # another question
    freeze(model.backbone)
    assert set(fisher_diagonal(model, task, n=3)) == {"head.0.weight", "head.0.bias"}
    assert len(traced) == 2


def test_new_weights_are_read() -> None:
    model, other = network(), network(seed=1)
    asked_often(model)
    model.set_weights(other.get_weights())
    assert np.array_equal(predict(model, IMAGES), predict(other, IMAGES))


class Scaled(keras.layers.Layer):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale, self.more = scale, [1.0]

    def call(self, x: Any) -> Any:
        return x * self.scale * self.more[0]


@pytest.mark.parametrize("change", ["number", "list", "layer"])
def test_what_a_layer_holds_may_change(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scaled, "__module__", "course_lib.keras.some")
    model = keras.Sequential([keras.Input((2,)), Scaled(2.0)])
    x = np.ones((3, 2), "float32")
    assert asked_often(model, x).max() == 2.0
    assert passes(model) is not None
    if change == "number":
        model.layers[0].scale = 3.0
    elif change == "list":
        model.layers[0].more[0] = 1.5
    else:
        model.pop()
        model.add(Scaled(3.0))
    assert predict(model, x).max() == 3.0


def test_a_layer_of_the_readers_own_is_called_each_time() -> None:
    calls = []

    class Counting(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            calls.append(x.shape[0])
            return x

    model = keras.Sequential([keras.Input((2,)), Counting()])
    calls.clear()
    predict(model, np.ones((9, 2), "float32"), batch_size=1)
    assert calls == [1] * 9


def test_other_precision_is_another_state() -> None:
    model = network()
    asked_often(model)
    rounded = predict(model, IMAGES, precision="bfloat16")
    assert not np.array_equal(rounded, predict(model, IMAGES))
    fresh = network()
    assert np.array_equal(rounded, predict(fresh, IMAGES, precision="bfloat16"))
