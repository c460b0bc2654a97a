"""Published formats: small files written as the publishers write theirs, and damaged ones."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import pickle
import struct
import wave

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from course_lib.data import formats
from course_lib.errors import CourseError
from tests.test_archives import make_tar, make_zip

RNG = np.random.default_rng(0)


def idx(values: np.ndarray) -> bytes:
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return gzip.compress(head + values.tobytes())


def jpeg(side: tuple[int, int], colour: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", side, colour).save(out, "PNG")
    return out.getvalue()


def test_idx(tmp_path):
    x, y = RNG.integers(0, 256, (5, 4, 3), dtype=np.uint8), np.arange(5, dtype=np.uint8)
    (tmp_path / "x.gz").write_bytes(idx(x))
    (tmp_path / "y.gz").write_bytes(idx(y))
    read_x, read_y = formats.read_idx_pair(tmp_path / "x.gz", tmp_path / "y.gz")
    assert (read_x[..., 0] == x).all() and read_y.tolist() == [0, 1, 2, 3, 4]
    assert read_x.dtype == np.uint8 and read_y.dtype == np.int64
    for broken in (
        idx(x)[:-30],
        gzip.compress(b"\x00\x00\x08\x01\x00\x00\x00\x09abc"),
        gzip.compress(b"x"),
    ):
        (tmp_path / "x.gz").write_bytes(broken)
        with pytest.raises(CourseError, match="damaged"):
            formats.read_idx(tmp_path / "x.gz")


def test_usps_as_libsvm_has_it(tmp_path):
    values = RNG.uniform(-1, 1, (3, 256)).round(3)
    lines = [
        f"{label} " + " ".join(f"{n}:{v}" for n, v in enumerate(row, start=1)) + " \n"
        for label, row in zip((1, 10, 7), values, strict=True)
    ]
    path = tmp_path / "usps.bz2"
    path.write_bytes(bz2.compress("".join(lines).encode()))
    x, y = formats.read_libsvm(path, side=16)
    assert x.shape == (3, 16, 16, 1) and y.tolist() == [0, 9, 6]
    assert abs(x.reshape(3, 256) / 255 - (values + 1) / 2).max() < 0.003
    path.write_bytes(bz2.compress(b"1 1:0.5 2:0.5\n"))
    with pytest.raises(CourseError, match="damaged"):
        formats.read_libsvm(path, side=16)


def test_medmnist(tmp_path):
    x, y = RNG.integers(0, 256, (4, 28, 28), dtype=np.uint8), np.array([[0], [1], [1], [0]])
    np.savez(tmp_path / "m.npz", train_images=x, train_labels=y)
    read_x, read_y = formats.read_npz(tmp_path / "m.npz", "train")
    assert read_x.shape == (4, 28, 28, 1) and read_y.tolist() == [0, 1, 1, 0]
    with pytest.raises(CourseError, match="damaged"):
        formats.read_npz(tmp_path / "m.npz", "val")
    np.savez(tmp_path / "m.npz", train_images=np.array([print], dtype=object), train_labels=y)
    with pytest.raises(CourseError, match="damaged"):
        formats.read_npz(tmp_path / "m.npz", "train")


def test_svhn_calls_a_zero_ten(tmp_path):
    x = RNG.integers(0, 256, (32, 32, 3, 2), dtype=np.uint8)
    savemat(tmp_path / "s.mat", {"X": x, "y": np.array([[10], [3]])})
    read_x, read_y = formats.read_mat(tmp_path / "s.mat")
    assert (read_x[1] == x[..., 1]).all() and read_y.tolist() == [0, 3]
    (tmp_path / "s.mat").write_bytes(b"MATLAB 5.0 and no more")
    with pytest.raises(CourseError, match="damaged"):
        formats.read_mat(tmp_path / "s.mat")


def cifar(rows: np.ndarray, labels: list[int]) -> bytes:
    """Write as Python 2 did: texts are bytes, and NumPy's inner module has its old name."""
    data = pickle.dumps({b"data": rows, b"labels": labels}, protocol=3)
    return data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def test_cifar_puts_batches_in_order_and_colours_last(tmp_path):
    rows = RNG.integers(0, 256, (3, 3072), dtype=np.uint8)
    files = {
        "cifar-10-batches-py/data_batch_2": cifar(rows[2:], [2]),
        "cifar-10-batches-py/data_batch_1": cifar(rows[:2], [0, 1]),
        "cifar-10-batches-py/test_batch": cifar(rows[:1], [9]),
        "cifar-10-batches-py/batches.meta": pickle.dumps({}),
    }
    path = make_tar(tmp_path / "c.tar.gz", files)
    x, y = formats.read_cifar(path, "train", label=b"labels")
    assert x.shape == (3, 32, 32, 3) and y.tolist() == [0, 1, 2]
    assert x[2, 0, 5].tolist() == [rows[2, 5], rows[2, 1024 + 5], rows[2, 2048 + 5]]
    assert formats.read_cifar(path, "test", label=b"labels")[1].tolist() == [9]


class _Runs:
    def __reduce__(self):
        return os.system, ("echo run > was-run",)


