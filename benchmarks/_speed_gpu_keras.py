"""The Keras half's ``fit`` on one GPU, for the ``speed_gpu`` benchmark, a process of its own.

``python -m benchmarks._speed_gpu_keras MODEL PRECISION IMAGES SIZE BATCH EPOCHS [--anywhere]`` prints
the seconds at the end of each epoch as JSON. ``KERAS_BACKEND`` says which backend; without a GPU it stops with a
sentence, unless ``--anywhere`` is given.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from course_lib.keras import (
    AdamW,
    Augmented,
    CrossEntropy,
    Flip,
    Scale,
    Shift,
    attach_head,
    fit,
    load_backbone,
)
from course_lib.keras.devices import on_gpu


def epoch_ends(
    name: str, precision: str, images: int, size: int, batch: int, epochs: int
) -> list[float]:
    """Train on noise in ten classes; give the seconds at the end of each epoch."""
    channels = 1 if name == "glyphnet" else 3
    rng = np.random.default_rng(0)
    x = rng.integers(256, size=(images, size, size, channels), dtype=np.uint8)
    changes = (Flip(), Shift(0.1), Scale(0.8, 1.2))
    history = fit(
        attach_head(load_backbone(name, weights=None), 10),
        (x, np.arange(images) % 10),
        objective=Augmented(CrossEntropy(), changes),
        optimizer=AdamW(1e-3, weight_decay=0.0),
        epochs=epochs,
        batch_size=batch,
        precision=precision,
        progress=False,
    )
    return [row["seconds"] for row in history.epochs]


if __name__ == "__main__":
    if not on_gpu() and "--anywhere" not in sys.argv:
        sys.exit("Keras sees no GPU on this backend")
    model_name, dtype, *numbers = [word for word in sys.argv[1:] if not word.startswith("--")]
    print(json.dumps(epoch_ends(model_name, dtype, *map(int, numbers))))
