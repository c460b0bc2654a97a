"""Chinese search: the index and the question are cut alike."""

from __future__ import annotations

import pytest

from course_lib.book.searching import ChineseByPairs, split_words

# The page's script cuts questions in the same way: tests/book/test_in_browser.py.
TEXTS = ["迁移学习", "用ResNet18做特征提取", "核", "fine-tuning 与微调，再说一遍", "λ越大越好"]


def test_a_phrase_is_its_pairs() -> None:
    assert split_words("迁移学习") == ["迁移", "移学", "学习", "习"]


def test_words_and_characters_are_told_apart() -> None:
    assert split_words("用ResNet18做")[:2] == ["用", "ResNet18"]


@pytest.mark.parametrize("question", ["迁移学习", "移学", "特征提取", "resnet18", "微调"])
def test_what_stands_on_a_page_is_found(question: str) -> None:
    search = ChineseByPairs({})
    index = {search.stem(word).lower() for text in TEXTS for word in search.split(text)}
    wanted = question_terms(question)
    assert all(any(entry.startswith(search.stem(term)) for entry in index) for term in wanted)


def question_terms(question: str) -> list[str]:
    """Cut a question as the page's script does: a run's last character is not asked for alone."""
    terms = split_words(question)
    return [term for term in terms if len(term) > 1] or terms


def test_pairs_are_indexed_and_english_stop_words_are_not() -> None:
    search = ChineseByPairs({})
    assert search.word_filter("迁移")
    assert not search.word_filter("the")
