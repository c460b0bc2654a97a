"""Part *control* of ``./course bench methods``: a pole on a cart, carried to other physics (chapter 11).

Steps balanced, of 500, on twenty beginnings that no search has met; a seed is another search.

* *wind* and *reversed motor*: a search from zeros (cold) and from what was found at home (warm), with the same
  rounds, candidates and spread; before its first round and after its six. *Broad*: first spread 4, not 1.
* *home afterwards*: what the warm searches' results still do at home.
* *winds never met*: searched at home, or in five winds at once with as many trials.
* *imitation*: networks that copy a teacher, at home and on the reversed cart: taught at home; then on the
  reversed cart; then both together (replay); both, told which cart it is.

Rounds, candidates, spreads and the networks' rate are chapter 11's, and nothing was searched here.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks._orderings import missed_claims
from benchmarks._rows import as_rows, row_orderings, rows_table
from course_lib.control import (
    HOME,
    World,
    balance,
    balance_each,
    cross_entropy_search,
    demonstrate,
    linear_policy,
    network_policy,
)  # fmt: skip
from course_lib.waiting import steps

SEEDS, LEAN = 10, 0.1
WORLDS = {"wind": World(wind=5.0), "reversed motor": World(motor=-10.0)}
SPREADS = {"": 1.0, ", broad": 4.0}
WINDS, NEW_WINDS = (-6.0, -3.0, 0.0, 3.0, 6.0), (-7.0, -5.0, 5.0, 7.0)
COLD, WARM, HOME_ONLY, MANY = "cold", "warm", "home only", "many winds"
TAUGHT, THEN, REPLAY, TOLD = "taught at home", "then reversed", "replay", "told"
FIRST, LAST, AFTER = ", before", ", after six rounds", "home afterwards"
AT_HOME, ON_REVERSED = "imitation, at home", "imitation, reversed motor"

# (task, better, worse, how sure it must be, whether this repository claims it)
EXPECTED = (
    ("wind" + FIRST, WARM, COLD, "above", True),  # chapter 11; Taylor & Stone 2009: jump-start
    ("wind" + LAST, WARM, COLD, "not below", False),
    ("reversed motor" + LAST, COLD, WARM, "above", True),
    (AFTER, "after wind", "after reversed motor", "above", True),
    ("winds never met", MANY, HOME_ONLY, "above", True),  # Peng et al. 2018
    (AT_HOME, TAUGHT, THEN, "above", True),
    (AT_HOME, REPLAY, THEN, "above", False),  # replay against forgetting: Robins 1995
    (AT_HOME, TOLD, REPLAY, "above", True),
    (ON_REVERSED, TOLD, REPLAY, "above", True),
)


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure every method; ``quick``: two seeds, to see that it works."""
    started, values = time.perf_counter(), {}
    seeds = 2 if quick else SEEDS
    with steps(seeds) as step:
        for seed in range(seeds):
            step(f"seed {seed}")
            home = search(HOME, np.zeros(4), seed).best
            found = carried(home, seed) | in_winds(home, seed)
            for key, value in (found | imitation(home, seed, 2 if quick else 40)).items():
                values.setdefault(key, []).append(value)
    seconds = time.perf_counter() - started
    return {"rows": as_rows(values), "seconds": seconds, "seeds": seeds, "quick": quick}


def table(result: dict[str, Any]) -> str:
    """Write the result as text."""
    units = {row["task"]: "steps" for row in result["rows"]}
    return rows_table("a pole on a cart, other physics", result, EXPECTED, units)


def misses(result: dict[str, Any]) -> list[str]:
    """Which claims were not met; empty when all were. A quick run has none."""
    return missed_claims(row_orderings(result, EXPECTED), quick=result["quick"])


def search(world: World, start: np.ndarray, seed: int, spread: float = 1.0) -> Any:
    """Search six rounds of 16 candidates; each tries five episodes."""
    return cross_entropy_search(
        lambda w: balance_each(w, world, episodes=5, steps=250, lean=LEAN, seed=500 + seed),
        start, rounds=6, spread=spread, seed=500 + seed,
    )  # fmt: skip


