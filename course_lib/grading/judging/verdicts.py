"""Questions, comparison, verdict: what crosses the sandbox's wall and what becomes of it outside.

In go the hidden inputs of one exercise, as JSON, after the submission's last cell. Out comes JSON
that may hold anything: it is read with limits, never evaluated, and compared here with what the
reference gives. No sentence of the submission's process reaches the feedback, since it could carry
the hidden inputs; what a student reads is chosen here, from sentences that stand in the course.
"""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_lib.exercises.advice import Advice, advise
from course_lib.exercises.calling import advise_on_what_came
from course_lib.exercises.cards import plainly
from course_lib.exercises.codec import CodecError, decode, encode
from course_lib.exercises.judging import Case, Judgement
from course_lib.exercises.judging import judge as compare
from course_lib.exercises.problems import AnswerError
from course_lib.exercises.relations import recognise
from course_lib.exercises.specification import Exercise
from course_lib.exercises.values import Value, as_array, text
from course_lib.grading.judging.verdict_words import (
    DIFFERENCES,
    NOTES,
    SAME_AS_CHECK,
    SENTENCES,
    TITLES,
    UNKNOWN_NAME,
)
from course_lib.grading.kernels.execution import Answer
from course_lib.language import Text

HIDDEN_DRAWS = 3

# Runs in the kernel. What the submission has done to the modules that it uses there only ever costs
# the submission: a right value for inputs that nobody could know is a right answer.
_QUESTION = """
def _course_ask(exercise, requests, framework):
    import json
    from course_lib.exercises.calling import answer_request
    from course_lib.exercises.checking import answer_for
    answers = answer_for(exercise)
    if not answers:
        return json.dumps({"captured": False})
    for answer in answers:
        replies = [json.loads(answer_request(answer, r, framework=framework)) for r in requests]
        if replies[0].get("problem", {}).get("reason") != "not_attempted":
            break
    return json.dumps({"captured": True, "replies": replies})
_course_answer = _course_ask(*__import__("json").loads(%s))
"""


@dataclass(frozen=True)
class Asked:
    """The hidden inputs of one exercise, and what is right and wrong for them. Stays outside.

    Attributes:
        expected: The right value, per draw.
        mistaken: Per draw, what each pitfall gives, by its name.
    """

    exercise: Exercise
    inputs: tuple[dict[str, Value], ...]
    expected: tuple[Value, ...]
    mistaken: tuple[dict[str, Value], ...]


@dataclass(frozen=True)
class Verdict:
    """The outcome for one graded cell.

    Attributes:
        code: ``Correct`` or why not, for instructors and for the status table.
        message: What the student reads.
        pitfall: The name of the mistake, where it is a known one.
    """

    code: str
    message: Text
    pitfall: str | None = None

    @property
    def earned(self) -> bool:
        return self.code == "Correct"


def draw(exercise: Exercise, rng: np.random.Generator) -> Asked:
    """Draw an exercise's hidden inputs, and compute what is right and wrong for them."""
    inputs = tuple(exercise.draw(rng) for _ in range(HIDDEN_DRAWS))
    return Asked(
        exercise,
        inputs,
        expected=tuple(exercise.expected(each) for each in inputs),
        mistaken=tuple(exercise.mistaken(each) for each in inputs),
    )


def question(asked: Asked, framework: str) -> tuple[str, str]:
    """Give the code to run in the kernel and the expression to read there: inputs, nothing else."""
    exercise = asked.exercise
    requests = [
        json.dumps(
            {
                "inputs": encode(inputs),
                "tensors": exercise.tensors,
                "probe": exercise.probe,
                "dtype": exercise.comparator.dtype,
                "forbidden": list(exercise.forbidden),
            }
        )
        for inputs in asked.inputs
    ]
    arguments = json.dumps([exercise.id, requests, framework])
    return _QUESTION % repr(arguments), "_course_answer"


def judge(asked: Asked, answer: Answer, *, check_ran: bool = True) -> Verdict:
    """Compare what came back with what is right.

    Args:
        asked: What was asked.
        answer: What came back.
        check_ran: Whether the check cell ran through; if not, that may be why nothing came.
    """
    if answer.state != "ok":
        return _without_answer(answer)
    try:
        replies = _read(answer.text, len(asked.inputs))
    except ValueError:
        return Verdict("NoAnswer", SENTENCES["NoAnswer"])
    if replies is None:
        code = "NotAttempted" if check_ran else "CheckFailed"
        return Verdict(code, SENTENCES[code])
    return _judge_values(asked, replies)


