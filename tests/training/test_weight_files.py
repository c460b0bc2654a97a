"""Reading PyTorch's weights without PyTorch."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from course_lib.errors import CourseError
from course_lib.training.preprocessing import GLYPHS, IMAGENET_BGR
from course_lib.training.weight_files import read_preprocessing, read_weights, write_weights


@pytest.mark.parametrize("old", [False, True])
def test_it_reads_what_torch_saves_in_both_formats(old: bool, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    saved = OrderedDict(
        a=base,
        transposed=base.permute(2, 0, 1),
        part=base[1, 1:],
        n=torch.tensor(7),
        half=base.half(),
        parameter=torch.nn.Parameter(base[0].clone()),
    )
    path = tmp_path / "weights.pth"
    torch.save(saved, path, _use_new_zipfile_serialization=not old)
    found = read_weights(path)
    assert set(found) == set(saved)
    for name, tensor in saved.items():
        np.testing.assert_array_equal(found[name], tensor.detach().numpy())
        assert found[name].dtype == tensor.detach().numpy().dtype


def test_a_pickle_that_wants_to_run_something_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(tmp_path / "made-by-a-pickle"),)

    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps({"a": Evil()}, protocol=2))
    with pytest.raises(CourseError, match="cannot be read"):
        read_weights(path)
    assert not (tmp_path / "made-by-a-pickle").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="no weights file"):
        read_weights(tmp_path / "weights.pth")


def test_what_is_written_is_read_with_its_preprocessing(tmp_path: Path) -> None:
    path, weights = tmp_path / "new" / "a.safetensors", {"w": np.arange(6.0).reshape(2, 3).T}
    for preprocessing in (GLYPHS, IMAGENET_BGR):
        assert write_weights(path, weights, preprocessing) == path
        assert read_preprocessing(path) == preprocessing
        assert read_weights(path)["w"].tolist() == weights["w"].tolist()


def test_other_files_name_no_preprocessing(tmp_path: Path) -> None:
    assert read_preprocessing(tmp_path / "weights.pth") is None
    save_file({"w": np.zeros(2)}, tmp_path / "bare.safetensors")
    assert read_preprocessing(tmp_path / "bare.safetensors") is None
    with pytest.raises(CourseError, match="saved as"):
        write_weights(tmp_path / "weights.pth", {}, GLYPHS)
