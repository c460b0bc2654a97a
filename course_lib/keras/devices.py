"""Where the arithmetic happens, at which precision, and from which seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import keras

from course_lib.arguments import require_device, require_seed
from course_lib.errors import CourseError
from course_lib.keras_backend import has_nvidia_gpu

PRECISIONS = ("auto", "float32", "bfloat16")


def choose_device(device: str = "auto") -> AbstractContextManager:
    """Give a ``with`` statement's device; ``"auto"`` leaves the choice to Keras (a GPU, if any)."""
    asked = require_device(device, count_gpus())
    return nullcontext() if asked == "auto" else keras.device(asked)


def choose_precision(precision: str) -> str:
    """Give the dtype of the heavy arithmetic; ``"auto"`` is bfloat16 on a GPU.

    Weights stay float32 either way: only convolutions and matrix products are rounded.
    """
    if precision not in PRECISIONS:
        raise CourseError(
            f"precision is one of {', '.join(PRECISIONS)}; it was {precision!r}.",
            f"precision 只能是 {'、'.join(PRECISIONS)} 之一，现在是 {precision!r}。",
        )
    return ("bfloat16" if on_gpu() else "float32") if precision == "auto" else precision


def on_gpu() -> bool:
    """Say whether Keras's backend sees a GPU."""
    return count_gpus() > 0


def count_gpus() -> int:
    """Give how many GPUs Keras's backend sees (on torch: 1 for any, as Keras can't list them)."""
    if keras.backend.backend() == "torch":
        return int(has_nvidia_gpu())
    return sum("cpu" not in name.lower() for name in keras.distribution.list_devices())


POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


@contextmanager
def computing_in(dtype: str, model: keras.Layer) -> Iterator[None]:
    """Let a model's layers compute in a dtype inside a ``with`` statement; weights stay float32.

    Layers of a model in float64 are left alone.
    """
    changed = [layer for layer in model._flatten_layers() if layer.variable_dtype == "float32"]
    before = {layer: layer.dtype_policy for layer in changed if layer.compute_dtype != dtype}
    for layer in before:
        layer.dtype_policy = POLICIES[dtype]
    try:
        yield
    finally:
        for layer, policy in before.items():
            layer.dtype_policy = policy


@contextmanager
def drawing_from(seed: int) -> Iterator[None]:
    """Let Keras draw starting weights from a seed; the caller's random state is left as it was.

    Keras takes the seed of each initializer that has none from Python's own generator.
    """
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def seed_everything(seed: int) -> None:
    """Start Python's, NumPy's and Keras's random generators from one seed."""
    keras.utils.set_random_seed(require_seed(seed))