def _without_answer(answer: Answer) -> Verdict:
    if answer.state == "dead" and answer.why == "memory":
        return Verdict("TooMuchMemory", SENTENCES["TooMuchMemory"])
    code = {"timeout": "TimedOut", "dead": "KernelDied", "not_run": "NotRun"}.get(answer.state)
    return Verdict(code or "NoAnswer", SENTENCES[code or "NoAnswer"])


def _read(words: str | None, draws: int) -> list[Value | AnswerError] | None:
    """Read a kernel's answer; ``None`` when nothing was captured there. ValueError for nonsense."""
    if words is None:
        raise ValueError
    try:
        data = json.loads(words)
    except (RecursionError, MemoryError):
        raise ValueError from None
    if not isinstance(data, dict):
        raise ValueError
    if data.get("captured") is False:
        return None
    replies = data.get("replies")
    if not isinstance(replies, list) or len(replies) != draws:
        raise ValueError
    return [_read_reply(reply) for reply in replies]


def _read_reply(reply: Any) -> Value | AnswerError:
    if isinstance(reply, dict) and set(reply) == {"value"}:
        try:
            return decode(reply["value"])
        except CodecError:
            raise ValueError from None
    if isinstance(reply, dict) and isinstance(reply.get("problem"), dict):
        return AnswerError.from_data(reply["problem"])
    raise ValueError


def _judge_values(asked: Asked, replies: list[Value | AnswerError]) -> Verdict:
    exercise = asked.exercise
    problem = next((reply for reply in replies if isinstance(reply, AnswerError)), None)
    if problem is not None:
        return _verdict_of_problem(problem, exercise.errors)
    cases = [
        Case(inputs, expected, found, mistaken)
        for inputs, expected, found, mistaken in zip(
            asked.inputs, asked.expected, replies, asked.mistaken, strict=True
        )
    ]
    try:
        with np.errstate(all="ignore"):
            judgement = compare(exercise.comparator, cases)
    except Exception:  # a value so odd that it can't even be compared is not the right one
        return Verdict("Incorrect", DIFFERENCES["value"])
    if judgement.correct:
        return Verdict("Correct", SENTENCES["Correct"])
    for pitfall in exercise.pitfalls:
        if pitfall.name == judgement.pitfall:
            return Verdict("Incorrect", pitfall.message, pitfall.name)
    return Verdict("Incorrect", _say_difference(exercise, cases[judgement.wrong], judgement))


def _say_difference(exercise: Exercise, case: Case, judgement: Judgement) -> Text:
    """Name the kind of difference and, where the course knows it, how the values are related.

    Both are fixed sentences, chosen and never filled in: see the rule in
    :mod:`course_lib.exercises.relations`.
    """
    outcome = judgement.outcome
    said = DIFFERENCES.get(outcome.reason, DIFFERENCES["value"])
    expected, found = as_array(outcome.expected), as_array(outcome.found)
    related = None
    if outcome.reason in ("kind", "shape", "value") and expected is not None and found is not None:
        with suppress(Exception):
            related = recognise(expected, found, exercise.comparator, case.inputs, hidden=True)
    if related is None:
        return text(said["en"] + SAME_AS_CHECK["en"], said["zh"] + SAME_AS_CHECK["zh"])
    return text(f"{said['en']} {related['en']}", f"{said['zh']}{related['zh']}")


def _verdict_of_problem(problem: AnswerError, errors: Advice) -> Verdict:
    """Choose a sentence by the reason alone, and by the kind of error where it raised one."""
    code = _CODES.get(problem.reason, "NoAnswer")
    if code not in ("RaisedAnError", "Unusable") or not problem.lines:
        return Verdict(code, SENTENCES[code])
    # The exercise's or the course's own advice for this kind of error; of the error's words nothing is passed on.
    error = _error_in(problem.lines[-1])
    if code == "Unusable":
        own, words = advise_on_what_came(error, errors), SENTENCES[code]
        return Verdict(code, text(f"{words['en']} {own['en']}", f"{words['zh']}{own['zh']}"))
    shown = type(error).__name__
    advice = UNKNOWN_NAME if shown == "NameError" else advise(error, errors)
    return Verdict(
        code,
        text(
            f"Your function stopped with {'an' if shown[0] in 'AEIOU' else 'a'} {shown} on inputs "
            f"that it had not seen before. {advice['en']}",
            f"你的函数在未见过的输入上因 {shown} 中断。{advice['zh']}",
        ),
    )


