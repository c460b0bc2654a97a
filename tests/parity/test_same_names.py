"""Both halves offer the same names with the same signatures, and neither imports the other."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

DESCRIBE = """
import importlib, inspect, json, sys
half, backend_module = sys.argv[1:]
module = importlib.import_module(f"course_lib.{half}")
probes = importlib.import_module(f"course_lib.{half}.probes")

def parameters(thing):
    return [(p.name, str(p.kind), repr(p.default)) for p in inspect.signature(thing).parameters.values()]

names = {name: parameters(getattr(module, name)) for name in module.__all__}
def table(name):
    model = module.attach_head(module.load_backbone(name, weights=None), 7)
    module.freeze_plan(model, "last", blocks=2)
    return module.describe_groups(model, module.AdamW(rates=module.Discriminative()))

names |= {f"probes.{n}": parameters(getattr(probes, n)) for n in ("after_one_step", "extraction")}
modules = sorted(sys.modules)  # of importing it alone
groups = {name: table(name) for name in ("glyphnet", "mobilenet_v2")}
print(json.dumps({"names": names, "groups": groups, "modules": modules}))
"""


@pytest.fixture(scope="module")
def halves() -> dict[str, dict]:
    env = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    running = {
        half: subprocess.Popen(
            [sys.executable, "-c", DESCRIBE, half, ""],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for half in ("pytorch", "keras")
    }
    found = {}
    for half, process in running.items():
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0 and err == "", err  # silent: nbgrader dislikes stderr
        found[half] = json.loads(out)
    return found


def test_names_and_signatures_are_the_same(halves: dict[str, dict]) -> None:
    assert halves["pytorch"]["names"] == halves["keras"]["names"]
    assert "fit" in halves["keras"]["names"]


def test_the_same_weights_learn_at_the_same_rates_with_the_same_decay(
    halves: dict[str, dict],
) -> None:
    assert halves["pytorch"]["groups"] == halves["keras"]["groups"]
    assert {part for part, *_ in halves["keras"]["groups"]["mobilenet_v2"]} > {"stem", "block5"}


def test_neither_half_imports_the_other_framework(halves: dict[str, dict]) -> None:
    assert not {"keras", "tensorflow"} & set(halves["pytorch"]["modules"])
    assert not {"torch", "torchvision"} & set(halves["keras"]["modules"])


def test_the_keras_half_names_no_backend() -> None:
    """Its code is Keras's own: it runs on TensorFlow, JAX and torch."""
    for path in sorted((ROOT / "course_lib" / "keras").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {n.split(".")[0] for n in names} & {"tensorflow", "torch", "jax"}, path


def test_the_code_is_short() -> None:
    """Students read it: the median function under 15 lines, no module over 400."""
    lengths = []
    for folder in ("pytorch", "keras", "training"):
        for path in sorted((ROOT / "course_lib" / folder).glob("*.py")):
            source = path.read_text(encoding="utf-8")
            assert len(source.splitlines()) <= 400, path
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.FunctionDef):
                    lengths.append((node.end_lineno or 0) - node.lineno + 1)
    assert sorted(lengths)[len(lengths) // 2] < 15


def test_the_two_halves_mirror_each_other() -> None:
    """One file here for each file there. What Keras needs more is listed with its reason."""
    reasons = {
        "engine.py": "chooses Keras's backend before Keras is imported",
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
