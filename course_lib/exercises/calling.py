"""Ask a student's function what it returns: used by ``check()`` and, inside the sandbox, by grading.

The function gets copies of the inputs, as tensors where the exercise says so, and what comes back
is a plain value (:mod:`.values`) or an :class:`AnswerError` with one sentence for the student.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from course_lib.exercises.advice import (
    Advice,
    advise,
    find_advice,
    is_untouched_stub,
    own_lines,
)
from course_lib.exercises.codec import CodecError, decode, to_text
from course_lib.exercises.comparators import close
from course_lib.exercises.conversion import is_tensor, to_plain, to_tensors, too_large
from course_lib.exercises.forbidden import find_forbidden, refused
from course_lib.exercises.problems import AnswerError
from course_lib.exercises.values import Value, text
from course_lib.language import Text


def call(
    answer: Any,
    inputs: Mapping[str, Value],
    *,
    framework: str,
    tensors: bool = True,
    probe: str | None = None,
    dtype: str | None = None,
    errors: Advice = (),
    remarks: list[Text] | None = None,
) -> Value:
    """Call the student's function on copies of the inputs and give back a plain value.

    Args:
        answer: What the student handed in: the function itself.
        inputs: The arguments by name, in the order of the function's parameters.
        framework: ``"pytorch"``, ``"keras"`` or ``"numpy"``.
        tensors: Whether arrays go in as the framework's tensors.
        probe: Name of a function in ``course_lib.<framework>.probes``; it gets the student's
            function and the inputs as arrays, and its report is the value.
        dtype: The NumPy type that the exercise asks for, if it does: then a tensor is refused.
        errors: The exercise's own advice on errors.
        remarks: Where given, sentences are added that don't make the answer wrong.

    Raises:
        AnswerError: There is no value: the stub is untouched, the function raised …
    """
    require_function(answer)
    given = to_tensors(dict(inputs), framework if tensors and not probe else "numpy")
    try:
        if probe:
            report = importlib.import_module(f"course_lib.{framework}.probes")
            returned = getattr(report, probe)(answer, **given)
        else:
            returned = _call_with(answer, given)
        if dtype and is_tensor(returned):
            raise _a_tensor(dtype)
        value = to_plain(returned)
    except AnswerError:
        raise
    except (Exception, SystemExit) as error:
        raise _problem_of(error, errors, probed=bool(probe)) from error
    if value is None:
        raise AnswerError(
            "no_value",
            "Your function returns None. Does it end in a return with the result, and was that ever set?",
            "你的函数返回了 None。函数末尾是否写了 return 并带上结果？返回的变量是否赋过值？",
        )
    if remarks is not None and not probe:
        remarks.extend(_remarks_on_changes(inputs, given))
    return value


def answer_request(answer: Any, request: str, *, framework: str) -> str:
    """Answer a request in JSON with a reply in JSON: how grading asks across the sandbox's wall.

    Args:
        answer: What the student handed in.
        request: ``{"inputs": …, "tensors": bool, "probe": str | None, "dtype": str | None,
            "forbidden": […]}`` with the inputs as :func:`.codec.encode` gives them.
        framework: As for :func:`call`.

    Returns:
        ``{"value": …}`` or ``{"problem": {"reason", "en", "zh", "lines"}}``.
    """
    asked = json.loads(request)
    try:
        require_function(answer)
        refuse_forbidden(answer, asked.get("forbidden", ()))
        inputs = decode(asked["inputs"])
        with refused(asked.get("forbidden", ()), forbidden_call):
            value = call(
                answer,
                inputs,
                framework=framework,
                tensors=asked["tensors"],
                probe=asked["probe"],
                dtype=asked.get("dtype"),
            )
        return f'{{"value":{to_text(value)}}}'
    except AnswerError as problem:
        return json.dumps({"problem": problem.to_data()})
    except CodecError:  # many small parts that together are too much
        return json.dumps({"problem": too_large().to_data()})


def require_function(answer: Any) -> None:
    """Raise an AnswerError unless the answer can be called."""
    if answer is None or answer is Ellipsis:
        raise not_attempted()
    if isinstance(answer, NotImplementedError) or not callable(answer):
        raise AnswerError(
            "not_a_function",
            f"check() was given {_kind(answer)}, not a function. "
            "Give the function itself, without parentheses.",
            f"传给 check() 的是 {_kind(answer)}，而不是函数。请直接传入函数本身，后面不加括号。",
        )


def refuse_forbidden(answer: Any, forbidden: Sequence[str]) -> None:
    """Raise an AnswerError when the function's source calls what the exercise asks to write."""
    called = find_forbidden(answer, forbidden)
    if called:
        raise forbidden_call(*called)


