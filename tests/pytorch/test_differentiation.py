"""Gradients outside training."""

from __future__ import annotations

import pytest
import torch

from course_lib.errors import CourseError
from course_lib.pytorch import gradients


def test_a_gradient_is_given_and_nothing_is_stored() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(2):  # nothing piles up
        value, (slope,) = gradients(lambda: (w**2).sum(), [w])
    assert value.item() == 5 and slope.tolist() == [2, 4]
    assert w.grad is None and not value.requires_grad


def test_a_loss_is_one_number() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(CourseError, match="one number"):
        gradients(lambda: w**2, [w])
