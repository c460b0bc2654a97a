"""One of the processes of ``./course bench scaling``: the same training, alone or together.

``python -m benchmarks._scaling_worker HALF RANK PROCESSES PORT FILE SETTINGS``
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def tie_to_a_core(rank: int) -> None:
    """Let this process compute on one core of its own, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[rank % len(cores)]})


def meet(half: str, rank: int, processes: int, port: int) -> None:
    """Set up what the half's ``fit`` shares batches by; alone there is nothing to do."""
    os.environ |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}  # cores are compared here
    if half == "pytorch":
        if processes > 1:
            place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": processes}
            place |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}  # type: ignore[dict-item]
            os.environ.update({name: str(value) for name, value in place.items()})
        import torch

        torch.set_num_threads(1)
        return
    os.environ.update({"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"})
    if processes > 1:
        import jax
        import keras

        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        keras.distribution.initialize(f"127.0.0.1:{port}", processes, rank)
        from course_lib.keras.distributed import share_batches

        share_batches()


def library(half: str) -> Any:
    """Give the half's module."""
    if half == "pytorch":
        from course_lib import pytorch

        return pytorch
    from course_lib import keras

    return keras


def gradient(half: str, settings: dict[str, Any]) -> np.ndarray:
    """Give the gradient of one batch: what a step of plain SGD at rate 1 takes off the weights."""
    from course_lib import data

    lib = library(half)
    model = lib.attach_head(lib.load_backbone(settings["backbone"]), 10, seed=0)
    digits = data.load("digits").take(range(settings["batch"]))
    lib.evaluate(model, digits.take(range(2)))  # builds what is built at the first call
    before = _weights(half, model)
    lib.fit(
        model, digits, optimizer=lib.SGD(1.0, momentum=0.0), epochs=1, batch_size=settings["batch"],
        batch_norm="frozen", precision="float32", progress=False,
    )  # fmt: skip
    return before - _weights(half, model)


def images_per_second(half: str, settings: dict[str, Any]) -> list[float]:
    """Give the rate of each epoch but the first: ``fit`` on the digits, everything learning."""
    from course_lib import data
    from course_lib.training.callbacks import Callback

    lib = library(half)
    moments: list[float] = []

    class Watch(Callback):
        def on_epoch_end(self, run: Any) -> None:
            moments.append(time.perf_counter())

    digits = data.load("digits").take(range(settings["images"]))
    model = lib.attach_head(lib.load_backbone(settings["backbone"]), 10, seed=0)
    lib.fit(
        model, digits, optimizer=lib.SGD(0.01), epochs=settings["epochs"], batch_size=settings["batch"],
        batch_norm="frozen", precision="float32", progress=False, callbacks=[Watch()],
    )  # fmt: skip
    return [float(len(digits) / s) for s in np.diff(moments)]


def _weights(half: str, model: Any) -> np.ndarray:
    if half == "pytorch":
        arrays = [weight.detach().numpy() for weight in model.parameters()]
    else:
        import keras

        arrays = [keras.ops.convert_to_numpy(each.value) for each in model.trainable_weights]
    return np.concatenate([array.ravel() for array in arrays]).astype(np.float64)


MEASURES: dict[str, Callable[[str, dict[str, Any]], Any]] = {
    "gradient": gradient,
    "rate": images_per_second,
}


def main(half: str, rank: int, processes: int, port: int, file: Path, settings: dict) -> None:
    """Measure what the settings ask for, and write it down."""
    tie_to_a_core(settings.get("core", rank))
    meet(half, rank, processes, port)
    found = MEASURES[settings["measure"]](half, settings)
    if isinstance(found, np.ndarray):
        np.save(file, found)
    else:
        file.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    name, place, count, where, path, how = sys.argv[1:]
    main(name, int(place), int(count), int(where), Path(path), json.loads(how))
