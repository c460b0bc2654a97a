"""The JupyterHub recipe: its files load, and nbgrader's exchange carries a class's work there and back."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import nbformat
import pytest
from traitlets.config import PyFileConfigLoader

from course_lib import language
from course_lib.errors import CourseError
from course_lib.grading.kit import make_kit
from course_lib.grading.platforms.hub import FILES, write_recipe
from course_lib.grading.walls import sandbox
from tests.conftest import ROOT, require
from tests.grading.commands.test_teach import run
from tests.grading.tiny_course import CHAPTER, RIGHT, answered

pytestmark = [pytest.mark.usefixtures("course_home")]


def load(folder: Path, name: str):
    return PyFileConfigLoader(name, path=str(folder)).load_config()


def test_the_files_of_both_recipes_load_and_say_where_the_work_goes(course, tmp_path, monkeypatch):
    said = run("hub", tmp_path / "one", "--dir", course.folder)
    assert all(name in said for name in FILES)
    config = load(tmp_path / "one", "nbgrader_config.py")
    assert config.Exchange.root == "/srv/nbgrader/exchange"
    # As the class's own configuration has it, whatever the folder is called by now.
    assert (
        config.CourseDirectory.course_id
        == load(course.folder, "nbgrader_config.py").CourseDirectory.course_id
    )
    hub = load(tmp_path / "one", "jupyterhub_config.py")
    assert (
        hub.JupyterHub.bind_url.startswith("http://127.0.0.1") and "services" not in hub.JupyterHub
    )
    assert hub.Authenticator.allowed_users == set()  # nobody gets in before somebody is named
    # Students' servers start from the kit: the clone with the solutions is closed to them.
    (server,) = hub.Spawner.cmd
    assert not Path(server).is_relative_to(course.repository)
    archive, _ = make_kit(ROOT, tmp_path / "kit.zip")
    with zipfile.ZipFile(archive) as kit:
        (top,) = {name.partition("/")[0] for name in kit.namelist()}
    assert server == f"/opt/{top}/.venv/bin/jupyterhub-singleuser"
    steps = (tmp_path / "one" / "README.md").read_text()
    assert f"in `/opt/{top}` as root" in steps and f"source {course.repository}/.venv" in steps

    (tmp_path / "ngshare_exchange.py").write_text(
        "def configureExchange(c, url):\n    c.ExchangeFactory.seen = url\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    address = "http://127.0.0.1:8000/services/ngshare"
    run("hub", tmp_path / "two", "--ngshare", address, "--dir", course.folder)
    assert load(tmp_path / "two", "nbgrader_config.py").ExchangeFactory.seen == address
    (service,) = load(tmp_path / "two", "jupyterhub_config.py").JupyterHub.services
    assert service["name"] == "ngshare"
    for folder in ("one", "two"):
        assert "$" not in (tmp_path / folder / "README.md").read_text()


@pytest.mark.parametrize("share", [None, "http://127.0.0.1:8000/services/ngshare"])
def test_the_instructions_are_in_the_language_that_is_set(course, tmp_path, share):
    read = {}
    for language_ in ("en", "zh"):
        language.use(language_)
        write_recipe(course, tmp_path / language_, ngshare=share)
        read[language_] = (tmp_path / language_ / "README.md").read_text(encoding="utf-8")
        assert "$" not in read[language_] and "{" not in read[language_]
    assert (
        "没有测试过" in read["zh"] and "Not tested" in read["en"] and "Not tested" not in read["zh"]
    )
    # Every command that the one names, the other names too.
    commands = {name: set(re.findall(r"`([^`]+)`", text)) for name, text in read.items()}
    assert commands["en"] == commands["zh"]


def test_a_wrong_place_ends_in_one_sentence(course, tmp_path):
    with pytest.raises(CourseError, match="absolute"):
        write_recipe(course, tmp_path / "x", exchange="exchange")
    with pytest.raises(CourseError, match="address"):
        write_recipe(course, tmp_path / "x", ngshare="127.0.0.1")


@pytest.fixture
def public_folder():
    """A folder that every user of the machine may enter: pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="course-exchange-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def another_user(folder: Path) -> str | None:
    """Give another user of the machine, where this one may be it and it may run this Python."""
    try:
        subprocess.run(
            [sys.executable, "-c", "import nbgrader"], user="nobody", cwd=folder, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return "nobody"


def nbgrader(folder: Path, *arguments: str, user: str | None = None) -> str:
    """Run nbgrader in a folder, as this user or as another one of the machine."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if user is not None:
        environment |= {
            "HOME": str(folder),
            "USER": user,
            "LOGNAME": user,
            "COURSE_HOME": str(folder),
        }
        environment |= {"JUPYTER_NO_CONFIG": "1", "IPYTHONDIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **({"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def test_release_fetch_submit_collect_and_grade_through_the_exchange(course, public_folder):
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    student = another_user(public_folder)
    exchange, home = public_folder / "exchange", public_folder / "home"
    for folder, rights in ((exchange, 0o777), (home, 0o755)):
        folder.mkdir()
        folder.chmod(rights)
    write_recipe(course, home, exchange=str(exchange))
    if student:
        shutil.chown(home, student)
    # The instructor's own configuration has the class's steps; on a hub the exchange stands in /etc.
    with open(course.folder / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write(f"\nc.Exchange.root = {str(exchange)!r}\n")
    nbgrader(course.folder, "release_assignment", CHAPTER)
    nbgrader(home, "fetch_assignment", CHAPTER, user=student)
    name = f"{course.notebook_name(CHAPTER)}.ipynb"
    fetched = home / CHAPTER / name
    released = course.folder / "release" / CHAPTER / name
    assert fetched.read_bytes() == released.read_bytes()
    nbformat.write(answered(course, RIGHT), fetched)
    nbgrader(home, "submit", CHAPTER, user=student)
    nbgrader(course.folder, "collect", CHAPTER)
    (who,) = course.submissions(CHAPTER)
    assert who == (student or pwd.getpwuid(os.getuid()).pw_name)
    at = ("--dir", course.folder)
    assert "5 / 7" in run("grade", CHAPTER, *at)
    assert "handed in" in run("status", *at).lower()
    run("feedback", CHAPTER, *at)
    nbgrader(course.folder, "release_feedback", CHAPTER)
    nbgrader(home, "fetch_feedback", CHAPTER, user=student)
    assert list((home / CHAPTER / "feedback").rglob("*.html"))
    if student:  # what others hand in is not to be read
        inbound = next(exchange.glob("*/inbound"))
        assert inbound.stat().st_mode & 0o004 == 0
