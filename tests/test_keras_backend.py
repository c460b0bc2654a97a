"""Whoever imported TensorFlow first: the same training gives the same result."""

from __future__ import annotations

import logging

import pytest

from course_lib import keras_backend


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
