"""What borrowed features and adaptation are worth on real data, from samples that ``COURSE_SAMPLES`` names.

    COURSE_SAMPLES=FOLDER ./course bench real [--part features] [--part adaptation] [--check] [--keep]

*features*: cross-validated. The pictures of a set are cut into five stratified folds, the same for every row.
A linear probe on frozen features (each row of length 1, the penalty chosen by cross-validation on the labels
that it learns from alone) is measured on each fold once, so each picture is asked once. It learns from

* *twenty labels per class*, drawn from the *next* fold. So no two of the five probes share a picture that they
  learnt from, nor one that they are measured on, and Student's interval over the folds is nearly right;
* *all labels* of the other four folds (ants and bees). Any two of these probes share most of their pictures, so
  the interval is the corrected one of Nadeau & Bengio (Machine Learning 52, 2003), which is wider.

Beside it what learns without transfer: the probe on raw pixels, the probe on *random* networks (one of each;
BatchNorm with the statistics of all the pictures, no label), and glyphnet trained from scratch on the same labels
(rate and epochs of ``methods.py``, not tuned again). Glyphnet sees 32×32 grey pictures, MobileNetV2 sees 224×224
in colour; on digits only glyphnet is asked. MobileNetV2 is not trained from scratch.

**Source-overlapping.** Ants and bees are a subset of ImageNet, so MobileNetV2 has seen these very pictures with
finer labels: its row there shows what happens in tutorials, not what transfer is worth. The honest headline is
pneumonia, where no picture of the target can have been in the source. (Of whom an X-ray is, the set does not
say: pictures of one child may stand in two folds, which flatters every row.)

*adaptation*: MNIST ↔ USPS, three seeds: 2,000 labelled source digits, the target's development part without
labels, accuracy on its test part, and a bottleneck that learns: on glyphnet's frozen features, and on raw pixels
(16×16), where nothing was borrowed and the gap is wider. Settings as chosen in
``_adaptation.py`` on rendered digits (nothing here was chosen on MNIST's or USPS's labels), ADDA (Tzeng et al.,
CVPR 2017) with DANN's discriminator and the same number of epochs, untuned. *Nearest neighbour* trains nothing and
adapts nothing: each target digit gets the label of the source example that is nearest in the same inputs. A gain over
a network that the shift broke is no gain over everything that was to be had without the target.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import stats
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier

from benchmarks import _adaptation, _samples, methods
from benchmarks._orderings import Ordering, missed_claims, verdicts
from course_lib import data, readouts
from course_lib.data import Domain
from course_lib.judging import Interval, accuracy, interval, paired_interval
from course_lib.waiting import steps

PARTS = ("features", "adaptation")
PER_CLASS, FOLDS, SEEDS = 20, 5, 3
PNEUMONIA, ANTS, ALL = "pneumonia", "ants and bees", "ants and bees, all labels"
# How many pictures of a set are drawn: MobileNetV2 sees each of the X-rays twice, at 224×224.
DRAWN = {PNEUMONIA: 1000, "mnist": 3000, "usps": 3000}
RAW, SCRATCH = "raw pixels", "glyphnet from scratch"
RANDOM, GLYPHNET = "random glyphnet", "glyphnet"
RANDOM_MOBILE, MOBILE = "random MobileNetV2", "MobileNetV2, ImageNet"
ADDA, NEAREST = "ADDA", "nearest neighbour"
METHODS = (_adaptation.SOURCE, _adaptation.ADABN, "MMD", "CORAL", "DANN", ADDA, _adaptation.CEILING)
OVERLAPPING = ((ANTS, MOBILE), (ALL, MOBILE))  # source and target share these pictures
# A borrowed network and the rows that it is compared with, pair by pair.
RIVALS = {GLYPHNET: (RANDOM, SCRATCH, RAW), MOBILE: (RANDOM_MOBILE, RAW, SCRATCH, GLYPHNET)}

# (data set, better, worse): what the course says of real data; ``--check`` fails where it does not hold.
CLAIMED = (
    *((name, MOBILE, worse) for name in (ANTS, ALL) for worse in (GLYPHNET, SCRATCH)),
    *((name, GLYPHNET, RANDOM) for name in ("mnist", "usps")),
)
# What one would expect: told as found or not found.
EXPECTED = (
    (PNEUMONIA, MOBILE, RANDOM_MOBILE),
    (PNEUMONIA, MOBILE, SCRATCH),
    (PNEUMONIA, GLYPHNET, RANDOM),
    *((name, GLYPHNET, SCRATCH) for name in ("mnist", "usps")),
)


def run(
    *,
    quick: bool = False,
    parts: Sequence[str] = PARTS,
    save: Callable[[dict[str, Any]], Any] | None = None,
) -> dict[str, Any]:
    """Measure; ``features`` and ``adaptation``: row → values, one for each fold or seed.

    Args:
        quick: Two seeds, one epoch, few and small pictures: to see that it works.
        parts: Which parts.
        save: Told what there is after each part.
    """
    started = time.perf_counter()
    _samples.require()
    found: dict[str, Any] = {"quick": quick}
    for part in parts:
        if part == "features":
            found["features"] = features(quick)
        else:
            found["adaptation"] = adaptation(
                2 if quick else SEEDS, 1 if quick else _adaptation.EPOCHS
            )
        found |= {"seconds": time.perf_counter() - started, "intervals": intervals(found)}
        if save:
            save(found)
    return found


def features(quick: bool) -> dict[str, dict[str, list[float]]]:
    """Give, for each data set and kind of features, the accuracy on each fold."""
    values: dict[str, dict[str, list[float]]] = {}
    with steps(4) as step:
        for name, small, large in _sets(quick):
            step(name)
            kinds = _representations(small, large)
            for seed, (few, many, asked) in enumerate(folds_of(small)):
                values = _measured(values, name, few, asked, small, kinds, seed, quick)
                if name == ANTS:
                    values = _measured(values, ALL, many, asked, small, kinds, seed, quick)
    return values


def _measured(
    values: dict[str, dict[str, list[float]]], name: str, learnt: np.ndarray, asked: np.ndarray,
    small: Domain, kinds: dict[str, np.ndarray], seed: int, quick: bool,
) -> dict[str, dict[str, list[float]]]:  # fmt: skip
    """Give the values with those of one fold."""
    y = small.y
    found = {kind: _probe(f[learnt], y[learnt], f[asked]) for kind, f in kinds.items()}
    right = {kind: accuracy(y[asked], answers) for kind, answers in found.items()}
    right[SCRATCH] = _from_scratch(small.take(learnt), small.take(asked), seed, quick)
    before = values.get(name, {})
    return values | {name: {kind: [*before.get(kind, []), value] for kind, value in right.items()}}


def folds_of(domain: Domain) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Give for each fold the rows of few labels (from the next fold), of all others, and the fold's own."""
    cut = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(domain.y, domain.y)
    own = [asked for _, asked in cut]
    every = np.arange(len(domain))
    folds = []
    for i, asked in enumerate(own):
        after = own[(i + 1) % FOLDS]
        few = after[data.few_shot_indices(domain.take(after), PER_CLASS, i)]
        folds.append((few, np.setdiff1d(every, asked), asked))
    return folds


