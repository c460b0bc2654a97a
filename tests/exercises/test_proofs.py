"""The proof finds each way in which an exercise can be wrong about its answers."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from course_lib.errors import CourseError
from course_lib.exercises import proofs
from course_lib.exercises.proofs import prove, prove_here
from tests.exercises import chapter_99
from tests.exercises.chapter_99 import ANSWERS, CLASS_MEANS, STATE, class_means


def proved(*exercises, **answers):
    return prove_here(
        SimpleNamespace(EXERCISES=exercises), "99", "pytorch", ANSWERS["pytorch"] | answers
    )


def test_the_chapter_is_proved(probes):
    assert prove_here(chapter_99, "99", "pytorch", ANSWERS["pytorch"]) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"right": {}}, "it needs two right answers"),
        (
            {"right": {"numpy": ("def class_means(features, labels):\n    return 1\n",) * 2}},
            "right answer 1 does not pass: For the result, the shape (3, 4) is expected",
        ),
        ({"right": {"numpy": ("import nowhere",) * 2}}, "right answer 2 can't be run: ModuleNotF"),
        ({"right": {"numpy": ("x = 1",) * 2}}, "does not define class_means()"),
        ({"forbidden": ("numpy.linalg.lstsqr",)}, "forbidden: there is no numpy.linalg.lstsqr"),
    ],
)
def test_faults_are_found(change, said):
    problems = proved(replace(CLASS_MEANS, **change))
    assert any(said in problem for problem in problems)
    assert all(problem.startswith("99.1 (pytorch): ") for problem in problems)


def test_answers_of_the_edition_are_run():
    wrong = "def class_means(features, labels):\n    return features\n"
    assert "the solved edition's answer does not pass" in proved(CLASS_MEANS, **{"99.1": wrong})[0]
    missing = prove_here(SimpleNamespace(EXERCISES=(CLASS_MEANS,)), "99", "pytorch", {})
    assert missing == ["99.1 (pytorch): the solved edition has no answer cell for it"]


def test_a_setup_that_fails_is_said():
    (problem,) = proved(CLASS_MEANS, setup="from numpy import nothing")
    assert problem.startswith(
        "chapter 99 (pytorch): the answers' own setup can't be run: ImportErr"
    )


def test_a_state_pitfall_must_do_what_it_says(probes):
    harmless = {"pytorch": "def freeze_all(box):\n    box['frozen'] = True\n", "keras": ""}
    pitfall = replace(STATE.pitfalls[0], code=harmless)
    problems = proved(replace(STATE, pitfalls=(pitfall,)))
    assert problems == [
        "99.3 (pytorch): pitfall 'moves' passes",
        "99.3 (pytorch): pitfall 'moves' on fresh draws passes",
    ]


def test_a_pitfall_hidden_behind_another_is_found():
    def on_first_draw_alike(features, labels):
        means = class_means(features, labels)
        return means * (2 if features[0, 0] < 1.5 else 3)

    twice = replace(
        CLASS_MEANS.pitfalls[0],
        name="twice",
        answer=lambda features, labels: 2 * class_means(features, labels),
    )
    varied = replace(CLASS_MEANS.pitfalls[0], name="varied", answer=on_first_draw_alike)
    assert proved(replace(CLASS_MEANS, pitfalls=(varied, twice))) == []


def test_each_framework_runs_in_a_process_of_its_own(tmp_path):
    source = tmp_path / "99_small.py"
    source.write_text(
        "from dataclasses import replace\n"
        "from tests.exercises.chapter_99 import CLASS_MEANS, COUNTS\n"
        "EXERCISES = (replace(CLASS_MEANS, right={}), COUNTS)\n",
        encoding="utf-8",
    )
    spec = SimpleNamespace(__file__=str(source))
    assert prove(spec, chapter="99", frameworks=("pytorch",), answers=ANSWERS) == [
        "99.1 (pytorch): right has 0 source(s); it needs two right answers, written differently"
    ]
    source.write_text("1 / 0\n", encoding="utf-8")
    (problem,) = prove(spec, chapter="99", frameworks=("pytorch",), answers=ANSWERS)
    assert "stopped half-way: ZeroDivisionError" in problem


def test_proofs_that_take_too_long_end_in_one_sentence(tmp_path, monkeypatch):
    source = tmp_path / "99_slow.py"
    source.write_text("import time\ntime.sleep(60)\n", encoding="utf-8")
    monkeypatch.setattr(proofs, "TIMEOUT", 0.5)
    with pytest.raises(CourseError) as caught:
        prove(SimpleNamespace(__file__=str(source)), chapter="99", answers=ANSWERS)
    assert caught.value.en.startswith(
        "chapter 99 (pytorch): trying the answers took longer than 0.5 s"
    )
    assert "0.5 秒" in caught.value.zh
