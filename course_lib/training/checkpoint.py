"""Saving a training so that a kill at any moment loses at most a few epochs."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from course_lib.arguments import require_count, require_path
from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.training.callbacks import Callback, Run, State, as_callbacks
from course_lib.training.history import History


class Checkpoint(Callback):
    """Write the whole state of a run every few epochs, and take it up again from there.

    Call ``fit`` again with the same arguments and the same path: it goes on after the last epoch
    saved and ends with the same weights as a run that was never interrupted. A finished run is
    simply read back. A file of another run (other data, recipe, starting weights …) is refused.

    Args:
        path: The file, by custom ``*.safetensors``. It is written whole or not at all.
        every: How many epochs lie between two writings; the last epoch is always written.
    """

    def __init__(self, path: str | Path, *, every: int = 1) -> None:
        self.path, self.every = require_path("path", path), require_count("every", every)

    def on_begin(self, run: Run) -> None:
        settings = run.settings  # before the first step: they hold the starting weights' digest
        if not self.path.exists():
            return
        state, about = _read(self.path)
        self._check_same_run(about["settings"], settings)
        run.load_state(state)
        run.history = History.from_json(about["history"])
        run.stop = about["stop"]

    def on_epoch_end(self, run: Run) -> None:
        done = len(run.history.epochs)
        due = done % self.every == 0 or run.stop or done == run.settings["epochs"]
        if due and run.writes:
            about = {
                "settings": run.settings,
                "history": run.history.to_json(),
                "stop": run.stop,
            }
            write_atomically(self.path, _as_bytes(run.state(), about))

    def _check_same_run(self, saved: dict[str, object], now: dict[str, object]) -> None:
        differing = sorted(name for name in saved | now if saved.get(name) != now.get(name))
        if differing:
            raise CourseError(
                f"{self.path} belongs to another run (it differs in: {', '.join(differing)}). "
                "Delete it or choose another path.",
                f"{self.path} 是另一次训练留下的（不同之处：{', '.join(differing)}）。"
                "请删掉它，或换一个路径。",
            )


def checkpoints_last(callbacks: Iterable[Callback]) -> list[Callback]:
    """Put checkpoints behind the other callbacks, so that they save what those have become.

    Raises:
        CourseError: For what is no list of callbacks.
    """
    return sorted(as_callbacks(callbacks), key=lambda callback: isinstance(callback, Checkpoint))


def _as_bytes(state: State, about: dict[str, object]) -> bytes:
    from safetensors.numpy import save

    # safetensors wants contiguous arrays; metadata maps text to text.
    arrays = {name: np.require(array, requirements="C") for name, array in state.items()}
    return save(arrays, metadata={"about": json.dumps(about)})


def _read(path: Path) -> tuple[State, dict]:
    from safetensors.numpy import load

    data = path.read_bytes()
    try:
        (header_size,) = struct.unpack("<Q", data[:8])
        about = json.loads(json.loads(data[8 : 8 + header_size])["__metadata__"]["about"])
        return load(data), about
    except Exception as error:
        raise CourseError(
            f"{path} is not a checkpoint that this course wrote: delete it or choose another path.",
            f"{path} 不是本课程写下的检查点：请删掉它，或换一个路径。",
        ) from error
