"""Counting, factorising, reading."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import sparse

from course_lib import data
from course_lib.errors import CourseError
from course_lib.text import vectors
from course_lib.text.splitting import split_words
from tests.conftest import ROOT

SAMPLES = ROOT.parent / "shared" / "data"


def test_neighbours_count_by_distance_and_both_ways() -> None:
    X = vectors.count_neighbours([[0, 1, 2], [0]], 3, window=2).toarray()
    assert X.tolist() == [[0, 1, 0.5], [1, 0, 1], [0.5, 1, 0]]


def test_pmi_by_the_definition() -> None:
    X = np.array([[0, 4, 1], [4, 0, 1], [1, 1, 2.0]])
    p = X / X.sum()
    with np.errstate(divide="ignore"):
        expected = np.maximum(np.log(p / np.outer(p.sum(1), p.sum(0))), 0)
    found = vectors.positive_pmi(sparse.csr_matrix(X)).toarray()
    assert np.allclose(found, expected)


def test_factors_give_the_table_back() -> None:
    A = np.random.default_rng(0).normal(size=(8, 3))
    table = A @ A.T
    W = vectors.factorise(sparse.csr_matrix(table), 3)
    assert np.allclose(W @ W.T, table, atol=1e-4)
    assert np.array_equal(W, vectors.factorise(sparse.csr_matrix(table), 3))


def test_words_in_the_same_company_are_near() -> None:
    rng = np.random.default_rng(0)
    rows = [["the", str(rng.choice(["cat", "dog"])), "eats", "and", "sleeps"] for _ in range(60)]
    rows += [["one", str(rng.choice(["red", "blue"])), "car", "drives", "by"] for _ in range(60)]
    found = vectors.train_vectors(rows, dimensions=4)
    assert vectors.nearest_words(found, "cat", count=1)[0][0] == "dog"
    assert "fish" not in found
    with pytest.raises(CourseError, match="no vector for 'fish'"):
        found["fish"]


def test_too_little_text_is_said() -> None:
    with pytest.raises(CourseError, match="too few for 50 dimensions"):
        vectors.train_vectors([["a", "b"]] * 9)


def test_pivots_bring_together_what_never_meets() -> None:
    kinds = [
        [split_words(t) for t in data.load("reviews", about=a, seed=3).x]
        for a in ("books", "kitchen")
    ]
    found = vectors.train_pivot_vectors(kinds)
    near = Counter(word for word, _ in vectors.nearest_words(found, "leaky", count=12))
    blame, praise = (
        {"dull", "shallow", "tedious", "wordy"},
        {"gripping", "witty", "moving", "vivid"},
    )
    assert len(blame & set(near)) >= 2 and not praise & set(near)


def test_a_text_is_the_mean_of_its_known_words() -> None:
    table = vectors.WordVectors(("a", "b"), np.array([[1, 0], [0, 1]], np.float32))
    assert vectors.mean_vectors(table, [["a", "b", "z"], ["z"]]).tolist() == [[0.5, 0.5], [0, 0]]


def test_glove_format_there_and_back(tmp_path) -> None:
    table = vectors.WordVectors(("the", "猫"), np.array([[0.5, -1.25], [3, 0]], np.float32))
    path = vectors.write_vectors(tmp_path / "v.txt", table)
    again = vectors.read_vectors(path)
    assert again.words == table.words and np.array_equal(again.table, table.table)
    assert vectors.read_vectors(path, only={"猫"}).words == ("猫",)


def test_glove_format_as_others_write_it(tmp_path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("2 3\na 1 2 3\n. . . 4 5 6\n", encoding="utf-8")
    found = vectors.read_vectors(path)
    assert found.words == ("a", ". . .") and found.table[1].tolist() == [4, 5, 6]
    path.write_text("a 1 2 3\nb 1 x 3\n", encoding="utf-8")
    with pytest.raises(CourseError, match="line 2: a word and 3 numbers"):
        vectors.read_vectors(path)
    with pytest.raises(CourseError, match="no file of vectors"):
        vectors.read_vectors(tmp_path / "nowhere.txt")
    with pytest.raises(CourseError, match="has a space"):
        vectors.write_vectors(path, vectors.WordVectors(("a b",), np.zeros((1, 2))))
