"""The first cell of every notebook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import course_lib
from course_lib import edition, keras_backend, language
from course_lib.errors import CourseError
from tests.conftest import ROOT


def test_start_sets_the_edition_and_prints_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    course_lib.start("04", language="zh", framework="pytorch")
    out, err = capsys.readouterr()
    assert language.current() == "zh"
    assert edition.current() == edition.Edition("04", "zh", "pytorch")
    assert len(out.splitlines()) == 1 and err == ""
    assert "第 04 章" in out and course_lib.__version__ in out and "PyTorch 2" in out


@pytest.mark.parametrize(("name", "value"), [("language", "fr"), ("framework", "caffe")])
def test_start_refuses_what_there_is_not(name: str, value: str) -> None:
    arguments = {"language": "en", "framework": "pytorch", name: value}
    with pytest.raises(CourseError, match=value):
        course_lib.start("04", **arguments)
    assert edition.current() is None


def test_a_missing_framework_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course_lib, "find_spec", lambda _: None)
    with pytest.raises(CourseError, match=r"--framework keras"):
        course_lib.start("04", language="en", framework="keras")


def test_importing_the_course_imports_nothing_heavy() -> None:
    heavy = ("torch", "keras", "tensorflow", "jax", "matplotlib", "numpy", "IPython")
    code = f"import course_lib, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def _installed(*names: str) -> object:
    return lambda name: True if name in names else None


@pytest.mark.parametrize(
    ("gpu", "installed", "expected"),
    [
        (False, ("torch", "tensorflow"), "tensorflow"),
        (True, ("torch", "tensorflow"), "torch"),
        (True, ("tensorflow",), "tensorflow"),
        (False, ("torch",), "torch"),
        (False, ("jax",), "jax"),
    ],
)
def test_keras_gets_the_backend_that_fits_the_machine(
    gpu: bool, installed: tuple[str, ...], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setattr(keras_backend, "has_nvidia_gpu", lambda: gpu)
    monkeypatch.setattr(keras_backend, "find_spec", _installed(*installed))
    backend, reason = keras_backend.choose()
    assert backend == expected
    assert reason["en"] and reason["zh"]


def test_a_backend_that_the_reader_chose_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert keras_backend.settle() == os.environ["KERAS_BACKEND"] == "jax"


def test_the_keras_edition_starts_on_the_backend_asked_for(tmp_path: Path) -> None:
    code = (
        "import course_lib, os, sys; course_lib.start('04', language='en', framework='keras');"
        "import keras; assert keras.backend.backend() == 'jax'; assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax", "KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "(jax)" in done.stdout and len(done.stdout.splitlines()) == 1
