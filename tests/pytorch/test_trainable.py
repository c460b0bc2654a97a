"""What is trainable, how fast and by which gradients, in PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.pytorch import SGD, CrossEntropy, Objective
from course_lib.pytorch.devices import autocast
from course_lib.pytorch.loop import add_gradients
from course_lib.pytorch.run import Run
from course_lib.training.batches import Arrays
from course_lib.training.plan import Plan
from tests.parity import cases
from tests.training import trainable
from tests.training.trainable import Half


def arrays(module: nn.Module) -> dict[str, np.ndarray]:
    return {name: w.numpy().copy() for name, w in module.state_dict().items()}


HALF = Half("pytorch", arrays)


@pytest.mark.parametrize(
    ("plan", "free", "batch_norm"),
    [
        ("head", {"head"}, "moving"),
        ("last", {"block2", "head"}, "moving"),
        ("last", {"block2", "head"}, "frozen"),
        ("everything", {"block1", "block2", "head"}, "moving"),
    ],
)
def test_plans_freeze_bit_by_bit(plan: str, free: set[str], batch_norm: str) -> None:
    trainable.check_plans_freeze_bit_by_bit(HALF, plan, free, batch_norm)


def test_unfreezing_goes_from_the_head_to_the_input() -> None:
    trainable.check_unfreezing_goes_from_the_head_to_the_input(HALF)


def test_norms_without_weights_are_frozen_with_their_block() -> None:
    trainable.check_norms_without_weights_are_frozen_with_their_block(HALF)


def test_parts_that_take_turns_learn_in_their_turn() -> None:
    trainable.check_parts_that_take_turns_learn_in_their_turn(HALF)


def test_a_checkpoint_knows_the_objectives_own_state(tmp_path: Path) -> None:
    trainable.check_a_checkpoint_knows_the_objectives_own_state(HALF, tmp_path)


def test_accumulated_tokens_weigh_as_in_the_whole_batch() -> None:
    trainable.check_accumulated_tokens_weigh_as_in_the_whole_batch(HALF)


def test_a_failed_estimate_leaves_the_layers_as_they_were() -> None:
    trainable.check_a_failed_estimate_leaves_the_layers_as_they_were(HALF)


def test_what_was_frozen_before_stays_so() -> None:
    trainable.check_what_was_frozen_before_stays_so(HALF)


def test_an_interrupted_unfreezing_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    trainable.check_an_interrupted_unfreezing_goes_on_as_if_nothing_had_happened(HALF, tmp_path)


def test_accumulated_gradients_are_the_whole_batchs() -> None:
    trainable.check_accumulated_gradients_are_the_whole_batchs(HALF)


def test_frozen_statistics_stay_while_scale_and_shift_learn() -> None:
    trainable.check_frozen_statistics_stay_while_scale_and_shift_learn(HALF)


def test_estimated_statistics_are_the_means_over_batches() -> None:
    norm = nn.BatchNorm1d(3)
    trainable.check_estimated_statistics_are_the_means_over_batches(HALF, norm)


def test_estimating_comes_before_the_first_step_and_moves_frozen_layers_too() -> None:
    trainable.check_estimating_comes_before_the_first_step_and_moves_frozen_layers_too(HALF)


def test_lp_ft_trains_the_head_on_features_as_in_the_whole_model() -> None:
    trainable.check_lp_ft_trains_the_head_on_features_as_in_the_whole_model(HALF)


def test_the_table_of_groups() -> None:
    trainable.check_the_table_of_groups(HALF)


def test_rates_for_parts_that_are_not_there_are_refused() -> None:
    trainable.check_rates_for_parts_that_are_not_there_are_refused(HALF)


def test_bfloat16_stays_close_and_keeps_float32_weights() -> None:
    trainable.check_bfloat16_stays_close_and_keeps_float32_weights(HALF)


def run_of(model: nn.Module, objective: Objective, data: Arrays, precision: str = "float32") -> Run:
    plan = Plan(data, SGD(), epochs=1, batch_size=16, seed=0)
    return Run(model, objective, plan, precision=precision, device="cpu", callbacks=())


def loss_of(model: nn.Module, objective: Objective, data: Arrays, precision: str) -> torch.Tensor:
    run = run_of(model, objective, data, precision)
    _, rows = next(iter(run.epoch_rows(0)))
    with autocast(run.device, run.dtype):
        return run.loss_of(run.batch(rows, 0)).detach()


def test_every_objective_is_float32_in_bfloat16() -> None:
    trainable.check_every_objective_is_float32_in_bfloat16(HALF, loss_of)


def test_what_has_no_share_moves_nothing() -> None:
    """Of several processes, one may have no example left; it takes part all the same."""
    model = HALF.model()
    run = run_of(model, CrossEntropy(), {name: cases.arrays()[name] for name in ("x", "y")})
    _, rows = next(iter(run.epoch_rows(0)))
    before = HALF.bits(model)
    add_gradients(run, rows, 0.0, 0)
    assert HALF.bits(model) == before and model.backbone.bn1.training
    assert all(not w.grad.any() for w in model.parameters())
    add_gradients(run, rows, 0.5, 0)
    assert HALF.bits(model) != before


def test_labels_of_any_whole_type_mean_the_same() -> None:
    trainable.check_labels_of_any_whole_type_mean_the_same(HALF, loss_of)
