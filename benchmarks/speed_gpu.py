"""How fast ``fit`` fine-tunes at 224 pixels on one GPU, beside other loops and the device's roofs.

    ./course bench speed_gpu             # one NVIDIA GPU; about ten minutes
    ./course bench speed_gpu --quick     # anywhere: the whole path, small

Everything learns (AdamW), in bfloat16; the images are noise, uint8, on the device, and are flipped,
shifted and resized there anew at each step; the weights are random: speed depends on neither.

* *images/s*: a later epoch of ``fit`` on a compiled model (``model.compile()``, in place). *compiling*:
  by how much the first epoch took longer. *as it is*: without compiling.
* *of synthetic*: the part of what the same compiled model reaches on one batch again and again.
* *of the roof*: the part of what the device's arithmetic or its memory, the lower, would allow; both
  are measured in the same run, and a step's work is counted (see ``_roofs.py``).
* *documents' style*: a DataLoader of four with four workers, one image changed and made float at a
  time, float32, ``.item()`` at each step.
* *Fabric*, *Accelerate*: a well-written loop with the engine's parts, the model compiled as well; with
  data on the device, and with a DataLoader (whole batches, pinned, eight workers) as their guides
  have it. The batch is large or small; at small ones, 1.3 times is promised against the second way.
* *Keras half*: its ``fit`` on the torch and the JAX backend, each in a process of its own.

Ways follow one another, each with its epochs; ``fit`` comes once more at the end, to show the drift.
The aims in images/s are for an H200; elsewhere they are shown and not judged.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.paths import repository_root
from course_lib.waiting import steps

# Images/s, at least; for ResNet-50 the wish is 6,500.
AIMS = {"resnet18": 14_000, "resnet50": 5_000, "vgg16": 5_000, "vit_b_16": 3_400}
AIMED_ON = "H200"
OFTEN_SEEN, AGAIN = "documents' style", "fit, once more"
OFTEN_SEEN_SLOWER = 30.0
ENGINE_SLOWER, ENGINE_SLOWER_SMALL = 1.0, 1.3  # large batches; small ones, with a DataLoader
END_TO_END = 0.95
TOLERANCE = 0.03  # what two measurements of the same may differ by
BESIDE = ("resnet18", "resnet50")  # the documents' own, on which other ways are measured
BACKENDS = ("torch", "jax")
ENGINES = ("Fabric", "Accelerate")


@dataclass(frozen=True)
class Scale:
    """How much is done: the numbers of a full run, unless others are given."""

    images: int = 8_192  # 1.2 GB
    size: int = 224
    batch: int = 256
    small: int = 16
    images_small: int = 2_048
    epochs: int = 4  # the first is for compiling
    steps_often_seen: int = 100
    precision: str = "bfloat16"
    compiler: str = "inductor"
    workers: int = 8
    matrix: int = 8_192
    megabytes: int = 1_024
    models: tuple[str, ...] = tuple(AIMS)
    keras_model: str = "resnet50"


QUICK = Scale(
    images=8, size=32, batch=4, small=2, images_small=4, epochs=2, steps_often_seen=1,
    precision="float32", compiler="eager", workers=0, matrix=128, megabytes=1,
    models=("resnet18",), keras_model="glyphnet",
)  # fmt: skip


def run(
    *,
    quick: bool = False,
    models: Sequence[str] | None = None,
    backends: Sequence[str] = BACKENDS,
) -> dict[str, Any]:
    """Measure everything.

    Args:
        quick: One model on few small images, on whatever device there is: to see that it works.
        models: Which backbones, where not all are wanted.
        backends: On which Keras is measured, too.

    Returns:
        ``models``: a row for each backbone; ``beside``: for each other way, its model, batch and
        images/s and how many times faster ``fit`` was; ``keras``: for each backend, images/s or
        ``missing``, a sentence; ``roofs``, ``device``, ``quick``.

    Raises:
        CourseError: Without a GPU, unless it is a quick run.
    """
    import torch

    if not (quick or torch.cuda.is_available()):
        raise CourseError(
            "This benchmark needs an NVIDIA GPU, and PyTorch sees none. "
            "--quick runs its whole path on the CPU, small.",
            "这个基准测试需要 NVIDIA GPU，而 PyTorch 没有找到。加上 --quick 可以在 CPU 上小规模地走完全程。",
        )
    from benchmarks._roofs import measure_roofs

    scale = QUICK if quick else Scale()
    names = scale.models if models is None else models
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    roofs = measure_roofs(
        device, getattr(torch, scale.precision), side=scale.matrix, megabytes=scale.megabytes
    )
    rows: dict[str, list[dict[str, Any]]] = {"models": [], "beside": [], "keras": []}
    both = [name for name in names if name in BESIDE]
    with steps(len(names) + len(both) + len(backends)) as step:
        for name in names:
            step(f"{name}: fit")
            rows["models"].append(measure_model(name, scale, device, roofs))
        for name in both:
            step(f"{name}: other ways")
            rows["beside"] += others(name, scale, device)
        for backend in backends:
            step(f"Keras on {backend}")
            rows["keras"].append(keras_row(backend, scale, quick))
    return {
        **rows,
        "roofs": roofs._asdict(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "precision": scale.precision,
        "quick": quick,
    }


def measure_model(name: str, scale: Scale, device: Any, roofs: Any) -> dict[str, Any]:
    """Measure ``fit`` on one backbone, and what stands beside it in the first table."""
    from benchmarks import _loops
    from benchmarks._roofs import binding_roof, work_per_image

    task = make_task(name, scale, device)
    plain = speed(course_seconds(build(name), replace(task, compiler=None)), task)
    seconds = course_seconds(build(name), task)
    synthetic = speed(_loops.on_one_batch(build(name).to(device), task).seconds, task)
    work = work_per_image(build(name).to(device), task)
    roof, allowed = binding_roof(roofs, work)
    reached = speed(seconds, task)
    free()
    return {
        "model": name,
        "size": task.x.shape[1],
        "images_per_second": reached,
        "aim": AIMS[name],
        "as_it_is": plain,
        "compile_seconds": seconds[0] - float(np.median(np.diff(seconds))),
        "of_synthetic": reached / synthetic,
        "roof": roof,
        "of_roof": reached / allowed,
        "work": work._asdict(),
    }


def others(name: str, scale: Scale, device: Any) -> Iterator[dict[str, Any]]:
    """Measure the other ways on one backbone: large batches, and for ResNet-18 small ones."""
    from benchmarks import _loops

    batches = {"resnet18": (scale.batch, scale.small)}.get(name, (scale.batch,))
    for batch in batches:
        task = make_task(name, scale, device)
        if batch == scale.small:
            few = slice(scale.images_small)
            task = replace(task, x=task.x[few], y=task.y[few], batch_size=batch)
        ways = ways_beside(name, scale, task)
        base = speed(course_seconds(build(name), task), task)
        for way, train in ways.items():
            row = {"model": name, "batch": batch, "way": way}
            missing = _loops.missing(way.split(",")[0]) if way.startswith(ENGINES) else ""
            if missing:
                yield row | {"missing": missing}
                continue
            try:
                reached = train()
            except RuntimeError as error:  # such as too little shared memory for a loader's workers
                if not way.startswith(ENGINES):
                    raise
                yield row | {"missing": f"not measured: {str(error).splitlines()[0]}"}
                continue
            finally:
                free()
            yield row | {"images_per_second": reached, "times_faster": base / reached}


def ways_beside(name: str, scale: Scale, task: Any) -> dict[str, Callable[[], float]]:
    """Give what each way does, by its name: train, and give images/s."""
    import torch

    from benchmarks import _loops

    def often_seen() -> float:
        plain = replace(task, dtype=torch.float32, compiler=None, workers=min(4, scale.workers))
        count = min(scale.steps_often_seen, len(task.y) // 4 - 1)
        record = _loops.as_often_seen(build(name).to(task.device), plain, steps=count)
        return 4 * count / (record.seconds[1] - record.seconds[0])

    def engine(which: str, loader: bool) -> float:
        model = build(name).to(task.device)
        return speed(_loops.by_engine(which, model, task, loader=loader).seconds, task)

    ways: dict[str, Callable[[], float]] = {}
    if task.batch_size == scale.batch:
        ways[OFTEN_SEEN] = often_seen
    for which in ENGINES:
        ways[f"{which}, data on the device"] = lambda which=which: engine(which, False)  # type: ignore[misc]
        ways[f"{which}, DataLoader"] = lambda which=which: engine(which, True)  # type: ignore[misc]
    ways["plain loop"] = lambda: speed(
        _loops.by_hand(build(name).to(task.device), task).seconds, task
    )
    ways[AGAIN] = lambda: speed(course_seconds(build(name), task), task)
    return ways


def make_task(name: str, scale: Scale, device: Any) -> Any:
    """Give noise in ten classes, on the device. A transformer takes no other size than its own."""
    import torch

    from benchmarks._loops import Task
    from course_lib.pytorch import Flip, Shift
    from course_lib.pytorch import Scale as Resize

    size = 224 if name == "vit_b_16" else scale.size
    generator = torch.Generator(device).manual_seed(0)
    shape = (scale.images, size, size, 3)
    x = torch.randint(256, shape, dtype=torch.uint8, device=device, generator=generator)
    y = torch.arange(scale.images, device=device) % 10
    changes = (Flip(), Shift(0.1), Resize(0.8, 1.2))
    dtype = getattr(torch, scale.precision)
    return Task(
        x, y, scale.epochs, scale.batch, device, dtype, changes, scale.compiler, scale.workers
    )


def build(name: str) -> Any:
    """Give a backbone with random weights and a head of ten classes, everything free to learn."""
    from course_lib.pytorch import attach_head, load_backbone

    return attach_head(load_backbone(name, weights=None), 10)


def course_seconds(model: Any, task: Any) -> list[float]:
    """Train with ``fit``; give the seconds at the end of each epoch."""
    from benchmarks._loops import RATE, compile_model
    from course_lib.pytorch import AdamW, Augmented, CrossEntropy, fit

    compile_model(model, task)
    history = fit(
        model,
        (task.x.cpu().numpy(), task.y.cpu().numpy()),
        objective=Augmented(CrossEntropy(), task.transforms),
        optimizer=AdamW(RATE, weight_decay=0.0),
        epochs=task.epochs,
        batch_size=task.batch_size,
        precision=str(task.dtype).removeprefix("torch."),
        device=str(task.device),
        progress=False,
    )
    return [row["seconds"] for row in history.epochs]


def speed(seconds: Sequence[float], task: Any) -> float:
    """Give images/s in the epochs after the first, by their median."""
    return len(task.y) / float(np.median(np.diff(seconds)))


def free() -> None:
    """Give back what the last training held, compiled code included."""
    import torch

    torch.compiler.reset()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def keras_row(backend: str, scale: Scale, quick: bool) -> dict[str, Any]:
    """Measure the Keras half on one backend, in a process of its own."""
    name = scale.keras_model
    numbers = (scale.images, scale.size, scale.batch, scale.epochs)
    command = [sys.executable, "-m", "benchmarks._speed_gpu_keras", name, scale.precision]
    # JAX would take three quarters of the memory for itself before it begins.
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    done = subprocess.run(
        [*command, *map(str, numbers), *(["--anywhere"] if quick else [])],
        cwd=repository_root(), env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    row = {"model": name, "backend": backend, "batch": scale.batch}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return row | {"missing": f"not measured: {last}"}
    seconds = json.loads(done.stdout.splitlines()[-1])
    steady = float(np.median(np.diff(seconds)))
    return row | {
        "images_per_second": scale.images / steady,
        "compile_seconds": seconds[0] - steady,
    }


def table(result: dict[str, Any]) -> str:
    """Write the result as three tables."""
    roofs = result["roofs"]
    lines = [
        f"fine-tuning everything in {result['precision']}, {result['device']}: "
        f"{roofs['flops'] / 1e12:.1f} Tflop/s in a matrix product, "
        f"{roofs['bytes'] / 1e12:.2f} TB/s in a copy",
        f"{'fit':10}{'pixels':>7}{'images/s':>10}{'aim':>8}{'as it is':>10}{'compiling':>11}"
        f"{'of synthetic':>14}{'of the roof':>13}",
    ]
    for row in result["models"]:
        lines.append(
            f"{row['model']:10}{row['size']:7}{row['images_per_second']:10.0f}{row['aim']:8}"
            f"{row['as_it_is']:10.0f}{row['compile_seconds']:9.1f} s{row['of_synthetic']:14.1%}"
            f"{row['of_roof']:13.1%} {row['roof']}"
        )
    lines += ["", f"{'beside':10}{'batch':>7}  {'way':32}{'images/s':>10}{'fit is faster':>15}"]
    for row in result["beside"]:
        start = f"{row['model']:10}{row['batch']:7}  {row['way']:32}"
        lines.append(start + _figures(row, "times_faster", "{:14.2f}×"))
    lines += ["", f"{'Keras':10}{'batch':>7}  {'backend':32}{'images/s':>10}{'compiling':>15}"]
    for row in result["keras"]:
        start = f"{row['model']:10}{row['batch']:7}  {row['backend']:32}"
        lines.append(start + _figures(row, "compile_seconds", "{:13.1f} s"))
    if result["quick"]:
        lines.append("a quick run, to see that it works: its numbers mean nothing")
    elif AIMED_ON not in result["device"]:
        lines.append(f"the aims in images/s are for an {AIMED_ON}: not judged here")
    return "\n".join([*lines, *(f"missed: {miss}" for miss in misses(result))])


def _figures(row: dict[str, Any], second: str, form: str) -> str:
    if "missing" in row:
        return f"{row['missing']}; not counted"
    return f"{row['images_per_second']:10.0f}" + form.format(row[second])


def misses(result: dict[str, Any]) -> list[str]:
    """Say which stated figure was missed, and by how much. A quick run promises nothing."""
    if result["quick"]:
        return []
    found = []
    for row in result["models"]:
        reached = row["images_per_second"]
        if AIMED_ON in result["device"] and reached < row["aim"]:
            found.append(f"{row['model']}: {reached:.0f} images/s, promised {row['aim']}")
        if row["of_synthetic"] < END_TO_END:
            part = row["of_synthetic"]
            found.append(
                f"{row['model']}: {part:.1%} of synthetic data's speed, promised {END_TO_END:.0%}"
            )
    large = max((row["batch"] for row in result["beside"]), default=0)
    for row in result["beside"]:
        promised = promise(row["way"], small=row["batch"] < large)
        # What is promised to be equal may differ by what two measurements of the same do.
        least = promised - (TOLERANCE if promised == ENGINE_SLOWER else 0)
        if "missing" not in row and row["times_faster"] < least:
            found.append(
                f"{row['model']}, batch {row['batch']}: {row['times_faster']:.2f}× "
                f"{row['way']}, promised {promised}×"
            )
    return found


def promise(way: str, *, small: bool) -> float:
    """Give how many times faster than another way ``fit`` is to be; 0 where nothing is promised."""
    if way == OFTEN_SEEN:
        return OFTEN_SEEN_SLOWER
    if not way.startswith(ENGINES):
        return 0.0
    return ENGINE_SLOWER_SMALL if small and way.endswith("DataLoader") else ENGINE_SLOWER
