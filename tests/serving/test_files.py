"""Looking at model files without loading them, model cards, and the command's door."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from course_lib.errors import CourseError
from course_lib.serving import card_page, faults_of_card, inspect_file, write_card
from course_lib.serving.inspecting import imports_of, lambdas_in
from course_lib.serving.models import load_service

RAN: list[str] = []


def ran(word: str) -> str:
    RAN.append(word)
    return word


class Trap:
    def __reduce__(self) -> Any:
        return ran, ("loaded",)


@pytest.mark.parametrize("protocol", range(6))
def test_what_a_pickle_would_import_is_named_and_nothing_runs(
    tmp_path: Path, protocol: int
) -> None:
    RAN.clear()
    path = tmp_path / "weights.bin"
    path.write_bytes(pickle.dumps({"w": Trap()}, protocol=protocol))
    report = inspect_file(path)
    assert report.kind == "pickle" and not report.safe_to_load
    assert f"{__name__}.ran" in imports_of(path.read_bytes()) and not RAN
    pickle.loads(path.read_bytes())
    assert RAN == ["loaded"]  # so that the trap is one


def test_what_cannot_be_read_to_its_end_is_never_called_harmless(tmp_path: Path) -> None:
    harmless = pickle.dumps({"w": [1, 2]}, protocol=2)
    assert imports_of(harmless) == set() == imports_of(harmless + b"\xff\xfe raw numbers")
    assert imports_of(harmless[:-1] + b"\xff") == {"?"} == imports_of(b"\xff")
    assert imports_of(harmless + pickle.dumps(Trap())[:-1]) >= {"?"}


def test_two_pickles_in_a_row_and_memoised_names_are_seen() -> None:
    two = pickle.dumps(1) + pickle.dumps(Trap())
    assert f"{__name__}.ran" in imports_of(two)
    again = pickle.dumps([Trap(), "os", "os", Trap()])
    assert f"{__name__}.ran" in imports_of(again)
    assert imports_of(b"\x80\x05garbage") == {"?"}


def test_tensors_alone_are_safe_and_safetensors_always(tmp_path: Path) -> None:
    save_file({"w": np.zeros(3, np.float32)}, tmp_path / "m.safetensors")
    report = inspect_file(tmp_path / "m.safetensors")
    assert report.kind == "safetensors" and report.safe_to_load and report.bytes > 12
    with zipfile.ZipFile(tmp_path / "m.pth", "w") as archive:
        archive.writestr("m/data.pkl", pickle.dumps({"w": [1, 2]}))
    assert inspect_file(tmp_path / "m.pth").safe_to_load
    with zipfile.ZipFile(tmp_path / "bad.pth", "w") as archive:
        archive.writestr("m/data.pkl", pickle.dumps(Trap()))
    assert inspect_file(tmp_path / "bad.pth").runs == (f"{__name__}.ran",)


def test_a_name_a_zip_behind_or_a_strange_start_do_not_make_a_file_safe(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as inside:
        inside.writestr("config.json", "{}")
        inside.writestr("metadata.json", "{}")
    for content in (
        pickle.dumps(Trap()) + archive.getvalue(),  # who reads from the front meets the pickle
        b'\x80\x02U\x03\x00\x00\x00\x00{"' + pickle.dumps(Trap()),
        b"GGUF of some kind",
        b"\x89HDF\r\n\x1a\n",
        b"",
    ):
        (tmp_path / "m.safetensors").write_bytes(content)
        report = inspect_file(tmp_path / "m.safetensors")
        assert not report.safe_to_load and report.kind in ("unknown", "pickle")


def test_a_keras_file_with_a_lambda_is_named(tmp_path: Path) -> None:
    config = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda"}]}}
    assert lambdas_in(config) == {"keras.layers.Lambda"} and not lambdas_in({"class_name": "Dense"})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", "{}")
    (tmp_path / "m.keras").write_bytes(content.getvalue())
    assert inspect_file(tmp_path / "m.keras").runs == ("keras.layers.Lambda",)


ROW = {"on": "digits", "n": 300, "accuracy": 0.9, "low": 0.86, "high": 0.93, "baseline": 0.1}
WORDS = "name version made purpose not_for source data licence limits privacy contact"
CARD = {**dict.fromkeys(WORDS.split(), "said"), "evaluation": [ROW]}


def test_a_complete_card_is_written_and_shown(tmp_path: Path) -> None:
    assert not faults_of_card(CARD)
    assert json.loads(write_card(CARD, tmp_path / "c.json").read_text("utf-8")) == CARD
    assert "0.900" in card_page(CARD) and "not said" in card_page({"name": "x"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"licence": ""}, "Licence"),
        ({"evaluation": []}, "Measured"),
        ({"evaluation": "0.97"}, "rows"),
        ({"evaluation": [{**ROW, "low": 0.95}]}, "Row 1"),
        ({"evaluation": [{**ROW, "n": True}]}, "numbers"),
        ({"evaluation": [ROW, {"on": "x"}]}, "Row 2"),
        ({"evaluation": [3]}, "Row 1"),
    ],
)
def test_what_a_card_lacks_is_said(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    assert said in " ".join(faults_of_card({**CARD, **change}))
    with pytest.raises(CourseError, match="not complete"):
        write_card({**CARD, **change}, tmp_path / "c.json")


def test_only_files_that_run_no_code_are_served(tmp_path: Path) -> None:
    (tmp_path / "m.pt").write_bytes(pickle.dumps(Trap()))
    RAN.clear()
    with pytest.raises(CourseError, match="safetensors"):
        load_service(tmp_path / "m.pt")
    assert not RAN
    with pytest.raises(CourseError, match="no model file"):
        load_service(tmp_path / "none.onnx")
    (tmp_path / "m.onnx").write_bytes(b"not onnx")
    with pytest.raises(CourseError, match="cannot be read"):
        load_service(tmp_path / "m.onnx")
