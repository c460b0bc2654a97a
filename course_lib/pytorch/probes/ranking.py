"""The probes of chapter 13: a table of articles that grows, and a model told what it was trained on.

As in ``probes.py``, they run a student's function on a tiny model and report what it did.
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


class TinyCampaign(nn.Module):
    """What is known of N clicks, N×D → logits of a purchase, N; parts ``hidden`` (with ReLU) and ``last``."""

    def __init__(self, w1: np.ndarray, w2: np.ndarray, bias: np.ndarray) -> None:
        super().__init__()
        self.hidden = nn.Linear(*w1.shape, bias=False)
        self.last = nn.Linear(w2.shape[0], 1)
        set_values(self.hidden.weight, w1.T)
        set_values(self.last.weight, w2.T)
        set_values(self.last.bias, bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.relu(self.hidden(x)))[:, 0]


def shop_to_grow(
    *, table: np.ndarray, start: np.ndarray, readers: np.ndarray, clicked: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`grown_articles` calls the student's function with."""
    return {"model": TinyShop(table), "start": start.copy()}


def campaign_to_mend(
    *, x: np.ndarray, w1: np.ndarray, w2: np.ndarray, bias: np.ndarray, kept: float
) -> dict[str, Any]:
    """Give what :func:`undone_thinning` calls the student's function with."""
    return {"model": TinyCampaign(w1, w2, bias), "kept": kept}


ARGUMENTS = {"grown_articles": shop_to_grow, "undone_thinning": campaign_to_mend}


def grown_articles(grow: Callable[..., Any], **given: np.ndarray) -> dict[str, Any]:
    """Let the student's function add rows for new articles, make one training step on them, and say what happened.

    Args:
        grow: The student's ``grow_articles(model, start)``.
        given: ``table`` I×D the old rows, ``start`` M×D the new ones; ``readers`` M×D and ``clicked`` M
            for the step, one for each new article.

    Returns:
        ``rows``: how many there are; ``old_rows`` and ``new_rows``: as they should be; ``trainable``: how many
        numbers may learn; ``new_learn``: the step moved the new rows; ``old_stay``: not the old ones;
        ``old_learn``: a second step, on old articles, moved each of their rows.
    """
    arguments = shop_to_grow(**given)  # type: ignore[arg-type]
    model, old = arguments["model"], len(given["table"])
    grow(**arguments)
    before = _rows(model)
    whole = len(before) == old + len(given["start"])
    free = [w for w in model.parameters() if w.requires_grad]
    if whole and free:
        _step(model, free, np.arange(old, len(before)), given["readers"], given["clicked"])
    after = _rows(model)
    if whole and free:
        readers = np.resize(given["readers"], given["table"].shape)
        _step(model, free, np.arange(old), readers, np.ones(old, dtype=np.float32))
    last = _rows(model)
    return {
        "rows": len(before),
        "old_rows": bool(np.array_equal(before[:old], given["table"])),
        "new_rows": bool(np.array_equal(before[old:], given["start"])),
        "trainable": sum(w.numel() for w in free),
        "new_learn": not np.array_equal(after[old:], before[old:]),
        "old_stay": bool(np.array_equal(after[:old], before[:old])),
        "old_learn": bool((last[:old] != after[:old]).any(axis=1).all()),
    }


def undone_thinning(mend: Callable[..., Any], **given: Any) -> dict[str, Any]:
    """Let the student's function undo in a model that negatives were thinned, and look at all of it.

    Args:
        mend: The student's ``undo_thinning(model, kept)``.
        given: ``x`` N×D clicks to ask about; ``w1`` D×H, ``w2`` H×1 and ``bias`` 1 of the model; ``kept``.

    Returns:
        ``probabilities``: what the model says now, N; ``weights_stay``: bit for bit, all but the intercept;
        ``trainable``: how many numbers may learn.
    """
    arguments = campaign_to_mend(**given)
    model = arguments["model"]
    mend(**arguments)
    with torch.no_grad():
        said = torch.sigmoid(model(torch.tensor(given["x"]))).numpy().copy()
    now = (model.hidden.weight.detach().numpy().T, model.last.weight.detach().numpy().T)
    return {
        "probabilities": said,
        "weights_stay": all(
            np.array_equal(a, given[name]) for a, name in zip(now, ("w1", "w2"), strict=True)
        ),
        "trainable": sum(w.numel() for w in model.parameters() if w.requires_grad),
    }


def _step(
    model: TinyShop,
    free: list[Tensor],
    shown: np.ndarray,
    readers: np.ndarray,
    clicked: np.ndarray,
) -> None:
    """Make one training step on some articles, each shown to one reader."""
    z = model(torch.tensor(readers), torch.tensor(shown))
    loss = functional.binary_cross_entropy_with_logits(z, torch.tensor(clicked))
    slopes = torch.autograd.grad(loss, free, allow_unused=True)
    with torch.no_grad():
        for w, slope in zip(free, slopes, strict=True):
            if slope is not None:
                w -= 0.5 * slope


def _rows(model: TinyShop) -> np.ndarray:
    return model.articles.weight.detach().numpy().copy()
