"""The example folder of chapter 00."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import data, language
from course_lib.data import marks
from course_lib.errors import CourseError


def test_a_folder_of_png_files_one_sub_folder_for_each_mark(tmp_path):
    folder = data.draw_marks(tmp_path / "deep" / "marks", per_class=3, seed=0)
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.png")) == [
        f"{name}/{number:03}.png"
        for name in ("half right", "right", "wrong")
        for number in (1, 2, 3)
    ]
    assert [each.name for each in folder.parent.iterdir()] == ["marks"]  # nothing left beside it
    domain = data.load_folder(folder, drawing=True)
    assert domain.x.shape == (9, 32, 32, 1)
    assert all(x.max() > 200 and np.median(x) == 0 for x in domain.x)  # ink on nothing


def test_names_are_in_the_edition_s_language(tmp_path):
    language.use("zh")
    try:
        folder = data.draw_marks(tmp_path / "marks", per_class=1)
    finally:
        language.use("en")
    assert {each.name for each in folder.iterdir()} == {"对", "半对", "错"}


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.png").write_bytes(b"mine")
    data.draw_marks(tmp_path / "mine")
    assert [each.name for each in (tmp_path / "mine").iterdir()] == ["photo.png"]


def test_an_interrupted_drawing_leaves_no_half_folder(tmp_path, monkeypatch):
    def interrupt(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(marks, "draw_mark", interrupt)
    with pytest.raises(KeyboardInterrupt):
        data.draw_marks(tmp_path / "marks")
    assert list(tmp_path.iterdir()) == []


def test_a_seed_is_a_picture():
    one, same, other = (np.asarray(data.draw_mark("wrong", seed=s)) for s in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_unknown_marks_and_empty_folders_are_refused(tmp_path):
    with pytest.raises(CourseError, match="half right"):
        data.draw_mark("tick")
    with pytest.raises(CourseError, match="at least one"):
        data.draw_marks(tmp_path / "marks", per_class=0)
