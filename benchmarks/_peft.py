"""Part *peft* of ``./course bench methods``: accuracy against the number of weights that learn.

From letters to handwritten digits: ten labels per class from the development part, measured on the
test part. Every method has the same backbone, head, batches, epochs and seeds. Each learning rate was the
best on draw 10 of the development part, measured on 300 others of it: 0.003 or 0.01 for LoRA, adapters and
biases, 0.01 or 0.03 for the probe; 0.001 to 0.03, on draws 10 to 12, for fine-tuning of everything. Rank 1
takes over rank 4's rate, norms that of the biases. Ranks and widths were not searched. Fine-tuning of everything lets
BatchNorm statistics follow, the others keep them. "Stored" is what a further task costs on disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from course_lib import data
from course_lib.data import Domain
from course_lib.judging import accuracy, interval, paired_interval
from course_lib.waiting import steps

SEEDS, PER_CLASS, EPOCHS, BATCH = 5, 10, 12, 10
FULL, LORA, PROBE = "everything", "LoRA, rank 4", "linear probe"


class Method(NamedTuple):
    """How a model is prepared, its learning rate, and whether BatchNorm statistics follow."""

    prepare: Callable[[Any], Any]
    rate: float
    batch_norm: str = "frozen"


def plan(name: str) -> Callable[[Any], Any]:
    """Freeze by a named plan."""

    def prepare(model: Any) -> Any:
        from course_lib.pytorch import freeze_plan

        return freeze_plan(model, name)

    return prepare


def lora(rank: int) -> Callable[[Any], Any]:
    """LoRA at every convolution, α twice the rank."""

    def prepare(model: Any) -> Any:
        from course_lib.pytorch import add_lora

        return add_lora(model, rank=rank, alpha=2.0 * rank)

    return prepare


def adapters(width: int) -> Callable[[Any], Any]:
    """An adapter after the second convolution of each block, before the sum."""

    def prepare(model: Any) -> Any:
        from course_lib.pytorch import add_adapters

        return add_adapters(model, width=width, where=["conv2"])

    return prepare


METHODS: dict[str, Method] = {
    FULL: Method(plan("everything"), 3e-3, "moving"),
    LORA: Method(lora(4), 1e-2),
    "LoRA, rank 1": Method(lora(1), 1e-2),
    "adapters, width 16": Method(adapters(16), 3e-3),
    "BitFit (biases)": Method(plan("bias"), 1e-2),
    "norms": Method(plan("norm"), 1e-2),
    PROBE: Method(plan("head"), 3e-2),
}


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure every method; ``quick``: two seeds, one epoch, to see that it works."""
    started, rows = time.perf_counter(), []
    development, test = data.split(data.load("digits"))
    seeds = 2 if quick else SEEDS
    with steps(seeds * len(METHODS)) as step:
        for name, method in METHODS.items():
            values, counts, stored = [], 0, 0
            for seed in range(seeds):
                step(f"{name}, seed {seed}")
                few = data.few_shot(development, 2 if quick else PER_CLASS, seed)
                model = trained(method, few, seed, 1 if quick else EPOCHS)
                values.append(measured(model, test))
                counts, stored = sizes(model)
            rows.append({"method": name, "values": values, "trainable": counts, "bytes": stored})
    seconds = time.perf_counter() - started
    return {"rows": rows, "seconds": seconds, "seeds": seeds, "quick": quick}


def trained(method: Method, train: Domain, seed: int, epochs: int) -> Any:
    """Give a model that has learnt from a few labels by one method."""
    from course_lib.pytorch import AdamW, WarmupCosine, attach_head, fit, load_backbone

    model = attach_head(load_backbone("glyphnet"), len(train.classes), seed=seed)
    model = method.prepare(model)
    recipe = AdamW(WarmupCosine(method.rate), weight_decay=0.05)
    fit(
        model, train, optimizer=recipe, epochs=epochs, batch_size=BATCH, seed=seed,
        batch_norm=method.batch_norm, progress=False,
    )  # fmt: skip
    return model


def measured(model: Any, test: Domain) -> float:
    """Give the accuracy on held-out data."""
    from course_lib.pytorch import predict

    return accuracy(test.y, np.argmax(predict(model, test.x), axis=1))


def sizes(model: Any) -> tuple[int, int]:
    """Give how many weights learn, and the bytes that a task stores."""
    from course_lib.pytorch import count_parameters, stored_bytes

    return count_parameters(model)["trainable"], stored_bytes(model)


def table(result: dict[str, Any]) -> str:
    """Write the result as text, with each method's gain over fine-tuning everything."""
    rows = {row["method"]: row for row in result["rows"]}
    lines = [
        f"{PER_CLASS} labels per class, accuracy, mean [95 % interval] over {result['seeds']} seeds",
        f"{'':20}{'learn':>9}{'of all':>8}{'stored':>10}{'accuracy':>22}{f'gain over {FULL}':>28}",
    ]
    for name, row in rows.items():
        share = row["trainable"] / rows[FULL]["trainable"]
        gain = "" if name == FULL else str(paired_interval(row["values"], rows[FULL]["values"]))
        lines.append(
            f"{name:20}{row['trainable']:9,}{share:8.1%}{row['bytes'] / 1000:7.0f} kB"
            f"{interval(row['values'])!s:>22}{gain:>28}"
        )
    return "\n".join([*lines, *verdicts(result), f"{result['seconds']:.0f} s"])


def orderings(result: dict[str, Any]) -> list[tuple[str, bool]]:
    """Say of each expectation what was found, and whether it is that."""
    rows = {row["method"]: row for row in result["rows"]}
    full, small, probe = (np.array(rows[name]["values"]) for name in (FULL, LORA, PROBE))
    part = rows[LORA]["trainable"] / rows[FULL]["trainable"]
    reached, gain = float(small.mean() / full.mean()), paired_interval(small, probe)
    return [
        (f"{LORA} has {part:.1%} of the weights, expected at most 10 %", part <= 0.1),
        (f"{LORA} reaches {reached:.1%} of {FULL}, expected at least 99 %", reached >= 0.99),
        (f"{LORA} − {PROBE} = {gain}, expected above 0", gain.low > 0),
    ]


def verdicts(result: dict[str, Any]) -> list[str]:
    """Give a line for each expectation; of a quick run, that it has none."""
    if result["quick"]:
        return ["a quick run, to see that it works: its numbers mean nothing"]
    return [f"{'found' if met else 'NOT FOUND'}: {line}" for line, met in orderings(result)]


def misses(result: dict[str, Any]) -> list[str]:
    """Which expectations did not appear; a quick run has none."""
    return [] if result["quick"] else [line for line, met in orderings(result) if not met]
