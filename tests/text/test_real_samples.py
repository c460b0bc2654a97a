"""Real files, where somebody has put them: COURSE_SAMPLES names the folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from course_lib.data import formats
from course_lib.text.splitting import split_words
from course_lib.text.vectors import nearest_words, parse_vectors

pytestmark = pytest.mark.real


def sample(name: str) -> Path:
    return Path(os.environ["COURSE_SAMPLES"]) / name


def test_real_messages_are_read_and_spam_is_told_from_them() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    content = sample("sms_spam/SMSSpamCollection").read_bytes()
    x, y = formats.texts_of(formats.read_lines(content), ("ham", "spam"))
    assert np.bincount(y).tolist() == [4827, 747]
    mixed = np.random.default_rng(0).permutation(len(y))
    train, test = mixed[:-1000], mixed[-1000:]
    to_numbers = TfidfVectorizer(analyzer=split_words)
    model = LogisticRegression(C=100, max_iter=500).fit(
        to_numbers.fit_transform(x[train]), y[train]
    )
    assert model.score(to_numbers.transform(x[test]), y[test]) > 0.96


def test_real_word_vectors_are_read() -> None:
    text = sample("word2vec1000/wordvecs1000.js").read_text(encoding="utf-8")
    entries = json.loads(text[text.index("{") : text.rindex("]") + 1] + "}")
    lines = (f"{word} {' '.join(map(str, numbers))}\n" for word, numbers in entries.items())
    found = parse_vectors(lines, "wordvecs1000")
    assert found.table.shape == (1000, 300)
    near = [word for word, _ in nearest_words(found, "father", count=5)]
    assert {"mother", "son", "brother"} & set(near)
