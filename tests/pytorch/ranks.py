"""Trainings that one process and several must do alike: ``torchrun … -m tests.pytorch.ranks FOLDER``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from course_lib.pytorch import (
    SGD,
    Checkpoint,
    EarlyStopping,
    GradualUnfreezing,
    SequenceLikelihood,
    fit,
)
from course_lib.pytorch.distributed import rank
from course_lib.training.settings import digest
from tests.parity import cases
from tests.pytorch.doubles import DANN
from tests.pytorch.small import Pairs, Small, load
from tests.training.streams import Folder

N, BATCH_SIZE = 61, 15  # shares of 7 and 8; the last batch has one more


def train(folder: Path, **how: Any) -> dict[str, Any]:
    of_tokens = how.pop("sequences", False)
    data: dict[str, Any] = cases.data_for(cases.CASES["sequences, SGD" if of_tokens else "DANN"])
    data |= {"x": data["x"][:N], "y": data["y"][:N]}
    held_out = (data["x"], data["y"])
    if how.pop("on_disk", False):
        data["x"] = Folder(data["x"])
    start = {name: w + rank() for name, w in cases.start().items()}  # the first one's counts
    model: Any = (Pairs if of_tokens else Small)(start)
    objective: Any = DANN(load(nn.Linear(6, 2), start, "domain."))
    if of_tokens:
        objective = SequenceLikelihood()
    callbacks = [EarlyStopping(), Checkpoint(folder / f"{len(list(folder.iterdir()))}.safetensors")]
    if how.pop("unfreeze", False):
        callbacks.append(GradualUnfreezing())
    history = fit(
        model, data, objective=objective, optimizer=SGD(0.05), epochs=2, batch_size=BATCH_SIZE,
        validation=held_out, callbacks=callbacks, **how,
    )  # fmt: skip
    state = {**model.state_dict(), **objective.state_dict(prefix="objective.")}
    return {
        "loss": history.loss,
        "val_loss": history.column("val_loss"),
        "weights": digest({name: w.numpy() for name, w in state.items()}),
        "head": model.head.weight.tolist(),
        "written": callbacks[1].path.exists(),  # type: ignore[attr-defined]
    }


TRAININGS: dict[str, dict[str, Any]] = {
    "frozen statistics": {"batch_norm": "frozen"},
    "accumulated": {"batch_norm": "frozen", "accumulate": 3},
    "sequences": {"batch_norm": "frozen", "sequences": True},  # of one token or two
    "sequences, accumulated": {"batch_norm": "frozen", "sequences": True, "accumulate": 3},
    "unfreezing, from disk": {"batch_norm": "frozen", "unfreeze": True, "on_disk": True},
    "moving statistics": {"batch_norm": "moving"},
}


def train_all(folder: Path) -> dict[str, dict[str, Any]]:
    own = folder / f"rank{rank()}"
    reports = {}
    for name, how in TRAININGS.items():
        (own / name).mkdir(parents=True)
        reports[name] = train(own / name, **how)
    return reports


if __name__ == "__main__":
    torch.set_num_threads(1)
    place = Path(sys.argv[1])
    (place / f"{rank()}.json").write_text(json.dumps(train_all(place)))
