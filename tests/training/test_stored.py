"""What stays on disk, how it is read, and how it is told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from course_lib.training.batches import as_arrays
from course_lib.training.prefetch import ReadAhead
from course_lib.training.settings import digest, digest_of_data
from course_lib.training.stored import is_stored, sample, whole
from tests.training.streams import Folder


def test_maps_and_folders_stay_on_disk_and_all_else_is_an_array(tmp_path: Path) -> None:
    class Convertible(Folder):
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            return self.array

    array = np.arange(12.0).reshape(6, 2)
    np.save(tmp_path / "x.npy", array)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    arrays = as_arrays({"x": mapped, "y": Folder(array), "x_a": Convertible(array), "x_b": [1, 2]})
    assert arrays["x"] is mapped and isinstance(arrays["y"], Folder)
    assert type(arrays["x_a"]) is np.ndarray and not is_stored(arrays["x_b"])
    for stored in (mapped, mapped[:6], Folder(array)):
        assert is_stored(stored) and type(whole(stored)) is np.ndarray
        np.testing.assert_array_equal(whole(stored), array)


def test_a_sample_stands_for_what_is_on_disk() -> None:
    array = np.arange(3000)
    rows = sample(Folder(array))
    assert len(rows) == 64 and rows[0] == 0 and rows[-1] == 2999

    def of(changed: int, n: int = 3000) -> str:
        data = np.arange(n)
        data[changed] = -1
        return digest_of_data({"x": Folder(data)})

    assert of(0) == of(0) != of(2999)
    assert of(1) == of(2)  # neither is in the sample
    assert digest({"x": Folder(array)}) == digest({"x": array})  # the feature cache's reads it all


def test_reading_ahead_keeps_the_order_and_stays_only_a_little_ahead() -> None:
    asked: list[int] = []

    def get(i: int) -> int:
        asked.append(i)
        return i * i

    squares = ReadAhead(get, depth=2)
    assert [squares[i] for i in range(5)] == [0, 1, 4, 9, 16] and max(asked) <= 6
    assert [squares[0], squares[1]] == [0, 1]  # Keras looks at the first ones twice
    squares.close()
    assert list(ReadAhead(get, 7)) == [i * i for i in range(7)]
