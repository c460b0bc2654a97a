"""Random numbers for objectives: the same for both halves, a row for each example, free if unused."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.training import SGD
from course_lib.training.batches import Arrays, cut
from course_lib.training.draws import drawn, epoch_draws
from course_lib.training.plan import Plan


class Draws:
    """Draws one number for each example, and remembers how often it was asked."""

    def __init__(self, *, nothing: bool = False) -> None:
        self.asked, self.nothing = 0, nothing

    def draws(self, rng: np.random.Generator, batch_size: int) -> Arrays:
        self.asked += 1
        return {} if self.nothing else {"u": rng.random(batch_size)}


def test_an_epochs_draws_have_a_row_for_each_example() -> None:
    draws = epoch_draws(Draws(), [4, 4, 2], seed=0, epoch=0)
    assert {name: (a.shape, a.dtype) for name, a in draws.items()} == {"draws.u": ((10,), "f4")}
    assert len(np.unique(draws["draws.u"])) == 10


def test_they_depend_on_seed_epoch_and_step_alone() -> None:
    first, again, later, other = (
        epoch_draws(Draws(), [4, 4], seed, epoch)["draws.u"].tolist()
        for seed, epoch in [(0, 0), (0, 0), (0, 1), (1, 0)]
    )
    assert first == again and first != later and first != other and later != other
    longer = epoch_draws(Draws(), [4, 4, 4], 0, 0)["draws.u"].tolist()
    assert longer[:8] == first  # a step does not feel what comes after it


def test_they_are_the_same_on_every_machine() -> None:
    draws = epoch_draws(Draws(), [2], seed=3, epoch=1)["draws.u"]
    np.testing.assert_allclose(draws, [0.53244905, 0.09322835], rtol=1e-6)


def test_who_draws_nothing_is_asked_once_and_adds_nothing() -> None:
    silent = Draws(nothing=True)
    assert epoch_draws(silent, [4] * 1000, seed=0, epoch=0) == {} and silent.asked == 1


def test_they_travel_beside_the_indices_and_are_found_again() -> None:
    plan = Plan({"x": np.zeros(5), "u_t": np.zeros(3)}, SGD(0.1), epochs=1, batch_size=2, seed=0)
    rows = plan.rows(Draws(), 0)
    assert sorted(rows) == ["", "draws.u", "t"]
    batches = [drawn(batch)["u"].tolist() for batch in cut(rows, plan.sizes)]
    assert [len(u) for u in batches] == [2, 3]
    assert np.concatenate(batches).tolist() == rows["draws.u"].tolist()


def test_draws_that_cannot_be_cut_into_batches_are_refused() -> None:
    class OneForAll:
        def draws(self, rng: np.random.Generator, batch_size: int) -> Arrays:
            return {"share": np.array(0.5)}

    with pytest.raises(CourseError, match="one row for each example"):
        epoch_draws(OneForAll(), [4], seed=0, epoch=0)
