"""What both halves are asked to do alike: data, starting weights and cases, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_lib import data as domains
from course_lib.control import demonstrate, linear_policy
from course_lib.sound import mel_images
from course_lib.training.augmentation import (
    Brightness,
    Contrast,
    CutOut,
    Erase,
    Flip,
    Rotate,
    Scale,
    Shift,
    Transform,
)
from course_lib.training.rates import Discriminative
from course_lib.training.recipes import SGD, Adam, AdamW, Recipe
from course_lib.training.schedules import WarmupCosine

EPOCHS, BATCH_SIZE, N, STEPS = 4, 16, 90, 20  # six batches an epoch, the last one smaller
COSINE = WarmupCosine(0.05, warmup=0.2)


@dataclass(frozen=True)
class Case:
    """One training. ``model`` is "small", "glyphnet", "ears", "policy", "dense" or "towers".

    ``frozen`` is about its backbone, of towers the image tower. "ears" is glyphnet on spectrograms, which
    are not square; "policy" a small network that imitates; "dense" and "towers" read pictures as rows.
    """

    recipe: Recipe
    model: str = "small"
    frozen: bool = False
    objective: str = "cross-entropy"
    precision: str = "float32"
    numbers: dict[str, float] = field(default_factory=dict)
    plan: str = "everything"
    unfreeze: bool = False
    probe_first: bool = False
    adapt: str = ""  # what is put around the backbone's layers before
    how: dict[str, Any] = field(default_factory=dict)  # what else fit is told


CASES = {
    "SGD": Case(SGD(0.05)),
    "SGD, warm-up and cosine": Case(SGD(COSINE)),
    "SGD with coupled decay": Case(SGD(COSINE, weight_decay=0.05)),
    "SGD without momentum": Case(SGD(0.1, momentum=0.0)),
    "Adam with coupled decay": Case(Adam(0.005, weight_decay=0.05)),
    "AdamW, warm-up and cosine": Case(AdamW(WarmupCosine(0.005), weight_decay=0.5)),
    "frozen backbone": Case(SGD(COSINE), frozen=True),
    "label smoothing": Case(SGD(0.05), numbers={"label_smoothing": 0.1}),
    "DANN": Case(SGD(0.05), objective="DANN"),
    "distillation": Case(SGD(0.05), objective="distillation"),
    "glyphnet, frozen": Case(SGD(COSINE), model="glyphnet", frozen=True),
    # float64: in float32 a ReLU network is chaotic, see test_trajectories.py.
    "glyphnet, all of it": Case(SGD(COSINE), model="glyphnet", precision="float64"),
}

# Other senses: the pictures of sounds, and states with pushes.
CASES |= {
    "spectrograms, frozen": Case(SGD(COSINE), model="ears", frozen=True),
    "a policy that imitates": Case(Adam(0.01), model="policy", objective="squared error"),
}

# Every objective meets every optimizer, at constant and at changing rates.
RECIPES: dict[str, Recipe] = {
    "SGD": SGD(0.02),
    "SGD, cosine": SGD(WarmupCosine(0.02, warmup=0.2)),
    "Adam": Adam(0.005),
    "AdamW, cosine": AdamW(WarmupCosine(0.005), weight_decay=0.1),
}
OBJECTIVES = (
    "squared error", "yes or no", "smoothed", "sequences", "mix-up", "mix-up of numbers", "augmented",
    "L2-SP", "EWC", "nested",
)  # fmt: skip
CASES |= {
    f"{objective}, {name}": Case(recipe, objective=objective)
    for objective in OBJECTIVES
    for name, recipe in RECIPES.items()
}
# Two of them each time, a constant and a changing rate; the others where all is run (``--full``).
TWO = (("SGD", "AdamW, cosine"), ("Adam", "SGD, cosine"))
RARELY = {
    f"{objective}, {name}"
    for i, objective in enumerate(OBJECTIVES)
    for name in RECIPES
    if name not in TWO[i % 2]
}

# What is trainable, how fast, and by which gradients.
ADAMW = AdamW(WarmupCosine(0.01), weight_decay=0.5)
ALIKE = AdamW(WarmupCosine(0.01), weight_decay=0.5, rates=Discriminative(), decay_everything=True)
CASES |= {
    "decay of everything": Case(SGD(COSINE, weight_decay=0.05, decay_everything=True)),
    "rates by part": Case(SGD(0.05, rates={"backbone": 0.1, "block2": 0.5})),
    "discriminative rates": Case(ALIKE),
    "last block": Case(ADAMW, plan="last"),
    "unfreezing, SGD": Case(SGD(COSINE, weight_decay=0.05), unfreeze=True),
    "unfreezing, EWC, Adam": Case(Adam(0.01, weight_decay=0.05), unfreeze=True, objective="EWC"),
    "statistics frozen": Case(SGD(COSINE), how={"batch_norm": "frozen"}),
    "statistics estimated": Case(SGD(0.05), how={"batch_norm": "estimated"}),
    "accumulated": Case(SGD(COSINE), how={"batch_norm": "frozen", "accumulate": 3}),
    # 22, 22, 22, 22 and 2 examples: the last batch has fewer of them than parts.
    "accumulated, AdamW": Case(ADAMW, how={"accumulate": 4, "batch_size": 22}),
    "LP-FT": Case(SGD(COSINE), probe_first=True),
    "all at once": Case(ALIKE, unfreeze=True, how={"batch_norm": "estimated", "accumulate": 2}),
}

# Two domains, weights of examples, several tasks.
CASES |= {
    "source only": Case(SGD(0.05), objective="source only"),
    "MMD": Case(SGD(COSINE), objective="MMD"),
    "MMD, unbiased": Case(Adam(0.005), objective="MMD, unbiased"),
    "CORAL": Case(SGD(0.05), objective="CORAL"),
    "adversary": Case(SGD(COSINE), objective="adversary"),
    "self-training": Case(ADAMW, objective="self-training"),
    "every penalty, frozen": Case(Adam(0.005), objective="every penalty", frozen=True),
    "every penalty, accumulated": Case(
        SGD(0.02), objective="every penalty", how={"accumulate": 2, "batch_norm": "frozen"}
    ),
    "weighted": Case(SGD(0.05), objective="weighted"),
    "source and target": Case(SGD(COSINE), objective="source and target"),
    "tasks": Case(SGD(0.05), objective="tasks"),
}
OF_TWO_DOMAINS = (
    "DANN", "source only", "MMD", "MMD, unbiased", "CORAL", "adversary", "self-training", "every penalty",
    "source and target",
)  # fmt: skip
# Few weights that learn, and tasks one after another. (Fisher: of the model's own, see run_*.py.)
CASES |= {
    "LoRA": Case(SGD(0.1), adapt="LoRA"),
    "LoRA merged": Case(SGD(0.05), adapt="LoRA merged"),
    "adapters": Case(AdamW(0.01), adapt="adapters"),
    "biases": Case(SGD(COSINE), plan="bias", how={"batch_norm": "frozen"}),
    "norms": Case(ADAMW, plan="norm"),
    "pruned": Case(ADAMW, adapt="pruned"),
    "Fisher": Case(SGD(0.05), objective="Fisher"),
    "empirical Fisher": Case(SGD(0.05), objective="empirical Fisher"),
    "among tasks": Case(SGD(0.05), objective="among tasks"),
    "LwF": Case(SGD(0.05), objective="LwF"),
    "LwF of tasks": Case(SGD(0.05), objective="LwF of tasks"),
    "distilled": Case(SGD(0.05), objective="distilled"),
    "replay": Case(SGD(COSINE), objective="replay"),
    "replay, weighted": Case(SGD(0.05), objective="replay, weighted"),
    "LoRA, Fisher, replay": Case(ADAMW, adapt="LoRA", objective="Fisher, replay"),
    "adapters, LwF": Case(ADAMW, adapt="adapters", objective="LwF of tasks"),
}
# Targets made from the pictures themselves, and captions.
CASES |= {
    "two views": Case(AdamW(WarmupCosine(0.005)), model="dense", objective="two views"),
    "two views, pulled only": Case(SGD(COSINE), model="dense", objective="pulled only"),
    "hidden patches": Case(SGD(0.05), model="dense", objective="hidden patches"),
    "captions": Case(AdamW(WarmupCosine(0.005)), model="towers", objective="captions"),
    "captions, locked": Case(SGD(COSINE), model="towers", objective="captions", frozen=True),
}
ANSWERS = {"LwF": 2, "LwF of tasks": 2}  # how many outputs the old model had
GROUPS = [[0, 1], [2]]

# Enough for the other backends: statistics, schedule, state of the optimizer, a second stream, and
# each objective once (JAX compiles each case twice, for 2 s: "nested" has four of them in one).
SMOKE = (
    "SGD, warm-up and cosine", "frozen backbone", "DANN", "distillation", "sequences, Adam",
    "mix-up of numbers, SGD", "EWC, SGD", "nested, AdamW, cosine", "accumulated, AdamW", "all at once",
    "every penalty, accumulated", "source and target", "tasks",
    "LoRA, Fisher, replay", "adapters, LwF", "pruned", "biases",
    "two views", "hidden patches", "captions",
)  # fmt: skip

TRANSFORMS: list[Transform] = [
    Flip(), Shift(0.2), Rotate(15), Scale(0.9, 1.1), Contrast(0.2), Brightness(0.2), CutOut(0.3),
    Erase(),
]  # fmt: skip


TASKS = {"first": 3, "second": 2}


def data_for(case: Case) -> dict[str, np.ndarray]:
    """Give the training data that a case's objective wants."""
    if case.model == "policy":
        return demonstration()
    made = {"glyphnet": glyphs, "ears": spectrograms, "dense": views, "towers": views}
    data = made.get(case.model, arrays)()
    if case.objective not in OF_TWO_DOMAINS:
        data.pop("x_t", None)
    rng = np.random.default_rng(7)
    if case.objective == "source and target":
        data["y_t"] = rng.integers(0, 3, len(data["x_t"]))
    if case.objective == "weighted":
        data["weight"] = rng.exponential(size=N)
    if case.objective == "tasks":
        known = np.arange(N) % 5 > 0  # −1: unknown
        data["y"] = np.stack([data["y"], np.where(known, data["y"] > 1, -1)], axis=1)
    if case.objective in ("squared error", "mix-up of numbers"):
        data["y"] = (rng.normal(size=(N, 3)) + data["y"][:, None]).astype(np.float32)
    if case.objective in ("yes or no", "EWC"):
        data["y"] = (np.arange(3) <= data["y"][:, None]).astype(np.int64)
    if case.objective in ANSWERS:
        data["old"] = rng.normal(size=(N, ANSWERS[case.objective])).astype(np.float32) * 2
    if "replay" in case.objective:
        data |= {"x_m": data["x"][:30] * 0.9, "y_m": data["y"][:30]}
    if case.objective == "sequences":
        data["y"] = np.stack([data["y"], np.where(rng.random(N) < 0.3, -1, 2 - data["y"])], axis=1)
    if case.objective in ("augmented", "nested"):
        data["x"] = np.clip(data["x"] * 20 + 100, 0, 255)
    return data


