"""The weights that a continual learner keeps an eye on, and their gradients, without a framework."""

from __future__ import annotations

import numpy as np

from course_lib.training.tiny import EPSILON, Arrays, tiny_features

HELD = ("kernel", "gamma", "beta", "head", "bias")
"""The weights of a tiny model, in the order in which the chapter on continual learning lists them."""


TURNED = ("kernel", "head")
"""Those that PyTorch keeps the other way round."""


def held_values(arrays: Arrays, which: str) -> list[tuple[str, np.ndarray]]:
    """Give name and value of each of ``HELD`` that is called ``anchor_kernel``, ``fisher_kernel`` …"""
    return [(name, arrays[f"{which}_{name}"]) for name in HELD]


def tiny_gradients(x: np.ndarray, y: np.ndarray, arrays: Arrays) -> Arrays:
    """Give the gradient of the mean cross-entropy in inference mode, for each of ``HELD``.

    Args:
        x: Images N×H×W×C.
        y: Labels N.
        arrays: As ``draw_tiny`` gives them.
    """
    normal = (x @ arrays["kernel"] - arrays["mean"]) / np.sqrt(arrays["variance"] + EPSILON)
    active = arrays["gamma"] * normal + arrays["beta"] > 0
    h = tiny_features(x, *(arrays[n] for n in ("kernel", "gamma", "beta", "mean", "variance")))
    z = h @ arrays["head"] + arrays["bias"]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    d_z = (p / p.sum(axis=1, keepdims=True) - np.eye(z.shape[1])[y]) / len(x)
    places = x.shape[1] * x.shape[2]
    d_a = (d_z @ arrays["head"].T)[:, None, None] / places * active
    d_normal = d_a * arrays["gamma"] / np.sqrt(arrays["variance"] + EPSILON)
    return {
        "kernel": np.einsum("nhwc,nhwd->cd", x, d_normal),
        "gamma": (d_a * normal).sum(axis=(0, 1, 2)),
        "beta": d_a.sum(axis=(0, 1, 2)),
        "head": h.T @ d_z,
        "bias": d_z.sum(axis=0),
    }
