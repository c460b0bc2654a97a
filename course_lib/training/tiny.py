"""A backbone so small that NumPy computes it in three lines: what the state exercises work on.

Pointwise convolution → batch norm → ReLU → mean over places:

.. math::
    z = x W, \\qquad
    a = \\max\\Bigl(0, \\gamma \\frac{z - \\hat\\mu}{\\sqrt{\\hat\\sigma^2 + 10^{-5}}} + \\beta\\Bigr), \\qquad
    h = \\frac{1}{HW} \\sum_{\\text{places}} a

Shapes: images ``x`` N×H×W×C, ``kernel`` W is C×D, ``gamma``, ``beta``, ``mean``, ``variance`` are D,
``head`` is D×K, ``bias`` is K.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]

EPSILON = 1e-5


@dataclass
class Notes:
    """What a tiny backbone notes of how it was called; its copies write into the same notes."""

    batch_sizes: list[int] = field(default_factory=list)
    gradients_recorded: bool = False

    def __deepcopy__(self, memo: dict[int, Any]) -> Notes:
        return self


def draw_tiny(
    rng: np.random.Generator, *, channels: int = 3, features: int = 4, classes: int = 3
) -> Arrays:
    """Draw the arrays of a tiny model, float32: all arguments that the probes need of it."""
    C, D, K = channels, features, classes
    arrays = {
        "kernel": rng.normal(size=(C, D)),
        "gamma": rng.uniform(0.5, 1.5, D),
        "beta": rng.normal(size=D),
        "mean": rng.normal(size=D),
        "variance": rng.uniform(0.5, 2.0, D),
        "head": rng.normal(size=(D, K)),
        "bias": rng.normal(size=K),
    }
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def tiny_features(
    x: np.ndarray,
    kernel: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
) -> np.ndarray:
    """Give the features N×D of images N×H×W×C in inference mode."""
    normal = (x @ kernel - mean) / np.sqrt(variance + EPSILON)
    return np.maximum(0, gamma * normal + beta).mean(axis=(1, 2))


def draw_dense(seed: int, inputs: int, hidden: int, classes: int) -> Arrays:
    """Draw the start of a dense network for so many classes: the same in every call, in both halves."""
    rng = np.random.default_rng([seed, classes])
    arrays = {
        "w1": rng.normal(size=(inputs, hidden)) * np.sqrt(2 / inputs),
        "b1": np.zeros(hidden),
        "w2": rng.normal(size=(hidden, classes)) * np.sqrt(1 / hidden),
        "b2": np.zeros(classes),
    }
    return {name: array.astype(np.float32) for name, array in arrays.items()}


@dataclass
class Ledger:
    """What a transfer program did with its networks.

    Attributes:
        data: Name → (rows of pixels, labels): what there is to train on.
        trained_on: The names of what was trained on, in this order; "something else" is none of them.
        starts, ends: The network's arrays before and after each training.
    """

    data: dict[str, tuple[np.ndarray, np.ndarray]]
    trained_on: list[str] = field(default_factory=list)
    starts: list[Arrays] = field(default_factory=list)
    ends: list[Arrays] = field(default_factory=list)

    def name(self, x: np.ndarray, y: np.ndarray) -> str:
        """Give the name of what somebody is about to train on."""
        for name, (rows, labels) in self.data.items():
            same = x.shape == rows.shape and np.allclose(x, rows, atol=1e-6)
            if same and np.array_equal(y, labels):
                return name
        return "something else"

    def report(self, score: Any, head: np.ndarray) -> dict[str, Any]:
        """Say what was done: what the probe ``transferring`` gives.

        Args:
            score: What the program returned.
            head: The weights with which a head for the target's classes starts.
        """
        a_number = np.ndim(score) == 0 and np.asarray(score).dtype.kind in "fiu"
        last = self.starts[-1] if self.starts else {}
        first = self.ends[0] if self.ends else {}
        return {
            "trained_on": list(self.trained_on),
            "starts_with_source": len(self.starts) > 1
            and all(np.allclose(last[n], first[n], atol=1e-6) for n in ("w1", "b1")),
            "new_head": bool(last) and last["w2"].shape == head.shape
            and bool(np.allclose(last["w2"], head, atol=1e-6)),
            "score": float(score) if a_number else -1.0,
        }  # fmt: skip


def rows_of(images: np.ndarray) -> np.ndarray:
    """Write each image N×H×W as one row of pixels, N×(H·W)."""
    return images.reshape(len(images), -1)


def measure_initial(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> dict[str, Any]:
    """Report how two dense layers were initialised: what the probe ``initial_weights`` gives.

    Args:
        weights: Two matrices, inputs×outputs.
        biases: Their biases.
    """
    sizes = [float(np.sqrt(np.mean(w.astype(np.float64) ** 2))) for w in weights]
    scales = [s / np.sqrt(2 / len(w)) for s, w in zip(sizes, weights, strict=True)]
    # The mean of n draws strays by size/√n; five times that does not happen.
    strays = [abs(float(w.mean())) * np.sqrt(w.size) for w in weights]
    return {
        "first": float(scales[0]),
        "second": float(scales[1]),
        "centred": all(stray <= 5 * s for stray, s in zip(strays, sizes, strict=True)),
        "units_differ": all(np.unique(w, axis=1).shape == w.shape for w in weights),
        "biases_zero": not any(b.any() for b in biases),
    }


def whole_numbers(returned: Any) -> list[int]:
    """Write what a student's function returned as a list of whole numbers; -1, -1 for nothing."""
    if returned is None:
        return [-1, -1]
    several = isinstance(returned, list | tuple | np.ndarray) and np.ndim(returned) == 1
    return [int(number) for number in (returned if several else [returned])]


