"""Words, characters, pieces."""

from __future__ import annotations

from course_lib.text.splitting import (
    learn_merges,
    merge_pair,
    split_characters,
    split_pieces,
    split_words,
)


def test_words_are_lower_case_and_signs_stand_alone() -> None:
    assert split_words("Don't PANIC, it's 42.") == ["don't", "panic", ",", "it's", "42", "."]


def test_chinese_characters_stand_alone_among_words() -> None:
    assert split_words("我爱 deep learning。") == ["我", "爱", "deep", "learning", "。"]
    assert split_characters("a 好") == ["a", " ", "好"]


def test_the_most_frequent_pair_is_merged_first() -> None:
    merges = learn_merges(["low low low lower", "newest newest"], 3)
    # l·o and o·w meet four times each (with "lower"): the first by alphabet, then what it makes.
    assert merges[:2] == [("l", "o"), ("lo", "w")]
    assert split_pieces("low lowest", merges[:2]) == ["low", "low", "e", "s", "t"]


def test_merging_stops_where_nothing_is_left() -> None:
    assert learn_merges(["ab ab"], 10) == [("a", "b")]


def test_pairs_are_merged_from_the_left() -> None:
    assert merge_pair(list("aaa"), ("a", "a")) == ["aa", "a"]


def test_pieces_put_together_are_the_text() -> None:
    text = "the cat sat on the mat that the rat ate"
    merges = learn_merges([text], 12)
    assert "".join(split_pieces(text, merges)) == text.replace(" ", "")
    assert len(split_pieces(text, merges)) < len(text.replace(" ", ""))
