"""Generated texts: what they promise, and what is planted in them."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import data
from course_lib.data.reviews import KINDS
from course_lib.errors import CourseError

TEXTS = ("reviews", "messages")


@pytest.mark.parametrize("name", TEXTS)
def test_texts_with_labels(name: str) -> None:
    domain = data.load(name, n=200)
    assert (domain.name, len(domain), domain.x.dtype.kind) == (name, 200, "U")
    assert domain.y.dtype == np.int64 and set(domain.y) == {0, 1}
    assert "generated" in domain.source and domain.license
    again, other = data.load(name, n=200), data.load(name, n=200, seed=1)
    assert np.array_equal(domain.x, again.x) and not np.array_equal(domain.x, other.x)


@pytest.mark.parametrize("about", KINDS)
def test_half_of_the_reviews_are_good(about: str) -> None:
    assert data.load("reviews", n=100, about=about).y.mean() == 0.5


def test_each_kind_has_words_of_its_own() -> None:
    books, hotels = (" ".join(data.load("reviews", about=a, n=300).x) for a in ("books", "hotels"))
    assert "gripping" in books and "gripping" not in hotels
    assert "excellent" in books and "excellent" in hotels


def test_chinese_reviews_have_no_spaces() -> None:
    texts = data.load("reviews", n=50, language="zh").x
    assert all(" " not in text and text.endswith("。") for text in texts)


def test_three_messages_in_ten_are_spam() -> None:
    assert data.load("messages", n=100, channel="mail").y.sum() == 30


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("reviews", {"about": "cars"}),
        ("reviews", {"language": "fr"}),
        ("messages", {"channel": "fax"}),
    ],
)
def test_what_there_is_not_is_said(name: str, wrong: dict[str, str]) -> None:
    with pytest.raises(CourseError, match=r"is one of|no option"):
        data.load(name, n=10, **wrong)


def test_an_option_that_texts_do_not_have() -> None:
    with pytest.raises(CourseError, match="no option style"):
        data.load("reviews", n=10, style="hand")
