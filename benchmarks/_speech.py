"""Part *speech* of ``./course bench methods``: synthesised vowels, from adults to children (chapter 11).

Every sound is another made-up speaker; each seed has adults, children and labelled children of its own. Networks
see log-mel spectrograms, 32 bands × 8 frames.

* *no child*: networks trained on 1,000 adults, as they are or with stretched mouths; class means of the adults'
  bare spectrograms; the ceiling has as many children.
* *two labels*, *ten labels* of children for each vowel: class means of bare spectrograms, of frozen features
  (from letters, and random; both with the statistics of the labelled sounds); everything trained for 60 steps,
  from scratch, from letters, from adults and from stretched adults. The stretched adults without a child stand
  beside them.
* *adults afterwards*: what the adults' networks still know of adults after the ten children per vowel, without
  and with ten adults per vowel replayed, with the same number of steps.

No label of a child chose anything. Each run begins by choosing the rate of each start: the best of ``TRIED`` on
another pair whose labels are free, men → women, two draws, ten labels per vowel; the rate for the adults
themselves is chapter 11's. The other adults share no sound with those trained on. The width of the
stretch (35 %) is chapter 11's, too; it was not searched here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks._orderings import missed_claims
from benchmarks._rows import as_rows, best_of, rates_line, row_orderings, rows_table
from course_lib import data, readouts, sound
from course_lib.data import Domain
from course_lib.judging import accuracy
from course_lib.waiting import steps

SEEDS, N, STEPS, STRETCH = 5, 1000, 60, 0.35
LABELS = {"two labels": 2, "ten labels": 10}
PIXELS, LETTERS_FROZEN, RANDOM_FROZEN = "class means, pixels", "frozen letters", "frozen random"
SCRATCH, LETTERS, ADULTS, WIDE = "from scratch", "letters", "adults", "stretched adults"
UNTUNED, CEILING = "stretched adults, no child", "as many children"
BEFORE, FORGOT, REPLAYED = "before", "children only", "with replay"
Rates = Mapping[str, float]
TRIED, ADULT_RATE = (0.001, 0.003, 0.006), 0.005
UNCHOSEN = {SCRATCH: 0.003, LETTERS: 0.003, ADULTS: 0.003}  # chapter 11's, for a quick run

# (task, better, worse, how sure it must be, whether this repository claims it)
EXPECTED = (
    ("no child", WIDE, ADULTS, "above", True),  # chapter 11; Jaitly & Hinton 2013
    ("no child", CEILING, WIDE, "above", False),
    ("two labels", ADULTS, SCRATCH, "above", True),
    ("two labels", ADULTS, LETTERS, "above", True),
    ("two labels", LETTERS, SCRATCH, "above", True),
    ("two labels", PIXELS, LETTERS, "not below", True),
    ("two labels", PIXELS, LETTERS_FROZEN, "not below", True),
    ("two labels", LETTERS_FROZEN, RANDOM_FROZEN, "above", True),
    ("two labels", UNTUNED, PIXELS, "above", True),
    ("two labels", WIDE, ADULTS, "not below", False),
    ("ten labels", PIXELS, LETTERS_FROZEN, "above", True),
    ("ten labels", LETTERS_FROZEN, RANDOM_FROZEN, "above", True),
    ("ten labels", LETTERS, SCRATCH, "above", False),  # Gong et al. 2021, with far larger networks
    ("ten labels", ADULTS, SCRATCH, "above", False),
    ("adults afterwards", BEFORE, FORGOT, "above", True),
    ("adults afterwards", REPLAYED, FORGOT, "above", True),
)


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure every method; ``quick``: two seeds, few sounds, to see that it works."""
    started, values = time.perf_counter(), {}
    seeds, n = (2, 300) if quick else (SEEDS, N)
    with steps(seeds + 1) as step:
        step("rates, men → women")
        rates = UNCHOSEN if quick else best_of(choose())
        for seed in range(seeds):
            step(f"seed {seed}")
            found = measured(seed, n, 1 if quick else 5, 2 if quick else STEPS, rates)
            for key, value in found.items():
                values.setdefault(key, []).append(value)
    seconds = time.perf_counter() - started
    rows = as_rows(values)
    return {"rows": rows, "rates": rates, "seconds": seconds, "seeds": seeds, "quick": quick}


def table(result: dict[str, Any]) -> str:
    """Write the result as text."""
    said = rates_line("men → women", result.get("rates", UNCHOSEN))
    return f"{rows_table('vowels, adults → children', result, EXPECTED)}\n{said}"


def misses(result: dict[str, Any]) -> list[str]:
    """Which claims were not met; empty when all were. A quick run has none."""
    return missed_claims(row_orderings(result, EXPECTED), quick=result["quick"])


