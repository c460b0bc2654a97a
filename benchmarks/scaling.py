"""Training shared by two processes: the same gradient, and how much sooner it is done.

    ./course bench scaling
    ./course bench scaling --part pytorch --quick

Each process has one core of its own, and no process more. Everything of glyphnet learns, on the digits,
in float32, BatchNorm frozen (in training it sees a share of the batch with PyTorch's DDP). PyTorch shares
by ``DistributedDataParallel`` as ``torchrun`` starts it, Keras by ``keras.distribution`` on JAX; both
speak Gloo over loopback.

* *gradient*: of one batch, by two processes against one; the largest difference over the largest entry.
* *apart*: two processes that know nothing of each other, half a batch each. What they lack to twice
  one process's rate is the machine's (memory, clock, neighbours), not the sharing's.
* *same batch*: two processes share one process's batch. *twice the batch*: each has as many images as one
  process alone. Efficiency is their rate over twice the rate of one, and over that of two apart.

``paper`` computes, and says so: from the images/s that ``./course bench gpu --keep`` measured on one
GPU, what pre-training on ImageNet takes on more of them.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._keeping import folder
from benchmarks._on_paper import training_cost
from course_lib.errors import CourseError
from course_lib.paths import repository_root
from course_lib.waiting import steps

PARTS = ("pytorch", "keras", "paper")
FULL = {"backbone": "glyphnet", "images": 1_280, "batch": 128, "epochs": 6}
QUICK = {"backbone": "glyphnet", "images": 64, "batch": 32, "epochs": 3}
SAME_GRADIENT = 1e-5
PATIENCE = 600
DEVICES = (1, 8, 64)
LINK = 25.0  # GB/s one way between two devices: an assumption, printed
WEIGHTS = {
    "resnet18": 11_689_512,
    "resnet50": 25_557_032,
    "vgg16": 138_357_544,
    "vit_b_16": 86_567_656,
}


def run(*, quick: bool = False, parts: Sequence[str] = PARTS) -> dict[str, Any]:
    """Measure the parts; arguments as everywhere in ``benchmarks``."""
    settings = QUICK if quick else FULL
    halves = [part for part in parts if part != "paper"]
    result: dict[str, Any] = {"settings": settings, "quick": quick, "halves": []}
    with steps(6 * len(halves)) as step:
        for half in halves:
            result["halves"].append(_measure(half, settings, step))
    if "paper" in parts:
        kept = [folder() / f"{name}.json" for name in ("gpu", "speed_gpu")]
        result["paper"] = on_paper(next(filter(Path.is_file, kept), kept[0]))
    return result


def _measure(half: str, settings: Mapping[str, Any], step: Any) -> dict[str, Any]:
    half_a_batch = {**settings, "batch": settings["batch"] // 2}
    twice = {**settings, "batch": 2 * settings["batch"]}
    step(f"{half}: the gradient, by one process")
    (one,) = launch(half, 1, {**settings, "measure": "gradient"})
    step(f"{half}: the gradient, by two")
    first, second = launch(half, 2, {**settings, "measure": "gradient"})
    rates = {}
    for name, how in {
        "one": (1, settings),
        "same batch": (2, settings),
        "twice the batch": (2, twice),
    }.items():
        step(f"{half}: {name}")
        rates[name] = statistics.median(launch(half, how[0], {**how[1], "measure": "rate"})[0])
    step(f"{half}: two apart")
    rates["apart"] = sum(statistics.median(each) for each in apart(half, half_a_batch))
    return {
        "half": half,
        "weights": len(one),
        "gradient_differs": float(np.abs(first - one).max() / np.abs(one).max()),
        "processes_differ": float(np.abs(first - second).max()),
        "images_per_second": rates,
    }


def launch(half: str, processes: int, settings: Mapping[str, Any]) -> list[Any]:
    """Run one training on so many processes; give what each found."""
    port = _free_port()
    return _all([(half, rank, processes, port, settings) for rank in range(processes)])


def apart(half: str, settings: Mapping[str, Any]) -> list[list[float]]:
    """Run two trainings at once, each by itself and on its own core; give their rates."""
    port = _free_port()
    how = {**settings, "measure": "rate"}
    return _all([(half, 0, 1, port, {**how, "core": core}) for core in range(2)])


def _all(calls: Sequence[tuple[str, int, int, int, Mapping[str, Any]]]) -> list[Any]:
    with tempfile.TemporaryDirectory() as place:
        files, running = [], []
        for number, (half, rank, processes, port, settings) in enumerate(calls):
            kind = "npy" if settings["measure"] == "gradient" else "json"
            files.append(Path(place) / f"{number}.{kind}")
            command = [sys.executable, "-m", "benchmarks._scaling_worker", half, str(rank)]
            command += [str(processes), str(port), str(files[-1]), json.dumps(settings)]
            running.append(_start(command, Path(place) / f"{number}.txt"))
        try:
            _wait_for(running)
        except _FailedError as failed:
            said = (Path(place) / f"{failed.number}.txt").read_text(errors="replace").strip()
            last = (said.splitlines() or ["?"])[-1]
            raise CourseError(
                f"A process of the benchmark did not end well: {last}",
                f"基准测试的一个进程未能正常结束：{last}",
            ) from failed
        finally:
            for each in running:  # one that waits for another that is no more
                each.kill()
                each.wait()
        return [np.load(f) if f.suffix == ".npy" else json.loads(f.read_text()) for f in files]


def _start(command: Sequence[str], says: Path) -> subprocess.Popen[bytes]:
    with says.open("wb") as file:
        return subprocess.Popen(
            command, cwd=repository_root(), env={**os.environ, "COURSE_STRICT": "1"},
            stdout=file, stderr=file,
        )  # fmt: skip


class _FailedError(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _wait_for(running: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait until all are done; not any longer when one has failed: the others would wait for it."""
    late = time.monotonic() + PATIENCE
    while any(each.poll() is None for each in running):
        if any(each.poll() for each in running) or time.monotonic() > late:
            break
        time.sleep(0.2)
    codes = [each.poll() for each in running]
    if any(codes) or None in codes:
        raise _FailedError(next(i for i, code in enumerate(codes) if code != 0))


