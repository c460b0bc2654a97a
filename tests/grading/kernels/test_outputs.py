"""What a kernel shows is kept as text and pictures only, and never more than there is room for."""

from __future__ import annotations

import base64
import time

import pytest
from nbconvert.filters import ansi2html

from course_lib.grading.kernels.outputs import Outputs

PNG = base64.b64encode(b"\x89PNG and so on").decode()


def shown(*messages, limit=10_000):
    outputs = Outputs(limit)
    for kind, content in messages:
        outputs.take({"msg_type": kind, "content": content})
    return outputs.outputs


def display(data, kind="display_data"):
    return kind, {"data": data, "metadata": {"text/plain": {"isolated": float("nan")}}}


def stream(text, name="stdout"):
    return "stream", {"name": name, "text": text}


def test_only_text_and_pictures_are_kept():
    evil = {
        "text/plain": "<HTML object>",
        "text/html": "<script>alert(1)</script>",
        "text/markdown": "<script>",
        "image/svg+xml": "<svg onload=alert(1)>",
        "application/javascript": "alert(1)",
        "image/png": f"{PNG[:8]}\n{PNG[8:]}",
    }
    (output,) = shown(display(evil))
    assert set(output.data) == {"text/plain", "image/png"} and output.metadata == {}


@pytest.mark.parametrize(
    "picture", ['"><script>alert(1)</script>', ["a"], 5, "ééé", " " * 10**6 + '"']
)
def test_a_picture_is_base64_or_none(picture):
    started = time.monotonic()
    (output,) = shown(display({"text/plain": "p", "image/png": picture}), limit=10**7)
    assert set(output.data) == {"text/plain"} and time.monotonic() - started < 5


def test_messages_of_odd_types_hold_text_or_are_left_out():
    (error,) = shown(("error", {"ename": 5, "evalue": {"a": 1}, "traceback": "abc"}))
    assert (error.ename, error.evalue, error.traceback) == ("", "", [])
    (error,) = shown(("error", {"ename": "E", "evalue": "\ud800", "traceback": [1, "\ud800"]}))
    assert error.evalue == "?" and error.traceback == ["", "?"]
    (half,) = shown(stream("half \ud800 character", name="weird"))
    assert half.text == "half ? character" and half.name == "stdout"
    (number,) = shown(display({"text/plain": 5}))
    assert number.data == {"text/plain": ""}
    assert shown(("stream", {}), ("display_data", {"data": 3}), ("comm_open", {})) == []


def test_what_is_too_much_is_cut_once_and_said_once():
    outputs = shown(*[stream("x" * 900)] * 30, limit=5_000)
    (all_of_it,) = outputs
    assert len(all_of_it.text) < 6_000 and all_of_it.text.count("too long") == 1
    assert shown(stream("x"), limit=0)[0].text.count("too long") == 1


def test_no_flood_and_no_clearing_takes_the_result_of_a_test_away():
    result = display({"text/plain": "0.0"}, kind="execute_result")
    error = ("error", {"ename": "E", "evalue": "v" * 9_000, "traceback": ["t"] * 9_000})
    for flood in (stream("x" * 10**5), ("clear_output", {"wait": False})):
        kinds = [each.output_type for each in shown(flood, result, error, flood)]
        assert "execute_result" in kinds and "error" in kinds
    (kept,) = shown(result, ("clear_output", {"wait": True}), ("clear_output", {"wait": False}))
    assert kept.data == {"text/plain": "0.0"}
    assert len(str(shown(*[error] * 50, limit=0))) < 60_000


def test_colours_without_end_stay_quick_to_show():
    (few,) = shown(stream("\x1b[31mred\x1b[0m"))
    assert few.text.count("\x1b") == 2
    many = shown(*[stream("\x1b[31m" * 1_000)] * 80, limit=10**6)
    started = time.process_time()
    for each in many:
        ansi2html(each.text)
    assert time.process_time() - started < 2
