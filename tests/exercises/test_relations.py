"""How a wrong answer is related to the right one is recognised, and nothing is claimed otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.exercises.comparators import close, equal
from course_lib.exercises.relations import recognise

RNG = np.random.default_rng(0)
E = RNG.normal(size=(4, 3))
V = RNG.normal(size=5)
IMAGES = RNG.normal(size=(2, 3, 4, 3))
INPUTS = {"x": RNG.normal(size=(12, 3)), "k": 3}
LABELS = np.array([2, 0, 1, 1])


def softmax(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        (E, E.T, "transposed"),
        (IMAGES, IMAGES.transpose(0, 3, 1, 2), ".transpose(0, 3, 1, 2)"),
        (V, V[:, None], "axis of length 1"),
        (V[None], V, "axis of length 1"),
        (E, E.ravel(), "another shape"),
        (V, V[:, None] - V, "broadcast"),
        (np.array(V.mean()), V, "average of your values"),
        (np.array(V.sum()), V, "sum of your values"),
        (E, -E, "wrong sign"),
        (E, E * 12, "12 times the expected ones, and x has length 12"),
        (E, E / 12, "averaged that should be summed"),
        (np.array(2.5), np.array(30.0), "12 times"),
        (E, E * 2, "twice"),
        (E, E / 2, "half of"),
        (E, E * 100, "per cent"),
        (E, E * 7.3, "7.3 times"),
        (E, E + 0.5, "0.5 more than expected"),
        (softmax(E), E, "these are logits"),
        (E - np.log(np.exp(E).sum(-1, keepdims=True)), softmax(E), "these are probabilities"),
        (np.abs(E), np.sqrt(np.abs(E)), "squares of your values"),
        (np.abs(E), np.square(E), "square roots of your values"),
        (E, E[::-1], "reverse order"),
        (V, np.sort(V), "another order"),
        (V, np.zeros(5), "All your values are equal"),
        (E[:3], E[:3].T, "transpose"),
        (np.array([True, False]), np.array([False, True]), "opposite"),
        (np.array([True, False]), np.array([1, 0]), "truth values"),
        (V, V > 0, "Truth values"),
    ],
)
def test_is_recognised(expected, found, said):
    sentence = recognise(np.asarray(expected), np.asarray(found), close(), INPUTS)
    assert sentence is not None
    assert said in sentence["en"]
    assert sentence["zh"]


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        (LABELS, LABELS.astype(float), "whole numbers (int)"),
        (LABELS, LABELS + 1, "1 more than expected"),
        (LABELS, np.eye(3)[LABELS], "from scores"),
    ],
)
def test_labels_are_recognised(expected, found, said):
    assert said in recognise(expected, found, equal(), INPUTS)["en"]


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (E, RNG.normal(size=(4, 3))),
        (E, RNG.normal(size=(2, 2))),
        (np.array(2.5), np.array(7.7)),
        (V, np.full(5, np.nan)),
        (np.empty(0), np.ones(2)),
        (np.zeros(3), np.array([0.0, 0.0, 1.0])),
        (V, np.array([1.0, 2.0, 3.0, -1.7e308, -1.7e308])),  # the mean difference overflows
        (np.array(True), np.array(False)),
        (np.array(4), np.array(2)),  # a class or a place: it is not "half of" another
        (np.array(12.0), np.array(1.0)),
        (np.array([0, 1, 1, 0, 2]), np.array([1, 0, 0, 2, 1])),  # labels are no order
        (E, E * 0.998 + [0, 0, 1e-4]),  # a factor that hardly differs from one
    ],
)
def test_nothing_is_made_up(expected, found):
    assert recognise(expected, found, close(), INPUTS) is None


@pytest.mark.parametrize(
    "wrong",
    [
        lambda e, n: e * n,
        lambda e, n: e / n,
        lambda e, n: e * 7.3 * n,
        lambda e, n: e + 0.37 * n,
        lambda e, n: np.ones_like(e),
        lambda e, n: e * 2,
        lambda e, n: -e,
    ],
    ids=["length", "one length", "factor", "offset", "ones", "twice", "sign"],
)
def test_on_hidden_inputs_a_pattern_is_named_and_no_number_is_given_away(wrong):
    """The sentence is the same whatever the hidden numbers and sizes are."""
    said = set()
    for seed, n in ((1, 11), (2, 17), (3, 23)):
        rng = np.random.default_rng(seed)
        expected = rng.normal(size=(n, 3))
        inputs = {"secret_name": rng.normal(size=(n, 5))}
        found = np.asarray(wrong(expected, n))
        said.add(str(recognise(expected, found, close(), inputs, hidden=True)))
    assert len(said) == 1
    assert "secret_name" not in said.pop()


def test_a_constant_answer_does_not_tell_the_expected_number():
    """With a factor in the sentence, ``return 1.0`` would read the answer off the feedback."""
    for expected in (np.array(0.0432), np.array([0.3, 0.3]), np.array(41.0)):
        sentence = recognise(expected, np.ones_like(expected), close(), {}, hidden=True)
        assert sentence is None or not any(sign.isdigit() for sign in sentence["en"])


def test_the_size_of_a_hidden_input_is_not_told():
    for n in (5, 9):
        v = np.random.default_rng(n).normal(size=n)
        sentence = recognise(v, v[:, None] - v, close(), {}, hidden=True)
        assert "(n, n)" in sentence["en"] and str(n) not in sentence["en"] + sentence["zh"]
