"""The probe of chapter 10: vectors put into an embedding, and kept there.

As in ``probes.py``, it runs a student's function on a tiny model and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from course_lib.pytorch.tiny_models import set_values


class TinyReader(nn.Module):
    """Tokens N×T → the mean of their vectors → logits N×C; parts ``tokens`` and ``head``."""

    def __init__(self, table: np.ndarray, head: np.ndarray) -> None:
        super().__init__()
        self.tokens = nn.Embedding(*table.shape)
        self.head = nn.Linear(*head.shape)
        set_values(self.tokens.weight, table)
        set_values(self.head.weight, head.T)
        set_values(self.head.bias, np.zeros(head.shape[1], np.float32))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.tokens(x).mean(dim=1))


def reader_to_fill(
    *,
    x: np.ndarray,
    y: np.ndarray,
    table: np.ndarray,
    head: np.ndarray,
    vectors: np.ndarray,
    known: np.ndarray,
) -> dict[str, Any]:
    """Give what :func:`filled_embedding` calls the student's function with."""
    return {
        "model": TinyReader(table, head), "vectors": vectors.copy(), "known": known.astype(bool)
    }  # fmt: skip


ARGUMENTS = {"filled_embedding": reader_to_fill}


def filled_embedding(install: Callable[..., Any], **given: np.ndarray) -> dict[str, Any]:
    """Let the student's function fill an embedding, make one training step, and say what happened.

    Args:
        install: The student's ``install_vectors(model, vectors, known)``.
        given: ``x`` N×T tokens, ``y`` N labels, ``table`` K×D and ``head`` D×C the start,
            ``vectors`` K×D and ``known`` K what is to be put in.

    Returns:
        ``known_rows`` and ``other_rows`` after the call, each as yes or no: as they should be;
        ``trainable``: how many numbers may learn; ``table_moved`` and ``head_moved`` by the step.
    """
    arguments = reader_to_fill(**given)  # type: ignore[arg-type]
    model, known = arguments["model"], arguments["known"]
    install(**arguments)
    filled = _values(model.tokens)
    free = [w for w in model.parameters() if w.requires_grad]
    before = _values(model.head)
    loss = functional.cross_entropy(model(torch.tensor(given["x"])), torch.tensor(given["y"]))
    slopes = torch.autograd.grad(loss, free, allow_unused=True) if free else []
    with torch.no_grad():
        for w, slope in zip(free, slopes, strict=True):
            if slope is not None:
                w -= 0.5 * slope
    return {
        "known_rows": bool(np.array_equal(filled[known], given["vectors"][known])),
        "other_rows": bool(np.array_equal(filled[~known], given["table"][~known])),
        "trainable": sum(w.numel() for w in free),
        "table_moved": not np.array_equal(_values(model.tokens), filled),
        "head_moved": not np.array_equal(_values(model.head), before),
    }


def _values(layer: nn.Module) -> np.ndarray:
    return layer.weight.detach().numpy().copy()  # type: ignore[operator,union-attr]
