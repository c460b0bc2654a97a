"""How pixels become a network's input."""

from __future__ import annotations

import numpy as np

from course_lib.training.preprocessing import GLYPHS, IMAGENET_BGR, IMAGENET_RGB


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