def arrays() -> dict[str, np.ndarray]:
    """Give images of two domains and labels: float32 N×8×8×1, int64."""
    rng = np.random.default_rng(5)
    y = rng.integers(0, 3, N)
    x = rng.normal(size=(N, 8, 8, 1)) + y[:, None, None, None]
    x_t = rng.normal(size=(37, 8, 8, 1)) * 1.5
    return {"x": x.astype(np.float32), "y": y, "x_t": x_t.astype(np.float32)}


def glyphs() -> dict[str, np.ndarray]:
    """Give scikit-learn's digits as uint8 N×32×32×1, and labels."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = np.kron(digits.images[:N] * 15.9, np.ones((4, 4)))[..., None]
    return {"x": x.astype(np.uint8), "y": digits.target[:N]}


def spectrograms() -> dict[str, np.ndarray]:
    """Give vowels as uint8 N×32×8×1, and which they are."""
    vowels = domains.load("vowels", n=N, cache=False)
    return {"x": mel_images(vowels.x), "y": vowels.y}


def views() -> dict[str, np.ndarray]:
    """Give pictures as rows N×64, a second view of each, labels, and captions N×4 (0 is padding)."""
    rng, data = np.random.default_rng(8), arrays()
    x = data["x"].reshape(N, -1)
    words = rng.integers(1, 12, (N, 4))
    words[::3, 2:] = 0
    return {"x": x, "view": x + 0.5 * rng.normal(size=x.shape).astype(np.float32),
            "words": words, "y": data["y"]}  # fmt: skip


def demonstration() -> dict[str, np.ndarray]:
    """Give states N×4 and a teacher's pushes N×1."""
    teacher = linear_policy(np.array([0.3, 0.5, 1.5, 1.0]))
    x, y = demonstrate(teacher, episodes=1, steps=N, noise=0.5)
    return {"x": x, "y": y}


