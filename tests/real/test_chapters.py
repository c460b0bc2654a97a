"""The heart of chapters 03 and 05, their own cells, on real pictures instead of the embedded ones.

The publishers' archives cannot be had here, so ``data.load`` hands out the samples under the same
names, and MobileNetV2 takes ResNet-18's place: its published weights are at hand.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from benchmarks import _samples
from course_lib import data
from course_lib.authoring.executing import read_edition
from tests.conftest import ROOT

pytestmark = pytest.mark.real

FRAMEWORK = "pytorch"


def run_cells(chapter: str, ids: Iterable[str], names: dict[str, Any], *switch: str) -> None:
    """Run cells of a solved edition in one namespace, with a line of one of them changed to another."""
    notebook = read_edition(ROOT, chapter, FRAMEWORK, language="en", solved=True)
    sources = {cell.id: cell.source for cell in notebook.cells}
    for name in ids:
        source = sources[name]
        if switch:
            assert source.count(switch[0]) == 1
            source = source.replace(*switch)
        exec(compile(source, f"{chapter}: {name}", "exec"), names)


def run_definitions(chapter: str, ids: Iterable[str], names: dict[str, Any]) -> None:
    """Run only the imports and functions of these cells."""
    notebook = read_edition(ROOT, chapter, FRAMEWORK, language="en", solved=True)
    for cell in notebook.cells:
        if cell.id in set(ids):
            kept = (ast.Import, ast.ImportFrom, ast.FunctionDef)
            body = [node for node in ast.parse(cell.source).body if isinstance(node, kept)]
            exec(compile(ast.Module(body, []), f"{chapter}: {cell.id}", "exec"), names)


def test_chapter_03_pre_trains_on_letters_and_is_judged_on_mnist(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load = data.load

    def from_samples(name: str, *, real: str | None = None, **options: Any) -> data.Domain:
        if real == "mnist":
            return _samples.mnist(options["size"]).sample(options["n"], seed=options["seed"])
        return load(name, **options)

    monkeypatch.setattr(data, "load", from_samples)
    names: dict[str, Any] = {}
    run_cells("03", ("imports", "load"), names)
    run_definitions("03", ("dense",), names)
    cells = ("measure-code", "sources-load", "pretrain", "features", "scratch")
    run_cells("03", cells, names)
    by_mean = {name: results[:, 0].mean() for name, results in names["table"].items()}
    assert names["development"].source.startswith("MNIST") and len(names["development"]) == 960
    assert by_mean["letters"] > max(by_mean["random weights"], by_mean["shapes"])
    assert np.mean(names["from_scratch"]) > 0.3  # of ten classes, from twenty pictures


def test_chapter_05_tells_ants_from_bees_by_its_own_switch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = _samples.ants_and_bees(96)
    order = np.random.default_rng(0).permutation(len(whole))
    parts = {"train": whole.take(order[:100]), "test": whole.take(order[100:])}
    monkeypatch.setattr(data, "load", lambda name, *, part, size: parts[part])
    names: dict[str, Any] = {}
    run_cells("05", ("imports",), names)
    run_definitions("05", ("sources", "test-once"), names)

    def published(name: str, weights: str | None = "default") -> Any:
        from course_lib.pytorch import load_backbone

        assert name == "resnet18"
        chosen = None if weights is None else _samples.mobilenet()
        return load_backbone("mobilenet_v2", weights=chosen, seed=0)

    names["load_backbone"] = published
    run_cells("05", ("programs-run",), names, "REAL = None", 'REAL = "hymenoptera"')
    said = capsys.readouterr().out
    tested = [
        float(line.split("test ")[1].split()[0]) for line in said.splitlines() if "test " in line
    ]
    assert "100 pictures to train and choose on, 144 sealed" in said
    borrowed, scratch = tested
    assert borrowed > 0.75 and borrowed > scratch + 0.1  # the weights know ImageNet's insects
