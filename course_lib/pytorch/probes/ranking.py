"""The probe of chapter 13: a table of articles that grows when new ones arrive.

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


class TinyShop(nn.Module):
    """Readers N×D and articles N → scores N; parts ``articles`` (a row for each) and ``bias``."""

    def __init__(self, table: np.ndarray) -> None:
        super().__init__()
        self.articles = nn.Embedding(*table.shape)
        self.bias = nn.Parameter(torch.zeros(1))
        set_values(self.articles.weight, table)

    def forward(self, readers: Tensor, shown: Tensor) -> Tensor:
        return (readers * self.articles(shown)).sum(dim=1) + self.bias


def shop_to_grow(
    *, table: np.ndarray, start: np.ndarray, readers: np.ndarray, clicked: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`grown_articles` calls the student's function with."""
    return {"model": TinyShop(table), "start": start.copy()}


ARGUMENTS = {"grown_articles": shop_to_grow}


def grown_articles(grow: Callable[..., Any], **given: np.ndarray) -> dict[str, Any]:
    """Let the student's function add rows for new articles, make one training step on them, and say what happened.

    Args:
        grow: The student's ``grow_articles(model, start)``.
        given: ``table`` I×D the old rows, ``start`` M×D the new ones; ``readers`` M×D and ``clicked`` M
            for the step, one for each new article.

    Returns:
        ``rows``: how many there are; ``old_rows`` and ``new_rows``: as they should be; ``trainable``: how many
        numbers may learn; ``new_learn``: the step moved the new rows; ``old_stay``: not the old ones.
    """
    arguments = shop_to_grow(**given)  # type: ignore[arg-type]
    model, old = arguments["model"], len(given["table"])
    grow(**arguments)
    before = _rows(model)
    whole = len(before) == old + len(given["start"])
    free = [w for w in model.parameters() if w.requires_grad]
    if whole and free:
        shown = torch.arange(old, len(before))
        z = model(torch.tensor(given["readers"]), shown)
        loss = functional.binary_cross_entropy_with_logits(z, torch.tensor(given["clicked"]))
        slopes = torch.autograd.grad(loss, free, allow_unused=True)
        with torch.no_grad():
            for w, slope in zip(free, slopes, strict=True):
                if slope is not None:
                    w -= 0.5 * slope
    after = _rows(model)
    return {
        "rows": len(before),
        "old_rows": bool(np.array_equal(before[:old], given["table"])),
        "new_rows": bool(np.array_equal(before[old:], given["start"])),
        "trainable": sum(w.numel() for w in free),
        "new_learn": not np.array_equal(after[old:], before[old:]),
        "old_stay": bool(np.array_equal(after[:old], before[:old])),
    }


def _rows(model: TinyShop) -> np.ndarray:
    return model.articles.weight.detach().numpy().copy()
