"""What the probes must report, computed in NumPy, as an exercise's reference would."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.training.tiny import draw_tiny, tiny_features


def draw(seed: int) -> dict[str, dict[str, Any]]:
    """Draw the inputs of the probes."""
    rng = np.random.default_rng(seed)
    arrays = draw_tiny(rng)
    images = rng.normal(size=(7, 2, 2, 3)).astype(np.float32)
    step = {"images": images, "labels": rng.integers(0, 3, 7), "learning_rate": 0.5, **arrays}
    lender = {f"source_{name}": values for name, values in draw_tiny(rng).items()}
    return {
        "step": step,
        "extraction": {"images": images, "batch_size": 3, **arrays},
        "carrying": {**arrays, **lender},
    }


def left_by_others(frozen: list[str]) -> dict[str, Any]:
    """Draw the inputs of the probe ``learning``: norm has 8 numbers, the head 15."""
    return {"frozen": frozen, **draw_tiny(np.random.default_rng(0))}


def head_after_one_step(
    images: np.ndarray, labels: np.ndarray, learning_rate: float, **arrays: np.ndarray
) -> np.ndarray:
    """One step of gradient descent on the head alone, the backbone in inference mode."""
    V, b = arrays.pop("head"), arrays.pop("bias")
    h = tiny_features(images, **arrays)
    p = np.exp(h @ V + b)
    p /= p.sum(axis=1, keepdims=True)
    return V - learning_rate * h.T @ (p - np.eye(len(b))[labels]) / len(h)


def right_extraction(images: np.ndarray, batch_size: int, **arrays: np.ndarray) -> dict[str, Any]:
    """The report on a right answer."""
    del arrays["head"], arrays["bias"]
    return {
        "features": tiny_features(images, **arrays),
        "batch_size_matters": False,
        "statistics_moved": False,
        "training_restored": True,
        "inference_restored": True,
        "gradients_recorded": False,
        "batch_too_large": False,
    }


def right_carrying(**arrays: np.ndarray) -> dict[str, Any]:
    """The report on a right answer: the backbone is the source's, the head the target's own."""
    backbone = ("kernel", "gamma", "beta", "mean", "variance")
    found = {name: arrays[f"source_{name}"] for name in backbone}
    own = {name: arrays[name] for name in ("head", "bias")}
    return {**found, **own, "source_unchanged": True, "flags_kept": True, "independent": True}


def three_right_steps(seed: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Inputs of the probe ``three_steps``, and its report on a right answer."""
    rng = np.random.default_rng(seed)
    shapes = {"w1": (3, 5), "b1": (5,), "w2": (5, 4), "b2": (4,)}
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    x, y = rng.normal(size=(6, 3)).astype(np.float32), np.arange(6) % 4
    given = {"x": x, "y": y, "learning_rate": 0.3, **weights}
    losses, after = [], []
    w1, b1, w2, b2 = (weights[name].astype(np.float64) for name in shapes)
    for _ in range(3):
        h = np.maximum(x @ w1 + b1, 0)
        p = np.exp(h @ w2 + b2)
        p /= p.sum(axis=1, keepdims=True)
        losses.append(-np.log(p[np.arange(6), y]).mean())
        d2 = (p - np.eye(4)[y]) / 6
        d1 = d2 @ w2.T * (h > 0)
        w1, b1 = w1 - 0.3 * x.T @ d1, b1 - 0.3 * d1.sum(axis=0)
        w2, b2 = w2 - 0.3 * h.T @ d2, b2 - 0.3 * d2.sum(axis=0)
        after.append((w1, w2))
    report = {"losses": np.array(losses), "w1": after[0][0], "w2": after[0][1]}
    return given, {**report, "w1_later": after[2][0], "w2_later": after[2][1]}


def transfer_given(seed: int) -> dict[str, Any]:
    """Inputs of the probe ``transferring``: four classes in the source, three in the target."""
    rng = np.random.default_rng(seed)

    def pictures(n: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.normal(size=(n, 2, 3)).astype(np.float32), np.arange(n) % classes

    parts = [pictures(n, k) for n, k in ((12, 4), (6, 3), (9, 3))]
    names = ("source_images", "source_labels", "images", "labels", "test_images", "test_labels")
    arrays = [array for part in parts for array in part]
    return dict(zip(names, arrays, strict=True)) | {"hidden": 5, "seed": 3}


def moving_given(seed: int) -> dict[str, np.ndarray]:
    """Inputs of the probe ``moving``."""
    rng = np.random.default_rng(seed)
    later = {f"later_{name}": array for name, array in draw_tiny(rng).items()}
    return draw_tiny(rng) | later


def right_distances(**arrays: np.ndarray) -> list[float]:
    """How far each array of the backbone moves, relative to its length."""
    names = ("kernel", "gamma", "beta", "mean", "variance")
    pairs = [(arrays[name], arrays[f"later_{name}"]) for name in names]
    return [float(np.linalg.norm(b - a) / np.linalg.norm(a)) for a, b in pairs]


def layer_given(seed: int) -> dict[str, Any]:
    """Draw the inputs of ``low_rank_start``."""
    rng = np.random.default_rng(seed)
    shapes = {"x": (8, 6), "targets": (8, 5), "kernel": (6, 5), "bias": (5,)}
    return {n: rng.normal(size=s).astype(np.float32) for n, s in shapes.items()} | {"rank": 2}


RIGHT_START = {
    "shapes": [[6, 2], [2, 5]], "unchanged": True, "b_starts_at_zero": True, "rank_of_a": 2,
    "trainable": [0, 12, 10], "learns": True, "linear": True, "layer_moved": False,
}  # fmt: skip
