"""A domain and the ways to cut it."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import data
from course_lib.data import Domain
from course_lib.errors import CourseError


@pytest.fixture
def numbered() -> Domain:
    """100 one-pixel images that carry their own number; labels 0, 1, 2, 3 in turn."""
    x = np.arange(100, dtype=np.uint8).reshape(100, 1, 1, 1)
    return Domain("numbered", x, np.arange(100) % 4, ("a", "b", "c", "d"), "none", "counting")


def test_one_label_per_input(numbered):
    with pytest.raises(CourseError, match="100 inputs but 99 labels"):
        Domain("broken", numbered.x, numbered.y[1:], numbered.classes, "none", "counting")


def test_repr_is_one_informative_line(numbered):
    assert repr(numbered) == "Domain(numbered: 100×1×1×1 uint8, 4 classes)"


def test_take_keeps_the_order_and_accepts_masks(numbered):
    assert numbered.take([7, 3]).x.ravel().tolist() == [7, 3]
    assert numbered.take(numbered.y == 2).x.ravel().tolist() == list(range(2, 100, 4))


def test_few_shot_gives_the_same_number_of_each_class(numbered):
    few = data.few_shot(numbered, 3, seed=0)
    assert np.bincount(few.y).tolist() == [3, 3, 3, 3]
    assert len(np.unique(few.x)) == 12, "nothing is drawn twice"
    assert (few.x.ravel() % 4 == few.y).all(), "images keep their labels"


def test_few_shot_depends_on_the_seed_alone(numbered):
    draws = [data.few_shot(numbered, 3, seed).x.ravel().tolist() for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


def test_few_shot_indices_point_at_the_same_examples(numbered):
    indices = data.few_shot_indices(numbered, 5, seed=3)
    assert (numbered.take(indices).x == data.few_shot(numbered, 5, seed=3).x).all()


def test_few_shot_says_which_class_is_too_small(numbered):
    with pytest.raises(CourseError, match="class a: 26 examples asked for, 25 available"):
        data.few_shot(numbered, 26, seed=0)


@pytest.mark.parametrize("cut", [data.split, data.last_block])
def test_cuts_share_nothing_and_lose_nothing(numbered, cut):
    development, test = cut(numbered)
    both = np.concatenate([development.x, test.x]).ravel()
    assert len(test) == 20
    assert sorted(both.tolist()) == list(range(100))


def test_last_block_is_the_end_of_the_file(numbered):
    assert data.last_block(numbered)[1].x.ravel().tolist() == list(range(80, 100))


def test_split_depends_on_the_seed_alone(numbered):
    tests = [data.split(numbered, seed=seed)[1].x.ravel().tolist() for seed in (0, 0, 1)]
    assert tests[0] == tests[1] != tests[2]


@pytest.mark.parametrize("fraction", [0.0, 1.0, 1.5])
def test_an_empty_part_is_refused(numbered, fraction):
    with pytest.raises(CourseError, match="one part"):
        data.split(numbered, test=fraction)
