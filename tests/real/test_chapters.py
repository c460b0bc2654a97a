"""The heart of chapters 03, 04 and 05, their own cells, on real pictures instead of the embedded ones.

In 04 and 05 nothing is changed but the switch: photographs and weights are brought as a reader brings them.
The publishers' archives of digits cannot be had here, so in 03 ``data.load`` hands out samples by the same name.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import _samples
from course_lib import data
from course_lib.authoring.executing import read_edition
from course_lib.data.commands import data as data_commands
from course_lib.judging import share_interval
from tests.conftest import ROOT

pytestmark = pytest.mark.real

FRAMEWORK = "pytorch"


def run_cells(chapter: str, ids: Iterable[str], names: dict[str, Any]) -> None:
    """Run cells of a solved edition in one namespace."""
    notebook = read_edition(ROOT, chapter, FRAMEWORK, language="en", solved=True)
    sources = {cell.id: cell.source for cell in notebook.cells}
    for name in ids:
        exec(compile(sources[name], f"{chapter}: {name}", "exec"), names)


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
    assert names["development"].source.startswith("MNIST") and len(names["development"]) > 500
    assert by_mean["letters"] > max(by_mean["random weights"], by_mean["shapes"])
    assert np.mean(names["from_scratch"]) > 0.3  # of ten classes, from twenty pictures


@pytest.fixture
def as_a_user(
    course_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int, int], None]:
    """Give a function that brings so many photographs and MobileNetV2's weights as a user does, into an empty cache.

    The archive is laid out as the publisher's. Its halves are cut from the samples: the publisher's
    validation half is not among them.
    """
    monkeypatch.setenv("COURSE_DATA", "real")

    def bring(train: int, test: int) -> None:
        stick = tmp_path / "stick" / "hymenoptera_data.zip"
        stick.parent.mkdir()
        with zipfile.ZipFile(stick, "w") as archive:
            for kind in ("ants", "bees"):
                files = sorted((_samples.folder() / "hymenoptera" / "train" / kind).glob("*.jpg"))
                order = np.random.default_rng(0).permutation(len(files))
                for part, rows in (("train", order[:train]), ("val", order[train : train + test])):
                    for row in rows:
                        archive.write(
                            files[row], f"hymenoptera_data/{part}/{kind}/{files[row].name}"
                        )
        said = CliRunner().invoke(data_commands, ["import", str(stick.parent)])
        assert said.exit_code == 0 and "hymenoptera_data.zip" in said.output
        (course_home / "data" / "weights").mkdir(parents=True)
        shutil.copy(_samples.mobilenet(), course_home / "data" / "weights" / "mobilenet_v2.pt")

    return bring


def run_apart(**order: Any) -> tuple[dict[str, Any], str]:
    """Run cells in a process of their own; give the names asked for, and what was said."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.real.cells", json.dumps({"before": "", "give": [], **order})],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said, _, found = done.stdout.rstrip().rpartition("\n")
    return json.loads(found), said


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
def test_chapter_04_finds_out_that_imagenet_knew_ants_and_bees(
    framework: str, as_a_user: Callable[[int, int], None]
) -> None:
    as_a_user(40, 1)
    before = "backbone = load_backbone('glyphnet'); some_strengths = np.logspace(0, -3, 4)"
    found, said = run_apart(
        chapter="04", framework=framework, definitions=["imports", "one-scale", "curve"],
        before=before, cells=["seen-load", "seen-claim", "folds"], give=["called", "by_fold"],
    )  # fmt: skip
    called, by_fold = np.array(found["called"]), found["by_fold"]
    assert called.shape == (2, 1000), said
    assert called.argmax(axis=1).tolist() == [310, 309], said  # ant, bee
    # Each picture was asked once: the folds together are a share of eighty, with Wilson's interval.
    share = {name: share_interval(round(80 * np.mean(v)), 80) for name, v in by_fold.items()}
    rivals = ("glyphnet", "raw pixels", "from scratch")
    assert all(share["borrowed"].low > share[name].high for name in rivals), said


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
def test_chapter_05_tells_ants_from_bees_by_the_switch_alone(
    framework: str, as_a_user: Callable[[int, int], None]
) -> None:
    as_a_user(50, 70)
    _, said = run_apart(
        chapter="05", framework=framework, definitions=["imports", "sources", "test-once"],
        cells=["programs-run"],
    )  # fmt: skip
    assert "100 pictures to train and choose on, 140 sealed" in said
    rows = re.findall(
        r"^(borrowed|from scratch) .* test ([\d.]+) \[([\d.]+), ([\d.]+)\]", said, re.M
    )
    (_, borrowed, low, _), (_, scratch, _, _) = rows
    assert float(low) > 0.5, said  # Wilson's interval on 140 photographs is above chance
    assert float(borrowed) > float(scratch), said
