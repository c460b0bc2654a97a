"""The course's own small language model, as far as it is the same in both halves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from course_lib.files import write_atomically
from course_lib.text import corpora
from course_lib.text.vocabulary import SPECIAL, Vocabulary, cut_windows
from course_lib.training.published import EMBEDDED
from course_lib.training.transformer_shape import TransformerShape
from course_lib.training.weight_files import read_weights

WEIGHTS = EMBEDDED / "scribe.safetensors"
ASCII = Vocabulary((*SPECIAL, "\n", *(chr(code) for code in range(32, 127))))
SHAPE = TransformerShape(vocabulary=len(ASCII), places=96, width=96, depth=2, heads=4, hidden=384)
HELD_OUT = 40_000  # the last characters: measured, never learned

Pair = tuple[np.ndarray, np.ndarray]


def source_text() -> str:
    """Give what the scribe reads: Python's manual and docstrings, about 1.3 million characters."""
    return f"{corpora.python_manual()}\n{corpora.python_docstrings()}"


def windows() -> tuple[Pair, Pair]:
    """Cut the text into (x, y) to learn from, and (x, y) to measure on."""
    numbers = ASCII.encode(source_text())
    return cut_windows(numbers[:-HELD_OUT], SHAPE.places), cut_windows(
        numbers[-HELD_OUT:], SHAPE.places
    )


def read(path: str | Path) -> dict[str, np.ndarray]:
    """Read a file of weights by name, float32."""
    return {name: array.astype(np.float32) for name, array in read_weights(Path(path)).items()}


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """Write weights by name in half precision (twice as small; the answers hardly differ), whole or not at all."""
    from safetensors.numpy import save

    halves = {name: np.ascontiguousarray(array, dtype=np.float16) for name, array in arrays.items()}
    return write_atomically(path, save(halves))
