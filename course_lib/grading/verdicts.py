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
from course_lib.exercises.codec import CodecError, decode, encode
from course_lib.exercises.judging import Case, Judgement
from course_lib.exercises.judging import judge as compare
from course_lib.exercises.problems import AnswerError
from course_lib.exercises.relations import recognise
from course_lib.exercises.specification import Exercise
from course_lib.exercises.values import Value, as_array, text
from course_lib.grading.execution import Answer
from course_lib.language import Text

HIDDEN_DRAWS = 3

# Runs in the kernel. What the submission has done to the modules that it uses there only ever costs
# the submission: a right value for inputs that nobody could know is a right answer.
_QUESTION = """
def _course_ask(exercise, requests, framework):
    import json
    from course_lib.exercises import captured
    from course_lib.exercises.calling import answer_request
    if exercise not in captured:
        return json.dumps({"captured": False})
    answer = captured[exercise]
    replies = [json.loads(answer_request(answer, r, framework=framework)) for r in requests]
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
        return Verdict("NoAnswer", _SENTENCES["NoAnswer"])
    if replies is None:
        code = "NotAttempted" if check_ran else "CheckFailed"
        return Verdict(code, _SENTENCES[code])
    return _judge_values(asked, replies)


def _without_answer(answer: Answer) -> Verdict:
    if answer.state == "dead" and answer.why == "memory":
        return Verdict("TooMuchMemory", _SENTENCES["TooMuchMemory"])
    code = {"timeout": "TimedOut", "dead": "KernelDied", "not_run": "NotRun"}.get(answer.state)
    return Verdict(code or "NoAnswer", _SENTENCES[code or "NoAnswer"])


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
        return Verdict("Incorrect", _DIFFERENCES["value"])
    if judgement.correct:
        return Verdict("Correct", _SENTENCES["Correct"])
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
    said = _DIFFERENCES.get(outcome.reason, _DIFFERENCES["value"])
    expected, found = as_array(outcome.expected), as_array(outcome.found)
    related = None
    if outcome.reason in ("kind", "shape", "value") and expected is not None and found is not None:
        with suppress(Exception):
            related = recognise(expected, found, exercise.comparator, case.inputs, hidden=True)
    if related is None:
        return text(said["en"] + _SAME_AS_CHECK["en"], said["zh"] + _SAME_AS_CHECK["zh"])
    return text(f"{said['en']} {related['en']}", f"{said['zh']}{related['zh']}")


def _verdict_of_problem(problem: AnswerError, errors: Advice) -> Verdict:
    """Choose a sentence by the reason alone, and by the kind of error where it raised one."""
    code = _CODES.get(problem.reason, "NoAnswer")
    if code != "RaisedAnError" or not problem.lines:
        return Verdict(code, _SENTENCES[code])
    name, _, said = problem.lines[-1].partition(":")
    kind = getattr(builtins, name, None)
    known = isinstance(kind, type) and issubclass(kind, Exception)
    # The exercise's or the course's own advice for this kind of error; of the error's words nothing is passed on.
    advice = advise(type(name if known else "Exception", (Exception,), {})(said.strip()), errors)
    shown = name if known else "Exception"
    return Verdict(
        code,
        text(
            f"Your function stopped with {'an' if shown[0] in 'AEIOU' else 'a'} {shown} on inputs "
            f"that it had not seen before. {advice['en']}",
            f"你的函数在未见过的输入上因 {shown} 中断。{advice['zh']}",
        ),
    )


def write(cell: NotebookNode, verdict: Verdict, language: str) -> None:
    """Put a verdict into a graded cell in the way that nbgrader reads it: an error means no points."""
    message = verdict.message[language]
    if verdict.earned:
        data = {"text/plain": f"✓ {message}"}
        cell.outputs = [new_output("display_data", data=data)]
    else:
        title = _TITLES[verdict.code][language]
        cell.outputs = [
            new_output(
                "error",
                ename=verdict.code,
                evalue=message,
                traceback=[f"✗ {title}  [{verdict.code}]", *message.splitlines()],
            )
        ]
    cell.metadata["course_verdict"] = {"code": verdict.code, "pitfall": verdict.pitfall}


def write_note(cell: NotebookNode, code: str, language: str) -> None:
    """Say beneath an ordinary cell why it did not run through."""
    message = _NOTES[code][language]
    cell.outputs.append(new_output("error", ename=code, evalue=message, traceback=[message]))


def title(code: str, language: str) -> str:
    """Give a code's few words, ``""`` for a code that is none of ours."""
    return _TITLES[code][language] if code in _TITLES else ""