def _error_in(line: str) -> Exception:
    """Make an error of a kind that Python has from what a submission says that it met."""
    name, _, said = line.partition(":")
    kind = getattr(builtins, name, None)
    known = isinstance(kind, type) and issubclass(kind, Exception)
    made: Exception = type(name if known else "Exception", (Exception,), {})(said.strip())
    return made


def write(cell: NotebookNode, verdict: Verdict, language: str) -> None:
    """Put a verdict into a graded cell in the way that nbgrader reads it: an error means no points."""
    message = verdict.message[language]
    if verdict.earned:
        data = {"text/plain": f"✓ {message}"}
        cell.outputs = [new_output("display_data", data=data)]
    else:
        title = TITLES[verdict.code][language]
        cell.outputs = [
            new_output(
                "error",
                ename=verdict.code,
                evalue=message,
                traceback=[f"✗ {title}  [{verdict.code}]", *plainly(message).splitlines()],
            )
        ]
    cell.metadata["course_verdict"] = {"code": verdict.code, "pitfall": verdict.pitfall}


def write_note(cell: NotebookNode, code: str, language: str) -> None:
    """Say beneath an ordinary cell why it did not run through."""
    message = NOTES[code][language]
    cell.outputs.append(new_output("error", ename=code, evalue=message, traceback=[message]))


def title(code: str, language: str) -> str:
    """Give a code's few words, ``""`` for a code that is none of ours."""
    return TITLES[code][language] if code in TITLES else ""


def failed_closed(cell: NotebookNode, state: str, language: str) -> str:
    """See to it that an instructor's own test cell that did not run through earns nothing.

    nbgrader gives all points to a cell without an error, none to one with a warning, and of several
    results shown it believes the first. What no test inside the student's own process can catch stays:
    it is listed in :mod:`.own_tests`. Course exercises have none of these holes.

    Returns:
        The reason code.
    """
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            output.name = "stdout"
    failed = any(output.output_type == "error" for output in cell.outputs)
    results = [each for each in cell.outputs if each.output_type == "execute_result"]
    code = _OWN_TEST_CODES.get(state, "NotRun")
    if state == "ok":
        code = "TestFailed" if failed else "TwoResults" if len(results) > 1 else "Passed"
    if code == "Passed" and results and not _is_a_mark(results[0], cell):
        code = "OddResult"
    cell.metadata["course_verdict"] = {"code": code, "pitfall": None}
    if code == "Passed":
        return code
    cell.outputs = [each for each in cell.outputs if each.output_type != "execute_result"]
    if code != "TestFailed" or not failed:
        message = SENTENCES[f"OwnTest{code}"][language]
        shown = [f"✗ {TITLES[code][language]}  [{code}]", message]
        cell.outputs.insert(0, new_output("error", ename=code, evalue=message, traceback=shown))
    return code


_OWN_TEST_CODES = {
    "error": "TestFailed",
    "timeout": "TimedOut",
    "dead": "KernelDied",
    "tampered": "Tampered",
}


def _is_a_mark(result: NotebookNode, cell: NotebookNode) -> bool:
    """Say whether nbgrader can take what a test shows: words, or points between 0 and all there are."""
    shown = result.data.get("text/plain")
    try:
        points = float(shown)
    except (TypeError, ValueError):
        return bool(shown)  # words: nbgrader gives all points; it stumbles over nothing at all
    return 0 <= points <= float(cell.metadata.nbgrader.points)


def counted(verdicts: Mapping[str, Verdict]) -> dict[str, str]:
    """Give codes by exercise, for the audit log."""
    return {name: verdict.code for name, verdict in verdicts.items()}


_CODES = {
    "not_attempted": "NotAttempted",
    "not_a_function": "NotAFunction",
    "signature": "WrongParameters",
    "raised": "RaisedAnError",
    "unusable": "Unusable",
    "no_value": "ReturnedNothing",
    "not_a_value": "NotAValue",
    "lazy": "NotAValue",
    "a_tensor": "ReturnedATensor",
    "too_large": "TooLarge",
    "forbidden": "ForbiddenCall",
}
