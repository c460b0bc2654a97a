"""Part *shift* of ``./course bench methods``: instances, λ, tasks and relations, chapter 06's methods.

From rendered digits (800, drawn anew for each seed) to handwritten ones: a linear probe on glyphnet's frozen
features, measured on the test part.

* *no target label*: the source alone; the source weighed by a density ratio, which sees the target's pictures;
  the same weights in random order (do they help because of *where* they are large?).
* *one label*, *three labels* per class from the development part: the target alone, both pooled, both mixed as
  λ L_s + (1 − λ) L_t, and TrAdaBoost's votes; then with *false labels* in three tenths of the source.
* *tasks*: a small network on 8×8 pixels of 500 handwritten digits; thirty have their digit, all an auxiliary
  label: the pair of digits (related), or how much ink there is (unrelated). The trunk is shared.
* *relations*: letters with labels, digits never seen: facts say which parts a sign has; the nearest description
  answers. The control deals the digits' descriptions out anew.

No label of a handwritten digit chose anything. λ and the auxiliary task's weight are the best of ``CANDIDATES``
on another pair whose labels are free, rendered digits in print → rendered digits as by hand, four seeds
(``choose()`` does it again); the map of *relations* has the strength that was best on letters left out, seed by
seed. The probe's strength, TrAdaBoost's ten rounds and the ratio's strength are fixed and not searched.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks._orderings import Ordering, missed_claims, verdicts
from benchmarks._rows import as_rows, row_orderings
from course_lib import adaptation, data, readouts
from course_lib.judging import accuracy, interval, paired_interval
from course_lib.waiting import steps

SEEDS, N, STRENGTH, ROUNDS = 5, 800, 0.01, 10
LABELS = {"one label": 1, "three labels": 3, "one label, false source labels": 1}
FALSE = 0.3
CANDIDATES = {"λ": (0.03, 0.1, 0.3, 0.6), "w": (0.3, 1.0, 5.0)}
CHOSEN = {"λ": 0.1, "w": 5.0}
SOURCE, WEIGHED, SHUFFLED = "source only", "density ratio", "ratio shuffled"
TARGET, POOLED, MIXED, BOOSTED = "target only", "pooled", "λ mixing", "TrAdaBoost"
ALONE, RELATED, UNRELATED = "one task", "with pairs of digits", "with amount of ink"
FACTS, NO_LOOK_ALIKES, DEALT = "descriptions", "without look-alikes", "descriptions dealt out anew"

# Which parts a sign has, as one learns to write it: chapter 06's table.
PARTS = {
    "large loop": "0ODQo", "loop above": "89PRBgqp", "loop below": "68Bbda",
    "bar on the left": "BDEFHKLMNPRbhkmnpr", "bar on the right": "4HMNUJdqaug",
    "bar in the middle": "1ITYliftj", "bar on top": "57EFTZz", "bar at the foot": "2ELZz",
    "bar across": "4AHeftEFG", "rising stroke": "47AKVWXYZMvwxyzk", "falling stroke": "AKNVWXYMRQvwxyk",
    "arc open to the left": "2359SsJjy", "arc open to the right": "56CGcefSsat",
    "arch": "nmhr", "cup": "Uuty",
}  # fmt: skip

# (task, better, worse, how sure it must be, whether this repository claims it)
EXPECTED = (
    ("no target label", WEIGHED, SOURCE, "not below", False),  # Shimodaira 2000; Bickel et al. 2009
    ("no target label", WEIGHED, SHUFFLED, "not below", False),
    ("one label", MIXED, TARGET, "above", True),  # chapter 06, section 4
    ("one label", MIXED, SOURCE, "above", True),
    ("one label", MIXED, POOLED, "above", False),  # Ben-David et al. 2010
    ("three labels", MIXED, TARGET, "not below", True),
    ("one label", BOOSTED, POOLED, "not below", False),  # Dai et al. 2007
    ("one label", BOOSTED, TARGET, "above", False),
    ("one label, false source labels", BOOSTED, POOLED, "above", False),
    ("one label, false source labels", MIXED, POOLED, "above", True),
    ("tasks", RELATED, ALONE, "above", False),  # Caruana 1997
    ("tasks", RELATED, ALONE, "not below", True),
    ("tasks", ALONE, UNRELATED, "not below", True),
    ("relations", FACTS, DEALT, "above", True),  # Lampert et al. 2009
    ("relations", FACTS, NO_LOOK_ALIKES, "above", True),
)


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure every method; ``quick``: two seeds, few examples, to see that it works."""
    started, values = time.perf_counter(), {}
    development, test = data.split(data.load("digits", real="mnist"))
    seeds = 2 if quick else SEEDS
    with steps(seeds * 3) as step:
        for seed in range(seeds):
            step(f"seed {seed}: examples")
            rendered = data.load("rendered_digits", n=200 if quick else N, seed=seed)
            found = examples(rendered, development, test, seed)
            step(f"seed {seed}: tasks")
            found |= tasks(development, test, seed, 1 if quick else 16)
            step(f"seed {seed}: relations")
            found |= relations(test, seed, 520 if quick else 1560)
            for key, value in found.items():
                values.setdefault(key, []).append(value)
    seconds = time.perf_counter() - started
    return {"rows": as_rows(values), "seconds": seconds, "seeds": seeds, "quick": quick}


