"""Training from disk equals training from memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from course_lib import pytorch
from tests.parity import cases
from tests.pytorch.doubles import DANN
from tests.pytorch.small import Small, load
from tests.training.streams import check_asking, check_failing, check_streaming


def new() -> tuple[Small, DANN]:
    return Small(cases.start()), DANN(load(nn.Linear(6, 2), cases.start(), "domain."))


def bits(model: nn.Module) -> dict[str, Any]:
    return {name: w.numpy().tobytes() for name, w in model.state_dict().items()}


def test_from_disk_is_bit_by_bit_as_from_memory(tmp_path: Path) -> None:
    check_streaming(pytorch, new, bits, tmp_path)


def test_predict_evaluate_and_statistics_take_data_on_disk(tmp_path: Path) -> None:
    check_asking(pytorch, Small(cases.start()), tmp_path)


def test_what_cannot_be_read_ends_the_training() -> None:
    check_failing(pytorch, Small(cases.start()))
