"""Generated texts: what they promise, and what is planted in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from course_lib import data
from course_lib.data.headlines import read_headlines
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


def test_headlines_have_moods_topics_and_years() -> None:
    mood, topic = (data.load("headlines", n=300, about=a, seed=2) for a in ("mood", "topic"))
    assert np.array_equal(mood.x, topic.x) and (len(mood.classes), len(topic.classes)) == (3, 4)
    new = data.load("headlines", n=300, period="new", seed=2)
    assert "tariffs" in " ".join(new.x) and "tariffs" not in " ".join(mood.x)
    bad = data.load("headlines", n=300, moods=(1.0, 0.0, 0.0), seed=2)
    assert (bad.y == 0).all()
    story = data.load("headlines", n=5, sentences=4, seed=2).x
    assert all(text.count(". ") == 3 for text in story)
    chinese = data.load("headlines", n=50, language="zh", period="new", seed=2).x
    assert all(" " not in text and "{" not in text for text in chinese)


def test_headlines_of_a_file(tmp_path: Path) -> None:
    marked, table = tmp_path / "phrases.txt", tmp_path / "mine.csv"
    marked.write_bytes(
        "Profit rose to EUR 5 mn .@positive\nSold by a@b .@neutral\nno label\n".encode("latin-1")
    )
    table.write_text('text,label\n"Sales fell, again",negative\nodd,unheard\n', encoding="utf-8")
    assert read_headlines(marked).y.tolist() == [2, 1]
    assert read_headlines(marked).x[1] == "Sold by a@b ."
    assert read_headlines(table).x.tolist() == ["Sales fell, again"]
    with pytest.raises(CourseError, match="no file"):
        read_headlines(tmp_path / "none.csv")
    with pytest.raises(CourseError, match="no row with one of the labels"):
        read_headlines(table, classes=("up", "down"))


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
        ("headlines", {"period": "ancient"}),
    ],
)
def test_what_there_is_not_is_said(name: str, wrong: dict[str, str]) -> None:
    with pytest.raises(CourseError, match=r"is one of|no option"):
        data.load(name, n=10, **wrong)


def test_an_option_that_texts_do_not_have() -> None:
    with pytest.raises(CourseError, match="no option style"):
        data.load("reviews", n=10, style="hand")
