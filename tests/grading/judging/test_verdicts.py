"""Whatever comes out of a kernel: read with care, compared outside, said without giving anything away."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest
import torch
from nbformat.v4 import new_code_cell, new_output

from course_lib.exercises import captured, cards
from course_lib.exercises.codec import encode
from course_lib.exercises.values import text
from course_lib.grading.course import load_exercises
from course_lib.grading.judging import verdict_words, verdicts
from course_lib.grading.kernels.execution import Answer
from tests.conftest import ROOT
from tests.grading.tiny_course import HERE


@pytest.fixture(scope="module")
def asked():
    spec = importlib.util.spec_from_file_location("tiny", HERE / "tiny/solutions/source/90_tiny.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return verdicts.draw(module.MEANS, np.random.default_rng(0))


def answer(values) -> Answer:
    replies = [{"value": encode(value)} for value in values]
    return Answer("ok", json.dumps({"captured": True, "replies": replies}))


def test_right_values_earn(asked):
    verdict = verdicts.judge(asked, answer(asked.expected))
    assert verdict.earned and verdict.code == "Correct"


def test_a_known_mistake_gets_its_own_message(asked):
    verdict = verdicts.judge(asked, answer([each["sums"] for each in asked.mistaken]))
    assert (verdict.code, verdict.pitfall) == ("Incorrect", "sums")
    assert verdict.message["zh"] == "你求了和，但没有除。"


def test_one_wrong_draw_is_wrong(asked):
    values = [*asked.expected[:-1], asked.expected[-1] + 1]
    assert verdicts.judge(asked, answer(values)).code == "Incorrect"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "no json",
        "[1, 2]",
        '{"captured": true}',
        '{"captured": true, "replies": []}',
        '{"captured": true, "replies": [{"value": 1}, {"value": 1}]}',
        '{"captured": true, "replies": [{"value": {"array": "!", "dtype": "O"}}, 1, 1]}',
        '{"captured": true, "replies": [{}, {}, {}]}',
        "[" * 100_000,
        '{"captured": 1e999, "replies": [{"problem": 3}, {"problem": 3}, {"problem": 3}]}',
    ],
)
def test_nonsense_is_no_answer(asked, text):
    assert verdicts.judge(asked, Answer("ok", text)).code == "NoAnswer"


@pytest.mark.parametrize(
    "value",
    [None, True, "text", [], {}, float("nan"), np.full(3, np.nan), np.zeros((3, 1)), [[1], [1, 2]]],
)
def test_odd_values_are_wrong_and_never_an_exception(asked, value):
    verdict = verdicts.judge(asked, answer([value] * 3))
    assert not verdict.earned and verdict.message["en"]


@pytest.mark.parametrize(
    ("state", "why", "code"),
    [
        ("timeout", "", "TimedOut"),
        ("dead", "died", "KernelDied"),
        ("dead", "memory", "TooMuchMemory"),
        ("not_run", "", "NotRun"),
        ("error", "", "NoAnswer"),
    ],
)
def test_no_answer_has_its_reason(asked, state, why, code):
    assert verdicts.judge(asked, Answer(state, why=why)).code == code


def test_nothing_captured_is_told_apart_by_the_check_cell(asked):
    nothing = Answer("ok", '{"captured": false}')
    assert verdicts.judge(asked, nothing).code == "NotAttempted"
    assert verdicts.judge(asked, nothing, check_ran=False).code == "CheckFailed"


def test_words_of_the_submission_never_reach_the_feedback(asked):
    said = {"reason": "raised", "en": "HIDDEN", "zh": "HIDDEN", "lines": ["ValueError: HIDDEN"]}
    replies = [{"problem": said}] * 3
    verdict = verdicts.judge(
        asked, Answer("ok", json.dumps({"captured": True, "replies": replies}))
    )
    assert verdict.code == "RaisedAnError"
    assert "ValueError" in verdict.message["en"]
    assert "HIDDEN" not in json.dumps(dict(verdict.message))
    for name in ("Secret", "__import__", "KeyboardInterrupt"):
        forged = {**said, "lines": [f"{name}: 3.14"]}
        text = json.dumps({"captured": True, "replies": [{"problem": forged}] * 3})
        assert name not in verdicts.judge(asked, Answer("ok", text)).message["en"]


def test_what_cannot_be_used_is_not_called_a_stop(asked):
    said = {"reason": "unusable", "en": "HIDDEN", "zh": "HIDDEN", "lines": ["KeyError: HIDDEN"]}
    replies = json.dumps({"captured": True, "replies": [{"problem": said}] * 3})
    verdict = verdicts.judge(asked, Answer("ok", replies))
    assert verdict.code == "Unusable" and "ran to its end" in verdict.message["en"]
    assert "HIDDEN" not in json.dumps(dict(verdict.message))


def test_the_question_holds_inputs_and_nothing_expected(asked):
    code, _ = verdicts.question(asked, "numpy")
    for value in asked.expected:
        assert encode(value)["array"] not in code
    assert "reference" not in code and "sums" not in code


def test_hidden_draws_are_not_the_public_ones(asked):
    for number in range(asked.exercise.draws):
        public = asked.exercise.public_draw(number)["x"]
        assert not any(np.array_equal(public, hidden["x"]) for hidden in asked.inputs)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_code_has_words_in_both_languages(asked, language):
    for code in verdict_words.TITLES:
        if code in verdict_words.SENTENCES:
            cell = new_code_cell("check()")
            verdicts.write(cell, verdicts.Verdict(code, verdict_words.SENTENCES[code]), language)
            assert cell.outputs[0].output_type == "error"
            assert verdicts.title(code, language)


def test_an_instructors_own_test_cell_is_graded_fail_closed():
    def cell(*outputs):
        made = new_code_cell("assert f() == 1")
        made.metadata["nbgrader"] = {"points": 2}
        made.outputs = list(outputs)
        return made

    warning = new_output("stream", name="stderr", text="careful")
    result = new_output("execute_result", data={"text/plain": "2.0"})
    error = new_output("error", ename="AssertionError", evalue="", traceback=[])
    warned = cell(warning)
    assert verdicts.failed_closed(warned, "ok", "en") == "Passed"
    assert all(output.get("name") != "stderr" for output in warned.outputs)
    partly = cell(result)
    assert verdicts.failed_closed(partly, "ok", "en") == "Passed" and partly.outputs == [result]
    both = cell(result, error)
    assert verdicts.failed_closed(both, "error", "en") == "TestFailed" and both.outputs == [error]
    twice = cell(result, result)
    assert verdicts.failed_closed(twice, "ok", "en") == "TwoResults"
    assert [each.output_type for each in twice.outputs] == ["error"]
    for shown in ("-1", "2.5", "nan", "inf", ""):
        odd = cell(new_output("execute_result", data={"text/plain": shown}))
        assert verdicts.failed_closed(odd, "ok", "en") == "OddResult"
    codes = {"timeout": "TimedOut", "dead": "KernelDied", "not_run": "NotRun", "skipped": "NotRun",
             "tampered": "Tampered", "error": "TestFailed"}  # fmt: skip
    for language in ("en", "zh"):
        for state, code in codes.items():
            never = cell()
            assert verdicts.failed_closed(never, state, language) == code
            said = never.outputs[0]
            assert said.output_type == "error" and said.ename == code
            assert len(said.evalue) > 15 and (language == "zh") == ("。" in said.evalue)


@pytest.fixture(scope="module")
def chapter_04():
    path = ROOT / "solutions/source/04_feature_extraction.py"
    return {each.id: each for each in load_exercises(path).values()}


def told(exercise, function):
    """Grade a function on hidden draws by the question that the kernel gets, in this process."""
    asked = verdicts.draw(exercise, np.random.default_rng(0))
    code, expression = verdicts.question(asked, "pytorch")
    names = {}
    captured[exercise.id] = function
    try:
        exec(code, names)
    finally:
        del captured[exercise.id]
    return verdicts.judge(asked, Answer("ok", names[expression]))


def test_an_array_of_another_type_is_told(chapter_04):
    exercise = chapter_04["04.2"]

    def in_double(images, scale, mean, std, order):
        return (images[..., order] / scale - mean) / std

    assert told(exercise, lambda **inputs: in_double(**inputs).astype(np.float32)).earned
    assert told(exercise, in_double).pitfall == "stays_double"
    as_list = told(exercise, lambda **inputs: in_double(**inputs).tolist())
    assert as_list.pitfall is None and "type asked for" in as_list.message["en"]
    as_tensor = told(exercise, lambda **inputs: torch.tensor(in_double(**inputs)))
    assert as_tensor.code == "ReturnedATensor" and "张量" in as_tensor.message["zh"]


def test_an_exercises_own_advice_on_errors_is_given(chapter_04):
    def masked_by_folds(strengths, scores):
        return strengths[scores.mean(axis=0) > 0.5]

    verdict = told(chapter_04["04.5"], masked_by_folds)
    assert verdict.code == "RaisedAnError"
    assert "mean(axis=1)" in verdict.message["en"] and "14" not in verdict.message["en"]


def test_stress_and_code_are_marked_up_on_the_page_and_not_spelled_out_in_the_notebook():
    """A message says `order` and *each* of them; nobody should read the marks themselves."""
    message = text("Take `order`, for *each* of them.", "要用 `order`，**每一个**都要。")
    for language, plain in (
        ("en", "Take order, for each of them."),
        ("zh", "要用 order，每一个都要。"),
    ):
        cell = new_code_cell()
        verdicts.write(cell, verdicts.Verdict("Incorrect", message), language)
        assert cell.outputs[0].traceback[-1] == plain
        assert "*" not in cards.inline(cell.outputs[0].evalue)
        assert ">order</code>" in cards.inline(cell.outputs[0].evalue)