def failed_closed(cell: NotebookNode, state: str) -> str:
    """See to it that an instructor's own test cell that did not run through earns nothing.

    nbgrader gives all points to a cell without an error, and none to one with a warning. What no test
    inside the student's own process can catch stays: an object that equals everything, a function
    that knows the inputs of the test, a kernel rewritten so well that it tells our canaries apart.
    Course exercises have none of these holes, since their values are compared outside.

    Returns:
        The code for the audit log.
    """
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            output.name = "stdout"
    failed = any(output.output_type == "error" for output in cell.outputs)
    if state == "ok" and not failed:
        return "Passed"
    cell.outputs = [each for each in cell.outputs if each.output_type != "execute_result"]
    if not failed:
        known = {"timeout": "TimedOut", "dead": "KernelDied", "tampered": "Tampered"}
        code = known.get(state, "NotRun")
        output = new_output("error", ename=code, evalue="", traceback=[code])
        cell.outputs.append(output)
    return "Failed"


def counted(verdicts: Mapping[str, Verdict]) -> dict[str, str]:
    """Give codes by exercise, for the audit log."""
    return {name: verdict.code for name, verdict in verdicts.items()}


_CODES = {
    "not_attempted": "NotAttempted",
    "not_a_function": "NotAFunction",
    "signature": "WrongParameters",
    "raised": "RaisedAnError",
    "no_value": "ReturnedNothing",
    "not_a_value": "NotAValue",
    "lazy": "NotAValue",
    "a_tensor": "ReturnedATensor",
    "too_large": "TooLarge",
    "forbidden": "ForbiddenCall",
}

_TITLES: dict[str, Text] = {
    "NotAttempted": text("Not attempted", "未作答"),
    "Incorrect": text("Not right yet", "还不对"),  # as on the card of check()
    "RaisedAnError": text("Stopped with an error", "运行出错"),
    "TimedOut": text("Out of time", "超时"),
    "KernelDied": text("The kernel ended", "内核终止"),
    "TooMuchMemory": text("Out of memory", "内存超限"),
    "ForbiddenCall": text("A call that this exercise excludes", "调用了本题不允许使用的函数"),
    "NoAnswer": text("No answer", "没有得到答案"),
    "CheckFailed": text("The check could not run", "检查未能运行"),
    "NotRun": text("Not run", "未运行"),
    "Tampered": text("The notebook hides its errors", "笔记本隐藏了错误"),
    "NotAFunction": text("Not a function", "不是函数"),
    "WrongParameters": text("Other parameters", "参数不符"),
    "ReturnedNothing": text("Returned nothing", "没有返回值"),
    "NotAValue": text("Not a value", "返回值无法比较"),
    "ReturnedATensor": text("A tensor came back", "返回的是张量"),
    "TooLarge": text("Far too large", "返回值过大"),
}

