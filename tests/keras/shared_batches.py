"""Trainings that one device and two must do alike: ``python -m tests.keras.shared_batches``."""

from __future__ import annotations

import json
import os
from typing import Any

if __name__ == "__main__":
    os.environ["KERAS_BACKEND"] = "jax"
    os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

from course_lib.keras import SGD, fit
from course_lib.keras.distributed import own_shares, share_batches, share_nothing
from course_lib.keras.engine import keras
from course_lib.keras.torch_layout import load_torch_layout
from tests.keras.doubles import DANN
from tests.keras.small import Small, dense
from tests.parity import cases

N = 58
TRAININGS: dict[str, dict[str, Any]] = {
    "evenly": {"batch_size": 16},  # 16, 16, 16, 10
    "never evenly": {"batch_size": 15},  # 15, 15, 15, 13
    "accumulated": {"batch_size": 16, "accumulate": 2},
}


def train(**how: Any) -> dict[str, Any]:
    data: dict[str, Any] = cases.arrays()
    data |= {"x": data["x"][:N], "y": data["y"][:N]}
    start = cases.start()
    model = Small(start)
    discriminator = dense(2, "domain")
    load_torch_layout(discriminator, start)
    objective = DANN(discriminator)
    history = fit(
        model, data, objective=objective, optimizer=SGD(0.05), epochs=2,
        validation=(data["x"], data["y"]), **how,
    )  # fmt: skip
    shards = {len(weight.value.sharding.device_set) for weight in model.weights}
    return {
        "loss": history.loss,
        "val_loss": history.column("val_loss"),
        "head": keras.ops.convert_to_numpy(model.weights[-1]).tolist(),
        "devices": sorted(shards),
    }


def shares(n: int) -> list[int]:
    """Give how many of n examples each device computes on."""
    cut = own_shares({"x": keras.ops.arange(n)})["x"]
    return [len(shard.data) for shard in cut.addressable_shards]


if __name__ == "__main__":
    one = {name: train(**how) for name, how in TRAININGS.items()}
    count = share_batches()
    two = {name: train(**how) for name, how in TRAININGS.items()}
    cut = {n: shares(n) for n in (16, 15)}
    share_nothing()
    print(json.dumps({"one": one, "two": two, "count": count, "shares": cut}))
