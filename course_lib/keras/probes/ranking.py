"""The probes of chapter 13: a table of articles that grows, and a model told what it was trained on.

As in ``probes.py``, they run a student's function on a tiny model and report what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.keras.differentiation import gradients
from course_lib.keras.losses import binary_cross_entropy


class TinyShop(keras.Model):
    """Readers N×D and articles N → scores N; parts ``articles`` (a row for each) and ``bias``."""

    def __init__(self, table: np.ndarray) -> None:
        super().__init__()
        self.articles = layers.Embedding(*table.shape)
        self.articles.build()
        self.articles.set_weights([table])
        self.bias = self.add_weight(shape=(1,), initializer="zeros", name="bias")
        self.built = True

    def call(self, readers: KerasTensor, shown: KerasTensor) -> KerasTensor:
        return ops.sum(readers * self.articles(shown), axis=1) + self.bias


class TinyCampaign(keras.Model):
    """What is known of N clicks, N×D → logits of a purchase, N; parts ``hidden`` (with ReLU) and ``last``."""

    def __init__(self, w1: np.ndarray, w2: np.ndarray, bias: np.ndarray) -> None:
        super().__init__()
        self.hidden = layers.Dense(w1.shape[1], use_bias=False, activation="relu")
        self.last = layers.Dense(1)
        self.hidden.build((None, w1.shape[0]))
        self.last.build((None, w2.shape[0]))
        self.hidden.set_weights([w1])
        self.last.set_weights([w2, bias])
        self.built = True

    def call(self, x: KerasTensor) -> KerasTensor:
        return self.last(self.hidden(x))[:, 0]


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
    # Not model.trainable_variables: Keras still counts a layer that was replaced.
    free = [w for w in (*model.articles.trainable_variables, model.bias) if w.trainable]
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
        "trainable": sum(int(np.prod(w.shape)) for w in free),
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
    said = ops.convert_to_numpy(ops.sigmoid(model(ops.convert_to_tensor(given["x"]))))
    now = (model.hidden.kernel, model.last.kernel)
    free = [*model.hidden.trainable_variables, *model.last.trainable_variables]
    return {
        "probabilities": np.array(said),
        "weights_stay": all(
            np.array_equal(ops.convert_to_numpy(a), given[name])
            for a, name in zip(now, ("w1", "w2"), strict=True)
        ),
        "trainable": sum(int(np.prod(w.shape)) for w in free),
    }


def _step(
    model: TinyShop,
    free: list[keras.Variable],
    shown: np.ndarray,
    readers: np.ndarray,
    clicked: np.ndarray,
) -> None:
    """Make one training step on some articles, each shown to one reader."""
    x, articles, y = (ops.convert_to_tensor(values) for values in (readers, shown, clicked))
    _, slopes = gradients(lambda: binary_cross_entropy(model(x, articles), y), free)
    for w, slope in zip(free, slopes, strict=True):
        if slope is not None:
            w.assign_sub(0.5 * slope)


def _rows(model: TinyShop) -> np.ndarray:
    if not model.articles.built:
        model.articles.build()
    return np.array(ops.convert_to_numpy(model.articles.embeddings))
