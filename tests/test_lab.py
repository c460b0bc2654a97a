"""Opening the course: the student's own copy, the language, the address."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

from course_lib import lab
from course_lib.errors import CourseError
from course_lib.exercises import journal
from tests.conftest import ROOT


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Give a checkout with four small editions and a shared picture."""
    import nbformat

    notebook = nbformat.writes(nbformat.v4.new_notebook())
    for language in ("en", "zh"):
        for framework in ("pytorch", "keras"):
            folder = tmp_path / "notebooks" / language / framework
            folder.mkdir(parents=True)
            (folder / lab.FIRST_NOTEBOOK).write_text(notebook)
            (folder / "04_feature_extraction.ipynb").write_text(notebook)
    (tmp_path / "notebooks" / "README.md").write_text("the index of all editions")
    (tmp_path / "notebooks" / "images").mkdir()
    (tmp_path / "notebooks" / "images" / "net.svg").write_text("<svg/>")
    return tmp_path


def _copy(course: Path) -> lab.News:
    return lab.copy_edition(course / "notebooks", course / "my_course", "zh", "keras")


def test_the_first_start_copies_one_edition_and_what_it_shows(course: Path) -> None:
    news = _copy(course)
    work = course / "my_course"
    assert len(news.added) == 3 and not news.beside
    assert (work / "zh" / "keras" / lab.FIRST_NOTEBOOK).exists()
    assert (work / "images" / "net.svg").exists()
    assert not (work / "README.md").exists()
    assert not (work / "en").exists() and not (work / "zh" / "pytorch").exists()


def test_the_second_start_has_no_news(course: Path) -> None:
    _copy(course)
    assert _copy(course).sentences() == []


def test_a_students_work_is_never_written_over(course: Path) -> None:
    _copy(course)
    mine = course / "my_course" / "zh" / "keras" / "04_feature_extraction.ipynb"
    mine.write_text("my answers")
    (course / "notebooks" / "zh" / "keras" / mine.name).write_text("newer")
    news = _copy(course)
    assert mine.read_text() == "my answers"
    newer = mine.with_name("04_feature_extraction.new.ipynb")
    assert news.beside == [newer] and newer.read_text() == "newer"
    assert _copy(course).sentences() == []  # told once
    assert mine.read_text() == "my answers"


def test_an_untouched_notebook_is_renewed(course: Path) -> None:
    _copy(course)
    source = course / "notebooks" / "zh" / "keras" / "04_feature_extraction.ipynb"
    source.write_text("newer")
    assert len(_copy(course).renewed) == 1
    assert (course / "my_course" / "zh" / "keras" / source.name).read_text() == "newer"


def test_a_kill_between_copy_and_record_loses_nothing(course: Path) -> None:
    _copy(course)
    (course / "my_course" / ".copied.json").unlink()
    assert _copy(course).sentences() == []
    source = course / "notebooks" / "zh" / "keras" / "04_feature_extraction.ipynb"
    source.write_text("newer")
    assert len(_copy(course).renewed) == 1


def test_git_does_not_see_the_students_folder() -> None:
    done = subprocess.run(
        ["git", "check-ignore", "my_course/x", ".course-jupyter/x"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.stdout.split() == [b"my_course/x", b".course-jupyter/x"]


def test_chinese_is_a_default_and_not_a_setting_of_the_users(tmp_path: Path) -> None:
    environment = lab.lab_environment(tmp_path, "zh", "secret")
    folder = Path(environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0])
    assert folder.is_relative_to(tmp_path)
    file = folder / "labconfig" / "default_setting_overrides.json"
    settings = json.loads(file.read_text())
    assert settings["@jupyterlab/translation-extension:plugin"] == {"locale": "zh_CN"}
    assert environment["JUPYTER_TOKEN"] == "secret"
    english = lab.lab_environment(tmp_path, "en", "secret")["JUPYTER_CONFIG_PATH"]
    assert "translation" not in Path(english, "labconfig", file.name).read_text()


def test_the_users_own_jupyter_configuration_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/own/config")
    assert lab.lab_environment(tmp_path, "en", "")["JUPYTER_CONFIG_PATH"].endswith(
        os.pathsep + "/own/config"
    )


def test_the_server_stays_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "runs_as_root", lambda: False)
    command = lab.lab_command(tmp_path, "en/keras/x.ipynb", port=9000, browser=True)
    assert "--ServerApp.ip=localhost" in command and "--ServerApp.port=9000" in command
    assert "--allow-root" not in command and "--no-browser" not in command
    monkeypatch.setattr(lab, "runs_as_root", lambda: True)
    command = lab.lab_command(tmp_path, "en/keras/x.ipynb", port=9000, browser=False)
    assert "--allow-root" in command and "--no-browser" in command