def _sets(quick: bool) -> list[tuple[str, Domain, Domain | None]]:
    """Give name, small pictures, and large ones or none."""
    sizes = (32,) if quick else (32, 224)
    ants = {size: _samples.ants_and_bees(size) for size in sizes}
    parts = ("train", "val", "test")
    xray = {
        size: _joined([_samples.pneumonia(part, size) for part in parts]).sample(DRAWN[PNEUMONIA])
        for size in sizes
    }
    return [
        (PNEUMONIA, xray[32], xray.get(224)),
        (ANTS, _grey(ants[32]), ants.get(224)),
        ("mnist", _samples.mnist(32).sample(DRAWN["mnist"]), None),
        ("usps", _samples.usps("train", 32).sample(DRAWN["usps"]), None),
    ]


def _joined(parts: list[Domain]) -> Domain:
    first = parts[0]
    x, y = (np.concatenate([getattr(part, name) for part in parts]) for name in ("x", "y"))
    return Domain(first.name, x, y, first.classes, first.license, first.source)


def _grey(domain: Domain) -> Domain:
    """Make colour pictures grey (ITU-R 601 weights)."""
    grey = np.rint(domain.x @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., None]
    return Domain(domain.name, grey, domain.y, domain.classes, domain.license, domain.source)


def _representations(small: Domain, large: Domain | None) -> dict[str, np.ndarray]:
    kinds = {RAW: small.x.reshape(len(small), -1) / 255.0}
    for name, weights in ((RANDOM, None), (GLYPHNET, "default")):
        kinds[name] = _features("glyphnet", weights, small)
    if large is not None:
        for name, file in ((RANDOM_MOBILE, None), (MOBILE, _samples.mobilenet())):
            kinds[name] = _features("mobilenet_v2", file, large)
    return {name: readouts.unit_length(np.asarray(f, np.float64)) for name, f in kinds.items()}


