"""How pixels become a network's input."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.training.preprocessing import GLYPHS, IMAGENET_BGR, IMAGENET_RGB, require_images


def test_torchvisions_weights_want_rgb_between_about_minus_2_and_3() -> None:
    x = np.array([[[[255, 0, 0]]]], np.uint8)
    expected = (np.array([1, 0, 0]) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(IMAGENET_RGB(x)[0, 0, 0], expected, rtol=1e-6)


def test_the_first_vgg_weights_want_bgr_between_0_and_255_less_a_mean() -> None:
    x = np.array([[[[255, 0, 0]]]], np.uint8)
    np.testing.assert_allclose(IMAGENET_BGR(x)[0, 0, 0], [-103.939, -116.779, 131.32], rtol=1e-6)


def test_grey_images_fill_three_channels_and_paper_stays_zero() -> None:
    x = np.array([0, 255], np.uint8).reshape(1, 1, 2, 1)
    assert IMAGENET_RGB(x).shape == (1, 1, 2, 3)
    assert GLYPHS(x).ravel().tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("name", "shape", "own_size", "part"),
    [
        ("glyphnet", (None, 32, 32, 3), False, "C = 1;"),
        ("glyphnet", (None, 32, 32), False, "N×32×32"),
        ("glyphnet", (5, 6, 32, 1), False, "at least 8"),
        ("glyphnet", (5, 32, 31, 1), False, "even"),
        ("glyphnet", (5, 28, 28, 1), True, "32×32 pixels"),
        ("resnet18", (None, 32, 32, 4), False, "C = 1 or 3"),
        ("resnet18", (None, 2, None, 3, 3), False, "N×2×W×3×3"),
        ("vgg16", (1, 16, 16, 3), False, "at least 32"),
        ("vit_b_16", (1, 32, 32, 3), True, "224×224 pixels"),
    ],
)
def test_images_that_a_backbone_cannot_take_are_refused(
    name: str, shape: tuple[int | None, ...], own_size: bool, part: str
) -> None:
    preprocessing = GLYPHS if name == "glyphnet" else IMAGENET_RGB
    with pytest.raises(CourseError, match=part):
        require_images(name, preprocessing, shape, own_size=own_size)


def test_other_images_pass() -> None:
    require_images("glyphnet", GLYPHS, (None, 28, 64, 1), own_size=False)
    require_images("resnet18", IMAGENET_RGB, (7, 5, 9, 1), own_size=False)
    require_images("vit_b_16", IMAGENET_RGB, (None, None, None, 3), own_size=True)