def on_paper(kept: Path) -> dict[str, Any]:
    """Compute ImageNet's cost from one GPU's kept rates; say so where there are none."""
    try:
        measured = json.loads(kept.read_text(encoding="utf-8"))
        found = measured["result"].get("speed", measured["result"])  # bench gpu keeps it as a part
        device, rows = found["device"], found["models"]
    except (OSError, ValueError, KeyError):
        return {
            "missing": "no GPU was measured yet: ./course bench gpu --keep  on a machine with one"
        }
    costs = []
    for row in rows:
        for devices in DEVICES:
            cost = training_cost(
                row["images_per_second"], devices=devices, batch=256, weights=WEIGHTS[row["model"]],
                gigabytes_per_second=LINK,
            )  # fmt: skip
            costs.append({"model": row["model"], **cost.__dict__})
    return {"device": device, "date": measured["date"], "costs": costs}


def table(result: Mapping[str, Any]) -> str:
    """Write the result as text."""
    lines = []
    for row in result["halves"]:
        rates = row["images_per_second"]
        lines += [
            f"{row['half']}: {row['weights']:,} weights; the gradient of two processes differs by "
            f"{row['gradient_differs']:.1e} of its largest entry, the two processes by {row['processes_differ']:.0e}",
            f"{'':<18}{'images/s':>10}{'of 2 × one':>12}{'of two apart':>14}",
        ]
        for name, rate in rates.items():
            of_one = f"{rate / rates['one'] / 2:.2f}" if name != "one" else ""
            of_apart = f"{rate / rates['apart']:.2f}" if name not in ("one", "apart") else ""
            lines.append(f"{name:<18}{rate:>10.0f}{of_one:>12}{of_apart:>14}")
        lines.append("")
    paper = result.get("paper", {})
    if "missing" in paper:
        lines.append(f"On paper, ImageNet: {paper['missing']}.")
    elif paper:
        lines.append(
            f"On paper, from one {paper['device']} ({paper['date']}): 90 epochs of ImageNet, {LINK:g} GB/s between "
            "devices, nothing for reading data; the range is from all sending after a step to all beside it."
        )
        for cost in paper["costs"]:
            low, high = cost["hours"][1], cost["hours"][0]
            lines.append(
                f"{cost['model']:<12}{cost['devices']:>4} devices {low:>8.1f}–{high:.1f} h, "
                f"{cost['device_hours'][1]:.0f}–{cost['device_hours'][0]:.0f} device-hours"
            )
    return "\n".join(lines).rstrip()


def misses(result: Mapping[str, Any]) -> list[str]:
    """List what is not as stated: gradients that differ."""
    return [
        f"{row['half']}: two processes' gradient differs by {row['gradient_differs']:.1e}"
        for row in result["halves"]
        if not row["gradient_differs"] <= SAME_GRADIENT or row["processes_differ"]
    ]


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])
