"""Part *peft* of ``./course bench methods``: accuracy against the number of weights that learn.

From letters to handwritten digits: ten labels per class from the development part, measured on the
test part. Every method has the same backbone, head, batches, epochs and seeds. BatchNorm's
statistics follow the new pictures in every method (the probe's network is frozen, statistics included) and are
stored with what a task stores; beside LoRA and adapters the norms' scales and shifts learn, too (``norms=True``).
So one row differs from another in what learns, and in nothing else. Each learning rate had the best mean on draws
10 to 12 of the development part, measured on 300 others of it, of the two or three in ``TRIED``; where two were less
than 0.005 apart, the smaller rate. Ranks and widths were not searched. "Stored" is what a further task costs on disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks._orderings import Ordering, missed_claims, verdicts
from course_lib import data
from course_lib.data import Domain
from course_lib.judging import accuracy, interval, paired_interval
from course_lib.waiting import steps

SEEDS, PER_CLASS, EPOCHS, BATCH = 5, 10, 12, 10
FULL, LORA, PROBE = "everything", "LoRA, rank 4", "linear probe"


class Method(NamedTuple):
    """How a model is prepared, and its learning rate."""

    prepare: Callable[[Any], Any]
    rate: float


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

        return add_lora(model, rank=rank, alpha=2.0 * rank, norms=True)

    return prepare


def adapters(width: int) -> Callable[[Any], Any]:
    """An adapter after the second convolution of each block, before the sum."""

    def prepare(model: Any) -> Any:
        from course_lib.pytorch import add_adapters

        return add_adapters(model, width=width, where=["conv2"], norms=True)

    return prepare


METHODS: dict[str, Method] = {
    FULL: Method(plan("everything"), 0.003),
    LORA: Method(lora(4), 0.006),
    "LoRA, rank 1": Method(lora(1), 0.006),
    "adapters, width 16": Method(adapters(16), 0.006),
    "BitFit (biases)": Method(plan("bias"), 0.03),
    "norms": Method(plan("norm"), 0.01),
    PROBE: Method(plan("head"), 0.01),
}
TRIED = {
    FULL: (0.001, 0.003, 0.006),
    LORA: (0.003, 0.006, 0.012),
    "LoRA, rank 1": (0.006, 0.012),
    "adapters, width 16": (0.003, 0.006, 0.012),
    "BitFit (biases)": (0.01, 0.03),
    "norms": (0.01, 0.03),
    PROBE: (0.01, 0.03, 0.1),
}


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure every method; ``quick``: two seeds, one epoch, to see that it works."""
    started, rows = time.perf_counter(), []
    development, test = data.split(data.load("digits", real="mnist"))
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
        model, train, optimizer=recipe, epochs=epochs, batch_size=BATCH, seed=seed, progress=False,
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
    said = verdicts(orderings(result), quick=result["quick"])
    return "\n".join([*lines, *said, f"{result['seconds']:.0f} s"])


def orderings(result: dict[str, Any]) -> list[Ordering]:
    """Say of each expectation what was found, whether it is that, and whose it is."""
    rows = {row["method"]: row for row in result["rows"]}
    full, small, probe = (np.array(rows[name]["values"]) for name in (FULL, LORA, PROBE))
    part = rows[LORA]["trainable"] / rows[FULL]["trainable"]
    reached, gain = float(small.mean() / full.mean()), paired_interval(small, probe)
    share = f"{LORA} reaches {reached:.1%} of {FULL}, expected at least 99 %"
    return [
        Ordering(f"{LORA} has {part:.1%} of the weights, expected at most 10 %", part <= 0.1, True),
        Ordering(share, reached >= 0.99, True),
        Ordering(f"{LORA} − {PROBE} = {gain}, expected above 0", gain.low > 0, False),
    ]


def misses(result: dict[str, Any]) -> list[str]:
    """Which claims were not met; empty when all were. A quick run has none."""
    return missed_claims(orderings(result), quick=result["quick"])
