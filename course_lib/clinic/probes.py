"""The clinic's probes that need no framework; ``course_lib.<framework>.probes`` gives them on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_lib.clinic.programs import Trials, make_run


def tools_to_choose(
    *, train: np.ndarray, validation: np.ndarray, test: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`choosing` calls the student's function with."""
    return _tools(Trials({"train": train, "validation": validation, "test": test}))


def program_to_examine(*, kinds: Sequence[str], seed: int) -> dict[str, Any]:
    """Give what :func:`examining` calls the student's function with, the first time."""
    return {"run": make_run(kinds[0], seed)}


ARGUMENTS = {"choosing": tools_to_choose, "examining": program_to_examine}


def choosing(
    choose_and_report: Callable[..., Any],
    *,
    train: np.ndarray,
    validation: np.ndarray,
    test: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function choose among candidates, and see what it looked at.

    Args:
        choose_and_report: The student's ``choose_and_report(candidates, fit, loss)``; it gives the chosen
            candidate and the loss to report.
        train, validation, test: The candidates' losses on each part.

    Returns:
        ``chosen`` (a candidate, not its place), ``reported``, ``fitted_on`` (the parts, each once),
        ``test_looks`` (how many losses on the test part were asked for).
    """
    trials = Trials({"train": train, "validation": validation, "test": test})
    chosen, reported = choose_and_report(**_tools(trials))
    return {
        "chosen": int(chosen),
        "reported": float(reported),
        "fitted_on": sorted(set(trials.fitted_on)),
        "test_looks": trials.looks.count("test"),
    }


def examining(
    examine_seed: Callable[..., Any], *, kinds: Sequence[str], seed: int
) -> dict[str, Any]:
    """Let the student's test look at several programs, and collect its verdicts.

    Args:
        examine_seed: The student's ``examine_seed(run)``; it gives one of ``VERDICTS``.
        kinds: What the programs are, as ``make_run`` takes them.
        seed: Of the programs.

    Returns:
        ``verdicts``: what was said of each, in this order.
    """
    runs = [make_run(kind, seed + number) for number, kind in enumerate(kinds)]
    return {"verdicts": [str(examine_seed(run)) for run in runs]}


def _tools(trials: Trials) -> dict[str, Any]:
    return {"candidates": trials.candidates, "fit": trials.fit, "loss": trials.loss}