def test_a_port_in_use_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert lab.free_port(port) > port
        with pytest.raises(CourseError, match="--port"):
            lab.free_port(port, tries=1)


@pytest.mark.parametrize(("language", "framework"), [("zh", "caffe"), ("fr", "keras")])
def test_an_edition_that_there_is_not(language: str, framework: str) -> None:
    with pytest.raises(CourseError):
        lab.open_lab(language=language, framework=framework)


def test_a_missing_notebook_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "repository_root", lambda: tmp_path)
    with pytest.raises(CourseError, match="not in this kit"):
        lab.open_lab(language="en", framework="keras")
    (tmp_path / "solutions").mkdir()
    with pytest.raises(CourseError, match=r"\./course build"):
        lab.open_lab(language="en", framework="keras")


START = """
import sys
from pathlib import Path
from course_lib import lab
lab.repository_root = lambda: Path(sys.argv[1])
sys.exit(lab.open_lab(language="zh", framework="keras", port=18888, browser=False))
"""


def test_the_students_page_is_written_anew_and_says_whether_work_has_begun(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    (tmp_path / "01_why_transfer.ipynb").touch()
    assert lab.write_home(tmp_path, "en", "keras") is False
    journal.record("check", "01.1", state="correct")
    (tmp_path / lab.HOME).write_text("something else")
    assert lab.write_home(tmp_path, "en", "keras") is True
    notebook = nbformat.read(tmp_path / lab.HOME, as_version=4)
    nbformat.validate(notebook)
    (output,) = notebook.cells[1].outputs
    assert "01_why_transfer.ipynb" in output.data["text/html"]
    assert 'framework="keras"' in notebook.cells[1].source


def test_a_real_jupyterlab_opens_in_chinese(course: Path, tmp_path: Path) -> None:
    """Start the server, as a user without a display does, and ask it what a browser would."""
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "HOME": str(tmp_path),
    }
    server = subprocess.Popen(
        [sys.executable, "-c", START, str(course)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert server.stdout
        said = ""
        while "http://" not in said:
            line = server.stdout.readline()
            assert line, said
            said += line
        match = re.search(r"(http://localhost:\d+)/lab/tree/(\S+)\?token=(\w+)", said)
        assert match and match.group(2) == "zh/keras/00_start_here.ipynb"
        assert "图形界面" in said
        address, _, token = match.groups()
        page = _get(f"{address}/lab?token={token}")
        assert '"disabledExtensions"' in page and "@jupyter/nbgrader" in page
        name = "@jupyterlab/translation-extension:plugin"
        settings = json.loads(_get(f"{address}/lab/api/settings/{name}?token={token}"))
        assert settings["schema"]["properties"]["locale"]["default"] == "zh_CN"
        words = json.loads(_get(f"{address}/lab/api/translations/zh_CN?token={token}"))
        assert words["data"]["jupyterlab"]["CSV File"] == ["CSV 文件"]
        with pytest.raises(urllib.error.HTTPError, match="403"):
            _get(f"{address}/api/contents")
        server.terminate()  # as a machine that shuts down would
        assert server.wait(timeout=30) == 0
        with pytest.raises(urllib.error.URLError), urllib.request.urlopen(address, timeout=5):
            pass  # JupyterLab has ended as well
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.communicate()


def _get(address: str) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_the_notebooks_load_the_data_that_was_chosen(course: Path, monkeypatch) -> None:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    lab.choose_data(None)
    assert "COURSE_DATA" not in lab.lab_environment(course, "en", "token")
    monkeypatch.setenv("COURSE_DATA", "embedded")
    lab.choose_data("real")
    assert lab.lab_environment(course, "en", "token")["COURSE_DATA"] == "real"
    with pytest.raises(CourseError, match="embedded or real"):
        lab.choose_data("reel")
