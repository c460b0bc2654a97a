"""``./course serve MODEL``, with a real client and a real Ctrl-C."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from course_lib.errors import CourseError
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


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process on Windows")
def test_the_command_serves_until_ctrl_c(model: Path) -> None:
    command = [sys.executable, "-m", "course_lib.cli", "serve", str(model), "--port", "18200"]
    environment = {**os.environ, "COURSE_LANGUAGE": "en"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as serving:
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
