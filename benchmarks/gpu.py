"""Everything that a GPU can show, end to end: throughput, the methods on real data, time to an accuracy.

    ./course bench gpu --keep            # one NVIDIA GPU and a network; under an hour
    ./course bench gpu --quick           # anywhere, on embedded data: the whole path, small

* *speed*: the table of ``./course bench speed_gpu``.
* *methods*: the tables of ``./course bench methods`` with MNIST in the place of the embedded digits.
* *time*: ResNet-18 with ImageNet's weights, everything learning, on CIFAR-10 at 224 pixels: after how many
  seconds of training it is first as accurate as stated, on a part of the *training* data held back. The
  test part is asked once, after the last epoch.

The README states no speed on a GPU but from a file that this has kept (``benchmarks/results/gpu.json``).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks import methods, speed_gpu
from course_lib import data
from course_lib.data import Domain
from course_lib.errors import CourseError
from course_lib.judging import accuracy

PARTS = ("speed", "methods", "time")
AIMS = (0.80, 0.90, 0.95)
EPOCHS, BATCH, RATE = 8, 256, 1e-3
HELD_BACK = 0.1  # of the training part


def run(*, quick: bool = False, parts: Sequence[str] = PARTS) -> dict[str, Any]:
    """Measure the parts.

    Raises:
        CourseError: Without a GPU, unless it is a quick run; or where real data can't be had.
    """
    import torch

    if not (quick or torch.cuda.is_available()):
        raise CourseError(
            "This benchmark needs an NVIDIA GPU, and PyTorch sees none. "
            "--quick runs its whole path on the CPU, small.",
            "这个基准测试需要 NVIDIA GPU，而 PyTorch 没有找到。加上 --quick 可以在 CPU 上小规模地走完全程。",
        )
    result: dict[str, Any] = {"quick": quick}
    if "speed" in parts:
        result["speed"] = speed_gpu.run(
            quick=quick, backends=("torch",) if quick else speed_gpu.BACKENDS
        )
    if "methods" in parts:
        with _data("embedded" if quick else "real"):
            result["methods"] = methods.run(
                quick=quick, parts=("fine-tuning",) if quick else methods.ON_DIGITS
            )
    if "time" in parts:
        result["time"] = time_to_accuracy(*_task(quick), quick=quick)
    return result


@contextmanager
def _data(kind: str) -> Any:
    """Let ``real=`` mean what it says inside a ``with`` statement, or nothing."""
    before = os.environ.get("COURSE_DATA")
    os.environ["COURSE_DATA"] = kind
    try:
        yield
    finally:
        if before is None:
            del os.environ["COURSE_DATA"]
        else:
            os.environ["COURSE_DATA"] = before


def _task(quick: bool) -> tuple[Domain, Domain]:
    if quick:
        train, test = data.split(data.load("digits"))
        return train.take(range(200)), test.take(range(50))
    return data.load("cifar10", size=224), data.load("cifar10", part="test", size=224)


def time_to_accuracy(train: Domain, test: Domain, *, quick: bool = False) -> dict[str, Any]:
    """Fine-tune, and note when each of :data:`AIMS` was first reached on what was held back.

    Returns:
        ``reached``: seconds of training until each aim, or ``None``; ``validation``: accuracy after each
        epoch; ``test``; ``model``; ``data``; ``seconds``.
    """
    from course_lib.pytorch import AdamW, WarmupCosine, attach_head, fit, load_backbone, predict

    name = "glyphnet" if quick else "resnet18"
    order = np.random.default_rng(0).permutation(len(train))
    cut = int(HELD_BACK * len(train))
    held_back, learned = train.take(order[:cut]), train.take(order[cut:])
    model = attach_head(load_backbone(name), len(train.classes), seed=0)
    history = fit(
        model, learned, optimizer=AdamW(WarmupCosine(RATE)), epochs=2 if quick else EPOCHS,
        batch_size=20 if quick else BATCH, validation=held_back, seed=0,
    )  # fmt: skip
    found, seconds = history.column("val_accuracy"), history.column("seconds")
    return {
        "model": name,
        "data": train.name,
        "reached": {f"{aim:.2f}": _first(found, seconds, aim) for aim in AIMS},
        "validation": found,
        "seconds": seconds[-1],
        "test": accuracy(test.y, np.argmax(predict(model, test.x), axis=1)),
    }


def _first(found: Sequence[float], seconds: Sequence[float], aim: float) -> float | None:
    return next((s for value, s in zip(found, seconds, strict=True) if value >= aim), None)


def table(result: Mapping[str, Any]) -> str:
    """Write the result as text."""
    shown = []
    if "speed" in result:
        shown.append(speed_gpu.table(result["speed"]))
    if "methods" in result:
        shown.append(methods.table(result["methods"]))
    if "time" in result:
        row = result["time"]
        times = [
            f"{aim}: {'not reached' if s is None else f'{s:.0f} s'}"
            for aim, s in row["reached"].items()
        ]
        shown.append(
            f"{row['model']} on {row['data']}, accuracy on held-back training data after training (and validating) "
            f"for  {',  '.join(times)};  test {row['test']:.3f} after {row['seconds']:.0f} s"
        )
    return "\n\n".join(shown)


def misses(result: Mapping[str, Any]) -> list[str]:
    """List the stated figures that were missed."""
    found = speed_gpu.misses(result["speed"]) if "speed" in result else []
    return found + (methods.misses(result["methods"]) if "methods" in result else [])
