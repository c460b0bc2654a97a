"""The same start and the same batches give the same losses in both halves.

The bound is 1e-4 relative over 20 steps in float32. It holds with room to spare (about 1e-6) for a
smooth network. glyphnet itself, all of it trainable, is compared in float64: its ReLUs make float32
chaotic. An activation that rounding carries over zero changes a gradient by 1e-3, in PyTorch
compared with itself as much as between the frameworks, and 20 steps amplify it. All exceptions stand
in ``course_lib/training/__init__.py``.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity import cases
from tests.parity.conftest import Reports


def largest_difference(ours: list[float], theirs: list[float]) -> float:
    a, b = np.array(ours[: cases.STEPS]), np.array(theirs[: cases.STEPS])
    return float((np.abs(a - b) / np.abs(a)).max())


def compare(ours: dict, theirs: dict) -> None:
    assert len(ours["loss"]) == len(theirs["loss"]) >= cases.STEPS
    assert largest_difference(ours["loss"], theirs["loss"]) < 1e-4
    assert ours["val_loss"] == pytest.approx(theirs["val_loss"], rel=1e-3)
    assert ours["ends"] == pytest.approx(theirs["ends"], rel=1e-3, abs=1e-5)  # statistics too


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in cases.RARELY else [])
        for name in cases.CASES
    ],
)
def test_pytorch_and_keras_on_tensorflow_agree(name: str, engines: Reports) -> None:
    compare(engines["pytorch"]["cases"][name], engines["tensorflow"]["cases"][name])


@pytest.mark.parametrize("backend", ["torch", "jax"])
@pytest.mark.parametrize("name", cases.SMOKE)
def test_other_backends_agree(name: str, backend: str, engines: Reports) -> None:
    compare(engines["pytorch"]["cases"][name], engines[backend]["cases"][name])


def test_the_cases_can_tell_one_convention_from_another(engines: Reports) -> None:
    """Trainings that differ in one number must not pass for the same."""
    pytorch = engines["pytorch"]["cases"]
    for one, other in [
        ("SGD", "SGD, warm-up and cosine"),
        ("SGD, warm-up and cosine", "SGD with coupled decay"),
        ("SGD, warm-up and cosine", "frozen backbone"),
        ("SGD", "DANN"),
        ("yes or no, SGD", "EWC, SGD"),
        ("smoothed, SGD", "mix-up, SGD"),
        ("smoothed, SGD", "L2-SP, SGD"),
        ("squared error, SGD", "mix-up of numbers, SGD"),
        ("augmented, SGD", "nested, SGD"),
        ("source only", "CORAL"),
        ("source only", "weighted"),
        ("CORAL", "tasks"),
        ("two views", "two views, pulled only"),
        ("captions", "captions, locked"),
    ]:
        assert largest_difference(pytorch[one]["loss"], pytorch[other]["loss"]) > 1e-2
