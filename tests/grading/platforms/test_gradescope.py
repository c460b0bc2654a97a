"""Gradescope's autograder: the marks of ``teach grade``, from a bundle that says little, in walls that hold."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import nbformat
import pytest

from course_lib.errors import CourseError
from course_lib.grading import audit
from course_lib.grading.people.standing import read_grades
from course_lib.grading.platforms import gradescope_run
from course_lib.grading.platforms.gradescope import make_bundle
from course_lib.grading.submissions import make_submissions
from course_lib.grading.walls import sandbox
from tests.conftest import ROOT, require
from tests.grading.commands.test_teach import run
from tests.grading.tiny_course import CHAPTER, RIGHT, answered

pytestmark = [pytest.mark.usefixtures("course_home")]


def unpack(bundle: Path, root: Path) -> Path:
    """Lay a bundle out as Gradescope does."""
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(root / "source")
    for name in ("submission", "results"):
        (root / name).mkdir(parents=True)
    return root


def submit(root: Path, notebook, name: str = "90_tiny.ipynb") -> None:
    shutil.rmtree(root / "submission")
    (root / "submission").mkdir()
    nbformat.write(notebook, root / "submission" / name)


@pytest.fixture(scope="module")
def bundle(released_course, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    return make_bundle(released_course, CHAPTER, folder / "autograder.zip")[0]


def test_a_bundle_has_what_gradescope_wants_and_of_the_secret_only_this_chapters(bundle, course):
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
        rights = {each.filename: each.external_attr >> 16 for each in archive.infolist()}
        whole = b"".join(archive.read(name) for name in names)
        about = json.loads(archive.read("bundle.json"))
    assert {"setup.sh", "run_autograder"} <= set(names)
    assert rights["setup.sh"] & 0o100 and rights["run_autograder"] & 0o100
    assert about == {"chapter": CHAPTER, "unsandboxed": False}
    assert course.secret not in whole and course.secret.hex().encode() not in whole
    solutions = [name for name in names if name.startswith("repository/solutions/")]
    assert solutions == ["repository/solutions/source/90_tiny.py"]
    others = [name for name in names if not name.startswith("repository/course_lib/")]
    assert not any("submitted" in name or "gradebook" in name for name in others)
    for script in ("setup.sh", "run_autograder"):
        with zipfile.ZipFile(bundle) as archive:
            checked = subprocess.run(["bash", "-n"], input=archive.read(script), check=False)
        assert checked.returncode == 0
    assert bundle.stat().st_mode & 0o077 == 0


def downloaded(path: Path, notebooks: dict[str, str]) -> Path:
    """Pack notebooks as Gradescope's "Download Submissions" does, each student's identifier beside them."""
    lines = ["---"]
    with zipfile.ZipFile(path, "w") as archive:
        for number, (student, notebook) in enumerate(notebooks.items(), start=1001):
            lines += [f"submission_{number}:", "  :submitters:", f"  - :name: {student}"]
            lines += [f"    :sid: '{student}'", "  :created_at: 2026-10-01 18:00:00.000000000 Z"]
            archive.writestr(f"assignment_9_export/submission_{number}/90_tiny.ipynb", notebook)
        archive.writestr("assignment_9_export/submission_metadata.yml", "\n".join(lines) + "\n")
    return path


def test_the_marks_are_those_of_teach_grade(course, bundle, tmp_path, tiny_repository):
    """Both halves on the same work: graded there by the bundle, and here from what Gradescope hands out."""
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    root = unpack(bundle, tmp_path / "autograder")
    (root / "source" / "class" / "course.json").write_text(
        json.dumps({"language": "en", "framework": "pytorch", "repository": str(tiny_repository)})
    )
    made = make_submissions(CHAPTER, "en", "pytorch", repository=tiny_repository)
    results = {}
    for name, submission in made.items():
        submit(root, submission.notebook)
        results[name] = gradescope_run.grade_one(root)
    work = {name: nbformat.writes(submission.notebook) for name, submission in made.items()}
    run("collect", downloaded(tmp_path / "export.zip", work), "--dir", course.folder)
    run("grade", CHAPTER, "--dir", course.folder)
    rows = read_grades(course, CHAPTER)
    assert {row.student for row in rows} == set(made)
    for row in rows:
        result = results[row.student]
        there = {test["number"]: test["score"] for test in result["tests"]}
        assert there == {name: row.exercises[name] for name in there}
        assert result["score"] == sum(there.values()) == row.score
        assert result["extra_data"]["sandboxed"] is True and len(there) == 2
    best = results["all_right"]["tests"][0]
    assert best["status"] == "passed" and best["output"].startswith("✓") and best["max_score"] == 2
    assert results["untouched"]["tests"][0]["status"] == "failed"


def test_what_is_handed_in_wrongly_is_a_result_with_a_sentence(
    bundle, tmp_path, course, tiny_repository
):
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    root = unpack(bundle, tmp_path / "autograder")
    (root / "source" / "class" / "course.json").write_text(
        json.dumps({"language": "en", "framework": "pytorch", "repository": str(tiny_repository)})
    )
    for files, why in (
        ({}, "0 were found"),
        ({"a.ipynb": "{}", "b.ipynb": "{}"}, "2 were found"),
        ({"a.ipynb": "no json"}, "not a Jupyter notebook"),
    ):
        shutil.rmtree(root / "submission")
        (root / "submission").mkdir()
        for name, text in files.items():
            (root / "submission" / name).write_text(text)
        result = gradescope_run.grade_one(root)
        assert (
            result["score"] == 0
            and why in result["output"]
            and result["tests"][0]["max_score"] == 5
        )


def test_without_a_sandbox_it_refuses_unless_that_was_recorded(
    course, bundle, tmp_path, monkeypatch
):
    root = unpack(bundle, tmp_path / "autograder")
    monkeypatch.setattr(sandbox, "available", lambda: False)
    monkeypatch.setattr(sandbox, "_found_mode", lambda: None)
    with pytest.raises(CourseError, match="sandbox"):
        gradescope_run.grade_one(root)
    run("gradescope", CHAPTER, tmp_path / "b.zip", "--unsandboxed", "--dir", course.folder)
    line = [each for each in audit.read(course) if each.get("event") == "gradescope bundle"][-1]
    assert line["unsandboxed"] is True
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CourseError, match="root"):
        gradescope_run._is_sandboxed({"unsandboxed": True})
    with pytest.raises(CourseError, match=r"\.zip"):
        run("gradescope", CHAPTER, tmp_path / "b.tar", "--dir", course.folder)


SPY = """
import os
from pathlib import Path
seen = []
for place in PLACES:
    try:
        seen.append((place, sorted(os.listdir(place))))
    except OSError as error:
        pass
    try:
        Path(place, "written.txt").write_text("here")
        seen.append((place, "written"))
    except OSError:
        pass