def features_of(source: Any, *others: Any) -> list[np.ndarray]:
    """Give glyphnet's features, less the source's mean, in units of its spread."""
    from course_lib.pytorch import extract_features, load_backbone

    backbone = load_backbone("glyphnet")
    f_s, *rest = (extract_features(backbone, domain.x) for domain in (source, *others))
    mean, spread = f_s.mean(axis=0), f_s.std()
    return [(f - mean) / spread for f in (f_s, *rest)]


def examples(source: Any, target: Any, test: Any, seed: int) -> dict[tuple[str, str], float]:
    """Give the accuracies of all that weighs a source's examples, with and without target labels."""
    f_s, f_t, f_test = features_of(source, target, test)
    w = adaptation.density_ratio(f_s, f_t, strength=1e-2)
    weights = {SOURCE: None, WEIGHED: w, SHUFFLED: np.random.default_rng(seed).permutation(w)}
    blind = {name: probe(f_s, source.y, v).predict(f_test) for name, v in weights.items()}
    found = {("no target label", name): accuracy(test.y, z) for name, z in blind.items()}
    for task, per_class in LABELS.items():
        y_s = false_labels(source.y, seed) if "false" in task else source.y
        few = data.few_shot_indices(target, per_class=per_class, seed=seed)
        answers = with_labels(f_s, y_s, f_t[few], target.y[few], f_test, CHOSEN["λ"])
        found |= {(task, name): accuracy(test.y, z) for name, z in answers.items()}
    return found


