"""Everything that a GPU can show, end to end: throughput, the methods on real data, time to an accuracy.

    ./course bench gpu --keep            # one NVIDIA GPU and a network; under an hour
    ./course bench gpu --quick           # anywhere, on embedded data: the whole path, small

* *speed*: the table of ``./course bench speed_gpu``.
* *methods*: the tables of ``./course bench methods`` with MNIST in the place of the embedded digits.
* *time*: ResNet-18 with ImageNet's weights, everything learning, on CIFAR-10 at 224 pixels: after how many
  seconds of training it is first as accurate as stated, on a part of the *training* data held back. The
  test part is asked once, after the last epoch.

What a part needs (data, weights) is fetched or looked for before anything is measured; what cannot be had is
said at once, and ``--part`` leaves it out. With ``--keep`` each part is kept as soon as it is measured, in
``gpu.partial.json``.

The README states no speed on a GPU but from a file that this has kept (``benchmarks/results/gpu.json``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks import methods, speed_gpu
from course_lib import data
from course_lib.data import Domain, remote
from course_lib.errors import CourseError
from course_lib.judging import accuracy

PARTS = ("speed", "methods", "time")
AIMS = (0.80, 0.90, 0.95)
EPOCHS, BATCH, RATE = 8, 256, 1e-3
HELD_BACK = 0.1  # of the training part


def run(
    *,
    quick: bool = False,
    parts: Sequence[str] = PARTS,
    save: Callable[[dict[str, Any]], Any] | None = None,
) -> dict[str, Any]:
    """Measure the parts.

    Args:
        quick: On the CPU as well, small, on embedded data.
        parts: Which of :data:`PARTS`.
        save: Told what there is after each part.

    Raises:
        CourseError: Without a GPU, unless it is a quick run; or, before anything is measured, where data or
            weights can't be had.
    """
    import torch

    if not (quick or torch.cuda.is_available()):
        raise CourseError(
            "This benchmark needs an NVIDIA GPU, and PyTorch sees none. "
            "--quick runs its whole path on the CPU, small.",
            "这个基准测试需要 NVIDIA GPU，而 PyTorch 没有找到。加上 --quick 可以在 CPU 上小规模地走完全程。",
        )
    if not quick:
        require_files(parts)
    result: dict[str, Any] = {"quick": quick}
    for part in parts:
        result[part] = _MEASURE[part](quick)
        if save:
            save(result)
    return result


def require_files(parts: Sequence[str]) -> None:
    """Fetch what the parts need, and say in one sentence what cannot be had, and of which parts.

    Raises:
        CourseError: Something can't be had.
    """
    from course_lib.pytorch import load_backbone

    missing: dict[str, list[CourseError]] = {}
    for part in parts:
        sets, backbones = _NEEDED.get(part, ((), ()))
        for name, get in [
            *((name, remote.fetch_set) for name in sets),
            *((name, load_backbone) for name in backbones),
        ]:
            try:
                get(name)
            except CourseError as problem:
                missing.setdefault(part, []).append(problem)
    if missing:
        rest = [part for part in parts if part not in missing]
        en, zh = (
            "; ".join(
                getattr(problem, language).partition("\n")[0].partition(". ")[0].rstrip(".。")
                for of in missing.values()
                for problem in of
            )
            for language in ("en", "zh")
        )
        without = " ".join(f"--part {part}" for part in rest)
        raise CourseError(
            f"Nothing was measured: {', '.join(missing)} can't be ({en})."
            + (f" Without it: {without}." if rest else ""),
            f"什么都没有测：{'、'.join(missing)} 这部分缺东西（{zh}）。"
            + (f"不测它：{without}。" if rest else ""),
        )


def _speed(quick: bool) -> dict[str, Any]:
    return speed_gpu.run(quick=quick, backends=("torch",) if quick else speed_gpu.BACKENDS)


def _methods(quick: bool) -> dict[str, Any]:
    with _data("embedded" if quick else "real"):
        return methods.run(quick=quick, parts=("fine-tuning",) if quick else methods.ON_DIGITS)


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


def _time(quick: bool) -> dict[str, Any]:
    return time_to_accuracy(*_task(quick), quick=quick)


_MEASURE: dict[str, Callable[[bool], dict[str, Any]]] = {
    "speed": _speed,
    "methods": _methods,
    "time": _time,
}
# Real data sets and published weights, by part.
_NEEDED = {"methods": (("mnist",), ()), "time": (("cifar10",), ("resnet18",))}


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
