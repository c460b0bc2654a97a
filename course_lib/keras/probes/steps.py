"""Probes of single steps: what is frozen, what moves, which mode a layer is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from course_lib.keras.tiny_models import (
    TinyBackbone,
    TinyModel,
    all_flags_of,
    bits_of,
    flags_of,
    variables_of,
)
from course_lib.probing.steps import measure_initial


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


def network_to_train(
    *, x: np.ndarray, y: np.ndarray, learning_rate: float, **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`three_steps` calls the student's function with."""
    model = two_layers(*(len(arrays[name]) for name in ("w1", "w2", "b2")))
    model.set_weights([arrays[name] for name in ("w1", "b1", "w2", "b2")])
    batch = {"x": ops.convert_to_tensor(x), "y": ops.convert_to_tensor(y)}
    return {"model": model, **batch, "learning_rate": learning_rate}


def network_to_initialise(*, inputs: int, hidden: int, outputs: int) -> dict[str, Any]:
    """Give what :func:`initial_weights` calls the student's function with."""
    model = two_layers(inputs, hidden, outputs)
    for layer in model.layers:
        layer.bias.assign(np.full(layer.bias.shape, 0.5, np.float32))
    return {"model": model}


def two_layers(inputs: int, hidden: int, outputs: int) -> keras.Sequential:
    """Build dense → ReLU → dense."""
    dense = [layers.Dense(hidden, activation="relu"), layers.Dense(outputs)]
    return keras.Sequential([keras.Input((inputs,)), *dense])


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
    before = bits_of(model)
    freeze_backbone(model)
    if model.trainable_weights:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(float(learning_rate)), loss, run_eagerly=True)
        model.train_on_batch(images, labels)
    moved = {name for name, bits in bits_of(model).items() if bits != before[name]}
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
    before, flags = bits_of(first), (flags_of(first), flags_of(second))
    returned = extract(first, given["images"], batch_size)
    features, after = np.asarray(ops.convert_to_numpy(returned)), bits_of(first)
    returned = extract(second, images.copy(), batch_size + 1)
    others = np.asarray(ops.convert_to_numpy(returned))
    same = features.shape == others.shape and np.allclose(features, others, rtol=1e-4, atol=1e-6)
    return {
        "features": features,
        "batch_size_matters": not same,
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
        "training_restored": flags_of(first) == flags[0],
        "inference_restored": flags_of(second) == flags[1],
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
        bit; ``flags_kept``: what learns is in both models as it was;
        ``independent``: what happens to the target's backbone then, the source's does not feel.
    """
    given = two_models(**arrays)
    source, target = given["source"], given["target"]
    before, flags = bits_of(source), (all_flags_of(source), all_flags_of(target))
    carry_over(source, target)
    after, flags_kept = bits_of(source), (all_flags_of(source), all_flags_of(target)) == flags
    found = {name: np.array(ops.convert_to_numpy(v)) for name, v in variables_of(target).items()}
    for variable in variables_of(target.backbone).values():
        variable.assign_add(ops.ones_like(variable))
    return found | {
        "source_unchanged": after == before,
        "flags_kept": flags_kept,
        "independent": bits_of(source) == after,
    }


def three_steps(
    training_step: Callable[..., Any],
    *,
    x: np.ndarray,
    y: np.ndarray,
    learning_rate: float,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function make three training steps on one batch, and see where they lead.

    Args:
        training_step: The student's function ``training_step(model, x, y, learning_rate)``; it
            gives the loss before the step.
        x: N×D, float32.
        y: N, int64.
        learning_rate: Of each step.
        arrays: ``w1`` D×M, ``b1`` M, ``w2`` M×K, ``b2`` K.

    Returns:
        ``losses`` (three numbers), ``w1`` and ``w2`` after the first step, ``w1_later`` and
        ``w2_later`` after the third.
    """
    given = network_to_train(x=x, y=y, learning_rate=learning_rate, **arrays)
    model, losses, weights = given["model"], [], []
    for _ in range(3):
        losses.append(float(ops.convert_to_numpy(training_step(*given.values()))))
        weights.append([np.array(ops.convert_to_numpy(layer.kernel)) for layer in model.layers])
    names = (("w1", "w2"), ("w1_later", "w2_later"))
    found = {n: w for i in (0, 1) for n, w in zip(names[i], weights[2 * i], strict=True)}
    return {"losses": np.array(losses), **found}


def initial_weights(
    initialise: Callable[[Any], Any], *, inputs: int, hidden: int, outputs: int
) -> dict[str, Any]:
    r"""Let the student's function draw the weights of two dense layers, and measure them.

    Returns:
        ``first`` and ``second``: the root mean square of a layer's weights, divided by
        :math:`\sqrt{2 / \text{inputs}}`; ``centred`` (their means are 0, up to chance),
        ``units_differ`` (no two units of a layer have the same weights), ``biases_zero``.
    """
    model = network_to_initialise(inputs=inputs, hidden=hidden, outputs=outputs)["model"]
    initialise(model)
    weights = [ops.convert_to_numpy(layer.kernel) for layer in model.layers]
    biases = [ops.convert_to_numpy(layer.bias) for layer in model.layers]
    return measure_initial(weights, biases)


ARGUMENTS = {
    "after_one_step": model_to_freeze,
    "extraction": images_to_extract,
    "carrying": two_models,
    "three_steps": network_to_train,
    "initial_weights": network_to_initialise,
}
