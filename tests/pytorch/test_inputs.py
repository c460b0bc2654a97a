"""Bad input gets one sentence and unusual input simply works, in PyTorch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from course_lib.pytorch import fit, predict
from tests.pytorch.test_trainable import HALF
from tests.training import inputs


@pytest.mark.parametrize("name", inputs.REFUSED)
def test_it_is_refused_in_one_sentence(name: str) -> None:
    inputs.check_refused(HALF, name)


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    inputs.check_damaged_weights_are_named(HALF, tmp_path)


def test_early_stopping_cannot_join_or_change_on_resuming(tmp_path: Path) -> None:
    inputs.check_early_stopping_cannot_join_or_change_on_resuming(HALF, tmp_path)


def test_unusual_data_trains_as_usual() -> None:
    inputs.check_unusual_data_trains_as_usual(HALF, list(inputs.UNUSUAL))


def test_whole_numbers_are_inputs_like_others() -> None:
    inputs.check_whole_numbers_are_inputs_like_others(HALF)


def test_glyphnet_takes_other_sizes() -> None:
    inputs.check_glyphnet_takes_other_sizes(HALF)


def test_batch_norm_never_meets_one_example_alone() -> None:
    model = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))
    inputs.check_batch_norm_never_meets_one_example_alone(HALF, model)


def test_tokens_stay_whole_numbers() -> None:
    model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(8, 3))
    tokens = torch.randint(0, 9, (6, 2))
    assert predict(model, tokens.numpy().astype("uint8")).shape == (6, 3)
    assert len(fit(model, (tokens, [0, 1, 2, 0, 1, 2]), epochs=2, progress=False).loss) == 2


def test_a_model_may_wait_for_its_first_input() -> None:
    model = nn.Sequential(nn.Flatten(), nn.LazyLinear(3))
    assert len(fit(model, (inputs.X, inputs.Y), epochs=1, progress=False).loss) == 2
