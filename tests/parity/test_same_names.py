"""Both halves offer the same names with the same signatures, and neither imports the other."""

from __future__ import annotations

import ast
from statistics import median

from tests.conftest import ROOT
from tests.parity.conftest import Reports
from tests.parity.engine import IMPORTED


def test_names_and_signatures_are_the_same(engines: Reports) -> None:
    assert engines["pytorch"]["names"] == engines["tensorflow"]["names"]
    assert "fit" in engines["tensorflow"]["names"]


def test_the_same_weights_learn_at_the_same_rates_with_the_same_decay(engines: Reports) -> None:
    assert engines["pytorch"]["groups"] == engines["tensorflow"]["groups"]
    assert {part for part, *_ in engines["tensorflow"]["groups"]["mobilenet_v2"]} > {
        "stem",
        "block5",
    }


def test_neither_half_imports_the_other_framework(engines: Reports) -> None:
    assert not {"keras", "tensorflow"} & set(engines["pytorch"]["modules"])
    assert not {"torch", "torchvision"} & set(engines["tensorflow"]["modules"])


def test_importing_a_half_says_nothing(engines: Reports) -> None:
    """nbgrader gives no points to a cell that writes to stderr."""
    for engine in ("pytorch", "tensorflow"):
        assert engines[engine]["said"].split(IMPORTED)[0] == ""


def test_the_keras_half_names_no_backend() -> None:
    """Its code is Keras's own: it runs on TensorFlow, JAX and torch."""
    for path in sorted((ROOT / "course_lib" / "keras").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {n.split(".")[0] for n in names} & {"tensorflow", "torch", "jax"}, path


def test_the_code_is_short() -> None:
    """Students read it: the median function under 15 lines, no module over 400."""
    for folder in ("pytorch", "keras", "training"):
        lengths = []
        for path in sorted((ROOT / "course_lib" / folder).glob("*.py")):
            source = path.read_text(encoding="utf-8")
            assert len(source.splitlines()) <= 400, path
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.FunctionDef):
                    lengths.append((node.end_lineno or 0) - node.lineno + 1)
        assert median(lengths) < 15, folder


def test_the_two_halves_mirror_each_other() -> None:
    """One file here for each file there. What Keras needs more is listed with its reason."""
    reasons = {
        "engine.py": "chooses Keras's backend before Keras is imported",
        "forward.py": "Keras has a forward pass compiled; PyTorch's needs none",
        "learner.py": "Keras drives a Model; PyTorch's loop needs none",
        "mobilenet.py": "torchvision has this network; Keras's own pads differently",
        "normalization.py": "PyTorch's BatchNorm convention",
        "resnet.py": "torchvision has these networks, Keras does not",
        "torch_layout.py": "weights come in PyTorch's layout",
    }
    files = {
        half: {path.name for path in (ROOT / "course_lib" / half).glob("*.py")}
        for half in ("pytorch", "keras")
    }
    assert files["keras"] - files["pytorch"] == set(reasons)
    assert files["pytorch"] <= files["keras"]
