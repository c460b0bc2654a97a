"""Beginners' answers to chapters 00, 02 and 04, through check(): none passes or fails by mistake.

In the PyTorch edition; Keras's own answers are in ``test_keras.py``, with its other tests.
"""

from __future__ import annotations

import textwrap
import types

import numpy as np
import pytest

from course_lib import edition, language
from course_lib.authoring.sources import read_source
from course_lib.authoring.specification import load_specification
from course_lib.exercises import checking, example, hint
from course_lib.exercises.proofs import Bench
from course_lib.exercises.public import load_public
from tests.conftest import ROOT
from tests.exercises.beginners_answers import NUMPY, PYTORCH, RIGHT, STUBS


def given(exercise_id: str, body: str, framework: str) -> checking.Result:
    """Check a function of this body, as a student's ``check()`` would."""
    exercise = load_public(exercise_id)
    source = f"def {STUBS[exercise_id]}:\n{textwrap.indent(body, '    ')}\n"
    return Bench(exercise, exercise, framework).try_source(source, "answer")


def assert_gets(result: checking.Result, what: str) -> None:
    if what == RIGHT:
        assert result.state == "correct", repr(result)
    else:
        assert result.state == "incorrect"
        assert result.pitfall == what or what in repr(result), repr(result)


@pytest.fixture(autouse=True)
def english_pytorch(course_home):
    edition.set_current(edition.Edition("04", "en", "pytorch"))
    language.use("en")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("exercise_id", "body", "what"), NUMPY + PYTORCH)
def test_an_answer_gets_what_it_deserves(exercise_id, body, what):
    assert_gets(given(exercise_id, body, "pytorch"), what)


def test_the_table_shows_a_few_values_and_says_nothing_twice():
    words = repr(given("00.1", "return images / 256", "pytorch"))
    assert "values from [0, 0, 0, 0] on" in words
    assert len(words.splitlines()) <= 10
    words = repr(given("04.5", "return strengths[scores.mean(axis=1).argmax()]", "pytorch"))
    assert "what it is" not in words
    assert words.count("yours: ") == 1
    words = repr(given("04.7", "model.eval()\nmodel.backbone.requires_grad_(False)", "pytorch"))
    assert "“the head is in training mode”  expected: True  |  yours: False" in words


def test_examples_of_state_exercises_are_what_the_function_gets():
    model = example("04.7")["model"]
    assert model.training and model.backbone.norm.training
    inputs = example("04.8", 2)
    assert list(inputs) == ["backbone", "images", "batch_size"]
    assert isinstance(inputs["images"], np.ndarray)


def test_after_the_last_hint_comes_what_fits_the_exercise():
    for exercise_id, said in (
        ("04.1", "print the number after each step"),
        ("04.4", "print the shape after each step"),
        ("04.8", "print what has changed"),
    ):
        for _ in load_public(exercise_id).hints:
            hint(exercise_id)
        assert said in repr(hint(exercise_id))


@pytest.fixture(scope="module")
def chapter_04() -> types.ModuleType:
    path = ROOT / "solutions" / "source" / "04_feature_extraction.md"
    specification = load_specification(ROOT, read_source(path, ROOT))
    assert specification is not None
    return specification


def test_points_are_thirty(chapter_04):
    assert sum(exercise.points for exercise in chapter_04.EXERCISES) == 30


def test_the_path_is_drawn_with_more_and_with_fewer_features_than_pictures(chapter_04):
    (path,) = (e for e in chapter_04.EXERCISES if e.id == "04.4")
    shapes = [path.public_draw(number)["features"].shape for number in range(path.draws)]
    assert shapes[0][1] > shapes[0][0]  # on the first, Vᵀ taken for V can't even be multiplied
    assert any(d < n for n, d in shapes)


def test_scores_have_no_ties_and_never_five_folds(chapter_04):
    rng = np.random.default_rng(0)
    drawn = [chapter_04.draw_scores(rng) for _ in range(100)]
    folds = {draw["scores"].shape[1] for draw in drawn}
    assert len(folds) > 2 and 5 not in folds
    for draw in drawn:
        scores = draw["scores"]
        means = np.sort(scores.mean(axis=1))
        best = scores[scores.mean(axis=1).argmax()]
        threshold = means[-1] - best.std(ddof=1) / np.sqrt(len(best))
        assert means[-1] - means[-2] > 1e-6 and np.abs(means - threshold).min() > 1e-6
