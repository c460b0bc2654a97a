"""Probes: they run a student's function on a tiny model and report what state it left behind.

Exercises about state (what is frozen, how a layer is called) cannot be judged by a returned value.
A probe builds the model of ``course_lib/training/tiny.py`` from drawn arrays, lets the student's
function work on it, looks closely, and returns plain arrays and yes-or-no answers.
``course_lib.pytorch.probes`` has the same probes with the same answers.

Keras has no global training mode: what there is to restore are the layers' ``trainable`` flags.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.keras.normalization import BatchNorm
from course_lib.training.tiny import Arrays, Notes


class TinyBackbone(keras.Model):
    """Images N×H×W×C → features N×D, and a note of how it was called."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        channels, features = arrays["kernel"].shape
        self.mix = layers.Dense(features, use_bias=False)
        self.norm = BatchNorm()
        self.notes = Notes()
        self.run_eagerly = True  # so that predict, too, shows its batches
        self.mix.build((None, None, None, channels))
        self.norm.build((None, None, None, features))
        self.built = True
        for name, variable in _variables(self).items():
            variable.assign(arrays[name])

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        self.notes.batch_sizes.append(x.shape[0] or 0)
        places = self.norm(self.mix(x), training=training)  # every place is an example to it
        return ops.mean(ops.relu(places), axis=(1, 2))


class TinyModel(keras.Model):
    """A tiny backbone with a linear head: images N×H×W×C → logits N×K."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        width_in, width_out = arrays["head"].shape
        self.backbone, self.head = TinyBackbone(arrays), layers.Dense(width_out)
        self.head.build((None, width_in))
        self.head.set_weights([arrays["head"], arrays["bias"]])
        self.built = True

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        return self.head(self.backbone(x, training=training))


def model_to_freeze(
    *, images: np.ndarray, labels: np.ndarray, learning_rate: float, **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`after_one_step` calls the student's function with."""
    return {"model": TinyModel(arrays)}


def images_to_extract(
    *, images: np.ndarray, batch_size: int, **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`extraction` calls the student's function with."""
    return {"backbone": TinyBackbone(arrays), "images": images.copy(), "batch_size": batch_size}


def two_models(**arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`carrying` calls the student's function with: two models of one structure."""
    lender = {n.removeprefix("source_"): a for n, a in arrays.items() if n.startswith("source_")}
    return {"source": TinyModel(lender), "target": TinyModel(arrays)}


ARGUMENTS = {
    "after_one_step": model_to_freeze,
    "extraction": images_to_extract,
    "carrying": two_models,
}
"""For each probe, what makes the arguments that the student's function gets: for ``example()``."""


def after_one_step(
    freeze_backbone: Callable[[Any], Any],
    *,
    images: np.ndarray,
    labels: np.ndarray,
    learning_rate: float,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Freeze, make one training step, and see what moved.

    The student's function is called, then comes one step of gradient descent on the cross-entropy,
    in which Keras calls the model with ``training=True``.

    Args:
        freeze_backbone: The student's function of a model with ``.backbone`` and ``.head``.
        images: N×H×W×C, float32.
        labels: N, int64.
        learning_rate: Of the step.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``weights_moved``, ``statistics_moved`` (of the backbone, bit by bit), ``head_moved``,
        ``head_in_training_mode`` (always, in Keras), ``trainable`` (how many numbers take a gradient),
        ``head`` (D×K, after the step).
    """
    model = model_to_freeze(images=images, labels=labels, learning_rate=learning_rate, **arrays)[
        "model"
    ]
    before = _bits(model)
    freeze_backbone(model)
    if model.trainable_weights:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(float(learning_rate)), loss, run_eagerly=True)
        model.train_on_batch(images, labels)
    moved = {name for name, bits in _bits(model).items() if bits != before[name]}
    return {
        "weights_moved": any(name in moved for name in ("kernel", "gamma", "beta")),
        "statistics_moved": any(name in moved for name in ("mean", "variance")),
        "head_moved": "head" in moved,
        "head_in_training_mode": True,
        "trainable": sum(int(np.prod(w.shape)) for w in model.trainable_weights),
        "head": np.array(ops.convert_to_numpy(model.head.kernel)),
    }


def extraction(
    extract: Callable[[Any, np.ndarray, int], Any],
    *,
    images: np.ndarray,
    batch_size: int,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function extract features from a trainable backbone, then from a frozen one.

    Args:
        extract: The student's function ``extract(backbone, images, batch_size)``.
        images: N×H×W×C, float32.
        batch_size: The largest batch allowed.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``features`` (N×D, what the function returned the first time), ``batch_size_matters`` (the
        second time, with another batch size, it returned others), ``statistics_moved``,
        ``training_restored`` and ``inference_restored`` (the ``trainable`` flags, where they were set
        and where they were not), ``gradients_recorded`` (while it ran), ``batch_too_large`` (some
        batch was).
    """
    given = images_to_extract(images=images, batch_size=batch_size, **arrays)
    first, second = given["backbone"], TinyBackbone(arrays)
    second.trainable = False
    before, flags = _bits(first), (_flags(first), _flags(second))
    returned = extract(first, given["images"], batch_size)
    features, after = np.asarray(ops.convert_to_numpy(returned)), _bits(first)
    returned = extract(second, images.copy(), batch_size + 1)
    others = np.asarray(ops.convert_to_numpy(returned))
    same = features.shape == others.shape and np.allclose(features, others, rtol=1e-4, atol=1e-6)
    return {
        "features": features,
        "batch_size_matters": not same,
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
        "training_restored": _flags(first) == flags[0],
        "inference_restored": _flags(second) == flags[1],
        "gradients_recorded": bool(getattr(returned, "requires_grad", False)),  # torch backend only
        "batch_too_large": max(first.notes.batch_sizes, default=0) > batch_size,
    }


def carrying(carry_over: Callable[[Any, Any], Any], **arrays: np.ndarray) -> dict[str, Any]:
    """Let the student's function carry a backbone from one model to another, and look at both.

    Args:
        carry_over: The student's function ``carry_over(source, target)``.
        arrays: The target's, as ``draw_tiny`` gives them, and the source's, ``source_`` before each name.

    Returns:
        The target's arrays afterwards, under the names of ``draw_tiny``; ``source_unchanged``, bit by
        bit; ``independent``: what happens to the target's backbone then, the source's does not feel.
    """
    given = two_models(**arrays)
    source, target = given["source"], given["target"]
    before = _bits(source)
    carry_over(source, target)
    after = _bits(source)
    found = {name: np.array(ops.convert_to_numpy(v)) for name, v in _variables(target).items()}
    for variable in _variables(target.backbone).values():
        variable.assign_add(ops.ones_like(variable))
    return found | {"source_unchanged": after == before, "independent": _bits(source) == after}


def _variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Give every array of a tiny model under the names of ``draw_tiny``."""
    backbone = getattr(model, "backbone", model)
    variables = {
        "kernel": backbone.mix.kernel,
        "gamma": backbone.norm.gamma,
        "beta": backbone.norm.beta,
        "mean": backbone.norm.moving_mean,
        "variance": backbone.norm.moving_variance,
    }
    if model is backbone:
        return variables
    return variables | {"head": model.head.kernel, "bias": model.head.bias}


def _bits(model: keras.Model) -> dict[str, bytes]:
    return {name: ops.convert_to_numpy(v).tobytes() for name, v in _variables(model).items()}


def _flags(backbone: keras.Model) -> list[bool]:
    return [backbone.trainable, backbone.mix.trainable, backbone.norm.trainable]
