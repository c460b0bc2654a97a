"""What each method of fine-tuning is worth on the embedded tasks, over seeds, paired.

    ./course bench methods
    ./course bench methods --part shift --part adaptation
    ./course bench methods --part peft --part continual
    ./course bench methods --part language --part speech --part control

Its parts: *fine-tuning*, described here; *shift* (``_shift.py``), *adaptation* (``_adaptation.py``), *peft*
(``_peft.py``), *continual* (``_continual.py``), *language* (``_language.py``), *speech* (``_speech.py``) and *control*
(``_control.py``), with tasks of their own. With ``--check`` it fails where the course itself claims what was not
found; the literature's orderings are reported, found or not (``_orderings.py``). ``methods_results.txt`` holds
what was printed last.

Three tasks, all from the letters that glyphnet was pre-trained on:

* *two labels*, *five labels*: so many handwritten digits per class, drawn from the development part;
  measured on the test part. The number of steps is the same.
* *shift*: twenty *rendered* digits per class to learn from; measured on other rendered digits ("in")
  and on the handwritten test digits ("out"), of which no label was used for anything here.

Every method has the same backbone, head, batches and seeds. Rates and epochs were chosen for *five
labels* on draws 10 to 12 of the development part, measured on the rest of it (0.0003, 0.001 and 0.003
were compared for fine-tuning and for training from scratch, 0.003 to 0.1 for the probe; LP-FT's second
stage has a third of fine-tuning's rate, untried). The other tasks take them over as they are. Training
from scratch has twice the epochs; LP-FT has the probe's epochs and then fine-tuning's.

Intervals are Student's over seeds (another draw of the labels, another head); "gain" is the paired
difference to plain fine-tuning. Later chapters add their methods to ``METHODS``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks._orderings import Ordering, missed_claims, verdicts
from benchmarks._rows import as_rows, row_orderings
from course_lib import data
from course_lib.data import Domain
from course_lib.judging import accuracy, interval, paired_interval
from course_lib.waiting import steps

OTHERS = {
    "shift": "benchmarks._shift",
    "adaptation": "benchmarks._adaptation",
    "peft": "benchmarks._peft",
    "continual": "benchmarks._continual",
    "language": "benchmarks._language",
    "speech": "benchmarks._speech",
    "control": "benchmarks._control",
}
PARTS = ("fine-tuning", *OTHERS)
ON_DIGITS = PARTS[:5]  # where MNIST can take the embedded digits' place
SEEDS = 5
FEW = {"two labels": 2, "five labels": 5}  # per class
RATE, SCRATCH_RATE, PROBE_RATE = 3e-3, 3e-3, 1e-2
EPOCHS, DECAY = 30, 0.05
BATCH = 10
PLAIN = "fine-tuning"
SCRATCH, PROBE, LP_FT = "from scratch", "linear probe", "LP-FT"


class Budget(NamedTuple):
    """How long a method may learn: epochs for training from scratch are twice as many."""

    epochs: int
    batch_size: int


Method = Callable[[Domain, int, Budget], Any]


def from_scratch(train: Domain, seed: int, budget: Budget) -> Any:
    """All weights random, all of them learn."""
    return _trained(train, seed, budget, weights=None, rate=SCRATCH_RATE, times=2)


def linear_probe(train: Domain, seed: int, budget: Budget) -> Any:
    """The backbone frozen, the head alone learns."""
    return _trained(train, seed, budget, plan="head", rate=PROBE_RATE)


def fine_tuning(train: Domain, seed: int, budget: Budget) -> Any:
    """Everything learns, from the pre-trained weights and a random head."""
    return _trained(train, seed, budget)


def discriminative(train: Domain, seed: int, budget: Budget) -> Any:
    """Every block learns 2.6 times more slowly than the one after it (Howard & Ruder, ACL 2018)."""
    from course_lib.pytorch import Discriminative

    return _trained(train, seed, budget, rates=Discriminative(2.6))


def gradual(train: Domain, seed: int, budget: Budget) -> Any:
    """The head first, then block by block (Howard & Ruder, ACL 2018)."""
    from course_lib.pytorch import GradualUnfreezing

    every = max(1, budget.epochs // 6)
    return _trained(train, seed, budget, callbacks=[GradualUnfreezing(every=every)])


def lp_ft(train: Domain, seed: int, budget: Budget) -> Any:
    """First the head on frozen features, then everything (Kumar et al., ICLR 2022)."""
    from course_lib.pytorch import probe_then_fine_tune

    model = _model(train, seed)
    probe_then_fine_tune(
        model,
        train,
        probe_epochs=budget.epochs,
        epochs=budget.epochs,
        probe_optimizer=_recipe(PROBE_RATE),
        optimizer=_recipe(RATE / 3),
        batch_size=budget.batch_size,
        seed=seed,
        progress=False,
    )
    return model


def l2_sp(train: Domain, seed: int, budget: Budget) -> Any:
    """The weights are held near the pre-trained ones (Li et al., ICML 2018)."""
    from course_lib.pytorch import L2SP, CrossEntropy

    # Decay would pull to 0 what the penalty holds near the pre-trained weights.
    return _trained(train, seed, budget, decay=0.0, objective=lambda m: L2SP(CrossEntropy(), m))


def mix_up(train: Domain, seed: int, budget: Budget) -> Any:
    """Blends of two examples (Zhang et al., ICLR 2018)."""
    from course_lib.pytorch import CrossEntropy, MixUp

    classes = len(train.classes)
    return _trained(
        train, seed, budget, objective=lambda model: MixUp(CrossEntropy(), 0.2, classes)
    )


def augmented(train: Domain, seed: int, budget: Budget) -> Any:
    """Small random shifts, turns and changes of size, anew in each epoch."""
    from course_lib.pytorch import Augmented, CrossEntropy, Rotate, Scale, Shift

    changes = (Shift(0.06), Rotate(10), Scale(0.9, 1.1))
    return _trained(train, seed, budget, objective=lambda model: Augmented(CrossEntropy(), changes))


METHODS: dict[str, Method] = {
    SCRATCH: from_scratch,
    PROBE: linear_probe,
    PLAIN: fine_tuning,
    "discriminative rates": discriminative,
    "gradual unfreezing": gradual,
    LP_FT: lp_ft,
    "L2-SP": l2_sp,
    "mix-up": mix_up,
    "augmentation": augmented,
}

# (task and part, better, worse, how sure it must be, whether the course claims it or the literature does)
EXPECTED = (
    ("two labels", PLAIN, SCRATCH, "above", True),
    ("five labels", PLAIN, SCRATCH, "above", True),
    ("shift: out", LP_FT, PLAIN, "not below", False),  # Kumar et al. 2022
    ("shift: out", LP_FT, PROBE, "not below", False),
)


def run(*, quick: bool = False, parts: Sequence[str] = PARTS) -> dict[str, Any]:
    """Measure every method on all tasks.

    Args:
        quick: Two seeds, one epoch, few examples: to see that it works.
        parts: Which of ``PARTS``.

    Returns:
        What :func:`run_fine_tuning` gives, and under ``others`` what the other parts give.
    """
    others = {
        part: import_module(OTHERS[part]).run(quick=quick) for part in parts if part in OTHERS
    }
    own = run_fine_tuning(quick=quick) if "fine-tuning" in parts else {"rows": [], "quick": quick}
    return own | {"others": others}


def run_fine_tuning(*, quick: bool = False) -> dict[str, Any]:
    """Measure this module's own methods.

    Returns:
        ``rows``: task, method, values (accuracy for each seed); ``seconds``, ``seeds``, ``quick``.
    """
    started = time.perf_counter()
    seeds, budget = (2, Budget(1, BATCH)) if quick else (SEEDS, Budget(EPOCHS, BATCH))
    development, test = data.split(data.load("digits", real="mnist"))
    rendered = data.load("rendered_digits", n=400 if quick else 3000, seed=0)
    held_back = rendered.take(np.arange(len(rendered) // 2))
    source = rendered.take(np.arange(len(rendered) // 2, len(rendered)))
    values: dict[tuple[str, str], list[float]] = {}
    with steps(seeds * len(METHODS)) as step:
        for seed in range(seeds):
            few = {task: data.few_shot(development, n, seed) for task, n in FEW.items()}
            many = data.few_shot(source, 2 if quick else 20, seed)
            for name, method in METHODS.items():
                step(f"seed {seed}: {name}")
                for task, train in few.items():
                    epochs = 1 if quick else budget.epochs * FEW["five labels"] // FEW[task]
                    model = method(train, seed, budget._replace(epochs=epochs))
                    values.setdefault((task, name), []).append(_accuracy(model, test))
                model = method(many, seed, budget._replace(epochs=-(-budget.epochs // 3)))
                values.setdefault(("shift: in", name), []).append(_accuracy(model, held_back))
                values.setdefault(("shift: out", name), []).append(_accuracy(model, test))
    return {
        "rows": as_rows(values),
        "seconds": time.perf_counter() - started,
        "seeds": seeds,
        "quick": quick,
    }


def table(result: dict[str, Any]) -> str:
    """Write the result as text, part by part."""
    own = [own_table(result)] if result["rows"] else []
    others = result.get("others", {}).items()
    return "\n\n".join(own + [import_module(OTHERS[part]).table(found) for part, found in others])


def own_table(result: dict[str, Any]) -> str:
    """Write the result as text: for each task, every method with its gain over fine-tuning."""
    lines = [f"accuracy, mean [95 % interval] over {result['seeds']} seeds"]
    for task in dict.fromkeys(row["task"] for row in result["rows"]):
        lines += ["", f"{task:24}{'accuracy':>24}{f'gain over {PLAIN}':>30}"]
        for name in METHODS:
            found = _values(result, task, name)
            gain = paired_interval(found, _values(result, task, PLAIN))
            shown = "" if name == PLAIN else str(gain)
            lines.append(f"{name:24}{interval(found)!s:>24}{shown:>30}")
    said = verdicts(orderings(result), quick=result["quick"])
    return "\n".join([*lines, "", *said, f"{result['seconds']:.0f} s"])


def misses(result: dict[str, Any]) -> list[str]:
    """Which claims were not met; empty when all were. A quick run has none.

    What the literature leads one to expect is told in the table as found or not found; it fails nothing.
    """
    others = result.get("others", {}).items()
    missed = [line for part, found in others for line in import_module(OTHERS[part]).misses(found)]
    own = orderings(result) if result["rows"] else []
    return missed_claims(own, quick=result["quick"]) + missed


def picture(result: dict[str, Any], path: Path) -> None:
    """Draw every method's mean with its interval, one panel for each task."""
    from matplotlib import pyplot as plt

    tasks = list(dict.fromkeys(row["task"] for row in result["rows"]))
    size = (4 * len(tasks), 3.6)
    figure, panels = plt.subplots(1, len(tasks), figsize=size, sharey=True, layout="constrained")
    for task, axis in zip(tasks, panels, strict=True):
        for place, name in enumerate(METHODS):
            one = interval(_values(result, task, name))
            axis.errorbar(
                [one.mean], [place], xerr=[[one.mean - one.low], [one.high - one.mean]],
                fmt="o", color="black", capsize=3,
            )  # fmt: skip
        axis.set(title=task, xlabel="accuracy", yticks=range(len(METHODS)))
        axis.grid(axis="x", alpha=0.4)
    panels[0].set_yticklabels(METHODS)
    panels[0].invert_yaxis()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def orderings(result: dict[str, Any]) -> list[Ordering]:
    """Say of each expected ordering what was found, whether it is that, and whose it is."""
    return row_orderings(result, EXPECTED)