def steps_of(w: np.ndarray, world: World) -> float:
    """Give how long four weights balance on new beginnings."""
    found = balance_each(w[None], world, episodes=20, steps=500, lean=LEAN, seed=99)
    return float(found[0])


def carried(home: np.ndarray, seed: int) -> dict[tuple[str, str], float]:
    """Give the steps in the other worlds, from both starts, and what is left at home."""
    found, after = {}, {(AFTER, "before"): steps_of(home, HOME)}
    for name, world in WORLDS.items():
        for breadth, spread in SPREADS.items():
            for start, w in ((COLD, np.zeros(4)), (WARM, home)):
                ended = search(world, w, seed, spread).best
                if not breadth:
                    found[name + FIRST, start] = steps_of(w, world)
                found[name + breadth + LAST, start] = steps_of(ended, world)
                if start == WARM and not breadth:
                    after[AFTER, f"after {name}"] = steps_of(ended, HOME)
    return found | after


def in_winds(home: np.ndarray, seed: int) -> dict[tuple[str, str], float]:
    """Give the steps in winds that neither search has met."""

    def score(w: np.ndarray) -> np.ndarray:
        tried = [
            balance_each(w, World(wind=each), episodes=1, steps=250, lean=LEAN, seed=seed * 10 + i)
            for i, each in enumerate(WINDS)
        ]
        return np.mean(tried, axis=0)

    many = cross_entropy_search(score, np.zeros(4), rounds=6, seed=500 + seed).best
    return {
        ("winds never met", name): float(
            np.mean([steps_of(w, World(wind=each)) for each in NEW_WINDS])
        )
        for name, w in ((HOME_ONLY, home), (MANY, many))
    }


def imitation(home: np.ndarray, seed: int, epochs: int) -> dict[tuple[str, str], float]:
    """Give the steps of networks that copied the teacher of one cart, of the other, of both."""
    other = WORLDS["reversed motor"]
    of_home, of_other = notes(home, HOME, seed), notes(-home, other, seed)
    one = imitate(pupil(4, seed), of_home, seed, epochs)
    two = imitate(pupil(4, seed, one), of_other, seed, epochs)
    three = imitate(pupil(4, seed, one), together(of_home, of_other), seed, epochs)
    both = together(tell(of_home, 1), tell(of_other, -1))
    four = imitate(pupil(5, seed), both, seed, epochs)
    found, models = {}, {TAUGHT: one, THEN: two, REPLAY: three, TOLD: four}
    for name, model in models.items():
        told = (1, -1) if name == TOLD else ()
        found[AT_HOME, name] = steps_up(model, HOME, told[:1])
        found[ON_REVERSED, name] = steps_up(model, other, told[1:])
    return found


def notes(w: np.ndarray, world: World, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give what a disturbed linear teacher saw and wanted."""
    return demonstrate(
        linear_policy(w), world, episodes=10, steps=100, lean=LEAN, noise=0.5, seed=500 + seed
    )


def together(*parts: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Put notes one under the other."""
    x, y = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return x, y


def tell(part: tuple[np.ndarray, np.ndarray], sign: int) -> tuple[np.ndarray, np.ndarray]:
    """Add the input that says which cart it is."""
    x, y = part
    return np.column_stack([x, np.full(len(x), sign, np.float32)]), y


def pupil(inputs: int, seed: int, like: Any = None) -> Any:
    """Give a small network: random, or with another's weights."""
    from course_lib.pytorch import build_head, named_arrays, put_arrays

    model = build_head(inputs, 1, hidden=(16,), seed=seed)
    return model if like is None else put_arrays(model, named_arrays(like))


def imitate(model: Any, their_notes: Any, seed: int, epochs: int) -> Any:
    """Learn push from state."""
    from course_lib.pytorch import Adam, SquaredError, fit

    fit(
        model, their_notes, objective=SquaredError(), optimizer=Adam(0.02), epochs=epochs, batch_size=250,
        seed=seed, progress=False,
    )  # fmt: skip
    return model


def steps_up(model: Any, world: World, told: Any) -> float:
    """Give how long a network balances."""
    from course_lib.pytorch import named_arrays

    policy = network_policy(named_arrays(model), told=told)
    return float(balance(policy, world, episodes=20, steps=500, lean=LEAN, seed=99).mean())