def test_a_pickle_that_would_run_something_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = make_tar(tmp_path / "c.tar.gz", {"x/data_batch_1": pickle.dumps({b"data": _Runs()}, 2)})
    with pytest.raises(CourseError, match="damaged"):
        formats.read_cifar(path, "train", label=b"labels")
    assert not (tmp_path / "was-run").exists()


def test_pictures_of_any_shape_become_squares_in_the_order_of_their_names(tmp_path):
    files = {
        "set/train/bees/b.png": jpeg((300, 200), (255, 0, 0)),
        "set/train/ants/z.png": jpeg((64, 128), (0, 255, 0)),
        "set/train/ants/a.png": jpeg((40, 40), (0, 0, 255)),
        "set/train/ants/.hidden.png": b"",
        "set/val/ants/v.png": jpeg((9, 9), (0, 0, 0)),
        "set/train/notes.txt": b"",
    }
    path = make_zip(tmp_path / "x.zip", files)
    x, y = formats.read_pictures(path, below="set/train", classes=("ants", "bees"), size=56)
    assert x.shape == (3, 56, 56, 3) and y.tolist() == [0, 0, 1]
    assert [picture[28, 28].tolist() for picture in x] == [[0, 0, 255], [0, 255, 0], [255, 0, 0]]
    broken = make_zip(tmp_path / "y.zip", {"set/train/ants/a.jpg": b"not a picture"})
    with pytest.raises(
        CourseError, match=r"could not be read as a picture: y\.zip: set/train/ants/a\.jpg"
    ):
        formats.read_pictures(broken, below="set/train", classes=("ants",), size=56)


def test_the_middle_of_a_picture_is_kept():
    image = Image.new("RGB", (400, 200))
    image.paste((255, 255, 255), (100, 0, 300, 200))  # the middle square
    out = io.BytesIO()
    image.save(out, "PNG")
    kept = formats.decode_picture(out.getvalue(), "x", size=70, colour=False)
    assert kept.shape == (70, 70, 1) and kept[:, 3:-3].min() > 240


def test_lines_keep_quotes_and_leave_headings_out():
    content = '\ufefflabel\ttext\nham\tHe said "go\nspam\tWIN\tnow\nham\t\n'.encode()
    x, y = formats.texts_of(formats.read_lines(content), ("ham", "spam"))
    assert x.tolist() == ['He said "go', "WIN", ""] and y.tolist() == [0, 1, 0]


def wav(samples: np.ndarray, *, rate: int = 16_000, channels: int = 1, width: int = 2) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def test_sounds_in_folders(tmp_path):
    short, long = (RNG.integers(-9999, 9999, n).astype("<i2") for n in (60, 150))
    files = {
        "mini/yes/b.wav": wav(long),
        "mini/no/a.wav": wav(short),
        "mini/yes/README.md": b"text",
        "mini/other/a.wav": wav(short),
        "__MACOSX/mini/yes/._b.wav": b"what macOS adds",
    }
    path = make_zip(tmp_path / "mini.zip", files)
    x, y = formats.read_sounds(path, classes=("no", "yes"), samples=100)
    assert x.shape == (2, 100) and x.dtype == np.int16 and y.tolist() == [0, 1]
    assert np.array_equal(x[0, :60], short) and not x[0, 60:].any()
    assert np.array_equal(x[1], long[:100])
    only = formats.read_sounds(
        path, classes=("no", "yes"), samples=100, wanted=lambda name: name == "yes/b.wav"
    )
    assert only[1].tolist() == [1]
    with pytest.raises(CourseError, match="damaged"):
        formats.read_sounds(path, classes=("maybe",), samples=100)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        wav(np.zeros(8, "<i2"), rate=8000),
        wav(np.zeros(8, "<i2"), channels=2),
        wav(np.zeros(8, np.uint8), width=1),
    ],
)
def test_another_kind_of_sound_is_said(content):
    with pytest.raises(CourseError, match="one channel, 16 bits"):
        formats.decode_sound(content, "a.wav")


def test_texts_in_a_folder_for_each_class(tmp_path):
    files = {
        "a/train/neg/2.txt": b"bad",
        "a/train/pos/1.txt": "größer".encode(),
        "a/train/unsup/1.txt": b"?",
    }
    path = make_tar(tmp_path / "a.tar.gz", files | {"a/test/neg/1.txt": b"other"})
    x, y = formats.read_texts(path, below="a/train", classes=("neg", "pos"))
    assert x.tolist() == ["bad", "größer"] and y.tolist() == [0, 1]
    with pytest.raises(CourseError, match="damaged"):
        formats.read_texts(path, below="a/elsewhere", classes=("neg", "pos"))


def test_phrases_with_their_labels_behind(tmp_path):
    from course_lib.data.catalogue import REAL

    rows = b'sentence\tlabel\nhide new secretions \t0\nwhat "a" film\t1\n'
    path = make_zip(tmp_path / "SST-2.zip", {"SST-2/train.tsv": rows, "SST-2/dev.tsv": rows[:37]})
    x, y = REAL["sst2"].read({"SST-2.zip": path}, "train", 0)
    assert x.tolist() == ["hide new secretions ", 'what "a" film'] and y.tolist() == [0, 1]
