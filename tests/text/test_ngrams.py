"""The yardstick of all language models."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.text.ngrams import NGrams


@pytest.mark.parametrize("n", [1, 2, 3])
def test_probabilities_add_up_to_one(n: int) -> None:
    model = NGrams(n, 5).learn([0, 1, 2, 1, 0, 3, 1, 2])
    for context in ([], [1], [0, 1], [4, 4], [2, 1, 0]):
        assert sum(model.probability(token, context) for token in range(5)) == pytest.approx(1)


def test_by_hand() -> None:
    # Counts: 0 twice, 1 once; after 0: 1 once. beta 1, K = 2.
    model = NGrams(2, 2, beta=1).learn([0, 1, 0])
    alone = (2 + 0.5) / 4
    assert model.probability(0, []) == pytest.approx(alone)
    assert model.probability(0, [0]) == pytest.approx((0 + alone) / 2)


def test_a_longer_memory_is_better_on_a_text_that_needs_one() -> None:
    row = [0, 1, 0, 2] * 100
    x, y = np.array([row[:-1]]), np.array([row[1:]])
    one, two, three = (NGrams(n, 3).learn(row).surprise(x, y) for n in (1, 2, 3))
    assert one > two + 0.3 > three + 0.6


def test_what_does_not_count_is_left_out() -> None:
    model = NGrams(1, 3).learn([0, 1, 1])
    y = np.array([[-1, 1], [-1, -1]])
    assert model.surprise(np.zeros((2, 2), int), y) == pytest.approx(
        -np.log(model.probability(1, []))
    )


def test_a_text_that_counts_three_times_is_one_that_was_read_three_times() -> None:
    row = [0, 1, 2, 1, 0]
    thrice = NGrams(3, 4).learn(row).learn(row).learn(row)
    weighted = NGrams(3, 4).learn(row, times=3)
    for context in ([], [0], [1, 2], [3, 3]):
        for token in range(4):
            assert weighted.probability(token, context) == pytest.approx(
                thrice.probability(token, context)
            )


def test_learning_gives_a_new_model_and_leaves_the_old_one() -> None:
    before = NGrams(2, 3).learn([0, 1])
    p = before.probability(2, [0])
    after = before.learn([0, 2, 0, 2])
    assert before.probability(2, [0]) == p < after.probability(2, [0])


def test_the_first_tokens_of_a_row_have_a_short_memory() -> None:
    model = NGrams(3, 3).learn([0, 1, 2, 0, 1, 2])
    x, y = np.array([[0, 1, 2]]), np.array([[1, 2, 0]])
    expected = [
        model.probability(1, [0]),
        model.probability(2, [0, 1]),
        model.probability(0, [1, 2]),
    ]
    assert model.surprise(x, y) == pytest.approx(-np.log(expected).mean())


def test_codes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(CourseError, match="smaller n"):
        NGrams(20, 100)
