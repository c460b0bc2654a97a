"""Training from disk, as both halves' tests ask for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.training import AdamW, Callback, Checkpoint, WarmupCosine
from tests.parity import cases


class Folder:
    """Like a folder of images: a shape, a dtype, and the rows that are asked for."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.most, self.threads = 0, set[str]()

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        self.most = max(self.most, len(indices))
        self.threads.add(threading.current_thread().name)
        return np.stack([self.array[i] for i in indices])


class StopAfter(Callback):
    """Leave the training with an error after some epochs, as a kill would."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def on_epoch_end(self, run: Any) -> None:
        if len(run.history.epochs) == self.epochs:
            raise KeyboardInterrupt


def on_disk(data: dict[str, np.ndarray], folder: Path) -> dict[str, Any]:
    """Give the same data as a memory map, a file opened as one, and a folder."""
    np.save(folder / "y.npy", data["y"])
    x = np.memmap(folder / "x", dtype=data["x"].dtype, mode="w+", shape=data["x"].shape)
    x[:] = data["x"]
    y = np.load(folder / "y.npy", mmap_mode="r")
    return {"x": x, "y": y, "x_t": Folder(data["x_t"])}


def check_streaming(
    library: Any, new: Callable[[], tuple[Any, Any]], bits: Callable[[Any], Any], folder: Path
) -> None:
    """From disk, from memory, and resumed from disk: the same losses and weights, bit by bit.

    Args:
        library: A half of the course's library.
        new: Gives a model and an objective that wants ``x``, ``y`` and ``x_t``.
        bits: Gives a model's weights as bytes.
    """
    data = cases.arrays()
    stream, held_out = on_disk(data, folder), (data["x"][:20], data["y"][:20])

    def train(given: Any, **how: Any) -> tuple[list[float], Any, dict]:
        model, objective = new()
        history = library.fit(
            model, given, objective=objective, optimizer=AdamW(WarmupCosine(0.01)), epochs=3,
            batch_size=16, accumulate=2, validation=held_out, **how,
        )  # fmt: skip
        last = {k: v for k, v in history.epochs[-1].items() if k != "seconds"}
        return history.loss, bits(model), last

    expected = train(data)
    assert train(stream) == expected
    assert stream["x_t"].most <= 64 and "MainThread" not in stream["x_t"].threads
    checkpoint = Checkpoint(folder / "run.safetensors")
    with pytest.raises(KeyboardInterrupt):
        train(stream, callbacks=[StopAfter(2), checkpoint])
    assert train(stream, callbacks=[checkpoint]) == expected
    stream["x"][0] += 1
    with pytest.raises(CourseError, match="data"):
        train(stream, callbacks=[checkpoint])


def check_asking(library: Any, model: Any, folder: Path) -> None:
    """What asks a model takes data on disk, too."""
    data = cases.arrays()
    x, y = Folder(data["x"]), on_disk(data, folder)["y"]
    np.testing.assert_array_equal(
        library.predict(model, x, batch_size=16), library.predict(model, data["x"], batch_size=16)
    )
    assert x.most == 16
    assert library.evaluate(model, (x, y)) == library.evaluate(model, (data["x"], data["y"]))
    library.fit(model, (x, y), epochs=1, batch_norm="estimated")


def check_failing(library: Any, model: Any) -> None:
    """A file that cannot be read ends the training with its own error, and leaves no thread."""

    class Broken(Folder):
        def __getitem__(self, indices: np.ndarray) -> np.ndarray:
            if len(indices) < 30 and 50 in indices:  # not while a checkpoint samples it
                raise OSError("image 50 is gone")
            return super().__getitem__(indices)

    data = cases.arrays()
    with pytest.raises(Exception, match="image 50 is gone"):
        library.fit(model, (Broken(data["x"]), data["y"]), epochs=1, batch_size=16)
    assert not [t for t in threading.enumerate() if t.name.startswith("read-ahead")]