def start() -> dict[str, np.ndarray]:
    """Give the small network's starting weights, in PyTorch's names and layout."""
    rng = np.random.default_rng(6)
    weights: dict[str, np.ndarray] = {}
    for name, shape in {
        "conv1": (6, 1, 3, 3),
        "conv2": (6, 6, 3, 3),
        "head": (3, 6),
        "domain": (2, 6),
        "teacher": (3, 6),
    }.items():
        fan_in = int(np.prod(shape[1:]))
        weights[f"{name}.weight"] = rng.normal(size=shape) / np.sqrt(fan_in)
        if len(shape) == 2:
            weights[f"{name}.bias"] = rng.normal(size=shape[0]) / 10
    for name in ("bn1", "bn2"):
        weights |= {f"{name}.weight": rng.uniform(0.5, 1.5, 6), f"{name}.bias": rng.normal(size=6)}
        weights |= {f"{name}.running_mean": np.zeros(6), f"{name}.running_var": np.ones(6)}
    return {name: value.astype(np.float32) for name, value in weights.items()}


def fisher(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Give the importance of a weight for EWC, the same in both layouts (one number per weight)."""
    return np.full(shape, len(name) / 3, np.float32)


def report(history: Any, weights: dict[str, np.ndarray]) -> dict[str, Any]:
    """Give what is compared: losses, validation, and where the weights ended."""
    ends = {name: float(np.abs(w).mean()) for name, w in sorted(weights.items()) if w.size > 1}
    return {"loss": history.loss, "val_loss": history.column("val_loss"), "ends": ends}
