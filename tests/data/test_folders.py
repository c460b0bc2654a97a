"""Pictures from a folder: files as people have them, read alike everywhere, and named where they can't be."""

from __future__ import annotations

import io
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from course_lib import data
from course_lib.data import folders, pictures
from course_lib.errors import CourseError

SIDE = 48


def grey(value: int, size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    return Image.new("L", size, value)


def dark_left_half(mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", (SIDE, SIDE), "white")
    image.paste((0, 0, 0), (0, 0, SIDE // 2, SIDE))
    return image.convert(mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes with two plain pictures each."""
    for number, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        for each in (1, 2):
            grey(100 * number + each).save(tmp_path / name / f"{each}.png")
    return tmp_path


def test_sub_folders_are_the_classes(folder):
    domain = data.load_folder(folder, size=8)
    assert domain.x.shape == (4, 8, 8, 1) and domain.x.dtype == np.uint8
    assert domain.y.dtype == np.int64
    assert domain.classes == ("cat", "dog")
    assert domain.y.tolist() == [0, 0, 1, 1]
    assert domain.x[:, 0, 0, 0].tolist() == [1, 2, 101, 102]  # in the order of the names


def test_colour_has_three_channels(folder):
    Image.new("RGB", (20, 20), (250, 10, 20)).save(folder / "cat" / "0.png")
    domain = data.load_folder(folder, size=8, colour=True)
    assert domain.x.shape == (5, 8, 8, 3)
    assert domain.x[0, 4, 4].tolist() == [250, 10, 20]


def test_chinese_names_whichever_way_unicode_writes_them(folder):
    decomposed = unicodedata.normalize("NFD", "Übung")
    for name in ("半对", decomposed, "with a space & more"):
        (folder / name).mkdir()
        grey(7).save(folder / name / "图 1 (副本).png")
    domain = data.load_folder(folder, size=8)
    assert domain.classes == ("cat", "dog", "with a space & more", "Übung", "半对")


def test_nested_folders_count_for_their_class(folder):
    (folder / "cat" / "garden" / "summer").mkdir(parents=True)
    grey(9).save(folder / "cat" / "garden" / "summer" / "a.png")
    domain = data.load_folder(folder, size=8)
    assert (domain.y == 0).sum() == 3


def test_hidden_files_and_other_files_are_passed_over(folder, capsys):
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".git").mkdir()
    (folder / "__MACOSX").mkdir()
    grey(1).save(folder / ".ipynb_checkpoints" / "1.png")
    for name in (".DS_Store", "._1.png", "Thumbs.db", "desktop.ini", "notes.txt", "labels.csv"):
        (folder / "cat" / name).write_bytes(b"no picture")
    (folder / "cat" / ".hidden").mkdir()
    grey(1).save(folder / "cat" / ".hidden" / "1.png")
    grey(1).save(folder / "without_a_class.png")
    domain = data.load_folder(folder, size=8)
    assert len(domain) == 4 and domain.classes == ("cat", "dog")
    assert capsys.readouterr().out == ""


def test_the_order_is_that_of_names_not_of_the_disk(folder, monkeypatch):
    expected = data.load_folder(folder, size=8).x
    walk, listing = os.walk, Path.iterdir

    def shuffled_walk(top):
        for place, inside, files in walk(top):
            inside.reverse()
            yield place, inside, sorted(files, reverse=True)

    monkeypatch.setattr(os, "walk", shuffled_walk)
    monkeypatch.setattr(Path, "iterdir", lambda self: iter(sorted(listing(self), reverse=True)))
    again = data.load_folder(folder, size=8)
    assert again.classes == ("cat", "dog")
    assert np.array_equal(again.x, expected)


def test_what_cannot_be_read_is_named_and_counted(folder, capsys):
    whole = io.BytesIO()
    Image.effect_noise((200, 200), 50).save(whole, "JPEG")
    (folder / "cat" / "broken.jpg").write_bytes(whole.getvalue()[:2000])
    (folder / "cat" / "empty.png").write_bytes(b"")
    (folder / "dog" / "page.png").write_text("<html>not found</html>", encoding="utf-8")
    (folder / "dog" / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(64))
    domain = data.load_folder(folder, size=8)
    assert len(domain) == 4
    said = capsys.readouterr().out
    assert said.startswith("4 files could not be read as a picture: cat/broken.jpg, cat/empty.png,")
    assert "dog/page.png" in said and "HEIC" in said and said.count("\n") == 1


def test_many_unreadable_files_are_not_all_named(folder, capsys):
    for number in range(20):
        (folder / "cat" / f"x{number:02}.png").write_bytes(b"?")
    data.load_folder(folder, size=8)
    said = capsys.readouterr().out
    assert said.startswith("20 files") and "x04.png …" in said and "x05" not in said


def test_an_empty_sub_folder_is_no_class_and_said_so(folder, capsys):
    (folder / "bird").mkdir()
    assert data.load_folder(folder, size=8).classes == ("cat", "dog")
    assert "bird" in capsys.readouterr().out


def test_fewer_than_two_classes_are_refused(tmp_path):
    (tmp_path / "cat").mkdir()
    grey(3).save(tmp_path / "cat" / "1.png")
    with pytest.raises(CourseError, match="sub-folder for each class"):
        data.load_folder(tmp_path)


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="There is no folder"):
        data.load_folder(tmp_path / "nowhere")


def test_too_many_pictures_are_refused_before_they_are_read(folder):
    with pytest.raises(CourseError, match="more than 3 pictures"):
        data.load_folder(folder, limit=3)
    assert len(data.load_folder(folder, limit=4)) == 4


@pytest.mark.parametrize("size", [0, 2, 5000])
def test_sizes_have_limits(folder, size):
    with pytest.raises(CourseError, match="4 to 1024"):
        data.load_folder(folder, size=size)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *[("a.png", mode) for mode in ("1", "L", "P", "RGB", "RGBA", "LA")],
        *[("a.jpg", mode) for mode in ("L", "RGB", "CMYK")],
        *[("a.gif", "P"), ("a.bmp", "RGB"), ("a.webp", "RGB"), ("a.tif", "CMYK"), ("A.PNG", "L")],
    ],
)
def test_every_usual_kind_of_file_looks_the_same(tmp_path, name, mode):
    path = tmp_path / name
    dark_left_half(mode).save(path)
    x = data.load_picture(path, size=8)
    assert x.shape == (8, 8, 1)
    assert x[:, :3].max() < 12 and x[:, 5:].min() > 243


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_become_eight(tmp_path, name):
    values = np.full((SIDE, SIDE), 65535, np.uint16)
    values[:, : SIDE // 2] = 32768
    Image.fromarray(values).save(tmp_path / name)
    x = data.load_picture(tmp_path / name, size=8)
    assert x[0, 0, 0] == 128 and x[0, 7, 0] == 255


def test_transparent_is_white_like_paper(tmp_path):
    image = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, SIDE // 2, SIDE))
    image.save(tmp_path / "a.png")
    x = data.load_picture(tmp_path / "a.png", size=8)
    assert x[0, 0, 0] == 0 and x[0, 7, 0] == 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright_as_the_phone_meant_them(tmp_path, orientation):
    """A dark patch above left, stored in each of EXIF's eight ways."""
    upright = np.full((SIDE, SIDE), 255, np.uint8)
    upright[: SIDE // 2, : SIDE // 2] = 0
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    x = data.load_picture(tmp_path / "a.jpg", size=8)[:, :, 0]
    assert x[:3, :3].max() < 20 and x[5:].min() > 235 and x[:, 5:].min() > 235


def test_the_middle_square_is_kept(tmp_path):
    wide = grey(255, (300, 100))
    wide.paste(0, (100, 0, 200, 100))
    wide.save(tmp_path / "a.png")
    assert data.load_picture(tmp_path / "a.png", size=8).max() < 30


def test_a_picture_too_large_for_memory_counts_as_unreadable(folder, monkeypatch, capsys):
    monkeypatch.setattr(pictures, "MOST_PIXELS", SIDE * SIDE)
    grey(1, (SIDE + 1, SIDE)).save(folder / "cat" / "huge.png")
    assert len(data.load_folder(folder, size=8)) == 4
    assert "huge.png" in capsys.readouterr().out


def test_a_missing_picture_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="There is no file"):
        data.load_picture(tmp_path / "a.png")


def test_a_drawing_becomes_ink_on_nothing():
    paper = grey(230, (128, 128))
    paper.paste(60, (40, 60, 90, 66))
    ink = np.asarray(folders.ink_of(paper))
    assert ink[63, 60] == 255 and ink[20, 20] == 0 and ink[110, 110] == 0


def test_a_shadow_over_the_paper_does_not_become_ink():
    paper = np.full((128, 128), 235.0)
    paper[60:66, 20:110] = 40
    shaded = paper * np.linspace(1.0, 0.4, 128)
    ink = np.asarray(folders.ink_of(Image.fromarray(shaded.astype(np.uint8))))
    assert max(ink[20].max(), ink[110].max()) < 10
    assert ink[63, 25:105].min() > 80


def test_an_empty_sheet_stays_empty():
    rng = np.random.default_rng(0)
    grain = (230 + 4 * rng.normal(size=(128, 128))).clip(0, 255).astype(np.uint8)
    sheet = Image.fromarray(grain).filter(ImageFilter.GaussianBlur(1))
    assert np.asarray(folders.ink_of(sheet)).mean() < 10


def test_drawing_and_colour_exclude_each_other(folder):
    with pytest.raises(CourseError, match="not both"):
        data.load_folder(folder, colour=True, drawing=True)