def measured(
    seed: int, n: int, epochs: int, count: int, rates: Rates
) -> dict[tuple[str, str], float]:  # fmt: skip
    """Give all accuracies of one seed: ``epochs`` for what learns from n sounds, ``count`` steps for the few."""
    adults = pictures(n, "adults", 200 + seed)
    wide = pictures(n, "adults", 200 + seed, stretch=STRETCH)
    others, many = pictures(n // 2, "adults", 300 + seed), pictures(n, "children", 400 + seed)
    pool, test = data.split(pictures(n, "children", 500 + seed), test=0.5, seed=seed)
    trained = {
        name: learnt(network(None, seed), part, ADULT_RATE, seed, epochs, 50)
        for name, part in ((ADULTS, adults), (WIDE, wide), (CEILING, many))
    }
    found = {("no child", PIXELS): of_class_means(bare(adults.x), adults.y, bare(test.x), test.y)}
    found |= {("no child", name): right(model, test) for name, model in trained.items()}
    for task, per_class in LABELS.items():
        few = pool.take(data.few_shot_indices(pool, per_class, seed))
        found |= {(task, name): v for name, v in of_means(few, test, seed).items()}
        found[task, UNTUNED] = found["no child", WIDE]
        tuned = {name: learnt(model, few, rate, seed, rounds(few, count))
                 for name, (model, rate) in starts(trained, seed, rates).items()}  # fmt: skip
        found |= {(task, name): right(model, test) for name, model in tuned.items()}
    mixed = data.join_domains([few, data.few_shot(adults, 10, seed)])
    start, rate = starts(trained, seed, rates)[ADULTS]
    after = {
        BEFORE: trained[ADULTS],
        FORGOT: tuned[ADULTS],
        REPLAYED: learnt(start, mixed, rate, seed, rounds(mixed, count)),
    }
    return found | {
        ("adults afterwards", name): right(each, others) for name, each in after.items()
    }


def of_means(few: Domain, test: Domain, seed: int) -> dict[str, float]:
    """Give the accuracies of class means: of bare spectrograms, and of two frozen networks' features."""
    from course_lib.pytorch import estimate_statistics, extract_features, load_backbone

    found = {PIXELS: of_class_means(bare(few.x), few.y, bare(test.x), test.y)}
    for name, weights in ((LETTERS_FROZEN, "default"), (RANDOM_FROZEN, None)):
        backbone = load_backbone("glyphnet", weights=weights, seed=seed)
        estimate_statistics(backbone, few.x)
        f, f_test = (extract_features(backbone, part.x) for part in (few, test))
        found[name] = of_class_means(f, few.y, f_test, test.y)
    return found


def starts(trained: dict[str, Any], seed: int, rates: Rates) -> dict[str, tuple[Any, float]]:
    """Give what is tuned on the few labels, each with its rate."""
    return {
        SCRATCH: (network(None, seed), rates[SCRATCH]),
        LETTERS: (network("default", seed), rates[LETTERS]),
        ADULTS: (copied(trained[ADULTS], seed), rates[ADULTS]),
        WIDE: (copied(trained[WIDE], seed), rates[ADULTS]),
    }


def pictures(n: int, who: str, seed: int, *, stretch: float = 0.0) -> Domain:
    """Give vowels as spectrograms: uint8, N×32×8×1."""
    sounds = data.load("vowels", n=n, who=who, stretch=stretch, seed=seed)
    return replace(sounds, x=sound.mel_images(sounds.x))


def bare(x: np.ndarray) -> np.ndarray:
    """Give spectrograms as rows, 0 … 1."""
    return x.reshape(len(x), -1) / 255


def of_class_means(f: np.ndarray, y: np.ndarray, f_test: np.ndarray, y_test: np.ndarray) -> float:
    """Give the accuracy of the nearest class mean."""
    return accuracy(y_test, readouts.nearest_class_mean(f, y, f_test))


def rounds(few: Domain, count: int) -> int:
    """Give the epochs that make so many steps of 20 sounds."""
    return max(1, 20 * count // len(few))


def network(weights: str | None, seed: int) -> Any:
    """Give a glyphnet with a random head for ten vowels."""
    from course_lib.pytorch import attach_head, load_backbone

    return attach_head(load_backbone("glyphnet", weights=weights, seed=seed), 10, seed=seed)


def copied(model: Any, seed: int) -> Any:
    """Give another network with the same weights."""
    from course_lib.pytorch import named_arrays, put_arrays

    return put_arrays(network(None, seed), named_arrays(model))


def learnt(model: Any, train: Domain, rate: float, seed: int, epochs: int, batch: int = 20) -> Any:
    """Train in place, with the recipe that all share."""
    from course_lib.pytorch import AdamW, WarmupCosine, fit

    recipe = AdamW(WarmupCosine(rate), weight_decay=0.05)
    fit(
        model, train, optimizer=recipe, epochs=epochs, batch_size=batch, seed=seed, progress=False,
    )  # fmt: skip
    return model


def right(model: Any, domain: Domain) -> float:
    """Give the accuracy."""
    from course_lib.pytorch import predict

    return accuracy(domain.y, predict(model, domain.x).argmax(axis=1))


def choose(seeds: int = 2) -> dict[str, dict[float, float]]:
    """Give each start's mean accuracy at each rate, from men to ten labelled women per vowel."""
    found: dict[str, dict[float, float]] = {}
    for seed in range(seeds):
        pool, test = data.split(pictures(N, "women", 600 + seed), test=0.5, seed=seed)
        few = pool.take(data.few_shot_indices(pool, 10, seed))
        men = learnt(network(None, seed), pictures(N, "men", 700 + seed), ADULT_RATE, seed, 5, 50)
        for rate in TRIED:
            begun = {
                SCRATCH: network(None, seed), LETTERS: network("default", seed), ADULTS: copied(men, seed)
            }  # fmt: skip
            for name, model in begun.items():
                value = right(learnt(model, few, rate, seed, rounds(few, STEPS)), test)
                found.setdefault(name, {}).setdefault(rate, 0.0)
                found[name][rate] += value / seeds
    return found
