"""Rates, decay and turns by part, as numbers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from course_lib.errors import CourseError
from course_lib.training import SGD, Adam, AdamW, Discriminative, GradualUnfreezing, History
from course_lib.training.rates import Group, Weight, decay_of, factors, tabulate

PARTS = ["stem", "block1", "block2", "head", "objective"]


def test_each_part_learns_more_slowly_than_the_next() -> None:
    found = factors(Discriminative(2.0), PARTS)
    assert found == {"stem": 1 / 8, "block1": 1 / 4, "block2": 1 / 2, "head": 1, "objective": 1}


def test_a_named_part_wins_over_the_backbone_and_what_is_not_named_has_the_full_rate() -> None:
    found = factors({"backbone": 0.1, "block2": 0.5}, PARTS)
    assert found == {"stem": 0.1, "block1": 0.1, "block2": 0.5, "head": 1, "objective": 1}
    assert factors({"head": 10.0}, ["backbone", "head"]) == {"backbone": 1, "head": 10}
    assert set(factors(None, PARTS).values()) == {1.0}


@pytest.mark.parametrize(
    ("rates", "parts", "says"),
    [
        ({"block3": 0.1}, PARTS, "'block3'.* stem, block1, block2, head"),
        ({"objective": 0.1}, PARTS, "'objective'"),
        ({"backbone": 0.1}, ["model"], "no .backbone"),
        (Discriminative(), ["model"], "attach_head"),
    ],
)
def test_parts_that_are_not_there_are_named(rates: object, parts: list[str], says: str) -> None:
    with pytest.raises(CourseError, match=says):
        factors(rates, parts)  # type: ignore[arg-type]


def test_a_factor_of_zero_is_refused() -> None:
    with pytest.raises(CourseError, match=r"\(0, ∞\)"):
        Discriminative(0.0)


@pytest.mark.parametrize("recipe", [SGD, Adam, AdamW])
def test_biases_and_norms_do_not_decay_unless_asked(recipe: type) -> None:
    assert decay_of(recipe(weight_decay=0.1), 1) == 0.0
    assert [decay_of(recipe(weight_decay=0.1), n) for n in (2, 4)] == [0.1, 0.1]
    assert decay_of(recipe(weight_decay=0.1, decay_everything=True), 1) == 0.1


def test_the_table_adds_up_what_is_treated_alike() -> None:
    parts = {"backbone": [Weight(4, 8, False), Weight(1, 3, False)], "head": [Weight(2, 6, True)]}
    assert tabulate(parts, SGD(0.1, weight_decay=0.5, rates={"backbone": 0.1})) == [
        Group("backbone", 0.01, 0.5, 8, 0),
        Group("backbone", 0.01, 0.0, 3, 0),
        Group("head", 0.1, 0.5, 6, 6),
    ]
    assert tabulate(parts, SGD(0.1)) == [
        Group("backbone", 0.1, 0, 11, 0),
        Group("head", 0.1, 0, 6, 6),
    ]


def turns(names: list[str], every: int, epochs: int) -> list[list[str]]:
    """Give what may learn in each epoch."""
    seen: list[list[str]] = []
    run = SimpleNamespace(history=History(), part_names=names, let_learn=seen.append)
    for _ in range(epochs):
        GradualUnfreezing(every=every).on_epoch_begin(
            run
        )  # a new one each time: it remembers nothing
        run.history.epochs.append({})
    return seen


def test_parts_are_freed_one_by_one_from_the_head() -> None:
    head, block2, block1 = ["head"], ["block2", "head"], ["block1", "block2", "head"]
    everything = PARTS[:4]
    assert turns(PARTS, 1, 5) == [head, block2, block1, everything, everything]
    assert turns(PARTS, 2, 5) == [head, head, block2, block2, block1]


def test_unfreezing_needs_a_head_and_a_backbone_and_a_positive_number() -> None:
    for names in (["model"], ["head"], ["block1", "block2"]):
        with pytest.raises(CourseError, match="head"):
            turns(names, 1, 1)
    with pytest.raises(CourseError, match="every"):
        GradualUnfreezing(every=0)
