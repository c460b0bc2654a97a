"""Train in a child process that kills itself after some epochs: used by both halves' tests.

``python -m tests.training.killed HALF CHECKPOINT KILL_AFTER``; prints the history and a digest of the
weights as JSON when it gets to the end.
"""

from __future__ import annotations

import importlib
import json
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


def main(half: str, checkpoint: str, kill_after: int) -> None:
    library = importlib.import_module(f"course_lib.{half}")
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (40, 32, 32, 1), dtype=np.uint8)
    y = rng.integers(0, 3, 40)
    backbone = library.load_backbone("glyphnet", weights=None, seed=1)
    model = library.attach_head(backbone, 3, hidden=(8,), dropout=0.5)
    callbacks = [EarlyStopping(patience=9), Checkpoint(checkpoint), KillAfter(kill_after)]
    history = library.fit(
        model, (x, y), optimizer=AdamW(WarmupCosine(0.003)), epochs=4, batch_size=16,
        validation=(x[:9], y[:9]), callbacks=callbacks, progress=False,
    )  # fmt: skip
    outputs = digest({"outputs": library.predict(model, x)})
    print(json.dumps({"loss": history.loss, "epochs": len(history.epochs), "outputs": outputs}))


def check_resuming(half: str, folder: Path) -> None:
    """Train once through, once with a kill in the third epoch: both must end alike."""

    def start(name: str, kill_after: int) -> subprocess.Popen:
        command = [sys.executable, "-m", __name__, half, str(folder / name), str(kill_after)]
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=ROOT, env=env, **pipes)

    whole, cut = start("whole.safetensors", 0), start("cut.safetensors", 3)
    expected, err = whole.communicate(timeout=300)
    assert whole.returncode == 0, err
    assert cut.wait(timeout=300) == -signal.SIGKILL
    resumed, err = start("cut.safetensors", 0).communicate(timeout=300)
    assert err == ""
    assert json.loads(resumed) == json.loads(expected)
    assert json.loads(resumed)["epochs"] == 4


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
