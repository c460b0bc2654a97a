"""The doctor: one screen that says what is here, what is wrong and what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from course_lib import doctor, language


@pytest.fixture(autouse=True)
def _own_home(course_home: Path) -> None:
    """Count nobody's cache."""


@pytest.fixture
def healthy_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare a test the import of PyTorch."""
    monkeypatch.setattr(doctor, "_look_at_torch", lambda: doctor._TorchState("CPU", []))


def _problems() -> str:
    return " ".join(f"{p.what['en']} {p.remedy['en']}" for p in doctor.examine().problems)


def test_the_screen_holds_what_the_issue_asks_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    doctor.show(doctor.examine())
    said = capsys.readouterr().out
    for word in (
        "Python",
        "torch 2",
        "tensorflow",
        "CPU",
        "Memory",
        "Disk",
        "weights",
        "Cache",
        "Keras",
    ):
        assert word in said
    assert len(said.splitlines()) <= 40


def test_it_speaks_chinese(healthy_torch: None) -> None:
    language.use("zh")
    findings = doctor.examine()
    assert {"设备", "内存", "磁盘", "缓存"} <= {name for name, _ in findings.rows}


def test_every_problem_has_a_remedy_in_both_languages(
    healthy_torch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_version", lambda _: None)
    monkeypatch.setattr(doctor.shutil, "which", lambda _: None)
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    usage = doctor.shutil.disk_usage("/")._replace(free=10)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    problems = doctor.examine().problems
    assert len(problems) >= 4
    for problem in problems:
        assert all(text["en"] and text["zh"] for text in (problem.what, problem.remedy))


def test_torch_and_torchvision_that_do_not_match(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    state = doctor._look_at_torch()
    (problem,) = state.problems
    assert problem.serious
    assert "torchvision" in problem.what["en"] and "matching pair" in problem.remedy["en"]


def test_a_backend_that_is_not_installed(
    healthy_torch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "openvino")
    assert "openvino, which is not installed" in _problems()


def test_versions_that_differ_from_the_lock(
    healthy_torch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "locked_versions", lambda _: {"numpy": "0.1", "torch": "9.9"})
    assert "numpy" in _problems() and "(0.1)" in _problems()


def test_the_lock_is_read(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    text = "a==1.0 \\\n    --hash=sha256:0\nb==2 ; python_version < '3.12' \\\nb==3 ; python_version >= '3.12'\n"
    lock.write_text(text)
    assert doctor.locked_versions(lock) == {"a": "1.0"}
    assert doctor.locked_versions(tmp_path / "missing") == {}


def test_cached_files_are_counted(healthy_torch: None, course_home: Path) -> None:
    (course_home / "cache" / "features").mkdir(parents=True)
    (course_home / "cache" / "features" / "one.npz").write_bytes(b"x" * 2_000_000)
    (course_home / "data" / "weights").mkdir(parents=True)
    (course_home / "data" / "weights" / "resnet18.pth").write_bytes(b"x" * 1_000_000)
    rows = dict(doctor.examine().rows)
    assert rows["Cache"].startswith("1 files, 2.0 MB (features)")
    assert "resnet18.pth (1.0 MB)" in rows["Published weights"]
