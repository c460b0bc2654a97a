"""What a student reads after check(): the three states, the mistakes that are known, the others."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib import language
from course_lib.errors import CourseError
from course_lib.exercises import (
    CheckFailed,
    captured,
    check,
    checking,
    example,
    journal,
    public,
)
from course_lib.exercises.comparators import Comparator, close
from course_lib.exercises.judging import Case, judge
from course_lib.exercises.values import text as language_text


def class_means(features, labels):
    return torch.stack([features[labels == k].mean(dim=0) for k in range(3)])


def sums(features, labels):
    return torch.stack([features[labels == k].sum(dim=0) for k in range(3)])


def transposed(features, labels):
    return class_means(features, labels).T


def test_right(chapter):
    result = check("99.1", class_means)
    assert result
    assert result.state == "correct"
    assert repr(result) == ("✓ 99.1 Class means · correct\nYour function agrees on all 3 examples.")


def test_a_known_mistake_gets_its_message(chapter):
    result = check("99.1", sums)
    assert not result
    assert (result.state, result.reason, result.pitfall) == ("incorrect", "pitfall", "sums")
    words = repr(result)
    assert words.startswith(
        "✗ 99.1 Class means · not right yet\nYou added up; divide by the count."
    )
    assert 'class_means(**example("99.1", 1))' in words
    assert 'hint("99.1")' in words


def test_an_unknown_mistake_is_described(chapter):
    words = repr(check("99.1", transposed))
    assert "the shape (3, 4) is expected; yours is (4, 3)" in words
    assert "rows and columns are exchanged" in words


def test_values_are_shown_side_by_side(chapter):
    words = repr(check("99.1", lambda features, labels: class_means(features, labels) + 0.5))
    assert "All 12 values are different; the first is result[0, 0]: expected" in words
    assert "Each value is 0.5 more than expected." in words


def test_a_list_of_arrays_is_told_from_one_array(chapter):
    words = repr(check("99.1", lambda features, labels: [class_means(features, labels)] * 2))
    assert "the shape (3, 4) is expected; yours is (2, 3, 4)" in words


def test_a_part_of_a_dictionary_is_named(chapter):
    words = repr(check("99.2", lambda inputs, outputs: {"dense": 1.5, "name": "Dense"}))
    assert "For result['dense'], the whole number" in words
    assert "yours is the number 1.5" in words
    words = repr(check("99.2", lambda inputs, outputs: {"Dense": 1}))
    assert "missing: 'dense', 'name'; not asked for: 'Dense'" in words


def test_an_untouched_stub_is_not_attempted(chapter):
    def stub(features, labels):
        raise NotImplementedError("Write your code here")

    result = check("99.1", stub)
    assert result.state == "not_attempted"
    assert repr(result).startswith("○ 99.1 Class means · not attempted\n")


def test_an_error_shows_the_students_lines(chapter):
    result = check("99.1", lambda features, labels: features @ labels)
    assert (result.state, result.reason) == ("incorrect", "raised")
    assert "features @ labels" in result._repr_html_()


def test_a_shortcut_is_refused_kindly(chapter):
    result = check("99.1", lambda features, labels: np.bincount(labels))
    assert result.reason == "forbidden"
    assert "numpy.bincount()" in repr(result)


def test_a_wrong_first_example_tells_more_than_a_later_error(chapter):
    answers = iter([sums, None, None])

    def answer(features, labels):
        return next(answers)(features, labels)

    assert check("99.1", answer).pitfall == "sums"


def test_a_change_in_place_is_remarked_once(chapter):
    def answer(features, labels):
        means = class_means(features, labels)
        features.mul_(0)
        return means

    result = check("99.1", answer)
    assert result
    assert repr(result).count("in place") == 1


def test_state_exercise(chapter, probes):
    assert check("99.3", lambda box: box.update(frozen=True))
    assert check("99.3", lambda box: None).pitfall == "moves"
    words = repr(check("99.3", lambda box: None))
    assert 'given = example("99.3", 1), then freeze_all(**given)' in words
    assert example("99.3", 2)["box"] == {"frozen": False}


def test_chinese(chapter):
    language.use("zh")
    right, wrong = check("99.1", class_means), check("99.1", sums)
    assert repr(right) == "✓ 99.1 类均值 · 正确\n你的函数在全部 3 组例子上都给出了应有的结果。"
    assert "你只求了和" in repr(wrong)
    assert 'lang="zh"' in wrong._repr_html_()
    other = repr(check("99.1", transposed))
    assert "返回值的形状应为 (3, 4)，你的是 (4, 3)。" in other
    assert "Expected" not in other


def test_the_html_escapes_and_needs_no_colour(chapter):
    evil = "<script>alert(1)</script>"
    page = check("99.2", lambda inputs, outputs: {"dense": evil, "name": evil})._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    text_only = re.sub(r"<[^>]+>", "", page)
    assert "✗" in text_only
    assert "not right yet" in text_only
    table = check("99.1", transposed)._repr_html_()
    assert 'scope="col"' in table
    assert 'scope="row"' in table


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("99.1",), r'check\("99.1", class_means\)'),
        (("99.4", print), "marked by hand"),
        (("99.9", print), "it has 99.1"),
        ((99.1, print), 'Did you mean "99.1"'),
        (("99_1", print), 'Did you mean "99.1"'),
        (("Exercise 99.1", print), 'Did you mean "99.1"'),
    ],
)
def test_a_wrong_call_is_said(chapter, arguments, said):
    with pytest.raises(CourseError, match=said):
        check(*arguments)


def test_strict_runs_raise_and_record_nothing(chapter, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")
    assert check("99.1", class_means)
    with pytest.raises(CheckFailed, match="You added up"):
        check("99.1", sums)
    with pytest.raises(CheckFailed, match="not attempted"):
        check("99.1", None)
    assert journal.read() == []


def test_grading_only_collects(chapter, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_GRADING", "1")
    monkeypatch.setattr("course_lib.exercises.public.FOLDER", None)
    captured.clear()
    assert check("99.1", sums) is None
    assert check("99.2") is None
    assert captured == {"99.1": sums, "99.2": None}
    assert capsys.readouterr().out.splitlines()[0] == "99.1: handed in for grading."
    assert journal.read() == []
    captured.clear()


def test_an_example_can_be_tried(chapter):
    inputs = example("99.1", 2)
    assert class_means(**inputs).shape == (3, 4)
    assert inputs["features"].dtype == torch.float32
    with pytest.raises(CourseError, match="examples 1 to 3"):
        example("99.1", 4)
    with pytest.raises(CourseError, match="by hand"):
        example("99.4")


def test_progress_is_recorded(chapter):
    check("99.1", sums)
    check("99.1", class_means)
    assert [event["state"] for event in journal.read()] == ["incorrect", "correct"]


def test_a_function_without_end_can_be_stopped(chapter, monkeypatch, capsys):
    monkeypatch.setattr(checking, "PATIENCE", 0.01)

    def endless(features, labels):
        time.sleep(0.3)
        raise KeyboardInterrupt  # as Kernel → Interrupt does

    result = check("99.1", endless)
    assert (result.state, result.reason) == ("incorrect", "interrupted")
    words = repr(result)
    assert "You stopped it" in words
    assert "raise KeyboardInterrupt  # as Kernel" in words
    assert "check" not in words.partition("still at work")[2].partition("Stuck?")[0]
    assert "99.1: your function is still running. Kernel → Interrupt" in capsys.readouterr().out
    assert check("99.1", class_means)


def test_an_exercise_has_advice_and_names_of_its_own(tmp_path, chapter, monkeypatch):
    special = replace(
        chapter.CLASS_MEANS,
        errors=((r"^ZeroDivisionError", language_text("Count first.", "先数一数。")),),
    )
    counts = replace(chapter.COUNTS, parts={"dense": language_text("the dense layer", "全连接层")})
    spec = SimpleNamespace(EXERCISES=(special, counts))
    known, _ = public.parse(public.build_public(spec, "99"))
    problem = checking.assess(known["99.1"], lambda features, labels: 1 / 0, framework="pytorch")
    assert "Count first. Your function stopped here:" in repr(problem)
    wrong = checking.assess(
        known["99.2"], lambda inputs, outputs: {"dense": 1, "name": "Dense"}, framework="pytorch"
    )
    assert "For the dense layer, " in repr(wrong)


def test_a_pitfall_of_a_state_exercise_may_know_a_part_of_the_report():
    def case(found):
        return Case({}, {"a": False, "x": 1.0}, found, {"part": {"a": True}})

    assert judge(close(), [case({"a": True, "x": 7.0})]).pitfall == "part"
    assert judge(close(), [case({"a": False, "x": 7.0})]).pitfall is None


def test_the_arrays_type_counts_where_it_is_asked_for_and_never_for_mistakes():
    right, single = np.array([0.5, 2.0]), close(float_bits=32)

    def judged(found):
        case = Case({}, right.astype(np.float32), found, {"doubled": 2 * right, "wide": right})
        return judge(single, [case])

    assert judged(right.astype(np.float32)).correct
    assert judged(right).pitfall == "wide"
    assert judged(2 * right).pitfall == "doubled"
    assert judged((2 * right).astype(np.float32)).pitfall == "doubled"
    of_list = judged(right.tolist())
    assert (of_list.outcome.reason, of_list.pitfall) == ("dtype", None)
    assert Comparator.from_data(single.to_data()) == single


def test_a_trial_shows_the_verdict_and_leaves_no_trace(chapter, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")  # where any other wrong answer raises
    before = journal.standing("99.1")
    assert check("99.1", sums, trial=True).pitfall == "sums"
    assert journal.standing("99.1") == before


def test_a_trial_is_not_handed_in(chapter, monkeypatch):
    monkeypatch.setenv("COURSE_GRADING", "1")
    monkeypatch.setattr(checking, "captured", {})
    assert check("99.1", sums, trial=True) is None
    assert checking.captured == {}
