"""A probe of chapter 16: two towers of which one is locked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from course_lib.keras.tiny_models import TinyBackbone, as_array, bits_of


class TinyTowers(keras.Model):
    """A pre-trained image tower, a new text tower, and a learned scale."""

    def __init__(self, text: np.ndarray, arrays: dict[str, np.ndarray]) -> None:
        super().__init__()
        self.image = TinyBackbone(arrays)
        self.text = layers.Dense(text.shape[1])
        self.text.build((None, text.shape[0]))
        self.text.set_weights([text, np.zeros(text.shape[1])])
        start = keras.initializers.Constant(2.0)
        self.log_scale = self.add_weight(shape=(), initializer=start, name="log_scale")
        self.built = True


def towers_to_lock(*, images: np.ndarray, text: np.ndarray, **arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`locking` calls the student's function with: all of it learns."""
    tiny = {name: array for name, array in arrays.items() if name not in ("head", "bias")}
    return {"model": TinyTowers(text, tiny)}


ARGUMENTS = {"locking": towers_to_lock}


def locking(
    lock_image_tower: Callable[[Any], Any],
    *,
    images: np.ndarray,
    text: np.ndarray,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function lock the image tower, show it pictures, and look what learns.

    Args:
        lock_image_tower: The student's function of a model with ``.image``, ``.text`` and ``.log_scale``.
        images: N×H×W×C, float32.
        text: The text tower's weights, words×D.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``image``, ``text``, ``scale`` (how many numbers of each learn), ``statistics_moved`` (of the
        image tower's BatchNorm, when called with ``training=True``), ``answers_moved`` (of the image
        tower in that call, against inference mode), ``text_in_training_mode`` (always, in Keras),
        ``values_kept``.
    """
    model = towers_to_lock(images=images, text=text, **arrays)["model"]
    before, words = bits_of(model.image), ops.convert_to_numpy(model.text.kernel).copy()
    answers = as_array(model.image(ops.convert_to_tensor(images), training=False))
    lock_image_tower(model)
    kept = bits_of(model.image) == before
    kept = kept and bool((ops.convert_to_numpy(model.text.kernel) == words).all())
    answers_now = as_array(model.image(ops.convert_to_tensor(images), training=True))
    after, learns = bits_of(model.image), {id(w) for w in model.trainable_weights}
    return {
        "image": sum(int(np.prod(w.shape)) for w in model.image.weights if id(w) in learns),
        "text": sum(int(np.prod(w.shape)) for w in model.text.weights if id(w) in learns),
        "scale": int(id(model.log_scale) in learns),
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
        "answers_moved": not np.allclose(answers_now, answers, rtol=1e-4, atol=1e-5),
        "text_in_training_mode": True,
        "values_kept": kept,
    }
