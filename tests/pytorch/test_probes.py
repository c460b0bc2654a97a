"""The probes behind state exercises: right answers and the usual wrong ones."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import numpy as np
import pytest
import torch

from course_lib.pytorch import cross_entropy, freeze, gradients
from course_lib.pytorch.probes import (
    ARGUMENTS,
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


def weights_only(model: Any) -> None:
    model.backbone.requires_grad_(False)


def mode_only(model: Any) -> None:
    model.backbone.eval()


@pytest.mark.parametrize("seed", range(3))
def test_a_frozen_backbone_stays_and_the_head_makes_the_step(seed: int) -> None:
    given = draw(seed)
    found = after_one_step(lambda model: freeze(model.backbone), **given["step"])
    expected = head_after_one_step(**given["step"])
    np.testing.assert_allclose(found.pop("head"), expected, rtol=1e-5, atol=1e-6)
    assert found == {
        "weights_moved": False,
        "statistics_moved": False,
        "head_moved": True,
        "head_in_training_mode": True,
        "trainable": 15,
    }


def test_each_half_of_freezing_alone_is_seen() -> None:
    given = draw(0)["step"]
    found = after_one_step(weights_only, **given)
    assert (found["weights_moved"], found["statistics_moved"]) == (False, True)
    found = after_one_step(mode_only, **given)
    assert (found["weights_moved"], found["statistics_moved"]) == (True, False)
    found = after_one_step(freeze, **given)
    assert not found["head_moved"] and found["trainable"] == 0


def extract(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
    was_training = backbone.training
    backbone.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(images), batch_size):
            parts.append(backbone(torch.tensor(images[start : start + batch_size])))
    backbone.train(was_training)
    return torch.cat(parts).numpy()


def test_a_right_extraction() -> None:
    given = draw(1)["extraction"]
    found = extraction(extract, **given)
    features, expected = found.pop("features"), right_extraction(**given)
    np.testing.assert_allclose(features, expected.pop("features"), rtol=1e-4, atol=1e-6)
    assert found == expected


def test_wrong_extractions_are_told_apart() -> None:
    given = draw(1)["extraction"]

    def in_training_mode(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
        parts = [backbone(torch.tensor(part)) for part in np.split(images, [batch_size])]
        return torch.cat(parts).detach().numpy()

    def forgets_the_mode(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
        backbone.eval()
        with torch.no_grad():
            return backbone(torch.tensor(images)).numpy()

    found = extraction(in_training_mode, **given)
    assert found["batch_size_matters"] and found["statistics_moved"] and found["gradients_recorded"]
    found = extraction(forgets_the_mode, **given)
    assert not found["training_restored"] and found["inference_restored"]
    assert found["batch_too_large"] and not found["statistics_moved"]


def test_the_mode_in_which_the_backbone_came_counts() -> None:
    def always_back_to_training(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
        backbone.eval()
        with torch.no_grad():
            parts = [backbone(part) for part in torch.tensor(images).split(batch_size)]
        backbone.train()
        return torch.cat(parts).numpy()

    found = extraction(always_back_to_training, **draw(1)["extraction"])
    assert found["training_restored"] and not found["inference_restored"]


def test_smaller_batches_and_a_copy_are_right() -> None:
    def one_by_one_on_a_copy(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
        copied = copy.deepcopy(backbone).eval()
        with torch.no_grad():
            return torch.cat([copied(part) for part in torch.tensor(images).split(1)]).numpy()

    def all_at_once_on_a_copy(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
        return one_by_one_on_a_copy(copy.deepcopy(backbone), images, 0) * 0 + (
            copy.deepcopy(backbone).eval()(torch.tensor(images)).detach().numpy()
        )

    given = draw(1)["extraction"]
    found = extraction(one_by_one_on_a_copy, **given)
    features, expected = found.pop("features"), right_extraction(**given)
    np.testing.assert_allclose(features, expected.pop("features"), rtol=1e-4, atol=1e-6)
    assert found == expected
    found = extraction(all_at_once_on_a_copy, **given)
    assert found["batch_too_large"] and found["gradients_recorded"]


def test_the_heads_mode_is_seen() -> None:
    def everything_in_inference_mode(model: Any) -> None:
        model.eval()
        model.backbone.requires_grad_(False)

    assert not after_one_step(everything_in_inference_mode, **draw(0)["step"])[
        "head_in_training_mode"
    ]


@pytest.mark.parametrize("probe", [after_one_step, extraction])
def test_an_example_gives_what_the_function_gets(probe: Any) -> None:
    given = draw(0)["step" if probe is after_one_step else "extraction"]
    seen: list[dict[str, Any]] = []
    with contextlib.suppress(StopIteration):
        probe(lambda *args: next(iter(seen.append(args) or ())), **given)
    example = ARGUMENTS[probe.__name__](**given)
    assert [type(each) for each in seen[0]] == [type(each) for each in example.values()]
    assert next(iter(example.values())).training


def test_what_was_carried_over_is_seen() -> None:
    given = draw(2)["carrying"]

    def copied(source: Any, target: Any) -> None:
        target.backbone.load_state_dict(source.backbone.state_dict())

    def shared(source: Any, target: Any) -> None:
        target.backbone = source.backbone

    def backwards(source: Any, target: Any) -> None:
        source.backbone.load_state_dict(target.backbone.state_dict())

    np.testing.assert_equal(carrying(copied, **given), right_carrying(**given))
    found = carrying(shared, **given)
    assert not found["independent"] and found["source_unchanged"]
    assert not carrying(backwards, **given)["source_unchanged"]


def learn(model: Any, x: Any, y: Any, learning_rate: float) -> Any:
    loss, slopes = gradients(lambda: cross_entropy(model(x), y), list(model.parameters()))
    with torch.no_grad():
        for weight, slope in zip(model.parameters(), slopes, strict=True):
            weight -= learning_rate * slope
    return loss


def test_three_steps_are_those_of_gradient_descent() -> None:
    given, expected = three_right_steps(0)
    found = three_steps(learn, **given)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-4, atol=1e-6, err_msg=name)


def test_what_was_drawn_is_measured() -> None:
    def he(model: Any) -> None:
        for layer in (model[0], model[2]):
            torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    sizes = {"inputs": 80, "hidden": 300, "outputs": 90}
    found = initial_weights(he, **sizes)
    assert found["first"] == pytest.approx(1, abs=0.04)
    assert found["second"] == pytest.approx(1, abs=0.04)
    assert found["centred"] and found["units_differ"] and not found["biases_zero"]
    found = initial_weights(lambda model: [w.data.fill_(0.1) for w in model.parameters()], **sizes)
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
                model.backbone.load_state_dict(teacher.backbone.state_dict())
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
        before = [
            t.clone() for n, t in model.backbone.state_dict().items() if "num_batches" not in n
        ]
        train()
        after = [
            t.clone() for n, t in model.backbone.state_dict().items() if "num_batches" not in n
        ]
        return [
            norm(np.array(b) - np.array(a)) / norm(a) for a, b in zip(before, after, strict=True)
        ]

    def by_pointing(model: Any, train: Any) -> list[float]:
        before = [t for n, t in model.backbone.state_dict().items() if "num_batches" not in n]
        train()
        train()
        after = [t for n, t in model.backbone.state_dict().items() if "num_batches" not in n]
        return [norm(np.array(b) - np.array(a)) for a, b in zip(before, after, strict=True)]

    given = moving_given(2)
    found = moving(by_copying, **given)
    np.testing.assert_allclose(found.pop("moved"), right_distances(**given), rtol=1e-4)
    assert found == {"trained": 1, "left_alone": True}
    found = moving(by_pointing, **given)
    assert not found["moved"].any() and found["trained"] == 2


def start_low_rank(layer: Any, rank: int, *, zeros: tuple[int, ...] = (1,)) -> Any:
    layer.requires_grad_(False)
    pair = (
        torch.nn.Linear(layer.in_features, rank, bias=False),
        torch.nn.Linear(rank, layer.out_features, bias=False),
    )
    for place in zeros:
        torch.nn.init.zeros_(pair[place].weight)
    return pair


def test_a_low_rank_change_starts_as_nothing_and_learns() -> None:
    assert low_rank_start(start_low_rank, **layer_given(0)) == RIGHT_START
    dead = low_rank_start(lambda x, r: start_low_rank(x, r, zeros=(0, 1)), **layer_given(1))
    assert not dead["learns"] and dead["rank_of_a"] == 0
    loud = low_rank_start(lambda x, r: start_low_rank(x, r, zeros=()), **layer_given(2))
    assert not loud["unchanged"] and not loud["b_starts_at_zero"]


def test_what_learns_is_listed() -> None:
    def biases(model: Any) -> None:
        model.backbone.requires_grad_(False)
        model.backbone.norm.bias.requires_grad_(True)

    found = learning_arrays(biases, **draw_tiny(np.random.default_rng(0)))
    assert {name for name, learns in found.items() if learns} == {
        "beta",
        "head",
        "bias",
        "values_kept",
    }


def test_what_learns_is_counted_part_by_part_and_nothing_else_may_change() -> None:
    def only_the_head(model: Any) -> tuple[int, int]:
        model.backbone.requires_grad_(False)
        model.head.requires_grad_(True)
        return 8, 15

    def spoils_a_weight(model: Any) -> None:
        torch.nn.init.zeros_(model.head.bias)

    given = left_by_others(["mix", "head"])
    assert learning(only_the_head, **given) == {
        "mix": 0, "norm": 0, "head": 15, "returned": [8, 15], "values_kept": True
    }  # fmt: skip
    assert learning(spoils_a_weight, **given) == {
        "mix": 0, "norm": 8, "head": 0, "returned": [-1, -1], "values_kept": False
    }  # fmt: skip
    assert learning(lambda model: 3, **left_by_others([]))["returned"] == [3]
