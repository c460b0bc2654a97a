"""Real text without a network, and made languages."""

from __future__ import annotations

import pytest

from course_lib.errors import CourseError
from course_lib.text import corpora
from course_lib.text.made_languages import (
    LANGUAGES,
    VERBS,
    made_pairs,
    translation_arrays,
    vocabulary_of_pairs,
    words_of,
)
from course_lib.text.scribe import ASCII
from course_lib.text.vocabulary import END, START, UNKNOWN


@pytest.mark.parametrize(
    ("text", "least", "word"),
    [
        (corpora.python_manual, 350_000, "namespace"),
        (corpora.python_docstrings, 500_000, "Return"),
        (corpora.data_set_stories, 25_000, "patients"),
    ],
)
def test_real_text_is_there_and_plain(text, least, word) -> None:
    found = text()
    assert len(found) > least and word in found
    assert UNKNOWN not in ASCII.encode(found), "nothing but ASCII"
    assert "  " not in found and "\n\n" not in found


def test_markup_goes_and_sentences_stay() -> None:
    text = "Title\n=====\n\n.. note::\n\nOne short  line.\nIt goes on? Yes, it does indeed.\n"
    assert corpora.plain(text) == "Title\nOne short line. It goes on? Yes, it does indeed."
    assert corpora.sentences_of(corpora.plain(text)) == ["Yes, it does indeed."]


def test_classics_are_chinese() -> None:
    assert all(
        "\u4e00" <= sign <= "\u9fff" or sign in "，。？"
        for t in corpora.CHINESE_CLASSICS
        for sign in t
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_made_language_has_one_word_for_each(language: str) -> None:
    words = words_of(language)
    assert len(set(words.values())) == len(words)
    assert not set(words) & set(words.values())


def test_half_of_a_sisters_words_are_shared_and_none_of_a_strangers() -> None:
    lumi, luma, tark = (words_of(language) for language in LANGUAGES)
    same = sum(lumi[word] == luma[word] for word in lumi)
    assert 0.45 <= same / len(lumi) <= 0.6
    assert not set(tark.values()) & {*lumi.values(), *luma.values()}
    with pytest.raises(CourseError, match="made language"):
        words_of("klingon")


def test_order_and_words_of_a_translation() -> None:
    back = {
        language: {made: word for word, made in words_of(language).items()}
        for language in LANGUAGES
    }
    for made, english in made_pairs("lumi", 20, seed=1):
        assert sorted(back["lumi"][word] for word in made) == sorted(english)
        assert back["lumi"][made[-1]].endswith("s"), "the verb comes last"
    for made, _ in made_pairs("tark", 20, seed=1):
        assert back["tark"][made[0]].endswith("s"), "the verb comes first"


def test_test_sentences_are_kept_out() -> None:
    test = made_pairs("luma", 100, seed=1)
    train = made_pairs("lumi", 500, seed=1, without=test)
    kept = {tuple(english) for _, english in train}
    assert len(train) == len(kept) == 500
    assert not kept & {tuple(english) for _, english in test}


def test_only_the_english_half_counts() -> None:
    vocabulary = vocabulary_of_pairs()
    (made, english), *_ = pairs = made_pairs("luma", 3, seed=0)
    x, y = translation_arrays(pairs, vocabulary)
    assert x[0, 0] == START and vocabulary.decode(x[0][: len(made) + 2]) == [*made, "→"]
    assert vocabulary.decode(y[0][y[0] >= 0]) == english and END in y[0]
    assert (y[0][: len(made) + 1] == -1).all() and UNKNOWN not in x
    # the target at the arrow is the first English word
    assert y[0][len(made) + 1] == vocabulary.numbers[english[0]]


def test_words_of_one_language_in_the_order_of_another() -> None:
    own, turned = made_pairs("tark", 20, seed=1), made_pairs("tark", 20, seed=1, order="lumi")
    verb = {words_of("tark")[word] for word in VERBS}
    for (made, english), (reordered, same_english) in zip(own, turned, strict=True):
        assert english == same_english and sorted(made) == sorted(reordered)
        assert made[0] in verb and reordered[-1] in verb
    assert made_pairs("luma", 5, order="luma") == made_pairs("luma", 5)
    with pytest.raises(CourseError, match="no made language"):
        made_pairs("luma", 5, order="elvish")


def test_docstrings_are_those_of_a_walk_of_the_whole_tree(tmp_path) -> None:
    long = " ".join(["words"] * 20)
    source = f'''"""A. {long}"""
if True:
    class C:
        """B. {long}"""
        def f(self):
            """C. {long}"""
            try:
                pass
            except ValueError:
                def g():
                    """D. {long}"""
def late():
    """E. {long}"""
'''
    (tmp_path / "module.py").write_text(source, encoding="utf-8")
    found = corpora._docstrings(tmp_path / "module.py")
    assert [text[0] for text in found] == list("AEBCD")
