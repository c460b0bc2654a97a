"""The public JSON: deterministic, small, without solutions, and read back whole."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.exercises import example, public
from course_lib.exercises.comparators import close
from course_lib.exercises.specification import SpecificationError
from tests.exercises import chapter_99
from tests.exercises.chapter_99 import CLASS_MEANS


def test_same_source_same_bytes():
    assert public.build_public(chapter_99, "99") == public.build_public(chapter_99, "99")


def test_comes_back_whole(chapter):
    exercise = public.load_public("99.1")
    draw = exercise.draws[1]
    inputs = CLASS_MEANS.public_draw(1)
    assert list(draw.inputs) == ["features", "labels"]
    assert np.array_equal(draw.inputs["features"], inputs["features"])
    assert CLASS_MEANS.comparator.compare(CLASS_MEANS.expected(inputs), draw.expected).same
    assert list(draw.mistaken) == ["sums", "overall"]
    assert exercise.comparator == CLASS_MEANS.comparator
    assert exercise.hints[1]["zh"] == "对第 0 轴求平均。"
    assert public.load_public("99.4").is_manual
    assert public.load_quiz("99.q1").options[1].right
    assert [e.id for e in public.load_chapter("99")] == ["99.1", "99.2", "99.3", "99.4"]
    assert public.chapters() == ["99"]


def test_the_last_digits_of_another_machine_change_nothing():
    noisy = replace(
        CLASS_MEANS,
        reference=lambda features, labels: (
            chapter_99.class_means(features, labels) * (1 + 3e-16) + 1e-14
        ),
    )
    spec = SimpleNamespace(EXERCISES=(CLASS_MEANS,))
    other = SimpleNamespace(EXERCISES=(noisy,))
    assert public.build_public(spec, "99") == public.build_public(other, "99")


def test_a_tight_tolerance_keeps_every_digit():
    exact = replace(CLASS_MEANS, comparator=close(rtol=1e-12, atol=0))
    content = public.build_public(SimpleNamespace(EXERCISES=(exact,)), "99")
    draw = public.parse(content)[0]["99.1"].draws[0]
    assert np.array_equal(draw.expected, exact.expected(exact.public_draw(0)))


@pytest.mark.parametrize(
    ("spec", "chapter", "said"),
    [
        (SimpleNamespace(EXERCISES=(CLASS_MEANS,) * 2), "99", "Exercise 99.1: this id is used"),
        (SimpleNamespace(EXERCISES=(CLASS_MEANS,)), "04", "must begin with 04"),
        (SimpleNamespace(EXERCISES=(3,)), "99", "hold a int"),
    ],
)
def test_faults_of_a_chapter_are_said(spec, chapter, said):
    with pytest.raises(SpecificationError, match=said):
        public.build_public(spec, chapter)


def test_a_chapter_too_large_names_the_exercise():
    large = replace(
        CLASS_MEANS,
        inputs=lambda rng: {
            "features": rng.normal(size=(9000, 4)),
            "labels": np.arange(9000) % 3,
        },
    )
    with pytest.raises(SpecificationError, match=r"first of all in 99\.1"):
        public.build_public(SimpleNamespace(EXERCISES=(large,)), "99")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("99.7", "no '99.7' in this chapter; it has 99.1, 99.2"),
        ("98.1", "no exercises for '98.1'"),
        ("../../x.1", "no exercises for"),
        (99.1, "in quotes"),
    ],
)
def test_unknown_names_are_said(chapter, name, said):
    with pytest.raises(CourseError, match=said):
        public.load_public(name)


def test_a_grading_kernel_may_have_the_inputs_alone(chapter, monkeypatch):
    path = public.FOLDER / "99_test.json"
    stripped = public.without_answers(path.read_bytes())
    path.write_bytes(stripped)
    monkeypatch.setenv("COURSE_GRADING", "1")
    assert example("99.1", 2)["features"].shape == (9, 4)
    exercise = public.parse(stripped)[0]["99.1"]
    assert all(draw.expected is None and draw.mistaken == {} for draw in exercise.draws)
    assert (exercise.messages, exercise.hints) == ({}, ())
