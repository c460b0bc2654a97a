"""The probes behind state exercises: right answers and the usual wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.keras import cross_entropy, freeze, gradients
from course_lib.keras.engine import keras
from course_lib.keras.probes import (
    after_one_step,
    carrying,
    extraction,
    initial_weights,
    learning,
    learning_arrays,
    low_rank_start,
    moving,
    three_steps,
    transferring,
)
from course_lib.training.tiny import draw_tiny
from tests.training.tiny_reference import (
    RIGHT_START,
    draw,
    head_after_one_step,
    layer_given,
    left_by_others,
    moving_given,
    right_carrying,
    right_distances,
    right_extraction,
    three_right_steps,
    transfer_given,
)


@pytest.mark.parametrize("seed", range(3))
def test_a_frozen_backbone_stays_and_the_head_makes_the_step(seed: int) -> None:
    given = draw(seed)
    found = after_one_step(lambda model: freeze(model.backbone), **given["step"])
    expected = head_after_one_step(**given["step"])
    np.testing.assert_allclose(found.pop("head"), expected, rtol=1e-5, atol=1e-6)
    assert found == {
        "weights_moved": False, "statistics_moved": False, "head_moved": True,
        "head_in_training_mode": True, "trainable": 15,
    }  # fmt: skip


def test_freezing_less_or_more_is_seen() -> None:
    def only_the_convolution(model: Any) -> None:
        model.backbone.mix.trainable = False

    def only_the_norm(model: Any) -> None:
        model.backbone.norm.trainable = False

    given = draw(0)["step"]
    found = after_one_step(only_the_convolution, **given)
    assert (found["weights_moved"], found["statistics_moved"]) == (True, True)
    found = after_one_step(only_the_norm, **given)
    assert (found["weights_moved"], found["statistics_moved"]) == (True, False)
    found = after_one_step(freeze, **given)
    assert not found["head_moved"] and found["trainable"] == 0


def by_calling(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
    starts = range(0, len(images), batch_size)
    parts = [backbone(images[i : i + batch_size], training=False) for i in starts]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def by_predicting(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
    return backbone.predict(images, batch_size=batch_size, verbose=0)


@pytest.mark.parametrize("extract", [by_calling, by_predicting])
def test_right_extractions(extract: Any) -> None:
    given = draw(1)["extraction"]
    found = extraction(extract, **given)
    features, expected = found.pop("features"), right_extraction(**given)
    np.testing.assert_allclose(features, expected.pop("features"), rtol=1e-4, atol=1e-6)
    assert found == expected


def test_wrong_extractions_are_told_apart() -> None:
    given = draw(1)["extraction"]

    def in_training_mode(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
        parts = np.split(images, range(batch_size, len(images), batch_size))
        return np.concatenate([backbone(part, training=True) for part in parts])

    def forgets_a_flag(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
        backbone.trainable = False
        return keras.ops.convert_to_numpy(backbone(images))

    found = extraction(in_training_mode, **given)
    assert found["batch_size_matters"] and found["statistics_moved"]
    found = extraction(forgets_a_flag, **given)
    assert not found["training_restored"] and found["inference_restored"]
    assert found["batch_too_large"]


def test_what_was_carried_over_is_seen() -> None:
    given = draw(2)["carrying"]

    def copied(source: Any, target: Any) -> None:
        target.backbone.set_weights(source.backbone.get_weights())

    def shared(source: Any, target: Any) -> None:
        target.backbone = source.backbone

    def backwards(source: Any, target: Any) -> None:
        source.backbone.set_weights(target.backbone.get_weights())

    np.testing.assert_equal(carrying(copied, **given), right_carrying(**given))
    found = carrying(shared, **given)
    assert not found["independent"] and found["source_unchanged"]
    assert not carrying(backwards, **given)["source_unchanged"]


def learn(model: Any, x: Any, y: Any, learning_rate: float) -> Any:
    weights = model.trainable_variables
    loss, slopes = gradients(lambda: cross_entropy(model(x), y), weights)
    for weight, slope in zip(weights, slopes, strict=True):
        weight.assign_sub(learning_rate * slope)
    return loss


def test_three_steps_are_those_of_gradient_descent() -> None:
    given, expected = three_right_steps(0)
    found = three_steps(learn, **given)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-4, atol=1e-6, err_msg=name)


def test_what_was_drawn_is_measured() -> None:
    def he(model: Any) -> None:
        for layer in model.layers:
            layer.kernel.assign(keras.initializers.HeNormal()(layer.kernel.shape))

    sizes = {"inputs": 80, "hidden": 300, "outputs": 90}
    found = initial_weights(he, **sizes)
    assert found["first"] == pytest.approx(1, abs=0.04)
    assert found["second"] == pytest.approx(1, abs=0.04)
    assert found["centred"] and found["units_differ"] and not found["biases_zero"]
    found = initial_weights(
        lambda model: [w.assign(0.1 + 0 * w.value) for w in model.weights], **sizes
    )
    assert not found["centred"] and not found["units_differ"]


def carry(train_on: str, *, before: bool = True) -> Any:
    """A transfer program that trains its second network on a part, and copies before or after."""

    def transfer(build: Any, train: Any, predict: Any, source: Any, target: Any, test: Any) -> Any:
        def flat(x: Any) -> Any:
            return x.reshape(len(x), -1)

        parts = {"source": source, "target": target, "test": test}
        teacher, model = build(4), build(3)
        train(teacher, flat(source[0]), source[1])
        for copies in (before, not before):
            if copies:
                model.backbone.set_weights(teacher.backbone.get_weights())
            else:
                train(model, flat(parts[train_on][0]), parts[train_on][1])
        return float((predict(model, flat(test[0])).argmax(axis=1) == test[1]).mean())

    return transfer


def test_what_a_transfer_program_trained_on_and_from_where_is_seen() -> None:
    given = transfer_given(0)
    found = transferring(carry("target"), **given)
    assert 0 <= found.pop("score") <= 1
    assert found == {
        "trained_on": ["source", "target"], "starts_with_source": True, "new_head": True,
    }  # fmt: skip
    assert transferring(carry("test"), **given)["trained_on"] == ["source", "test"]
    assert not transferring(carry("target", before=False), **given)["starts_with_source"]


def test_a_transfer_program_without_training_or_score_is_seen() -> None:
    def idle(build: Any, *_: Any) -> Any:
        return build(3)

    def trains_on_something_else(build: Any, train: Any, *parts: Any) -> list[int]:
        model, (x, y) = build(4), parts[1]
        train(model, 2 * x.reshape(len(x), -1), y)
        return [1, 2]

    given = transfer_given(1)
    assert transferring(idle, **given) == {
        "trained_on": [], "starts_with_source": False, "new_head": False, "score": -1.0,
    }  # fmt: skip
    found = transferring(trains_on_something_else, **given)
    assert (found["trained_on"], found["score"]) == (["something else"], -1.0)


def test_how_far_a_backbone_moved_is_compared_with_a_copy() -> None:
    def norm(array: Any) -> float:
        return float(np.linalg.norm(np.array(array)))

    def by_copying(model: Any, train: Any) -> list[float]:
        before = model.backbone.get_weights()
        train()
        after = model.backbone.get_weights()
        return [
            norm(np.array(b) - np.array(a)) / norm(a) for a, b in zip(before, after, strict=True)
        ]

    def by_pointing(model: Any, train: Any) -> list[float]:
        before = model.backbone.weights
        train()
        train()
        after = model.backbone.weights
        return [norm(np.array(b) - np.array(a)) for a, b in zip(before, after, strict=True)]

    given = moving_given(2)
    found = moving(by_copying, **given)
    np.testing.assert_allclose(found.pop("moved"), right_distances(**given), rtol=1e-4)
    assert found == {"trained": 1, "left_alone": True}
    found = moving(by_pointing, **given)
    assert not found["moved"].any() and found["trained"] == 2


def start_low_rank(layer: Any, rank: int, *, zeros: tuple[int, ...] = (1,)) -> Any:
    layer.trainable = False
    start = ["zeros" if place in zeros else "glorot_uniform" for place in (0, 1)]
    return tuple(
        keras.layers.Dense(width, use_bias=False, kernel_initializer=how)
        for width, how in zip((rank, layer.units), start, strict=True)
    )


def test_a_low_rank_change_starts_as_nothing_and_learns() -> None:
    assert low_rank_start(start_low_rank, **layer_given(0)) == RIGHT_START
    dead = low_rank_start(lambda x, r: start_low_rank(x, r, zeros=(0, 1)), **layer_given(1))
    assert not dead["learns"] and dead["rank_of_a"] == 0
    loud = low_rank_start(lambda x, r: start_low_rank(x, r, zeros=()), **layer_given(2))
    assert not loud["unchanged"] and not loud["b_starts_at_zero"]


def test_what_learns_is_listed() -> None:
    def biases(model: Any) -> None:
        model.backbone.mix.trainable = False
        model.backbone.norm.gamma.trainable = False

    found = learning_arrays(biases, **draw_tiny(np.random.default_rng(0)))
    assert {name for name, learns in found.items() if learns} == {
        "beta",
        "head",
        "bias",
        "values_kept",
    }


def test_what_learns_is_counted_part_by_part_and_nothing_else_may_change() -> None:
    def only_the_head(model: Any) -> tuple[int, int]:
        model.backbone.trainable = False
        model.head.trainable = True
        return 8, 15

    def spoils_a_weight(model: Any) -> None:
        model.head.bias.assign(0 * model.head.bias)

    given = left_by_others(["mix", "head"])
    assert learning(only_the_head, **given) == {
        "mix": 0, "norm": 0, "head": 15, "returned": [8, 15], "values_kept": True
    }  # fmt: skip
    assert learning(spoils_a_weight, **given) == {
        "mix": 0, "norm": 8, "head": 0, "returned": [-1, -1], "values_kept": False
    }  # fmt: skip
    assert learning(lambda model: 3, **left_by_others([]))["returned"] == [3]