PARTS = {"mix": ("kernel",), "norm": ("gamma", "beta"), "head": ("head", "bias")}
"""The parts of a tiny model from input to output, and the arrays of each."""


def measure_rates(
    before: dict[str, list[np.ndarray]],
    after: dict[str, list[np.ndarray]],
    slopes: dict[str, list[np.ndarray]],
) -> tuple[np.ndarray, bool]:
    r"""Give the learning rate with which each part has moved, and whether all moved along the gradient.

    .. math:: \eta = -\, g \cdot (\theta' - \theta) \,/\, g \cdot g

    Args:
        before, after: :math:`\theta` and :math:`\theta'` of each part: what ``PARTS`` names.
        slopes: :math:`g`, likewise.
    """
    rates, straight = [], True
    for part in PARTS:
        moved, slope = (
            np.concatenate([np.ravel(a).astype(np.float64) for a in arrays])
            for arrays in (
                [new - old for old, new in zip(before[part], after[part], strict=True)],
                slopes[part],
            )
        )
        rate = -float(slope @ moved) / float(slope @ slope)
        straight &= float(np.linalg.norm(moved + rate * slope)) <= 1e-2 * float(
            np.linalg.norm(rate * slope) + 1e-6
        )
        rates.append(rate)
    return np.array(rates), bool(straight)


def measure_shares(
    before: dict[str, list[np.ndarray]],
    after: dict[str, list[np.ndarray]],
    slopes: Sequence[dict[str, list[np.ndarray]]],
    learning_rate: float,
) -> tuple[np.ndarray, bool]:
    r"""Give the factors of several gradients that a step was made of, and whether of nothing else.

    .. math:: \theta' - \theta = -\eta \sum_j a_j g_j

    solved for :math:`a` by least squares over all weights together.

    Args:
        before, after: :math:`\theta` and :math:`\theta'` of each part: what ``PARTS`` names.
        slopes: The gradients :math:`g_j`, each likewise.
        learning_rate: :math:`\eta`.
    """

    def flat(arrays: dict[str, list[np.ndarray]]) -> np.ndarray:
        parts = [np.ravel(a).astype(np.float64) for part in PARTS for a in arrays[part]]
        return np.concatenate(parts)

    moved = (flat(before) - flat(after)) / learning_rate
    gradients = np.stack([flat(slope) for slope in slopes], axis=1)
    shares = np.linalg.lstsq(gradients, moved, rcond=None)[0]
    rest = float(np.linalg.norm(moved - gradients @ shares))
    return shares, rest <= 1e-2 * float(np.linalg.norm(moved)) + 1e-6


def as_cosine(value: Any) -> float:
    """Give a student's number as a float; what is no single number counts as 9, which no cosine is."""
    array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    return float(array) if array.ndim == 0 and array.dtype.kind in "fiu" else 9.0


def measure_players(
    moved: dict[str, np.ndarray],
    of_classes: dict[str, np.ndarray],
    of_domains: dict[str, np.ndarray],
) -> tuple[np.ndarray, bool]:
    r"""Say along which gradients the parts of an adversarial training have moved.

    .. math:: \Delta_\text{backbone} \approx a \, g_C + b \, g_D, \qquad
              \Delta_\text{head} \approx c \, g_C, \qquad \Delta_\text{discriminator} \approx d \, g_D

    Args:
        moved: How far ``backbone``, ``head`` and ``discriminator`` went downhill, over the rate.
        of_classes: :math:`g_C`, the gradients of the classifier's loss, of backbone and head.
        of_domains: :math:`g_D`, those of the discriminator's loss, of backbone and discriminator.

    Returns:
        :math:`(a, b, c, d)`, and whether that is all: nothing moved along anything else.
    """
    directions = {
        "backbone": (of_classes["backbone"], of_domains["backbone"]),
        "head": (of_classes["head"],),
        "discriminator": (of_domains["discriminator"],),
    }
    multiples, straight = [], True
    for part, slopes in directions.items():
        G = np.stack(slopes, axis=1)
        found = np.linalg.lstsq(G, moved[part], rcond=None)[0]
        rest = float(np.linalg.norm(moved[part] - G @ found))
        straight &= rest <= 1e-2 * float(np.linalg.norm(moved[part])) + 1e-5
        multiples.extend(found)
    return np.array(multiples), bool(straight)


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


def adapted_report(
    first: np.ndarray, plain: np.ndarray, a: np.ndarray, b: np.ndarray
) -> dict[str, Any]:
    """Report how a low-rank change starts: part of what the probe ``low_rank_start`` gives.

    Args:
        first, plain: The outputs with and without it, N×M.
        a, b: Its two matrices, D×r and r×M.
    """
    return {
        "unchanged": bool(np.allclose(first, plain, atol=1e-6)),
        "b_starts_at_zero": not b.any(),
        "rank_of_a": int(np.linalg.matrix_rank(a)),
        "shapes": [list(a.shape), list(b.shape)],
    }
