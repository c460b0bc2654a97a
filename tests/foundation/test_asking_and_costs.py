"""Labels from words, retrieval, what trainings cost, captions, patches, and overlap."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.data import captions
from course_lib.errors import CourseError
from course_lib.foundation import costs
from course_lib.foundation.zero_shot import class_vectors, recall_at, zero_shot
from course_lib.text.overlap import overlap_share
from course_lib.training.patches import draw_hidden, patch_of_pixels


def test_prompts_count_alike_however_long_their_vectors_are() -> None:
    prompts = [np.array([[100.0, 0], [0, 1]]), np.array([[-1.0, 0]])]
    np.testing.assert_allclose(class_vectors(prompts), [[0.5**0.5, 0.5**0.5], [-1, 0]])
    assert zero_shot(np.array([[0.0, 2], [-3, 1]]), prompts).tolist() == [0, 1]


def test_recall_counts_who_stands_before() -> None:
    similarity = np.array([[0.9, 0.1, 0.2], [0.8, 0.5, 0.1], [0.3, 0.3, 0.3]])
    assert recall_at(similarity, 1) == pytest.approx(1 / 3)  # ties stand before the right one
    assert recall_at(similarity, 2) == pytest.approx(2 / 3)


def test_a_training_of_gpt_3_takes_what_is_published() -> None:
    operations = costs.training_operations(175e9, 300e9)
    assert operations == pytest.approx(3.15e23)
    hours = costs.training_hours(operations, peak=125e12, used=24.6 / 125)
    assert costs.training_energy(hours, watts=330) / 1000 == pytest.approx(1287, rel=0.01)
    with pytest.raises(CourseError):
        costs.training_hours(operations, peak=1e12, used=1.5)


def test_captions_name_what_is_seen() -> None:
    seen, unseen = captions.hold_out(0.25, seed=1)
    assert len(unseen) == 16 and not set(seen) & set(unseen)
    made = captions.captioned_shapes(60, seed=0, combinations=seen, chinese=0.0)
    for y, caption in zip(made.pictures.y, made.captions, strict=True):
        assert captions.COMBINATIONS[y] in seen and captions.COMBINATIONS[y][0] in caption
    chinese = captions.captioned_shapes(20, seed=0, chinese=1.0).captions
    assert not any(letter.isascii() and letter.isalpha() for text in chinese for letter in text)
    again = captions.captioned_shapes(60, seed=0, combinations=seen, chinese=0.0)
    assert np.array_equal(again.pictures.x, made.pictures.x)


def test_patches_are_numbered_row_by_row_and_equally_many_are_hidden() -> None:
    assert patch_of_pixels(2, 4, 2).tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    hidden = draw_hidden(np.random.default_rng(0), 50, 16, 0.5)
    assert (hidden.sum(axis=1) == 8).all() and hidden.std(axis=0).min() > 0
    with pytest.raises(CourseError, match="divides both"):
        patch_of_pixels(5, 4, 2)


def test_overlap_finds_copies_within_one_text() -> None:
    source = [["a", "b", "c", "d"], ["e", "f", "g"]]
    assert overlap_share(["a", "b", "c", "x"], source, 3) == 0.5
    assert overlap_share(["c", "d", "e", "f"], source, 3) == 0.0
    assert overlap_share(["a"], source, 3) == 0.0
