"""Calling a student's function: what is accepted, what is said about the rest."""

from __future__ import annotations

import json
import re
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
import torch

from course_lib.exercises import advice
from course_lib.exercises.calling import answer_request, call
from course_lib.exercises.codec import decode, encode
from course_lib.exercises.problems import AnswerError

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def ask(answer, framework="pytorch", **inputs):
    return call(answer, inputs or {"x": X}, framework=framework)


def problem_of(answer, framework="pytorch", **inputs):
    with pytest.raises(AnswerError) as caught:
        ask(answer, framework, **inputs)
    assert caught.value.zh != caught.value.en
    return caught.value


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: x,
        lambda x: x.clone().requires_grad_(),
        lambda x: torch.nn.Parameter(x),
        lambda x: x.T.contiguous().T,
        lambda x: x.to(torch.bfloat16),
        lambda x: x.double(),
        lambda x: x.numpy(),
        lambda x: np.asfortranarray(x.numpy()),
        lambda x: x.to_sparse(),
        lambda x: x.tolist(),
        lambda x: list(x),
        lambda x: [list(row) for row in x],
        lambda x: tuple(np.float32(v) for v in x.flatten()) and x,
        lambda x: np.matrix(x.numpy()),
        lambda x: x.numpy().astype(np.longdouble),
        lambda renamed: renamed,
        lambda *args: args[0],
        lambda x, extra=1: x,
    ],
)
def test_right_but_unusual_answers_are_accepted(answer):
    assert np.array_equal(np.asarray(ask(answer)), X)


def test_scalars_and_containers_become_plain():
    pair = namedtuple("pair", "a b")
    answer = lambda x: OrderedDict(  # noqa: E731
        a=torch.tensor(2), b=np.float32(0.5), c={3, 1}, d=pair(True, "s"), e=range(2), f=x.shape
    )
    assert ask(answer) == {
        "a": np.array(2),
        "b": 0.5,
        "c": [1, 3],
        "d": (True, "s"),
        "e": [0, 1],
        "f": (2, 3),
    }


def test_a_read_only_array_is_accepted():
    frozen = X.copy()
    frozen.flags.writeable = False
    assert np.array_equal(ask(lambda x: x, "numpy", x=frozen), X)


def test_inputs_arrive_as_tensors_and_texts_as_they_are():
    seen = {}
    ask(
        lambda **given: seen.update(given) or 1,
        x=X.astype(np.float64),
        labels=np.array([1, 2]),
        k=3,
        names=np.array(["a"]),
    )
    assert seen["x"].dtype == torch.float32
    assert seen["labels"].dtype == torch.int64
    assert seen["k"] == 3
    assert isinstance(seen["names"], np.ndarray)


def test_the_original_inputs_stay_and_changes_are_remarked():
    before, remarks = X.copy(), []
    call(lambda x: x.mul_(0), {"x": before}, framework="pytorch", remarks=remarks)
    assert np.array_equal(before, X)
    assert "changes its argument x in place" in remarks[0]["en"]
    remarks.clear()
    call(lambda x: x * 2, {"x": before}, framework="pytorch", remarks=remarks)
    assert not remarks


@pytest.mark.parametrize(
    ("answer", "reason", "said"),
    [
        (None, "not_attempted", "Not attempted yet"),
        (..., "not_attempted", "Not attempted yet"),
        (X, "not_a_function", r"given ndarray \(2, 3\), not a function"),
        (3, "not_a_function", "without parentheses"),
        (lambda x: None, "no_value", "returns None"),
        (lambda: 1, "signature", r"takes \(\); this exercise calls it with \(x\)"),
        (lambda x: (v for v in x), "lazy", r"generator.*list\(…\)"),
        (lambda x: map(float, x), "lazy", "map"),
        (lambda x: torch.empty(2, 3, device="meta"), "lazy", "'meta'"),
        (lambda x: x.mean, "not_a_value", "the function mean itself"),
        (lambda x: torch.nn.Linear(2, 2), "not_a_value", "type Linear"),
        (lambda x: np.array([[1], [1, 2]], dtype=object), "not_a_value", "different lengths"),
        (lambda x: torch.tensor([1j]), "not_a_value", "complex64"),
        (lambda x: {(1, 2): 3}, "not_a_value", "as a key"),
        (lambda x: np.zeros((1000, 1000)), "too_large", r"shape \(1000, 1000\)"),
        (lambda x: torch.zeros(1).expand(10**12), "too_large", "broadcast"),
        (lambda x: list(range(10**6)), "too_large", "far more"),
        (lambda x: 10**30, "too_large", "far more"),
        (lambda x: torch.ones(2, device="meta").item(), "raised", "stopped here"),
        (lambda x: exit(), "raised", "SystemExit"),
    ],
)
def test_problems_are_said(answer, reason, said):
    problem = problem_of(answer)
    assert problem.reason == reason
    assert re.search(said, f"{problem} {' '.join(problem.lines)}")


