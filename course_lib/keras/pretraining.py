"""Supervised pre-training: making a backbone from a domain that has plenty of labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from course_lib.keras.backbones import Backbone, load_backbone
from course_lib.keras.heads import attach_head
from course_lib.keras.loop import fit
from course_lib.training.batches import count_classes
from course_lib.training.recipes import Recipe


def pretrain_backbone(
    name: str,
    domain: Any,
    *,
    epochs: int,
    optimizer: Recipe | None = None,
    weights: str | Path | None = None,
    seed: int = 0,
    **training: Any,
) -> Backbone:
    """Train a backbone, with a head for the time being, to tell a domain's classes apart.

    The head is thrown away: it knows the source's classes only. What the backbone has learnt on the
    way, edges, corners, strokes, is what other tasks can use. ``save_backbone`` keeps it.

    Args:
        name: As for ``load_backbone``.
        domain: A ``Domain`` or a pair ``(x, y)``: images N×H×W×C that the backbone takes, labels N.
        epochs, optimizer: As for ``fit``.
        weights: Where to begin, as for ``load_backbone``: at random, unless given.
        seed: Decides the random start, the head's too, and what it decides for ``fit``.
        training: What else ``fit`` takes: ``batch_size``, ``objective``, ``validation``, ``callbacks``,
            ``precision``, ``device``, ``progress`` …

    Returns:
        The backbone, nothing frozen.

    Example::

        shapes = data.load("shapes")
        backbone = pretrain_backbone("glyphnet", shapes, epochs=5, optimizer=AdamW(3e-3))
        save_backbone(backbone, "shapes.safetensors")
        same = load_backbone("glyphnet", weights="shapes.safetensors")
    """
    backbone = load_backbone(name, weights=weights, seed=seed)
    model = attach_head(backbone, count_classes(domain), seed=seed)
    fit(model, domain, epochs=epochs, optimizer=optimizer, seed=seed, **training)
    backbone.weights_name = f"{name} trained on {getattr(domain, 'name', 'arrays')}"
    return backbone
