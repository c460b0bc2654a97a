"""A probe of chapter 16: two towers of which one is locked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.pytorch.tiny_models import TinyBackbone, bits_of, set_values


class TinyTowers(nn.Module):
    """A pre-trained image tower, a new text tower, and a learned scale."""

    def __init__(self, text: np.ndarray, arrays: dict[str, np.ndarray]) -> None:
        super().__init__()
        self.image = TinyBackbone(arrays)
        self.text = nn.Linear(*text.shape)
        self.log_scale = nn.Parameter(torch.tensor(2.0))
        set_values(self.text.weight, text.T)


def towers_to_lock(*, images: np.ndarray, text: np.ndarray, **arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`locking` calls the student's function with: all of it learns, in training mode."""
    tiny = {name: array for name, array in arrays.items() if name not in ("head", "bias")}
    return {"model": TinyTowers(text, tiny).train()}


ARGUMENTS = {"locking": towers_to_lock}


def locking(
    lock_image_tower: Callable[[Any], Any],
    *,
    images: np.ndarray,
    text: np.ndarray,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function lock the image tower, show it pictures, and look what learns.

    Args:
        lock_image_tower: The student's function of a model with ``.image``, ``.text`` and ``.log_scale``.
        images: N×H×W×C, float32.
        text: The text tower's weights, words×D.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``image``, ``text``, ``scale`` (how many numbers of each learn), ``statistics_moved`` (of the
        image tower's BatchNorm, by looking at pictures), ``answers_moved`` (of the image tower, against
        inference mode), ``text_in_training_mode``, ``values_kept``.
    """
    model = towers_to_lock(images=images, text=text, **arrays)["model"]
    before, words = bits_of(model.image), model.text.weight.detach().clone()
    model.image.eval()
    answers = model.image(torch.tensor(images))
    model.image.train()
    lock_image_tower(model)
    kept = bits_of(model.image) == before and torch.equal(model.text.weight, words)
    answers_now = model.image(torch.tensor(images))
    after = bits_of(model.image)
    return {
        "image": sum(w.numel() for w in model.image.parameters() if w.requires_grad),
        "text": sum(w.numel() for w in model.text.parameters() if w.requires_grad),
        "scale": int(model.log_scale.requires_grad),
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
        "answers_moved": not torch.allclose(answers_now, answers, rtol=1e-4, atol=1e-5),
        "text_in_training_mode": model.text.training,
        "values_kept": kept,
    }
