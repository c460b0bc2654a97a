"""Mutants: each kind of mistake is made, strong examples notice it, weak ones are found out."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.exercises.comparators import close
from course_lib.exercises.mutants import mutants_of
from course_lib.exercises.mutation import limited, passes
from course_lib.exercises.proofs import Bench
from course_lib.exercises.public import build_public, parse
from course_lib.exercises.specification import Exercise, Pitfall, text

ANSWER = '''
def scaled(x, factor):
    """Bring rows to mean 0."""
    mean = x.mean(axis=1, keepdims=True)
    if factor > 0:
        x = x - mean
    return factor * x
'''


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ("return x.mean(axis=1)", "1 → 2"),
        ("return x.mean(axis=1)", "x.mean(axis=1) → x.sum(axis=1)"),
        ("return x.mean(axis=1)", "x.mean(axis=1) without axis"),
        ("return x - y", "x - y → x + y"),
        ("return x - y", "x - y → y - x"),
        ("return x @ y", "x @ y → y @ x"),
        ("return -x", "-x → x"),
        ("return x ** 2", "x ** 2 → x"),
        ("return x < y", "x < y → x <= y"),
        ("return x if y else 0", "x if y else 0 → x"),
        ("return np.log(x)", "np.log(x) → x"),
        ("return f(x, y)", "f(x, y) → f(y, x)"),
        ("return f(x, training=False)", "False → True"),
        ("model.eval()\n    return x", "without model.eval()"),
        ("x += y\n    return x", "without x += y"),
        ("w.frozen = True\n    return x", "without w.frozen = True"),
        (
            "with torch.no_grad():\n        return x",
            "what stands under 'with torch.no_grad():', without it",
        ),
        ("if x:\n        y = 0\n    return y", "as if it were not so: 'if x:'"),
        ("return x - y", "y ignored"),
        ("return x", "always the first public answer"),
    ],
)
def test_the_mistakes_of_the_field_are_made(body, change):
    source = f"def f(x, y):\n    {body}\n"
    mutants = mutants_of(source, "f")
    assert change in [mutant.change for mutant in mutants]
    assert len({mutant.source for mutant in mutants}) == len(mutants)
    for mutant in mutants:
        compile(mutant.source, "mutant", "exec")


def test_docstrings_and_what_stands_outside_functions_stay():
    mutants = mutants_of("LIMIT = 3\n" + ANSWER, "scaled")
    assert all(
        m.source.startswith("LIMIT = 3\n") and "Bring rows to mean 0." in m.source for m in mutants
    )
    assert not [m for m in mutants if m.change.startswith("3 →")]


def bench_with(inputs) -> Bench:
    exercise = Exercise(
        id="90.1", title=text("Scale", "缩放"), points=1, objective="O1", function="scaled",
        inputs=inputs, reference=lambda x, factor: factor * (x - x.mean(axis=1, keepdims=True)),
        comparator=close(), tensors=False,
        pitfalls=(Pitfall("none", lambda x, factor: x * 0 - 1, text("No.", "不对。")),),
        hints=(text("a", "甲"), text("b", "乙")),
    )  # fmt: skip

    public, _ = parse(build_public(SimpleNamespace(EXERCISES=(exercise,)), "90"))
    return Bench(exercise, public["90.1"], "pytorch")


def survivors(bench: Bench) -> set[str]:
    fresh = bench.on_fresh_draws()
    assert fresh.try_source(ANSWER, "answer")
    return {m.change for m in mutants_of(ANSWER, "scaled") if passes(fresh, m, bench)}


def test_strong_examples_leave_only_what_is_no_mistake():
    strong = bench_with(
        lambda rng: {"x": rng.normal(size=(3, 4)), "factor": float(rng.uniform(0.2, 2))}
    )
    assert survivors(strong) == {
        "factor > 0 → factor >= 0", "what stands under 'if factor > 0:', without it",
    }  # fmt: skip


def test_weak_examples_are_found_out():
    weak = bench_with(lambda rng: {"x": rng.normal(size=(1, 4)), "factor": 1.0})
    assert {"factor ignored", "x.mean(axis=1, keepdims=True) without axis"} <= survivors(weak)


def test_what_does_not_end_is_ended():
    started = time.monotonic()
    with pytest.raises(TimeoutError), limited(0.2):
        while True:
            np.zeros(1)
    assert time.monotonic() - started < 5


def test_waiting_for_the_processor_is_not_working():
    """As on a busy machine: what gets the processor late is not taken for what never ends."""
    with limited(0.05):
        time.sleep(0.3)


def test_what_sleeps_for_ever_is_ended():
    with pytest.raises(TimeoutError), limited(0.01):
        time.sleep(5)


def test_an_argument_that_is_not_used_cannot_be_ignored():
    changes = {m.change for m in mutants_of("def f(x, y):\n    return x + 1\n", "f")}
    assert "x ignored" in changes and "y ignored" not in changes
