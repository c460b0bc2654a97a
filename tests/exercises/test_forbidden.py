"""Shortcuts are found by whatever name they go, and honest code is left alone."""

from __future__ import annotations

import json

import numpy
import numpy as np
import pytest
from numpy.linalg import lstsq
from numpy.linalg import lstsq as least_squares

from course_lib.exercises.calling import answer_request, forbidden_call
from course_lib.exercises.codec import encode
from course_lib.exercises.forbidden import find_forbidden, refused
from course_lib.exercises.problems import AnswerError

NAMES = ("numpy.linalg.lstsq", ".fit")


def by_alias(x):
    return np.linalg.lstsq(x, x)


def by_full_name(x):
    return numpy.linalg.lstsq(x, x)


def by_import(x):
    return lstsq(x, x)


def by_renamed_import(x):
    return least_squares(x, x)


def inside(x):
    from numpy.linalg import lstsq as solve

    return solve(x, x)


def inside_module(x):
    import numpy.linalg as algebra

    return algebra.lstsq(x, x)


def through_a_helper(x):
    return by_alias(x)


def passed_on(x):
    return list(map(lstsq, x, x))


def by_method(x):
    return x.fit(x)


@pytest.mark.parametrize(
    "answer",
    [
        by_alias,
        by_full_name,
        by_import,
        by_renamed_import,
        inside,
        inside_module,
        through_a_helper,
        passed_on,
    ],
)
def test_is_found(answer):
    assert find_forbidden(answer, NAMES) == ["numpy.linalg.lstsq"]


def test_a_method_is_found():
    assert find_forbidden(by_method, NAMES) == [".fit"]


def honest(x):
    """Solve without lstsq: np.linalg.lstsq(x) in a text is no call."""
    fit = np.linalg.solve(x, x)
    return fit.lstsq if False else fit


@pytest.mark.parametrize("answer", [honest, np.linalg.lstsq, print, object(), eval("lambda x: x")])
def test_is_left_alone(answer):
    assert find_forbidden(answer, NAMES) == []


def test_a_function_that_calls_itself_ends():
    def loop(x):
        return loop(x)

    assert find_forbidden(loop, NAMES) == []


def test_a_forbidden_name_says_no_however_it_was_reached():
    real = np.average
    names = {"__name__": "__main__", "np": np}
    exec("reach = getattr(np, 'aver' + 'age')\ndef early(x): return reach(x)", names)
    exec("def late(x): return getattr(np, 'aver' + 'age')(x)", names)
    exec("def other(x): return np.mean(x)", names)
    with refused(("numpy.average", "numpy.no_such", ".fit", "numpy.ndarray"), forbidden_call):
        with pytest.raises(AnswerError) as problem:
            names["late"]([1, 3])
        assert problem.value.reason == "forbidden" and "numpy.average()" in str(problem.value)
        assert np.average([1, 3]) == 2  # a library's own use is nobody's business
        assert names["other"]([1, 3]) == 2 and isinstance(np.zeros(1), np.ndarray)
    assert np.average is real and names["late"]([1, 3]) == 2


def test_grading_refuses_it_with_its_reason():
    request = json.dumps(
        {"inputs": encode({"x": [1.0, 3.0]}), "tensors": False, "probe": None,
         "forbidden": ["numpy.average"]}
    )  # fmt: skip
    names = {"__name__": "__main__"}
    exec("import numpy\ndef f(x): return vars(numpy)['average'](x)", names)
    reply = json.loads(answer_request(names["f"], request, framework="numpy"))
    assert reply["problem"]["reason"] == "forbidden"