def test_a_list_that_holds_itself_ends():
    def answer(x):
        endless = []
        endless.append(endless)
        return endless

    assert problem_of(answer).reason == "too_large"


def test_an_untouched_stub_is_not_an_error():
    def stub(x):
        raise NotImplementedError("Write your code here")

    assert problem_of(stub).reason == "not_attempted"


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (lambda x: x @ x, "Print the .shape"),
        (lambda x: x.numpy() + np.zeros((4, 5)), "Print the .shape"),
        (lambda x: x @ torch.zeros(3, 1, dtype=torch.float64), "kinds of numbers"),
        (lambda x: nowhere(x), "run the notebook from the top"),  # noqa: F821
        (lambda x: x.clone().requires_grad_().numpy(), "detach"),
        (lambda x: x[5], "Indices begin at 0"),
        (lambda x: {}["k"], "no such key"),
        (lambda x: x.astype(int), "no such attribute"),
        (lambda x: None + x, "is None there"),
        (lambda x: 1 // 0, "divided by 0"),
        (lambda x: np.linalg.inv(np.zeros((2, 2))), "no inverse"),
    ],
)
def test_errors_lead_with_what_to_do(answer, advice):
    assert advice in str(problem_of(answer))


def test_the_traceback_holds_only_the_students_lines():
    def helper(x):
        return torch.linalg.solve(x, x)

    def answer(x):
        return helper(x) + 1

    lines = problem_of(answer).lines
    assert "return helper(x) + 1" in lines[1]
    assert "return torch.linalg.solve(x, x)" in lines[3]
    assert len(lines) == 5
    assert "site-packages" not in " ".join(lines)
    assert "calling.py" not in " ".join(lines)


def test_keyboard_interrupt_goes_through():
    def answer(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(answer)


def test_a_probe_gets_the_function_and_arrays(probes):
    report = call(
        lambda box: box.update(frozen=True),
        {"weights": np.ones(3, dtype=np.float32)},
        framework="pytorch",
        probe="step_on",
    )
    assert report["unchanged"] is True


def test_a_probe_that_stops_is_not_the_students_function_stopping(probes, monkeypatch):
    """Nobody is sent to look for a line of their own where there is none."""
    of_the_course = advice.is_library
    monkeypatch.setattr(
        advice, "is_library", lambda name: "chapter_99" in name or of_the_course(name)
    )

    def spoil(box):
        box.clear()

    def stop(box):
        return box["no such thing"]

    def problem_with(answer, errors=()):
        with pytest.raises(AnswerError) as caught:
            call(
                answer,
                {"weights": np.ones(3, dtype=np.float32)},
                framework="pytorch",
                probe="step_on",
                errors=errors,
            )
        return caught.value

    left = problem_with(spoil)
    assert left.reason == "unusable" and "ran to its end" in left.en and "运行完了" in left.zh
    assert "stopped here" not in left.en and left.lines[0].startswith("KeyError")
    own = problem_with(spoil, (("^KeyError", {"en": "Leave the box full.", "zh": "盒子要留满。"}),))
    assert "Leave the box full." in own.en and "盒子要留满。" in own.zh
    assert problem_with(stop).reason == "raised"


def test_request_and_reply_are_json():
    request = {"inputs": encode({"x": X}), "tensors": True, "probe": None, "forbidden": []}
    reply = json.loads(answer_request(lambda x: x * 2, json.dumps(request), framework="pytorch"))
    assert np.array_equal(decode(reply["value"]), X * 2)
    reply = json.loads(answer_request(lambda x: None, json.dumps(request), framework="pytorch"))
    assert AnswerError.from_data(reply["problem"]).reason == "no_value"
    reply = json.loads(
        answer_request(lambda x: ["x" * 50] * 150_000, json.dumps(request), framework="pytorch")
    )
    assert reply["problem"]["reason"] == "too_large"
    request["forbidden"] = ["torch.median"]
    reply = json.loads(answer_request(median, json.dumps(request), framework="pytorch"))
    assert reply["problem"]["reason"] == "forbidden"


def median(x):
    return torch.median(x)


def test_a_problem_from_the_sandbox_is_not_believed():
    problem = AnswerError.from_data({"reason": "full marks", "en": "x" * 10**6, "lines": 5})
    assert problem.reason == "raised"
    assert len(problem.en) == 2000
    assert problem.lines == ()


def test_conversion_imports_no_framework():
    import subprocess
    import sys

    code = (
        "import sys, numpy as np\n"
        "from course_lib.exercises.calling import call\n"
        "call(lambda x: [x], {'x': np.ones(2)}, framework='numpy')\n"
        "assert not {'torch', 'keras', 'tensorflow', 'jax'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
