"""Data of one's own: what is wrong is said in one sentence each, what is right becomes a project."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from course_lib.cli import with_groups
from course_lib.errors import CourseError
from course_lib.language import use
from course_lib.projects import check_data, load_project, make_template


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("rust", "clean"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(24):
            noise = rng.integers(0, 255, size=(12, 12), dtype=np.uint8)
            picture = Image.fromarray(noise).resize((48, 48), Image.Resampling.NEAREST)
            picture.save(tmp_path / "data" / name / f"walk{i % 6}__{i:02d}.png")
    return tmp_path / "data"


def only(faults: list[str], *words: str) -> None:
    assert len(faults) == 1 and all(word in faults[0] for word in words), faults


def test_good_pictures_have_no_fault_and_become_a_project(pictures: Path) -> None:
    assert check_data(pictures) == []
    project = load_project(pictures, size=16)
    assert project.domain.x.shape == (48, 16, 16, 1) and project.domain.classes == ("clean", "rust")
    assert project.by == "group" and set(project.groups) == {f"walk{i}" for i in range(6)}


def test_each_fault_of_pictures_is_one_sentence(pictures: Path) -> None:
    rust, clean = (sorted((pictures / name).iterdir()) for name in ("rust", "clean"))
    for each in rust[15:]:
        each.unlink()
    only(check_data(pictures), "'rust'", "15")
    only(check_data(pictures, least=18), "'rust'")
    assert check_data(pictures, least=15) == []
    clean[3].write_bytes(b"GIF8 no picture")
    only(check_data(pictures, least=15), f"clean/{clean[3].name}")
    clean[3].unlink()
    Image.open(clean[0]).resize((96, 96), Image.Resampling.NEAREST).save(clean[5])
    only(
        check_data(pictures, least=15), "more than once", f"{clean[0].name} = clean/{clean[5].name}"
    )
    clean[5].unlink()
    Image.open(clean[0]).save(clean[1])  # of the same group: no cut tears them apart
    assert check_data(pictures, least=15) == []
    Image.open(clean[0]).save(rust[0])
    only(check_data(pictures, least=15), "two labels")


def test_groups_sizes_and_names_are_looked_at(pictures: Path) -> None:
    for each in (pictures / "rust").iterdir():
        Image.open(each).resize((200, 200), Image.Resampling.NEAREST).save(each)
    only(check_data(pictures), "sharpness", "200×200")
    for each in (pictures / "rust").iterdir():
        Image.open(each).resize((48, 48), Image.Resampling.NEAREST).save(each)
        each.rename(each.with_name(f"other{each.name}"))
    only(check_data(pictures), "one class only")
    next((pictures / "clean").iterdir()).rename(pictures / "clean" / "alone.png")
    only(check_data(pictures), "no group")
    (pictures / "rust").rename(pictures / "cleann")
    assert any("written twice" in fault for fault in check_data(pictures))


def test_prepared_parts_are_no_classes_and_their_copies_are_named(pictures: Path) -> None:
    (pictures / "rust").rename(pictures / "train")
    (pictures / "clean").rename(pictures / "test")
    one = next((pictures / "train").iterdir())
    (pictures / "test" / "copy.png").write_bytes(one.read_bytes())
    faults = check_data(pictures)
    assert len(faults) == 2 and "parts, not classes" in faults[0] and "copy.png" in faults[1]


def table(path: Path, lines: list[str], head: str = "text,label,group,time") -> Path:
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def lines() -> list[str]:
    return [
        f"text number {i},{'ab'[i % 2] * 3},{i % 7},2026-03-{i % 28 + 1:02d}" for i in range(50)
    ]


def test_good_texts_become_a_project(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", lines())
    assert check_data(path) == []
    project = load_project(path)
    assert project.kind == "texts" and project.by == "time" and len(project.domain) == 50
    assert project.times.argmax() == 27


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["TEXT  number 3,bbb,3,2026-03-04"], "more than once"),
        (["text number 3,aaa,3,2026-03-04"], "two labels"),
        ([",aaa,3,2026-03-04"], "no text in line 52"),
        (["new,,3,2026-03-04"], "no label in line 52"),
        (["new,aaa,,2026-03-04"], "no group"),
        (["new,aaa,3,"], "no time"),
        (["new,aaa,3,tomorrow"], "neither a number nor a date"),
    ],
)
def test_each_fault_of_texts_is_one_sentence(tmp_path: Path, more: list[str], words: str) -> None:
    if words == "more than once":
        more = ["TEXT  number 3,bbb,9,2026-03-04"]
    only(check_data(table(tmp_path / "t.csv", lines() + more)), words)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    only(check_data(tmp_path / "none.csv"), "no file")
    only(check_data(tmp_path / "none"), "no folder")
    only(check_data(table(tmp_path / "t.csv", [], head="text,class")), "no column label")
    (tmp_path / "gbk.csv").write_bytes("text,label\n你好,是\n".encode("gbk"))
    only(check_data(tmp_path / "gbk.csv"), "UTF-8")
    with pytest.raises(CourseError, match="at least two"):
        load_project(table(tmp_path / "one.csv", ["a,b", "c,b"], head="text,label"))


@pytest.mark.parametrize("kind", ["pictures", "texts"])
def test_a_template_is_made_once_and_can_be_checked(tmp_path: Path, kind: str) -> None:
    run = CliRunner()
    app = with_groups(["project"])
    made = run.invoke(
        app,
        ["project", "new", str(tmp_path / "mine"), "--kind", kind, "--class", "x", "--class", "y"],
    )
    assert made.exit_code == 0 and (tmp_path / "mine" / "DATASHEET.md").exists()
    where = tmp_path / "mine" / ("data.csv" if kind == "texts" else "")
    checked = run.invoke(app, ["project", "check", str(where)])
    assert checked.exit_code == 1 and checked.output.startswith("- ")
    with pytest.raises(CourseError, match="already"):
        make_template(tmp_path / "mine")


def test_every_sentence_exists_in_chinese(pictures: Path) -> None:
    next((pictures / "rust").iterdir()).write_text("no picture")
    use("zh")
    try:
        assert "不是可读的图片" in check_data(pictures)[0]
    finally:
        use("en")


@pytest.mark.parametrize(
    ("name", "kind", "by"), [("digits", "pictures", "group"), ("reviews", "texts", "example")]
)
def test_the_courses_own_data_are_projects_too(name: str, kind: str, by: str) -> None:
    project = load_project(name, size=16)
    assert (project.kind, project.by) == (kind, by) and project.domain.license


@pytest.mark.parametrize(
    "classes",
    [("a", "a"), ("Rust", "rust"), ("one",), ("../x", "b"), ("", "b"), (".h", "b"), ("a:b", "c")],
)
def test_classes_that_cannot_stand_side_by_side_are_refused_before_anything_is_made(
    tmp_path: Path, classes: tuple[str, ...]
) -> None:
    with pytest.raises(CourseError):
        make_template(tmp_path / "new", classes=classes)
    assert not list(tmp_path.iterdir())


def test_many_classes_with_commas_make_a_table_that_can_be_read(tmp_path: Path) -> None:
    classes = [f"class, {i}" for i in range(40)]
    made = make_template(tmp_path / "new", kind="texts", classes=classes)
    faults = check_data(made / "data.csv")
    assert any("'class, 7' has 1 example;" in fault for fault in faults)
    assert not any("time" in fault or "two labels" in fault for fault in faults)


def test_what_is_neither_folder_nor_table_is_said(tmp_path: Path) -> None:
    made = make_template(tmp_path / "new", kind="texts")
    only(check_data(made), "data.csv")
    only(check_data(made / "DATASHEET.md"), "neither")
    with pytest.raises(CourseError, match="least=0"):
        check_data(made / "data.csv", least=0)