def probe(f: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> Any:
    """Give the linear classifier that all rows share."""
    return readouts.linear_probe(f, y, strength=STRENGTH, weight=weight)


def with_labels(
    f_s: np.ndarray, y_s: np.ndarray, f_t: np.ndarray, y_t: np.ndarray, f_test: np.ndarray, share: float
) -> dict[str, np.ndarray]:  # fmt: skip
    """Give each method's answers from a source and a few labels of the target."""
    from sklearn.linear_model import LogisticRegression

    f, y = np.concatenate([f_s, f_t]), np.concatenate([y_s, y_t])
    boosted = adaptation.TrAdaBoost(
        rounds=ROUNDS, learner=lambda: LogisticRegression(C=1 / (STRENGTH * len(f)), max_iter=200)
    )
    return {
        SOURCE: probe(f_s, y_s).predict(f_test),
        TARGET: probe(f_t, y_t).predict(f_test),
        POOLED: probe(f, y).predict(f_test),
        MIXED: mixed(f_s, y_s, f_t, y_t, share).predict(f_test),
        BOOSTED: boosted.fit(f_s, y_s, f_t, y_t).predict(f_test),
    }


def mixed(f_s: np.ndarray, y_s: np.ndarray, f_t: np.ndarray, y_t: np.ndarray, share: float) -> Any:
    """Give the classifier that makes λ L_s + (1 − λ) L_t small: each example weighed by its domain's share."""
    f, y = np.concatenate([f_s, f_t]), np.concatenate([y_s, y_t])
    w = np.repeat([share / len(f_s), (1 - share) / len(f_t)], [len(f_s), len(f_t)]) * len(f)
    return probe(f, y, w)


def false_labels(y: np.ndarray, seed: int) -> np.ndarray:
    """Give labels of which three tenths are one too high (9 becomes 0)."""
    return np.where(np.random.default_rng(seed).random(len(y)) < FALSE, (y + 1) % 10, y)


def tasks(
    development: Any, test: Any, seed: int, epochs: int, weight: float | None = None
) -> dict[tuple[str, str], float]:
    """Give the digit task's accuracy: alone, beside a related task, beside an unrelated one."""
    from course_lib.pytorch import predict

    found = {}
    pixels, pixels_test = coarse(development.x, test.x)
    ink = development.x.mean(axis=(1, 2, 3))
    level = np.digitize(ink, np.quantile(ink, [0.2, 0.4, 0.6, 0.8]))
    w = CHOSEN["w"] if weight is None else weight
    pairs = development.y // 2
    for name, labels, strength in ((ALONE, pairs, 0.0), (RELATED, pairs, w), (UNRELATED, level, w)):
        train = drawn_tasks(pixels, development.y, labels, seed)
        model = trained(train, strength, seed, epochs)
        found["tasks", name] = accuracy(test.y, predict(model, pixels_test)[:, :10].argmax(axis=1))
    return found


def coarse(x: np.ndarray, x_test: np.ndarray, side: int = 8) -> list[np.ndarray]:
    """Give pictures as side×side means, less the first's mean, in units of its spread."""
    step = x.shape[1] // side
    small = [
        v[..., 0].reshape(len(v), side, step, side, step).mean(axis=(2, 4)).reshape(len(v), -1)
        for v in (x, x_test)
    ]
    mean, spread = small[0].mean(axis=0), small[0].std()
    return [((v - mean) / spread).astype(np.float32) for v in small]


def drawn_tasks(
    x: np.ndarray, y: np.ndarray, auxiliary: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give 500 examples: the digit of three of each class (−1: unknown), the auxiliary label of all."""
    rows = np.random.default_rng([9, seed]).permutation(len(x))[:500]
    known = np.concatenate([np.flatnonzero(y[rows] == digit)[:3] for digit in range(10)])
    digit = np.full(len(rows), -1)
    digit[known] = y[rows][known]
    return x[rows], np.stack([digit, auxiliary[rows]], axis=1)


def trained(train: Any, weight: float, seed: int, epochs: int) -> Any:
    """Give one trunk with two heads, the auxiliary task counting so much."""
    from course_lib.pytorch import AdamW, MultiTask, WarmupCosine, build_bottleneck, fit

    heads = {"digit": 10, "auxiliary": 5}
    model = build_bottleneck(train[0].shape[1], heads, width=64, seed=seed)
    fit(
        model, train, objective=MultiTask(heads, {"auxiliary": weight}),
        optimizer=AdamW(WarmupCosine(0.01)), epochs=epochs, batch_size=125, seed=seed, progress=False,
    )  # fmt: skip
    return model


def relations(test: Any, seed: int, n: int) -> dict[tuple[str, str], float]:
    """Give the accuracy on digits that were never seen, from what is said of them."""
    letters = data.load("letters", n=n, seed=seed, style="hand")
    facts = [(sign, "has", part) for part, signs in PARTS.items() for sign in signs]
    said = adaptation.attribute_table(facts, letters.classes + tuple("0123456789"))[0]
    f_l, f_d = features_of(letters, test)
    strength = best_on_letters(f_l, letters.y, said, seed)
    unseen, rng = np.arange(52, 62), np.random.default_rng(seed)
    unlike = np.array([letters.classes[label] not in data.LOOK_LIKE_DIGITS for label in letters.y])

    def right(rows: np.ndarray, answers: np.ndarray) -> float:
        described = adaptation.ridge_map(f_l[rows], letters.y[rows], said, strength=strength)(f_d)
        return accuracy(test.y, adaptation.nearest_class(described, answers, unseen) - 52)

    dealt = []
    for _ in range(10):
        other = said.copy()
        other[unseen] = said[rng.permutation(unseen)]
        dealt.append(right(np.ones(len(f_l), bool), other))
    return {
        ("relations", FACTS): right(np.ones(len(f_l), bool), said),
        ("relations", NO_LOOK_ALIKES): right(unlike, said),
        ("relations", DEALT): float(np.mean(dealt)),
    }


def best_on_letters(f: np.ndarray, y: np.ndarray, said: np.ndarray, seed: int) -> float:
    """Give the map's strength that names letters best which it was not learnt on; no digit takes part."""

    def right(strength: float, deal: int) -> float:
        held_out = np.random.default_rng([11, seed, deal]).permutation(52)[:10]
        out = np.isin(y, held_out)
        to_description = adaptation.ridge_map(f[~out], y[~out], said, strength=strength)
        return accuracy(y[out], adaptation.nearest_class(to_description(f[out]), said, held_out))

    return max((0.01, 0.1, 0.3, 1.0), key=lambda s: np.mean([right(s, deal) for deal in range(8)]))


def choose(seeds: int = 4) -> dict[str, dict[float, float]]:
    """Give each candidate's mean accuracy from rendered digits in print to rendered digits as by hand."""
    target, test = data.split(data.load("rendered_digits", n=1800, seed=77, style="hand"))
    found: dict[str, dict[float, float]] = {name: {} for name in CANDIDATES}
    for seed in range(seeds):
        source = data.load("rendered_digits", n=N, seed=50 + seed)
        f_s, f_t, f_test = features_of(source, target, test)
        few = data.few_shot_indices(target, per_class=1, seed=seed)
        for share in CANDIDATES["λ"]:
            z = mixed(f_s, source.y, f_t[few], target.y[few], share).predict(f_test)
            _add(found["λ"], share, accuracy(test.y, z) / seeds)
        for weight in CANDIDATES["w"]:
            value = tasks(target, test, seed, 16, weight)["tasks", RELATED]
            _add(found["w"], weight, value / seeds)
    return found


def _add(sums: dict[float, float], key: float, value: float) -> None:
    sums[key] = sums.get(key, 0.0) + value


def table(result: dict[str, Any]) -> str:
    """Write the result as text: for each task, every method with its gain over the first."""
    lines = [f"shift and relations: mean [95 % interval] over {result['seeds']} seeds"]
    for task in dict.fromkeys(row["task"] for row in result["rows"]):
        rows = [row for row in result["rows"] if row["task"] == task]
        first = rows[0]["method"]
        lines += ["", f"{task:32}{'accuracy':>22}{f'gain over {first}':>34}"]
        for row in rows:
            gain = paired_interval(row["values"], rows[0]["values"])
            shown = "" if row is rows[0] else str(gain)
            lines.append(f"{row['method']:32}{interval(row['values'])!s:>22}{shown:>34}")
    said = verdicts(orderings(result), quick=result["quick"])
    return "\n".join([*lines, "", *said, f"{result['seconds']:.0f} s"])


def orderings(result: dict[str, Any]) -> list[Ordering]:
    """Say of each expectation what was found, whether it is that, and whose it is."""
    return row_orderings(result, EXPECTED)


def misses(result: dict[str, Any]) -> list[str]:
    """Which claims were not met; empty when all were. A quick run has none."""
    return missed_claims(orderings(result), quick=result["quick"])