def _features(backbone: str, weights: Any, domain: Domain) -> np.ndarray:
    """Give features of a frozen network; a random one gets the pictures' statistics, for its own are 0 and 1."""
    from course_lib.pytorch import estimate_statistics, extract_features, load_backbone

    network = load_backbone(backbone, weights=weights)
    return extract_features(
        network if weights else estimate_statistics(network, domain.x), domain.x
    )


def _probe(f: np.ndarray, y: np.ndarray, f_test: np.ndarray) -> np.ndarray:
    strength = readouts.choose_strength(f, y)
    return readouts.linear_probe(f, y, strength=strength).predict(f_test)


def _from_scratch(train: Domain, rest: Domain, seed: int, quick: bool) -> float:
    from course_lib.pytorch import predict

    budget = methods.Budget(1 if quick else methods.EPOCHS, methods.BATCH)
    model = methods.from_scratch(train, seed, budget)
    return accuracy(rest.y, predict(model, rest.x).argmax(axis=1))


def adaptation(
    seeds: int, epochs: int, rows: Sequence[str] = (NEAREST, *METHODS)
) -> dict[str, dict[str, list[float]]]:
    """Give, for both directions, each row's accuracy on the target's test part, seed by seed."""
    mnist, usps = _samples.mnist(32), [_samples.usps(part, 32) for part in ("train", "test")]
    mnist_parts = data.split(mnist, test=0.3)
    values: dict[str, dict[str, list[float]]] = {}
    with steps(2 * seeds) as step:
        for seed in range(seeds):
            for name, source, (target, test) in (
                ("mnist → usps", mnist, usps),
                ("usps → mnist", usps[0], mnist_parts),
            ):
                step(f"{name}, seed {seed}")
                drawn = source.sample(_adaptation.N + _adaptation.HELD_OUT, seed)
                parts = (drawn, target.sample(2000, seed), test)
                for kind, features_of in (
                    ("glyphnet", _adaptation.features_of),
                    ("pixels", _pixels_of),
                ):
                    pair, row = features_of(*parts), values.setdefault(f"{name}, {kind}", {})
                    for method in rows:
                        right = _right(method, pair, seed, epochs)
                        row.setdefault(method, []).append(right)
    return values


def _right(method: str, pair: _adaptation.Pair, seed: int, epochs: int) -> float:
    if method == NEAREST:
        nearest = KNeighborsClassifier(1).fit(pair.f_s, pair.y_s)
        return accuracy(pair.y_test, nearest.predict(pair.f_test))
    return _adaptation.right(method, _adapted(method, pair, seed, epochs), pair)


def _pixels_of(drawn: Domain, target: Domain, test: Domain) -> _adaptation.Pair:
    """Give 16×16 pixels in the place of features, less the source's mean, in units of its spread."""
    x_s, x_t, x_test = (
        _samples.resized(d.x, 16).reshape(len(d), -1).astype(np.float32)
        for d in (drawn, target, test)
    )
    cut = _adaptation.N
    mean, spread = x_s[:cut].mean(axis=0), x_s[:cut].std()
    x_s, x_t, x_test = ((x - mean) / spread for x in (x_s, x_t, x_test))
    y = drawn.y
    return _adaptation.Pair(x_s[:cut], y[:cut], x_s[cut:], y[cut:], x_t, target.y, x_test, test.y)


def _adapted(method: str, pair: _adaptation.Pair, seed: int, epochs: int) -> Any:
    if method != ADDA:
        return _adaptation.trained(method, pair, seed, epochs)
    model = _adaptation.trained(_adaptation.ADABN, pair, seed, epochs)
    return adda(model, pair, seed=seed, epochs=epochs)


