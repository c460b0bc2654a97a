"""Pixels move as SciPy moves them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_lib.errors import CourseError
from course_lib.pytorch import augment
from tests.training import augmentation_cases as given


@pytest.mark.parametrize("name", given.LISTS)
def test_a_batch_changes_as_its_images_one_by_one(name: str) -> None:
    draws = given.draws_for(name)
    found = augment(torch.tensor(given.IMAGES), {k: torch.tensor(v) for k, v in draws.items()})
    assert found.dtype == torch.float32 and found.shape == given.IMAGES.shape
    np.testing.assert_allclose(found.numpy(), given.expected(draws), atol=0.02)
    assert not np.allclose(found.numpy(), given.IMAGES, atol=1)  # something did happen


def test_a_flip_is_exact_enough_to_be_a_flip() -> None:
    mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0])).expand(6, 3, 3)
    found = augment(torch.tensor(given.IMAGES), {"affine": mirror})
    np.testing.assert_allclose(found.numpy(), given.IMAGES[:, :, ::-1], atol=0.01)


def test_arrays_will_do_to_look_at_examples() -> None:
    draws = given.draws_for("rotate")
    found = np.asarray(augment(given.IMAGES, draws))
    np.testing.assert_allclose(found, given.expected(draws), atol=0.02)


def test_only_images_are_changed() -> None:
    with pytest.raises(CourseError, match="N×H×W×C"):
        augment(torch.zeros(4, 7), {})
