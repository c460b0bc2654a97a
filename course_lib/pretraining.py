"""How the course's own weights are made: ``./course pretrain``.

glyphnet learns to tell the letters of many scripts apart, drawn as if written by hand. It never sees
a digit, rendered or real. Everything here was chosen on the development part of the digits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from course_lib import data
from course_lib.language import both
from course_lib.paths import cache_dir


@dataclass(frozen=True)
class Variant:
    """One set of weights.

    Attributes:
        name: of the weights file, without ``.safetensors``.
        without_look_alikes: leave out the letters that look like a digit.
        backbone: the network that learns.
    """

    name: str
    without_look_alikes: bool = False
    backbone: str = "glyphnet"


@dataclass(frozen=True)
class Recipe:
    """What is trained on and how. The values are the shipped weights' own."""

    images: int = 60_000
    epochs: int = 5
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    style: str = "hand"
    seed: int = 0


VARIANTS = (
    Variant("glyphnet"),
    Variant("glyphnet_without_look_alikes", without_look_alikes=True),
    Variant("glyphnet_half", backbone="glyphnet_half"),
)
WEIGHTS = Path(__file__).resolve().parent / "weights"


def pretrain(*, output: str | Path | None = None, recipe: Recipe | None = None) -> None:
    """Make all weights from nothing and print what they are worth.

    An interrupted run goes on where it stopped. Expect five to ten minutes on two processor cores.

    Args:
        output: folder for the weights files; by default the package's own.
        recipe: what to train on and how; by default what the shipped weights were made with.
    """
    from benchmarks import transfer  # the tables are the benchmark's

    folder = Path(output) if output else WEIGHTS
    for variant in VARIANTS:
        started = time.perf_counter()
        path = pretrain_one(variant, recipe or Recipe(), folder)
        seconds = time.perf_counter() - started
        print(both(f"{path}: {seconds:.0f} s", f"{path}：{seconds:.0f} 秒"), flush=True)
    for variant in VARIANTS:
        checkpoint_of(variant).unlink(missing_ok=True)
    print(transfer.table(transfer.run(weights=folder)))


def pretrain_one(variant: Variant, recipe: Recipe, folder: Path) -> Path:
    """Train one variant and write its weights file; give the file's path."""
    from course_lib.pytorch import (
        AdamW,
        Checkpoint,
        WarmupCosine,
        pretrain_backbone,
        save_backbone,
    )

    source = data.load(
        "scripts",
        n=recipe.images,
        seed=recipe.seed,
        style=recipe.style,
        without_look_alikes=variant.without_look_alikes,
        cache=False,
    )
    print(source, flush=True)
    backbone = pretrain_backbone(
        variant.backbone,
        source,
        optimizer=AdamW(
            WarmupCosine(recipe.learning_rate, warmup=0.05),
            weight_decay=recipe.weight_decay,
            decay_everything=True,  # as the shipped weights were made
        ),
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        callbacks=[Checkpoint(checkpoint_of(variant))],
        seed=recipe.seed,
    )
    return save_backbone(backbone, folder / f"{variant.name}.safetensors")


def checkpoint_of(variant: Variant) -> Path:
    """Where a variant's training is kept until all variants are done."""
    return cache_dir() / "pretraining" / f"{variant.name}.safetensors"
