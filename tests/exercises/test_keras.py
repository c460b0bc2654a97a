"""The Keras half: tensors in and out, and the chapter's proof. TensorFlow is imported here only."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import edition
from course_lib.exercises import check
from course_lib.exercises.calling import call
from course_lib.exercises.problems import AnswerError
from course_lib.exercises.proofs import prove_here
from tests.exercises.beginners_answers import KERAS
from tests.exercises.chapter_99 import ANSWERS
from tests.exercises.test_beginners import assert_gets, given

keras = pytest.importorskip("keras", reason="Keras is not installed")
X = np.arange(6, dtype=np.float32).reshape(2, 3)


def ask(answer):
    return call(answer, {"x": X}, framework="keras")


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: x,
        lambda x: keras.Variable(x),
        lambda x: keras.ops.cast(x, "bfloat16"),
        lambda x: keras.ops.cast(x, "float64"),
        lambda x: np.asfortranarray(x),
        lambda x: list(x),
        lambda x: keras.layers.Identity()(x),
    ],
)
def test_right_but_unusual_answers_are_accepted(answer):
    assert np.array_equal(np.asarray(ask(answer)), X)


@pytest.mark.parametrize(
    ("answer", "reason", "said"),
    [
        (lambda x: keras.Input((3,)), "lazy", "KerasTensor"),
        (lambda x: keras.layers.Dense(2), "not_a_value", "Dense"),
        (lambda x: keras.ops.zeros((1000, 1000)), "too_large", "1000"),
        (lambda x: x @ x, "raised", "Print the .shape"),
        (lambda x: x[0, 0] + "a", "raised", "stopped here"),
    ],
)
def test_problems_are_said(answer, reason, said):
    with pytest.raises(AnswerError, match=said) as caught:
        ask(answer)
    assert caught.value.reason == reason


def test_a_symbolic_tensor_of_tensorflow_holds_no_numbers():
    tf = pytest.importorskip("tensorflow")
    kept = []
    tf.function(lambda x: kept.append(x) or x)(X)
    with pytest.raises(AnswerError, match="holds no numbers") as caught:
        ask(lambda x: kept[0])
    assert caught.value.reason == "lazy"


@pytest.mark.parametrize(("exercise_id", "body", "what"), KERAS)
def test_a_beginners_answer_gets_what_it_deserves(exercise_id, body, what, course_home):
    edition.set_current(edition.Edition("04", "en", "keras"))
    assert_gets(given(exercise_id, body, "keras"), what)


def test_check_and_proof(chapter, probes):
    edition.set_current(edition.Edition("99", "en", "keras"))

    def class_means(features, labels):
        return keras.ops.stack([keras.ops.mean(features[labels == k], axis=0) for k in range(3)])

    assert check("99.1", class_means)
    assert check("99.1", lambda features, labels: features).reason == "value"
    assert prove_here(chapter, "99", "keras", ANSWERS["keras"]) == []
