"""A mistake in a specification is said in one sentence that names the exercise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from course_lib.exercises.comparators import close
from course_lib.exercises.specification import Option, Pitfall, Quiz, SpecificationError, text
from tests.exercises.chapter_99 import CLASS_MEANS, COUNTS, ESSAY, STATE, class_means

WORDS = text("a", "甲")


@pytest.mark.parametrize(
    ("exercise", "change", "said"),
    [
        (CLASS_MEANS, {"id": "4.1"}, "id must look like"),
        (CLASS_MEANS, {"title": {"en": "x"}}, "both languages"),
        (CLASS_MEANS, {"title": text("x", " ")}, "empty in one"),
        (CLASS_MEANS, {"points": 0}, "points must be"),
        (CLASS_MEANS, {"points": True}, "points must be"),
        (CLASS_MEANS, {"objective": ""}, "objective"),
        (CLASS_MEANS, {"function": "class means"}, "function must be"),
        (CLASS_MEANS, {"comparator": "close"}, "comparator must be"),
        (CLASS_MEANS, {"hints": (WORDS,)}, "two hints"),
        (CLASS_MEANS, {"hints": [WORDS, WORDS]}, "hints must be a tuple"),
        (CLASS_MEANS, {"pitfalls": ()}, "one pitfall"),
        (CLASS_MEANS, {"pitfalls": CLASS_MEANS.pitfalls[:1] * 2}, "same name"),
        (CLASS_MEANS, {"pitfalls": (Pitfall("p", class_means, WORDS),)}, "from the right answer"),
        (
            CLASS_MEANS,
            {"pitfalls": (*CLASS_MEANS.pitfalls, replace(CLASS_MEANS.pitfalls[0], name="again"))},
            "from each other",
        ),
        (CLASS_MEANS, {"reference": lambda features, labels: {1.5: 2}}, "reference or a pitfall"),
        (CLASS_MEANS, {"reference": lambda features, labels: 1 / 0}, "ZeroDivisionError"),
        (CLASS_MEANS, {"draws": 0}, "draws"),
        (CLASS_MEANS, {"right": {"torch": ()}}, "right has sources"),
        (CLASS_MEANS, {"right": {"numpy": "def f(): …"}}, "tuple of sources"),
        (
            STATE,
            {"pitfalls": (replace(STATE.pitfalls[0], code=None),)},
            "code in pytorch, keras or both",
        ),
        (ESSAY, {"points": 3}, "adds up to 2"),
        (ESSAY, {"rubric": ()}, "needs a rubric"),
    ],
)
def test_faults_are_said(exercise, change, said):
    with pytest.raises(SpecificationError, match=said) as caught:
        replace(exercise, **change)
    assert str(caught.value).startswith(f"Exercise {change.get('id', exercise.id)}: ")


def test_faults_of_a_quiz_are_said():
    option = Option(WORDS, WORDS)
    with pytest.raises(SpecificationError, match="no option is marked"):
        Quiz("99.q1", WORDS, (option, option))
    with pytest.raises(SpecificationError, match="feedback of option 2"):
        Quiz("99.q1", WORDS, (replace(option, right=True), replace(option, feedback={})))


def test_draws_repeat_and_differ():
    first, again, second = (CLASS_MEANS.public_draw(n) for n in (0, 0, 1))
    assert np.array_equal(first["features"], again["features"])
    assert not np.array_equal(first["features"], second["features"])
    assert first["features"].dtype == np.float32


def test_reference_computes_in_double_on_the_same_numbers():
    seen = []
    spied = replace(
        CLASS_MEANS,
        reference=lambda features, labels: seen.append(features) or class_means(features, labels),
        comparator=close(),
    )
    inputs = spied.public_draw(0)
    seen.clear()
    spied.expected(inputs)
    assert seen[0].dtype == np.float64
    assert np.array_equal(seen[0], inputs["features"])


def test_constants_can_be_drawn_anew():
    offered = COUNTS.with_constants({"outputs": 50})
    assert offered.public_draw(0)["outputs"] >= 50
    assert COUNTS.public_draw(0)["outputs"] < 50
    with pytest.raises(SpecificationError, match="no constant 'depth'"):
        COUNTS.with_constants({"depth": 1})
