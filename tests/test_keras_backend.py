"""Whoever imported TensorFlow first: the same training gives the same result."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from course_lib import keras_backend
from course_lib.keras_backend import numbers, running


def test_graphs_run_as_written_even_if_tensorflow_was_there_before() -> None:
    tensorflow = pytest.importorskip("tensorflow")
    options = tensorflow.config.optimizer
    options.set_experimental_options({"disable_meta_optimizer": False})
    assert keras_backend.settle() == "tensorflow"
    assert options.get_experimental_options()["disable_meta_optimizer"] is True


def test_tensorflow_says_nothing_of_tracing_but_all_else() -> None:
    keras_backend._keep_tracing_quiet()
    logger = logging.getLogger("tensorflow")
    said = [
        logger.makeRecord("tensorflow", logging.WARNING, "f.py", 1, text, (), None)
        for text in ("5 out of the last 9 calls triggered tf.function retracing.", "Look here.")
    ]
    assert [bool(logger.filter(record)) for record in said] == [False, True]


def test_many_steps_are_done_and_told_in_order() -> None:
    tensorflow = pytest.importorskip("tensorflow")
    keras_backend.settle()
    total, seen = tensorflow.Variable(0), []

    def step(number: object) -> None:
        total.assign(2 * total + number)  # an order of its own

    run = running.many_steps(step)
    assert run is not None
    given = iter(tensorflow.data.Dataset.from_tensor_slices([1, 0, 1, 1, 0, 1, 0]))
    run(given, 5, seen.append)
    assert int(total) == 0b10110 and seen[0] == 1 and seen[-1] == 5 and sorted(seen) == seen
    run(given, 2, seen.append)
    assert int(total) == 0b1011010 and seen[-1] == 2


def test_numbers_come_out_as_copies_and_go_in_where_they_fit() -> None:
    pytest.importorskip("tensorflow")
    keras_backend.settle()
    import keras

    row = [keras.Variable(np.ones((2, 3), np.float32)), keras.Variable(3, dtype="int32")]
    before = numbers.numbers_of(row)
    numbers.put_numbers(row, [before[0] * 5, np.array(4)])  # another type: Keras turns it
    assert before[0].max() == 1 and row[0].numpy().max() == 5 and int(row[1].numpy()) == 4
    before[0][0, 0] = 9
    numbers.put_numbers(row, before)
    assert row[0].numpy().tolist() == [[9, 1, 1], [1, 1, 1]] and int(row[1].numpy()) == 3
    with pytest.raises(ValueError, match="shape"):
        numbers.put_numbers(row[:1], [np.ones(4, np.float32)])
    with pytest.raises(ValueError):
        numbers.put_numbers(row, before[:1])


def test_what_was_put_into_a_variable_no_longer_hangs_on_the_array() -> None:
    pytest.importorskip("tensorflow")
    keras_backend.settle()
    import keras

    variable = keras.Variable(np.zeros((300, 300), np.float32))
    array = np.ones((300, 300), np.float32)  # large: TensorFlow would take it as it is
    numbers.put_numbers([variable], [array])
    array *= 5
    (read,) = numbers.numbers_of([variable])
    assert (read == 1).all()
    read *= 5
    assert (numbers.numbers_of([variable])[0] == 1).all()