def forbidden_call(*called: str) -> AnswerError:
    """Give the problem of an answer that calls what the exercise asks to write."""
    names = ", ".join(f"{name}()" for name in called)
    return AnswerError(
        "forbidden",
        f"Your function calls {names}. This exercise excludes that call, since it would take over "
        "the step that you are to practise: write that step yourself.",
        f"你的函数调用了 {names.replace(', ', '、')}。本题不允许这样调用，因为它会代替你完成要练习的那一步："
        "请自己写出这一步。",
    )


def not_attempted() -> AnswerError:
    """Give the problem of an answer that was not begun."""
    return AnswerError(
        "not_attempted",
        "Not attempted yet: replace the line that raises NotImplementedError with your own code, "
        "run that cell, then check again.",
        "还没有作答：请把抛出 NotImplementedError 的那一行换成自己的代码，运行该单元格，然后再检查一次。",
    )


def _call_with(answer: Callable[..., Any], given: dict[str, Any]) -> Any:
    """Call by name; where the student renamed the parameters, by position."""
    try:
        signature = inspect.signature(answer)
    except (ValueError, TypeError):  # compiled functions don't say what they take
        return answer(**given)
    try:
        signature.bind(**given)
    except TypeError:
        try:
            signature.bind(*given.values())
        except TypeError:
            raise _wrong_signature(given, signature) from None
        return answer(*given.values())
    return answer(**given)


def _wrong_signature(given: dict[str, Any], signature: inspect.Signature) -> AnswerError:
    wanted = f"({', '.join(given)})"
    return AnswerError(
        "signature",
        f"Your function takes {signature}; this exercise calls it with {wanted}. "
        "Put the parameters back as they stood in the stub.",
        f"你的函数的参数是 {signature}，而本题要用 {wanted} 来调用它。请把参数改回题目给出的样子。",
    )


def _a_tensor(dtype: str) -> AnswerError:
    return AnswerError(
        "a_tensor",
        f"Your function returns a tensor. A NumPy array of {dtype} is asked for.",
        f"你的函数返回的是张量，而这里要的是 {dtype} 的 NumPy 数组。",
    )


def _problem_of(error: BaseException, errors: Advice, *, probed: bool) -> AnswerError:
    if is_untouched_stub(error):
        return not_attempted()
    lines = own_lines(error)
    if probed and len(lines) == 1:  # none is the student's: the probe stopped, not the function
        advice = advise_on_what_came(error, errors)
        return AnswerError(
            "unusable",
            "Your function ran to its end, but what it returned or left behind can't be used. "
            f"{advice['en']} The check stopped with:",
            f"你的函数运行完了，但它返回的或留下的东西无法使用。{advice['zh']}检查时遇到的错误是：",
            lines,
        )
    advice = advise(error, errors)
    return AnswerError(
        "raised",
        f"{advice['en']} Your function stopped here:",
        f"{advice['zh']}你的函数停在了这里：",
        lines,
    )


def advise_on_what_came(error: BaseException, first: Advice = ()) -> Text:
    """Say what to look at where no line of a function stopped, but nobody can use what it gave."""
    if found := find_advice(error, first):
        return found
    if "NoneType" in str(error):
        return text(
            "There is a None where a value is asked for: usually a return is missing.",
            "本该有值的地方是 None：多半是漏写了 return。",
        )
    return text(
        "Compare it with what is asked for: how many values, of which kind, in which order, of which shape.",
        "请与题目要求的对照：有几个值、各是什么类型、按什么次序、是什么形状。",
    )


def _remarks_on_changes(inputs: Mapping[str, Value], given: dict[str, Any]) -> list[Text]:
    """Say which arguments the function changed in place: right here, a trap for its next caller."""
    remarks = []
    for name, before in inputs.items():
        try:
            unchanged = close(rtol=1e-6, atol=0).compare(before, to_plain(given[name])).same
        except AnswerError:
            unchanged = False
        if not unchanged:
            remarks.append(
                text(
                    f"Your function changes its argument {name} in place. Here it worked on a copy; "
                    "whoever calls it elsewhere would find the original changed.",
                    f"你的函数就地修改了参数 {name}。这里用的是副本；在别处调用时，原来的数据就被改掉了。",
                )
            )
    return remarks


def _kind(answer: Any) -> str:
    shape = getattr(answer, "shape", None)
    name = type(answer).__name__
    return f"{name} {tuple(shape)}" if isinstance(shape, tuple) else name
