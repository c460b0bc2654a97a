"""Train in a child process that kills itself after some epochs: used by both halves' tests.

``python -m tests.training.killed HALF CHECKPOINT``
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.training import AdamW, Callback, Checkpoint, EarlyStopping, WarmupCosine
from course_lib.training.settings import digest
from tests.conftest import ROOT


class KillAfter(Callback):
    """End the process without a word, after the checkpoint of an epoch has been asked for."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def on_epoch_end(self, run: Any) -> None:
        if len(run.history.epochs) == self.epochs:
            os.kill(os.getpid(), signal.SIGKILL)


def train(half: str, checkpoint: Path, kill_after: int = 0) -> dict[str, Any]:
    """Train with a checkpoint; give what a resumed training must have in common with a whole one."""
    library = importlib.import_module(f"course_lib.{half}")
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (40, 32, 32, 1), dtype=np.uint8)
    y = rng.integers(0, 3, 40)
    backbone = library.load_backbone("glyphnet", weights=None, seed=1)
    model = library.attach_head(backbone, 3, hidden=(8,), dropout=0.5)
    mixed = library.MixUp(library.CrossEntropy(), classes=3)
    objective = library.Augmented(
        mixed, [library.Shift(), library.Erase()]
    )  # it draws at each step
    callbacks = [EarlyStopping(patience=9), Checkpoint(checkpoint), KillAfter(kill_after)]
    history = library.fit(
        model, (x, y), objective=objective, optimizer=AdamW(WarmupCosine(0.003)), epochs=4,
        batch_size=16, validation=(x[:9], y[:9]), callbacks=callbacks, progress=False,
    )  # fmt: skip
    outputs = digest({"outputs": library.predict(model, x)})
    return {"loss": history.loss, "epochs": len(history.epochs), "outputs": outputs}


def check_resuming(half: str, folder: Path) -> None:
    """Train once through, once with a kill in the third epoch: both must end alike."""
    cut = folder / "cut.safetensors"
    child = subprocess.Popen([sys.executable, "-m", __name__, half, str(cut)], cwd=ROOT)
    expected = train(half, folder / "whole.safetensors")
    assert child.wait(timeout=300) == -signal.SIGKILL
    assert cut.exists()
    resumed = train(half, cut)
    assert resumed == expected and resumed["epochs"] == 4


if __name__ == "__main__":
    train(sys.argv[1], Path(sys.argv[2]), kill_after=3)