print("SPY", os.getuid(), seen, open("/proc/self/status").read().split("CapEff:")[1].split()[0])
"""


def as_a_container(command: list[str]) -> list[str]:
    """Run a command where Python may be read by all and bubblewrap is not found: as in a container.

    Where Python lies in root's own home, as on some machines, that home is covered by one with only it in it.
    """
    shown = ["bwrap", "--die-with-parent", "--bind", "/", "/", "--dev-bind", "/dev", "/dev"]
    shown += ["--proc", "/proc", "--cap-add", "ALL"]
    base = Path(sys.base_prefix)
    closed = [each for each in base.parents if not each.stat().st_mode & 0o001]
    if closed:
        shown += ["--perms", "0755", "--tmpfs", str(closed[0])]
        for parent in reversed(base.relative_to(closed[0]).parents):
            shown += ["--perms", "0755", "--dir", str(closed[0] / parent)]
        shown += ["--ro-bind", str(base), str(base)]
    return [*shown, "--", "/usr/bin/env", "PATH=/nowhere", *command]


def test_without_a_sandbox_the_submission_is_somebody_else_who_may_read_no_answer(
    course, tmp_path, tiny_repository
):
    require(sandbox.available() and os.geteuid() == 0, "needs root and bubblewrap")
    made, _ = make_bundle(course, CHAPTER, tmp_path / "b.zip", unsandboxed=True)
    place = Path(tempfile.mkdtemp(prefix="course-gradescope-"))
    try:
        place.chmod(0o755)
        root = unpack(made, place / "autograder")
        root.chmod(0o755)
        repository = place / "repository"
        shutil.copytree(tiny_repository, repository)
        (root / "source" / "class" / "course.json").write_text(
            json.dumps({"language": "en", "framework": "pytorch", "repository": str(repository)})
        )
        for folder in ("source", "submission", "results"):
            (root / folder).chmod(0o700)
        (repository / "solutions").chmod(0o700)
        places = [
            str(root / "source"),
            str(root / "results"),
            str(repository / "solutions"),
            str(root),
        ]
        notebook = answered(course, RIGHT)
        notebook.cells.append(nbformat.v4.new_code_cell(SPY.replace("PLACES", repr(places))))
        cheat = (
            "def longest_row(x):\n"
            f"    return open({str(root / 'source' / 'class' / '.course' / 'draws.json')!r}).read()"
        )
        both = {}
        for name, made_up in (
            ("right", notebook),
            ("cheat", answered(course, {**RIGHT, "90.2": cheat})),
        ):
            submit(root, made_up)
            (root / "submission").chmod(0o700)
            command = [
                sys.executable,
                "-m",
                "course_lib.grading.platforms.gradescope_run",
                str(root),
            ]
            environment = {
                "PYTHONPATH": str(ROOT),
                "COURSE_HOME": str(place / "home"),
                "COURSE_LANGUAGE": "en",
            }
            done = subprocess.run(
                as_a_container(command),
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            assert "No sandbox here" in done.stdout
            both[name] = json.loads((root / "results" / "results.json").read_text())
        assert both["right"]["score"] == 5 and both["right"]["extra_data"]["sandboxed"] is False
        assert both["cheat"]["score"] == 2
        stopped = both["cheat"]["tests"][1]
        assert "PermissionError" in stopped["output"] or "RaisedAnError" in stopped["output"]
        # Nothing of the spy's is in any of the places.
        assert not list(root.rglob("written.txt")) and not list(repository.rglob("written.txt"))
    finally:
        shutil.rmtree(place, ignore_errors=True)
