"""The reading room: a log in time, and features that know nothing of the future."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import ranking
from course_lib.errors import CourseError
from course_lib.text.vectors import WordVectors
from course_lib.text.vocabulary import build_vocabulary


@pytest.fixture(scope="module")
def shop() -> tuple[ranking.Catalogue, ranking.Log]:
    catalogue = ranking.open_catalogue(seed=1)
    return catalogue, ranking.open_log(catalogue, readers=30, per_day=6, seed=1)


def test_nothing_is_shown_before_its_release(shop: tuple[ranking.Catalogue, ranking.Log]) -> None:
    catalogue, log = shop
    assert (catalogue.released[log.shown] <= log.day[:, None]).all()
    assert (np.diff(log.day) >= 0).all() and (np.diff(catalogue.released) >= 0).all()
    assert all(len(set(slate)) == len(slate) for slate in log.shown)


def test_a_seed_gives_the_same_log(shop: tuple[ranking.Catalogue, ranking.Log]) -> None:
    catalogue, log = shop
    again = ranking.open_log(catalogue, readers=30, per_day=6, seed=1)
    other = ranking.open_log(catalogue, readers=30, per_day=6, seed=2)
    assert np.array_equal(log.clicked, again.clicked)
    assert not np.array_equal(log.shown, other.shown)


def test_every_sentence_stands_in_one_article(
    shop: tuple[ranking.Catalogue, ranking.Log],
) -> None:
    assert len(set(shop[0].texts)) == len(shop[0])


def test_taste_is_for_the_shelf(shop: tuple[ranking.Catalogue, ranking.Log]) -> None:
    catalogue, _ = shop
    log = ranking.open_log(catalogue, readers=3, per_day=60, seed=5)
    rates = [
        log.clicked[log.reader == 0][catalogue.shelf[log.shown[log.reader == 0]] == shelf].mean()
        for shelf in range(8)
    ]
    assert max(rates) > 2 * min(rates)


def test_the_future_changes_no_feature(shop: tuple[ranking.Catalogue, ranking.Log]) -> None:
    catalogue, log = shop
    day = 30
    changed = ranking.Log(
        log.day, log.reader, log.shown, np.where(log.day[:, None] >= day, 1, log.clicked), log.arrivals
    )  # fmt: skip
    until = log.day <= day  # slates of the very day know earlier days only
    for feature in (
        lambda some: ranking.past_click_rate(some, len(catalogue), prior=0.1),
        ranking.past_clicks,
        lambda some: ranking.price_distance(
            some, ranking.past_clicks(some), catalogue.price, usual=1
        ),
    ):
        before, after = feature(log), feature(changed)
        assert np.array_equal(before[until], after[until])
        assert not np.array_equal(before[~until], after[~until])


def test_a_new_article_has_the_priors_rate(shop: tuple[ranking.Catalogue, ranking.Log]) -> None:
    catalogue, log = shop
    rate = ranking.past_click_rate(log, len(catalogue), prior=0.25)
    assert (rate[log.day == 0] == 0.25).all()


def test_history_is_the_latest_first() -> None:
    log = ranking.Log(
        np.array([0, 1, 2]), np.array([7, 7, 7]), np.array([[1, 2], [3, 4], [5, 6]]),
        np.array([[1, 0], [0, 1], [1, 1]]), np.zeros(3, bool),
    )  # fmt: skip
    nobody = ranking.NOBODY
    assert ranking.past_clicks(log, most=2).tolist() == [[nobody, nobody], [1, nobody], [4, 1]]


def test_the_split_is_by_time(shop: tuple[ranking.Catalogue, ranking.Log]) -> None:
    train, between, last = ranking.split_by_day(shop[1], 40, 48)
    assert train.day.max() < 40 <= between.day.min() <= between.day.max() < 48 <= last.day.min()
    assert len(train) + len(between) + len(last) == len(shop[1])
    with pytest.raises(CourseError, match="Cut inside the log"):
        ranking.split_by_day(shop[1], 48, 40)


def test_words_are_counted_and_vectors_borrowed() -> None:
    vocabulary = build_vocabulary([["a", "b"], ["a", "c"]])
    shares = ranking.count_words([["a", "a", "b", "unheard"], []], vocabulary)
    assert shares.sum(axis=1).tolist() == [1.0, 0.0]
    borrowed = WordVectors(("a", "b"), np.array([[1.0, 0], [0, 1]], np.float32))
    table = ranking.word_table(vocabulary, 2, borrowed=borrowed)
    assert np.linalg.norm(table[vocabulary.numbers["a"]]) == pytest.approx(1)
    assert not table[vocabulary.numbers["c"]].any()
    with pytest.raises(CourseError, match="dimensions"):
        ranking.word_table(vocabulary, 3, borrowed=borrowed)
