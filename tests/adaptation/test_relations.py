"""Classes known by their relations alone."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.adaptation import attribute_table, nearest_class, ridge_map, walk_with_restart
from course_lib.errors import CourseError

FACTS = [
    ("horse", "is", "equid"), ("zebra", "is", "equid"), ("tiger", "is", "cat"), ("lion", "is", "cat"),
    ("zebra", "has", "stripes"), ("tiger", "has", "stripes"), ("horse", "has", "mane"),
    ("lion", "has", "mane"), ("zebra", "has", "mane"), ("equid", "eats", "grass"), ("cat", "eats", "meat"),
]  # fmt: skip
CLASSES = ["horse", "tiger", "lion", "zebra"]


def test_the_table_says_what_the_facts_say() -> None:
    table, names = attribute_table(FACTS, CLASSES)
    assert names == [("has", "mane"), ("has", "stripes"), ("is", "cat"), ("is", "equid")]
    assert table.tolist() == [[1, 0, 0, 1], [0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1]]
    with pytest.raises(CourseError, match="'unicorn'"):
        attribute_table(FACTS, [*CLASSES, "unicorn"])
    with pytest.raises(CourseError, match="subject, relation, object"):
        attribute_table([("horse", "runs")], ["horse"])  # type: ignore[list-item]


def test_walks_are_distributions_and_solve_their_equation() -> None:
    found = walk_with_restart(FACTS, CLASSES, restart=0.3)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    nodes = sorted({node for one, _, other in FACTS for node in (one, other)})
    horse = np.zeros(len(nodes))
    horse[nodes.index("horse")] = 1
    p = horse
    for _ in range(200):  # the walk itself, step by step
        step = np.zeros(len(nodes))
        for i, node in enumerate(nodes):
            near = {b for a, _, b in FACTS if a == node} | {a for a, _, b in FACTS if b == node}
            for other in near:
                step[nodes.index(other)] += p[i] / len(near)
        p = 0.3 * horse + 0.7 * step
    np.testing.assert_allclose(found[0], p, atol=1e-9)
    alike = np.corrcoef(found)
    assert alike[0, 3] > alike[1, 3] > alike[0, 1]  # zebra: horse, then tiger


def test_an_unseen_class_is_recognised_by_its_description() -> None:
    rng = np.random.default_rng(0)
    table, _ = attribute_table(FACTS, CLASSES)
    world = rng.normal(size=(4, 12))  # how attributes look

    def look(y: np.ndarray) -> np.ndarray:
        return table[y] @ world + 0.3 * rng.normal(size=(len(y), 12))

    seen, unseen = rng.integers(0, 3, 300), np.full(100, 3)
    reads = ridge_map(look(seen), seen, table, strength=0.01)
    among_two = nearest_class(reads(look(unseen)), table, candidates=[2, 3])
    assert (among_two == 3).mean() > 0.9  # never a picture of a zebra
    assert (nearest_class(reads(look(seen)), table) == seen).mean() > 0.9


def test_the_ridge_map_is_scikit_learns() -> None:
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(1)
    f, y, e = rng.normal(size=(40, 5)) + 3, rng.integers(0, 4, 40), rng.normal(size=(4, 2))
    oracle = Ridge(alpha=0.2 * 40).fit(f, e[y])
    np.testing.assert_allclose(ridge_map(f, y, e, strength=0.2)(f), oracle.predict(f), atol=1e-8)
    with pytest.raises(CourseError, match="strength"):
        ridge_map(f, y, e, strength=0)
    with pytest.raises(CourseError, match="labels 0 … 3"):
        ridge_map(f, y + 1, e)
