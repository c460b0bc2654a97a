"""The course's own small language model: its weights, and the recipe that made them.

To make them again: ``save_scribe(pretrain_scribe(), "scribe.safetensors")``, a few minutes.
"""

from __future__ import annotations

from pathlib import Path

from course_lib.arguments import require_path
from course_lib.keras.loop import fit
from course_lib.keras.named import named_arrays, put_arrays
from course_lib.keras.objectives import SequenceLikelihood
from course_lib.keras.transformer import LanguageModel, build_language_model
from course_lib.text import scribe
from course_lib.training.recipes import AdamW
from course_lib.training.schedules import WarmupCosine


def load_scribe(path: str | Path = scribe.WEIGHTS) -> LanguageModel:
    """Give the course's small language model, pre-trained on technical English, in inference mode.

    Args:
        path: A weights file of :func:`save_scribe`, of either half.
    """
    return put_arrays(build_language_model(scribe.SHAPE), scribe.read(path))


def save_scribe(model: LanguageModel, path: str | Path) -> Path:
    """Write a model of the scribe's build, PyTorch's names and layout, so that either half reads it."""
    return scribe.write(require_path("path", path), named_arrays(model))


def pretrain_scribe(*, epochs: int = 5, seed: int = 0, progress: bool = True) -> LanguageModel:
    """Train the scribe on the characters of Python's manual and docstrings.

    Args:
        epochs: How often the text is read; five take a few minutes of one core.
        seed: Where the weights and the order of the windows come from.
        progress: Whether to show a bar.
    """
    train, rest = scribe.windows()
    model = build_language_model(scribe.SHAPE, seed=seed)
    recipe = AdamW(WarmupCosine(2e-3), weight_decay=0.05)
    fit(
        model, train, objective=SequenceLikelihood(), optimizer=recipe, epochs=epochs, batch_size=32,
        validation=rest, seed=seed, progress=progress,
    )  # fmt: skip
    return model
