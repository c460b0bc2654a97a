"""What running a frozen backbone once saves.

    ./course bench cache

The same head is trained for 25 epochs in two ways. *Again and again*: the frozen backbone and the
head are one network, and every epoch runs both. *Once*: the backbone runs once over all images, and
the head trains on what it said. Both ways see the same batches, and end with the same head. Then a
whole L2 path (50 penalty strengths) is fitted on the same features.

Two backbones: the course's own glyphnet on the handwritten digits, and ResNet-18 at 224 pixels (its
weights are random: speed does not depend on them). CPU seconds of the process are compared, so that a
busy neighbour changes little.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib import data
from course_lib.data import Domain
from course_lib.readouts import linear_probe, root_features
from course_lib.waiting import steps

EPOCHS = 25
STRENGTHS = np.logspace(-4, 4, 50)
TIMES_FASTER = 20.0  # once against again and again, for ResNet-18
PATH_PART = 0.05  # the L2 path, as a part of again and again


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure both ways on both backbones.

    Args:
        quick: Few images and three epochs: to see that it works.
    """
    epochs, strengths = (3, STRENGTHS[:3]) if quick else (EPOCHS, STRENGTHS)
    digits = data.load("digits")
    few = data.few_shot(digits, 3 if quick else 100, 0)
    photos = _photos(12 if quick else 120, size=64 if quick else 224)
    rows = []
    with steps(2 * 3) as step:
        for name, domain in (("glyphnet", few), ("resnet18", photos)):
            rows.append(_measure(name, domain, epochs, strengths, step))
    return {"rows": rows, "epochs": epochs, "strengths": len(strengths), "quick": quick}


def _photos(n: int, *, size: int) -> Domain:
    """Give n coloured pictures in ten classes: noise with a class's own mean colour."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 10
    colours = rng.integers(40, 216, (10, 1, 1, 3))
    x = np.clip(colours[y] + rng.normal(0, 30, (n, size, size, 3)), 0, 255).astype(np.uint8)
    names = tuple(str(k) for k in range(10))
    return Domain("noise", x, y, names, license="CC0-1.0", source="drawn here")


def _measure(
    name: str, domain: Domain, epochs: int, strengths: np.ndarray, step: Callable[[str], None]
) -> dict[str, Any]:
    from course_lib.pytorch import (
        Adam,
        attach_head,
        build_head,
        extract_features,
        fit,
        freeze_plan,
        load_backbone,
    )

    weights = "default" if name == "glyphnet" else None
    recipe = {"optimizer": Adam(0.001), "batch_size": 32, "precision": "float32", "progress": False}
    backbone = load_backbone(name, weights=weights)
    model = freeze_plan(attach_head(backbone, len(domain.classes)), "head")
    step(f"{name}: again and again")
    again, slow = _seconds(lambda: fit(model, domain, epochs=epochs, **recipe))  # type: ignore[arg-type]

    step(f"{name}: once")
    features, once = _seconds(lambda: extract_features(backbone, domain.x, cache=False))
    head = build_head(backbone.feature_size, len(domain.classes))
    pair = (features, domain.y)
    history, head_seconds = _seconds(lambda: fit(head, pair, epochs=epochs, **recipe))  # type: ignore[arg-type]

    f = root_features(features)
    step(f"{name}: the L2 path")
    _, path = _seconds(lambda: [linear_probe(f, domain.y, strength=s) for s in strengths])
    return {
        "backbone": name,
        "images": len(domain),
        "size": domain.x.shape[1],
        "again_and_again": slow,
        "run_once": once,
        "train_head": head_seconds,
        "l2_path": path,
        "times_faster": slow / (once + head_seconds),
        "path_part": path / slow,
        "largest_difference_of_losses": float(
            np.max(np.abs(np.array(again.loss) - np.array(history.loss)))
        ),
    }


def _seconds(work: Callable[[], Any]) -> tuple[Any, float]:
    """Do some work; give what it gave and its CPU seconds."""
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


def table(result: dict[str, Any]) -> str:
    """Write the result as a table."""
    lines = [
        f"CPU seconds for {result['epochs']} epochs of a head on a frozen backbone, and for "
        f"{result['strengths']} strengths of L2",
        f"{'backbone':10} {'images':>7} {'pixels':>7} {'again and again':>16} {'run once':>9} "
        f"{'train head':>11} {'times faster':>13} {'L2 path':>8} {'part':>7} {'Δ loss':>8}",
    ]
    for row in result["rows"]:
        lines.append(
            f"{row['backbone']:10} {row['images']:7} {row['size']:7} {row['again_and_again']:16.2f} "
            f"{row['run_once']:9.2f} {row['train_head']:11.2f} {row['times_faster']:13.1f} "
            f"{row['l2_path']:8.2f} {row['path_part']:7.1%} "
            f"{row['largest_difference_of_losses']:8.0e}"
        )
    return "\n".join([*lines, *(f"missed: {miss}" for miss in misses(result))])


def misses(result: dict[str, Any]) -> list[str]:
    """Say which stated figure was missed, and by how much."""
    if result["quick"]:
        return []
    row = next(row for row in result["rows"] if row["backbone"] == "resnet18")
    found = []
    if row["times_faster"] < TIMES_FASTER:
        found.append(
            f"running ResNet-18 once: {row['times_faster']:.1f}×, promised {TIMES_FASTER}×"
        )
    if row["path_part"] > PATH_PART:
        found.append(f"the L2 path: {row['path_part']:.1%} of the time, promised {PATH_PART:.0%}")
    return found
