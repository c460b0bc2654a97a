"""Probes of chapter 12: a head at every place of a map, several heads on one look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import layers, ops

from course_lib.keras.tiny_models import TinyBackbone, TinyModel, as_array, bits_of, flags_of


def model_to_place(*, images: np.ndarray, **arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`placing` calls the student's function with: a model."""
    return {"model": TinyModel(arrays), "images": ops.convert_to_tensor(images)}


def heads_to_ask(
    *, images: np.ndarray, sides: np.ndarray, sides_bias: np.ndarray, **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`looking` calls the student's function with: a backbone and two heads."""
    heads = {"kind": (arrays["head"], arrays["bias"]), "sides": (sides, sides_bias)}
    made = {}
    for name, (weight, bias) in heads.items():
        made[name] = layers.Dense(weight.shape[1])
        made[name].build((None, len(weight)))
        made[name].set_weights([weight, bias])
    return {
        "backbone": TinyBackbone(arrays),
        "heads": made,
        "images": ops.convert_to_tensor(images),
    }


ARGUMENTS = {"placing": model_to_place, "looking": heads_to_ask}


def placing(
    place_logits: Callable[[Any, Any], Any], *, images: np.ndarray, **arrays: np.ndarray
) -> dict[str, Any]:
    """Let the student's function ask a classifier's head at every place.

    Args:
        place_logits: The student's function of a model and images.
        images: N×H×W×C, float32.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``logits`` (N×H×W×K, what it returned), ``model_unchanged`` (weights and statistics, bit by bit).
    """
    given = model_to_place(images=images, **arrays)
    before = bits_of(given["model"])
    logits = as_array(place_logits(given["model"], given["images"]))
    return {"logits": logits, "model_unchanged": bits_of(given["model"]) == before}


def looking(
    one_look: Callable[..., Any],
    *,
    images: np.ndarray,
    sides: np.ndarray,
    sides_bias: np.ndarray,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function ask two heads about the same pictures.

    Args:
        one_look: The student's function of a backbone, heads by name, and images.
        images: N×H×W×C, float32.
        sides, sides_bias: D×4 and 4, the second head's.
        arrays: As ``draw_tiny`` gives them; ``head`` and ``bias`` are the first head's.

    Returns:
        ``kind`` and ``sides`` (what it returned), ``looks`` (how often each picture went through the
        backbone), ``statistics_moved``, ``mode_restored`` (the ``trainable`` flags),
        ``gradients_recorded`` (with the torch backend only).
    """
    given = heads_to_ask(images=images, sides=sides, sides_bias=sides_bias, **arrays)
    backbone = given["backbone"]
    before, flags = bits_of(backbone), flags_of(backbone)
    answers = one_look(backbone, given["heads"], given["images"])
    return {
        "kind": np.asarray(ops.convert_to_numpy(answers["kind"])),
        "sides": np.asarray(ops.convert_to_numpy(answers["sides"])),
        "looks": sum(backbone.notes.batch_sizes) / len(images),
        "statistics_moved": bits_of(backbone) != before,
        "mode_restored": flags_of(backbone) == flags,
        "gradients_recorded": any(
            getattr(answer, "requires_grad", False) for answer in answers.values()
        ),
    }
