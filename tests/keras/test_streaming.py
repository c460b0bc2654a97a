"""Training from disk equals training from memory."""

from __future__ import annotations

from pathlib import Path

from course_lib import keras as library
from course_lib.keras.engine import keras
from course_lib.keras.torch_layout import load_torch_layout
from tests.keras.doubles import DANN
from tests.keras.small import Small, dense
from tests.parity import cases
from tests.training.streams import check_asking, check_failing, check_streaming


def new() -> tuple[Small, DANN]:
    discriminator = dense(2, "domain")
    load_torch_layout(discriminator, cases.start())
    return Small(cases.start()), DANN(discriminator)


def bits(model: keras.Model) -> list[bytes]:
    return [keras.ops.convert_to_numpy(w).tobytes() for w in model.weights]


def test_from_disk_is_bit_by_bit_as_from_memory(tmp_path: Path) -> None:
    check_streaming(library, new, bits, tmp_path)


def test_predict_evaluate_and_statistics_take_data_on_disk(tmp_path: Path) -> None:
    check_asking(library, Small(cases.start()), tmp_path)


def test_what_cannot_be_read_ends_the_training() -> None:
    check_failing(library, Small(cases.start()))
