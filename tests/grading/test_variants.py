"""An offering with numbers of its own: proved before release, and no home for a copied solution."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from types import SimpleNamespace

import nbformat
import pytest

from course_lib import edition
from course_lib.errors import CourseError
from course_lib.exercises import proofs
from course_lib.exercises.public import load_public, parse
from course_lib.exercises.specification import Exercise, SpecificationError
from course_lib.grading import variants
from course_lib.grading.collect import collect
from course_lib.grading.course import (
    create,
    offering_of,
    open_course,
    read_offered,
    specification,
)
from course_lib.grading.kit import make_kit
from course_lib.grading.release import release
from course_lib.grading.submissions import make_submissions
from course_lib.grading.walls import sandbox
from course_lib.paths import repository_root
from tests.conftest import require
from tests.grading.tiny_course import RIGHT, answered, judged, student_notebook


@pytest.fixture(scope="module")
def offered(tmp_path_factory, tiny_repository):
    """A course with the tiny chapter released in numbers of its own."""
    folder = tmp_path_factory.mktemp("variant")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            variants, "PROVED_IN", ("pytorch",)
        )  # one import of a framework is enough here
        course = create(
            folder, language="zh", framework="pytorch", repository=tiny_repository, variant=True
        )
        release(course, "90")
    return open_course(folder)


def factor_of(course):
    return read_offered(course, "90_tiny")["90.1"]["constants"]["factor"]


def source_of(course):
    return nbformat.read(course.folder / "source" / "90" / "90_tiny.ipynb", as_version=4)


def test_text_solution_hints_and_examples_follow_what_was_drawn(offered, tiny_repository):
    factor = factor_of(offered)
    assert factor in (2, 3, 4, 5, 6)
    solved = "\n".join(cell.source for cell in source_of(offered).cells)
    assert f"乘以 {factor}" in solved and f"x.mean(axis=0) * {factor}" in solved
    student = student_notebook(offered)
    assert f"乘以 {factor}" in "\n".join(cell.source for cell in student.cells)
    assert student.metadata.course.offering == offering_of(offered)
    public = (offered.folder / "release" / "90" / "90_tiny.json").read_bytes()
    own = (tiny_repository / "course_lib/exercises/public/90_tiny.json").read_bytes()
    assert f"乘以 {factor}" in parse(public)[0]["90.1"].hints[1]["zh"]
    for name in ("90.1", "90.2"):  # where there is no constant, other examples at least
        ours, theirs = (parse(each)[0][name].draws[0].inputs["x"] for each in (public, own))
        assert ours.shape == theirs.shape and not (ours == theirs).all()
    assert "{{" not in solved + public.decode()


def test_releasing_again_draws_nothing_anew(offered):
    before = source_of(offered)
    assert release(offered, "90").changed is False  # and no proof is run: PROVED_IN is both here
    assert source_of(offered) == before


def test_right_answers_pass_mistakes_are_known_and_a_copied_solution_fails(
    offered, tiny_repository
):
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    arguments = {"repository": tiny_repository}
    made = make_submissions("90", "zh", "pytorch", **arguments, course=offered)
    for name in ("all_right", "other_ways", "pitfalls"):
        codes = judged(offered, made[name].notebook)[0]
        assert {key.replace("-", "."): code for key, code in codes.items()} == made[name].codes
    public = make_submissions("90", "zh", "pytorch", **arguments)["all_right"]
    codes = judged(offered, answered(offered, answers_in(public.notebook)))[0]
    assert codes == {"90-1": "Incorrect", "90-2": "Correct"}  # 90.2 has no constant
    with pytest.raises(CourseError, match="another class"):  # as a whole, by nbgrader's door
        judged(offered, public.notebook)


def answers_in(notebook):
    return {
        cell.metadata.course.exercise: cell.source
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code"
    }


def test_the_public_notebook_is_not_taken_for_this_classs(offered, tmp_path, tiny_repository):
    course = open_course(shutil.copytree(offered.folder, tmp_path / "course"))
    folder = tmp_path / "in" / "ann"
    folder.mkdir(parents=True)
    shutil.copy(tiny_repository / "notebooks/zh/pytorch/90_tiny.ipynb", folder)
    (outcome,) = collect(course, tmp_path / "in")
    assert outcome.state == "refused" and "numbers of its own" in outcome.why
    nbformat.write(student_notebook(course), folder / "90_tiny.ipynb")
    assert [each.state for each in collect(course, tmp_path / "in")] == ["new"]


def test_check_finds_the_numbers_beside_the_notebook_and_says_when_they_are_missing(
    offered, tmp_path, monkeypatch
):
    edition.set_current(edition.Edition("90", "zh", "pytorch", offering=offering_of(offered)))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError, match=r"90_….json"):
        load_public("90.1")
    shutil.copy(offered.folder / "release" / "90" / "90_tiny.json", tmp_path)
    assert str(factor_of(offered)) in load_public("90.1").hints[1]["en"]


def test_a_kit_for_the_class_holds_its_numbers_and_its_edition_alone(offered, tmp_path):
    made, _ = make_kit(repository_root(), tmp_path / "kit.zip", course=offered)
    with zipfile.ZipFile(made) as kit:
        inside = {name.partition("/")[2]: name for name in kit.namelist()}
        public = kit.read(inside["course_lib/exercises/public/90_tiny.json"])
        notebook = kit.read(inside["notebooks/zh/pytorch/90_tiny.ipynb"])
    for content in (public, notebook):
        assert offering_of(offered).encode() in content
    assert not [name for name in inside if name.startswith(("notebooks/en", "notebooks/zh/keras"))]


def test_what_was_drawn_is_read_and_never_guessed(offered, tmp_path):
    course = open_course(shutil.copytree(offered.folder, tmp_path / "course"))
    (course.private / "variants" / "90_tiny.json").write_text("{")
    with pytest.raises(CourseError, match="damaged"):
        specification(course, "90_tiny")


def test_offerings_differ_and_a_course_stays_what_it_is(offered, tmp_path, tiny_repository):
    how = {"language": "zh", "framework": "pytorch", "repository": tiny_repository}
    assert create(offered.folder, **how).variant is True
    plain = create(tmp_path / "plain", **how)
    assert plain.variant is False and "variant" not in (plain.folder / "course.json").read_text()
    with pytest.raises(CourseError, match="public numbers already"):
        create(plain.folder, **how, variant=True)
    other = create(tmp_path / "other", **how, variant=True)
    assert offering_of(other) != offering_of(offered)


def test_nothing_is_released_that_cannot_be_proved(tmp_path, tiny_repository, monkeypatch):
    monkeypatch.setattr(variants, "prove", lambda *_, **__: ["90.1 (pytorch): it does not pass"])
    how = {"language": "en", "framework": "pytorch", "repository": tiny_repository}
    course = create(tmp_path / "course", **how, variant=True)
    with pytest.raises(CourseError, match="Nothing was released"):
        release(course, "90")
    assert not list((course.folder / "source").rglob("*"))


def test_a_constant_that_changes_nothing_is_found_out(tiny_repository):
    known = {e.id: e for e in _exercises(tiny_repository) if isinstance(e, Exercise)}
    spec = SimpleNamespace(EXERCISES=tuple(known.values()))
    answers = {"90.1": "def column_means(x):\n    return x.mean(axis=0) * {{ 90.1.factor }}",
               "90.2": RIGHT["90.2"]}  # fmt: skip
    assert proofs.prove_here(spec, "90", "pytorch", answers) == []
    answers["90.1"] = "def column_means(x):\n    return x.mean(axis=0)"
    found = proofs.prove_here(spec, "90", "pytorch", answers)
    assert found and all("with factor = " in each for each in found)


def test_texts_name_only_what_there_is(tiny_repository):
    means = next(each for each in _exercises(tiny_repository) if each.id == "90.1")
    for change in ({"constants": {"other": 1}}, {"alternatives": {"factor": ()}}):
        with pytest.raises(SpecificationError, match="factor"):
            _replaced(means, **change)


def _exercises(repository):
    from course_lib.grading.course import load_exercises

    return load_exercises(repository / "solutions/source/90_tiny.py").values()


def _replaced(exercise, **change):
    from dataclasses import replace

    return replace(exercise, **exercise._as_written, **change)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("framework", ["pytorch", "keras"])
def test_chapter_04_in_numbers_of_its_own(tmp_path, language, framework):
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    course = create(tmp_path / "course", language=language, framework=framework, variant=True)
    release(course, "04")
    from course_lib.grading.grade import grade

    how = {"repository": repository_root()}
    made = make_submissions("04", language, framework, **how, course=course)
    public = make_submissions("04", language, framework, **how)["all_right"]
    copied = nbformat.from_dict(made["untouched"].notebook)
    published = answers_in(public.notebook)
    for cell in copied.cells:
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            cell.source = published[cell.metadata.course.exercise]
    handed_in = {name: each.notebook for name, each in made.items()} | {"copied": copied}
    for name, notebook in handed_in.items():
        folder = course.folder / "submitted" / name / "04"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{course.notebook_name('04')}.ipynb")
    outcomes = {each.student: each for each in grade(course, "04", jobs=2)}
    for name, submission in made.items():
        assert outcomes[name].score == submission.total, name
    varied = {"04.3", "04.4", "04.6"}
    lost = sum(points for name, points in public.marks.items() if name in varied)
    assert outcomes["copied"].score == public.total - lost
    drawn = json.loads(json.dumps(read_offered(course, course.notebook_name("04"))))
    assert {name for name, each in drawn.items() if each["constants"]} == varied
    assert os.path.isfile(course.folder / "release" / "04" / "04_feature_extraction.json")
