"""What the probes of chapter 15 check: a tiny model's weights in a file's names, and its answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.training.tiny import Arrays, tiny_features

# A tiny model's arrays by their names in a weights file, with the axes that the file has.
IN_FILE = {
    "backbone.mix.weight": "kernel",
    "backbone.norm.weight": "gamma",
    "backbone.norm.bias": "beta",
    "backbone.norm.running_mean": "mean",
    "backbone.norm.running_var": "variance",
    "head.weight": "head",
    "head.bias": "bias",
}
TURNED = ("kernel", "head")  # in×out in the course's arrays, out×in in the file


def tiny_logits(
    images: np.ndarray, *, head: np.ndarray, bias: np.ndarray, **backbone: np.ndarray
) -> np.ndarray:
    """Give a tiny model's logits N×K in inference mode."""
    return tiny_features(images, **backbone) @ head + bias


def report_shipped(shipped: Any, images: np.ndarray, arrays: Arrays) -> dict[str, Any]:
    """Say what a student's dictionary of weights is good for.

    Args:
        shipped: What was returned; judged after the model itself has been overwritten.
        images: N×H×W×C.
        arrays: The model's arrays, as ``draw_tiny`` gives them: for their shapes.

    Returns:
        ``names`` (sorted), ``arrays`` (all are float32 NumPy arrays), ``shapes_fit``, and the
        ``logits`` N×K that the shipped weights give: zeros where something is missing or does not fit.
    """
    given = shipped if isinstance(shipped, dict) else {}
    names = sorted(str(name) for name in given)
    kinds = all(isinstance(a, np.ndarray) and a.dtype == np.float32 for a in given.values())
    wanted = {n: arrays[own].T.shape for n, own in IN_FILE.items()}
    fits = all(np.shape(given[n]) == wanted[n] for n in given if n in wanted)
    logits = np.zeros((len(images), len(arrays["bias"])))
    if fits and set(wanted) <= set(given):
        own = {IN_FILE[n]: np.asarray(given[n], np.float64) for n in wanted}
        logits = tiny_logits(images, **{n: a.T if n in TURNED else a for n, a in own.items()})
    return {"names": names, "arrays": bool(given) and kinds, "shapes_fit": fits, "logits": logits}


def report_answers(together: Any, alone: Any, **seen: bool) -> dict[str, Any]:
    """Put two answers N×K and 1×K, and what was seen meanwhile, into what the probe returns."""
    return {
        "together": np.asarray(together, np.float64),
        "alone": np.asarray(alone, np.float64),
        **{name: bool(value) for name, value in seen.items()},
    }
