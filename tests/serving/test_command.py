"""``./course serve MODEL``, with a real client and a real Ctrl-C."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from course_lib.errors import CourseError
from course_lib.serving import Releases
from course_lib.serving.models import load_service
from course_lib.training.onnx_files import open_onnx, read_labels, run_onnx, write_labels
from tests.conftest import ROOT


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The sum of a 2×2 picture, and its negative: two classes."""
    weight = numpy_helper.from_array(np.array([[1, -1]] * 4, np.float32), "w")
    flat = numpy_helper.from_array(np.array([-1, 4], np.int64), "flat")
    nodes = [
        helper.make_node("Cast", ["images"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["real", "flat"], ["rows"]),
        helper.make_node("MatMul", ["rows", "w"], ["logits"]),
    ]
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", 2, 2, 1])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 2])
    graph = helper.make_graph(nodes, "sum", [images], [logits], [weight, flat])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(made, tmp_path / "m.onnx")
    return write_labels(tmp_path / "m.onnx", ("ink", "纸"), (2, 2, 1))


def test_a_file_says_what_its_outputs_mean(model: Path, tmp_path: Path) -> None:
    assert read_labels(open_onnx(model)) == (("ink", "纸"), (2, 2, 1))
    assert run_onnx(model, np.ones((3, 2, 2, 1), np.uint8)).tolist() == [[4, -4]] * 3
    bare = onnx.load(model)
    del bare.metadata_props[:]
    onnx.save(bare, tmp_path / "bare.onnx")
    with pytest.raises(CourseError, match="does not say"):
        load_service(tmp_path / "bare.onnx")


def test_a_card_beside_the_file_is_shown_and_a_broken_one_is_an_error(model: Path) -> None:
    assert load_service(model).card is None
    model.with_suffix(".card.json").write_text('{"name": "x"}', encoding="utf-8")
    assert load_service(model).card == {"name": "x"}
    model.with_suffix(".card.json").write_text("[1", encoding="utf-8")
    with pytest.raises(CourseError, match="no model card"):
        load_service(model)


def test_what_a_file_says_of_itself_is_tried_before_it_is_served(
    model: Path, tmp_path: Path
) -> None:
    for classes, shape in ((("ink", "纸", "more"), (2, 2, 1)), (("ink", "纸"), (3, 3, 1))):
        with pytest.raises(CourseError, match="does not answer"):
            load_service(write_labels(_copy(model, tmp_path / "wrong.onnx"), classes, shape))
    newer = onnx.load(model)
    newer.ir_version = 99
    onnx.save(newer, tmp_path / "newer.onnx")
    with pytest.raises(CourseError, match=r"newer.*99"):
        load_service(tmp_path / "newer.onnx")
    (tmp_path / "half.onnx").write_bytes(model.read_bytes()[:60])
    with pytest.raises(CourseError, match="damaged"):
        load_service(tmp_path / "half.onnx")


def test_a_note_that_cannot_be_understood_is_a_sentence(tmp_path: Path) -> None:
    weight = {"head.0.weight": np.zeros((2, 3), np.float32), "head.0.bias": np.zeros(2, np.float32)}
    for note in ("[1", "{}", "3", '{"backbone": "glyphnet", "classes": 3, "flatten": false}'):
        save_file(weight, tmp_path / "m.safetensors", {"transfer_model": note})
        with pytest.raises(CourseError, match="cannot be understood"):
            load_service(tmp_path / "m.safetensors")


def test_a_release_is_tried_taken_back_and_never_changes(model: Path, tmp_path: Path) -> None:
    shelf = Releases(tmp_path / "shelf")
    with pytest.raises(CourseError, match="Nothing"):
        shelf.current()
    other = onnx.load(model)
    other.producer_name = "another"
    onnx.save(other, tmp_path / "n.onnx")
    (tmp_path / "n.card.json").write_text('{"name": "new"}', "utf-8")
    first, second = shelf.add(model), shelf.add(tmp_path / "n.onnx")
    assert shelf.history() == []
    assert shelf.release(first).version == first == shelf.current().version
    with pytest.raises(CourseError, match="no earlier"):
        shelf.roll_back()
    assert shelf.release(second).card == {"name": "new"}
    (tmp_path / "bad.onnx").write_bytes(b"half a file")
    with pytest.raises(CourseError, match="cannot be read"):
        shelf.release(shelf.add(tmp_path / "bad.onnx"))
    with pytest.raises(CourseError, match="no release"):
        shelf.release("*")
    assert shelf.history() == [first, second]
    assert shelf.roll_back().version == first and Releases(shelf.folder).history() == [first]
    (shelf.folder / f"{second}.onnx").write_bytes(model.read_bytes())
    with pytest.raises(CourseError, match="has changed"):
        shelf.release(second)


def _copy(path: Path, to: Path) -> Path:
    to.write_bytes(path.read_bytes())
    return to


@contextmanager
def killed_at_last(process: subprocess.Popen[str]) -> Iterator[None]:
    """Or a failing test would wait for it for ever."""
    try:
        yield
    finally:
        process.kill()


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process on Windows")
def test_the_command_serves_until_ctrl_c(model: Path) -> None:
    command = [sys.executable, "-m", "course_lib.cli", "serve", str(model), "--port", "18200"]
    environment = {**os.environ, "COURSE_LANGUAGE": "en"}
    with (
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            # Whoever runs the tests in a shell's background ignores Ctrl-C, and so would this.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as serving,
        killed_at_last(serving),
    ):
        assert serving.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", serving.stdout.readline())
        assert found
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=20)
        body = json.dumps({"images": [[[1, 2], [3, 4]]]})
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        told = json.loads(connection.getresponse().read())
        connection.close()
        serving.send_signal(signal.SIGINT)
        assert serving.wait(20) == 0
    assert told["answers"] == [{"class": "ink", "probability": 1.0}]