def adda(model: Any, pair: _adaptation.Pair, *, seed: int, epochs: int) -> Any:
    """Give the model with a passage for the target alone, trained to look like the source's to a judge.

    The source's passage and the head stay as they are; the target's passage starts as a copy. A
    discriminator learns to tell the two, the target's passage learns with *swapped* labels (not with a
    reversed gradient): Tzeng, Hoffman, Saenko & Darrell, *Adversarial Discriminative Domain
    Adaptation*, CVPR 2017.
    """
    import copy

    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    f_s, f_t = (torch.as_tensor(f, dtype=torch.float32) for f in (pair.f_s, pair.f_t))
    source, target = model.backbone.eval(), copy.deepcopy(model.backbone).train()
    with torch.no_grad():
        of_source = source(f_s)
    judge = nn.Sequential(nn.Linear(of_source.shape[1], 128), nn.ReLU(), nn.Linear(128, 1))
    rate = _adaptation.RATE / 10  # both start from trained weights
    for_judge = torch.optim.AdamW(judge.parameters(), lr=_adaptation.RATE)
    for_target = torch.optim.AdamW(target.parameters(), lr=rate)
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(f_t)), max(1, len(f_t) // 64)):
            seen = target(f_t[rows])
            real = of_source[rng.integers(len(of_source), size=len(rows))]
            told = judge(torch.cat([real, seen.detach()]))[:, 0]
            truth = torch.cat([torch.ones(len(rows)), torch.zeros(len(rows))])
            for_judge.zero_grad()
            functional.binary_cross_entropy_with_logits(told, truth).backward()
            for_judge.step()
            swapped = judge(seen)[:, 0]
            for_target.zero_grad()
            functional.binary_cross_entropy_with_logits(swapped, torch.ones(len(rows))).backward()
            for_target.step()
    adapted = copy.deepcopy(model)
    adapted.backbone = target
    return adapted.eval()


def fold_interval(values: Sequence[float] | np.ndarray) -> Interval:
    """Mean over folds whose training parts overlap, with the corrected interval of Nadeau & Bengio (2003).

    Student's variance s²/k is too small there; 1/k + n_test/n_train takes the place of 1/k.
    """
    v = np.asarray(values, np.float64)
    spread = v.std(ddof=1) * np.sqrt(1 / len(v) + 1 / (len(v) - 1))
    half = stats.t.ppf(0.975, len(v) - 1) * spread
    return Interval(float(v.mean()), float(v.mean() - half), float(v.mean() + half))


def _interval_of(name: str, values: Sequence[float] | np.ndarray) -> Interval:
    return fold_interval(values) if name == ALL else interval(values)


def _gain_of(name: str, better: Sequence[float], worse: Sequence[float]) -> Interval:
    return _interval_of(name, np.subtract(better, worse))


def intervals(result: dict[str, Any]) -> dict[str, Any]:
    """Give every row's interval and its gains, paired, over what it is compared with: for the book's page."""
    found: dict[str, Any] = {}
    for part in PARTS:
        for name, rows in result.get(part, {}).items():
            for row, values in rows.items():
                alone = (_adaptation.SOURCE, NEAREST)
                rivals = RIVALS.get(row, ()) if part == "features" else alone
                found.setdefault(part, {}).setdefault(name, {})[row] = {
                    "interval": _interval_of(name, values),
                    "gain over": {
                        rival: _gain_of(name, values, rows[rival])
                        for rival in rivals
                        if rival in rows and rival != row
                    },
                    "source-overlapping": (name, row) in OVERLAPPING,
                }
    return found


def table(result: dict[str, Any]) -> str:
    """Write every row with its interval."""
    lines: list[str] = []
    for name, rows in result.get("features", {}).items():
        labels = "all labels of four folds" if name == ALL else f"{PER_CLASS} labels per class"
        lines += [f"{name}: {labels}, {len(rows[RAW])} folds"]
        for kind, values in rows.items():
            note = "  source-overlapping" if (name, kind) in OVERLAPPING else ""
            lines.append(f"  {kind:26}{_interval_of(name, values)!s:>22}{note}")
    for name, rows in result.get("adaptation", {}).items():
        source = rows[_adaptation.SOURCE]
        lines += [f"{name}, no target label, {len(source)} seeds; gain over source only, paired"]
        for method, values in rows.items():
            gain = "" if method == _adaptation.SOURCE else str(paired_interval(values, source))
            lines.append(f"  {method:26}{interval(values)!s:>22}{gain:>26}")
    lines += ["", *verdicts(orderings(result), quick=result["quick"])]
    return "\n".join([*lines, f"{result['seconds']:.0f} s"])


def orderings(result: dict[str, Any]) -> list[Ordering]:
    """Compare what is claimed and what is expected, paired: the interval's lower end is above 0."""
    found = result.get("features", {}) | result.get("adaptation", {})
    wanted = [(*each, True) for each in CLAIMED] + [(*each, False) for each in EXPECTED]
    for name in result.get("adaptation", {}):
        wanted += [(name, method, _adaptation.SOURCE, False) for method in METHODS[1:-1]]
    return [
        Ordering(
            f"{name}: {better} above {worse}",
            _gain_of(name, found[name][better], found[name][worse]).low > 0,
            claimed,
        )
        for name, better, worse, claimed in wanted
        if better in found.get(name, {})
    ]


def misses(result: dict[str, Any]) -> list[str]:
    """Say which of the claims the values do not show."""
    return missed_claims(orderings(result), quick=result["quick"])
