"""Whoever imported TensorFlow first: the same training gives the same result."""

from __future__ import annotations

import pytest

from course_lib import keras_backend


def test_graphs_run_as_written_even_if_tensorflow_was_there_before() -> None:
    tensorflow = pytest.importorskip("tensorflow")
    options = tensorflow.config.optimizer
    options.set_experimental_options({"disable_meta_optimizer": False})
    assert keras_backend.settle() == "tensorflow"
    assert options.get_experimental_options()["disable_meta_optimizer"] is True