_SENTENCES: dict[str, Text] = {
    "Correct": text(
        "Your function gives the right values on inputs that it had not seen before.",
        "你的函数在未见过的输入上也给出了正确结果。",
    ),
    "NotAttempted": text(
        "The stub is still there: this exercise was not begun.",
        "占位代码还在：这道题没有作答。",
    ),
    "TimedOut": text(
        "Your function did not come to an end within the time allowed. Look for a loop whose "
        "condition never becomes false, and for Python loops over every pixel or every pair.",
        "你的函数没有在规定时间内结束。请检查是否有条件永远为真的循环，"
        "或用 Python 循环逐像素、逐对处理数据。",
    ),
    "KernelDied": text(
        "The Python process ended while your function ran, for example by exit(). "
        "Return a value instead.",
        "运行你的函数时，Python 进程终止了，例如调用了 exit()。请改为返回一个值。",
    ),
    "TooMuchMemory": text(
        "Your function needed more memory than is allowed. Did two arrays broadcast into a huge one?",
        "你的函数占用的内存超过了上限。是不是有两个数组意外广播成了一个巨大的数组？",
    ),
    "ForbiddenCall": text(
        "Your function calls a library function that this exercise excludes, since it would take over "
        "the step that you are to practise. Write that step yourself.",
        "你的函数调用了本题不允许使用的库函数，因为它会代替你完成要练习的那一步。请自己写出这一步。",
    ),
    "NoAnswer": text(
        "Nothing that could be read came back from your notebook. If it changes Python's or "
        "Jupyter's own workings, take that out; then restart the kernel and run all cells.",
        "没能从你的笔记本得到可读的答案。若其中改动了 Python 或 Jupyter 自身的机制，请去掉；"
        "然后重启内核并运行全部单元格。",
    ),
    "CheckFailed": text(
        "The check cell could not run, mostly because the cell with your answer did not run through: "
        "a syntax error, or a function with another name. Restart the kernel and run all cells to see it.",
        "检查单元格没能运行，多半是因为你的作答单元格没有运行成功：有语法错误，或者函数改了名字。"
        "请重启内核并运行全部单元格，就能看到原因。",
    ),
    "NotRun": text(
        "The time allowed for the whole notebook was over before this exercise's turn.",
        "还没轮到这道题，整个笔记本的规定时间就用完了。",
    ),
    "NotAFunction": text(
        "The check was given something else than a function.",
        "传给检查的不是一个函数。",
    ),
    "WrongParameters": text(
        "Your function takes other parameters than the stub. Put them back as they stood there.",
        "你的函数的参数与题目给出的不同。请改回原来的样子。",
    ),
    "RaisedAnError": text(
        "Your function stopped with an error on inputs that it had not seen before.",
        "你的函数在未见过的输入上运行出错。",
    ),
    "ReturnedNothing": text(
        "Your function returned None. Does it end in a return with the result?",
        "你的函数返回了 None。函数末尾是否写了 return，并带上结果？",
    ),
    "NotAValue": text(
        "Your function returned something that holds no numbers to compare. Return numbers, arrays "
        "or tensors, or a list, tuple or dictionary of these.",
        "你的函数返回的内容里没有可比较的数值。请返回数、数组或张量，或者由它们组成的列表、元组或字典。",
    ),
    "ReturnedATensor": text(
        "Your function returns a tensor where a NumPy array is asked for.",
        "你的函数返回的是张量，而这里要的是 NumPy 数组。",
    ),
    "TooLarge": text(
        "Your function returned far more than the exercise asks for. Did two arrays broadcast?",
        "你的函数返回的内容远远超出本题的要求。是不是有两个数组意外广播了？",
    ),
}

_NOTES: dict[str, Text] = {
    "TimedOut": text(
        "This cell did not come to an end within the time allowed; it was stopped.",
        "这个单元格没有在规定时间内结束，已被停止。",
    ),
    "KernelDied": text(
        "The Python process ended in this cell. The other cells ran without it.",
        "Python 进程在这个单元格中终止。其他单元格已在略过它之后运行。",
    ),
    "NotRun": text(
        "The time allowed for the whole notebook was over before this cell's turn.",
        "还没轮到这个单元格，整个笔记本的规定时间就用完了。",
    ),
}

_SAME_AS_CHECK = text(
    " What worked on the examples in the notebook has to work on others too: run the check again, "
    "use its hints, and make sure that nothing is written for one example only.",
    "在笔记本的例子上成立的做法，在别的输入上也应成立：请再运行一次检查，看看提示，"
    "并确认代码不是只针对某一个例子写的。",
)


_DIFFERENCES: dict[str, Text] = {
    "value": text(
        "Your function returns other numbers than expected on inputs that it had not seen before.",
        "在未见过的输入上，你的函数返回的数值与预期不同。",
    ),
    "shape": text(
        "Your function returns an array of another shape than expected.",
        "你的函数返回的数组形状与预期不同。",
    ),
    "kind": text(
        "Your function returns another kind of value than expected.",
        "你的函数返回的值的类型与预期不同。",
    ),
    "length": text(
        "Your function returns more or fewer items than expected.",
        "你的函数返回的元素个数与预期不同。",
    ),
    "keys": text(
        "Your function returns a dictionary with other keys than expected.",
        "你的函数返回的字典，键与预期不同。",
    ),
    "members": text(
        "Your function returns other members than expected.",
        "你的函数返回的成员与预期不同。",
    ),
    "dtype": text(
        "The values that your function returns are right, but not as a NumPy array of the type asked for.",
        "你的函数返回的数值是对的，但不是题目要求的那种类型的 NumPy 数组。",
    ),
    "nan": text(
        "Your function returns NaN (not a number) where a number is expected.",
        "你的函数在应当返回数的地方返回了 NaN。",
    ),
}