def _values(result: dict[str, Any], task: str, method: str) -> list[float]:
    (row,) = (r for r in result["rows"] if (r["task"], r["method"]) == (task, method))
    return row["values"]


def _trained(
    train: Domain,
    seed: int,
    budget: Budget,
    *,
    weights: str | None = "default",
    plan: str = "everything",
    rate: float = RATE,
    rates: Any = None,
    decay: float = DECAY,
    objective: Callable[[Any], Any] | None = None,
    callbacks: Any = (),
    times: int = 1,
) -> Any:
    """Build the model, free what the plan says, and fit it."""
    from course_lib.pytorch import fit, freeze_plan

    model = freeze_plan(_model(train, seed, weights), plan)
    fit(
        model,
        train,
        objective=objective(model) if objective else None,
        optimizer=_recipe(rate, rates, decay),
        epochs=times * budget.epochs,
        batch_size=budget.batch_size,
        callbacks=callbacks,
        seed=seed,
        progress=False,
    )
    return model


def _model(train: Domain, seed: int, weights: str | None = "default") -> Any:
    from course_lib.pytorch import attach_head, load_backbone

    backbone = load_backbone("glyphnet", weights=weights, seed=seed)
    return attach_head(backbone, len(train.classes), seed=seed)


def _recipe(rate: float, rates: Any = None, decay: float = DECAY) -> Any:
    from course_lib.pytorch import AdamW, WarmupCosine

    return AdamW(WarmupCosine(rate), weight_decay=decay, rates=rates)


def _accuracy(model: Any, domain: Domain) -> float:
    from course_lib.pytorch import predict

    return accuracy(domain.y, np.argmax(predict(model, domain.x), axis=1))
