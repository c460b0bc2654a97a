"""Opens an edition in JupyterLab, on the student's own copy of the notebooks.

The notebooks under ``notebooks/`` belong to the course and change with it. A student works in
``my_course/``, which git ignores: the first start copies the edition there, later starts add what is
new. A notebook that the student has worked in is never written over; its newer version is put beside
it as ``04_feature_extraction.new.ipynb``.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.edition import FRAMEWORKS
from course_lib.ending import run_until_told
from course_lib.errors import CourseError
from course_lib.files import sha256_of, write_atomically
from course_lib.language import LANGUAGES, both, current, use
from course_lib.paths import repository_root

FIRST_NOTEBOOK = "00_start_here.ipynb"
HOME = "home.ipynb"
_RECORD = ".copied.json"


def open_lab(
    *, language: str | None, framework: str, port: int = 8888, browser: bool | None = None
) -> int:
    """Open an edition's first notebook and stay until JupyterLab ends; give its exit status.

    Args:
        language: ``"en"``, ``"zh"``, or ``None`` for the system's.
        framework: ``"pytorch"`` or ``"keras"``.
        port: The first port to try on localhost.
        browser: Whether to open one; ``None``: where there is a display.
    """
    language = language or current()
    use(language)
    root = repository_root()
    _require_edition(root, language, framework)
    news = copy_edition(root / "notebooks", root / "my_course", language, framework)
    for line in news.sentences():
        print(line)
    token = secrets.token_hex(24)
    port = free_port(port)
    begun = write_home(root / "my_course" / language / framework, language, framework)
    first = f"{language}/{framework}/{HOME if begun else FIRST_NOTEBOOK}"
    show_browser = has_display() if browser is None else browser
    print(_address_line(f"http://localhost:{port}/lab/tree/{first}?token={token}", show_browser))
    if runs_as_root():
        print(
            both(
                "Running as root, which JupyterLab refuses by default: --allow-root was given to it.",
                "当前是 root 用户，JupyterLab 默认拒绝以 root 运行：已为它加上 --allow-root。",
            )
        )
    sys.stdout.flush()
    command = lab_command(root / "my_course", first, port=port, browser=show_browser)
    environment = lab_environment(root, language, token)
    return run_until_told(command, environment=environment, folder=root / "my_course")


def write_home(folder: Path, language: str, framework: str) -> bool:
    """Write the student's first page anew; say whether anything has been done yet.

    It is no part of the course: whatever stood there is written over.
    """
    import nbformat

    from course_lib.exercises.home import home

    page = home(language=language, framework=framework, folder=folder)
    title = both("# Your course", "# 我的课程")
    again = both("Run the cell below to see it anew.", "运行下面的单元格即可刷新。")
    code = f'from course_lib.exercises import home\n\nhome(language="{language}", framework="{framework}")'
    shown = {"text/html": page._repr_html_(), "text/plain": repr(page)}
    output = nbformat.v4.new_output("execute_result", data=shown, execution_count=None)
    cells = [
        nbformat.v4.new_markdown_cell(f"{title}\n\n{again}", id="title"),
        nbformat.v4.new_code_cell(code, id="home", outputs=[output]),
    ]
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    write_atomically(folder / HOME, nbformat.writes(notebook))
    return any(row.right for row in page.rows)


def choose_data(which: str | None) -> None:
    """Let the notebooks that are opened now load embedded or real data; ``None`` leaves it as it is.

    Raises:
        CourseError: It is neither.
    """
    if which is None:
        return
    if which not in ("embedded", "real"):
        raise CourseError(
            f"--data is {which!r}: give embedded or real.",
            f"--data 的值是 {which!r}：请用 embedded 或 real。",
        )
    os.environ["COURSE_DATA"] = which


def lab_command(folder: Path, first: str, *, port: int, browser: bool) -> list[str]:
    """Give JupyterLab's command: on this machine only, with ``folder`` as its root."""
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    command += [
        f"--LabApp.default_url=/lab/tree/{first}",
        "--ServerApp.log_level=WARN",
        "--LabApp.log_level=WARN",
    ]
    # The address was printed: on another port it would be wrong.
    command += [
        "--ServerApp.ip=localhost",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
    ]
    command += ["--allow-root"] if runs_as_root() else []
    return command if browser else [*command, "--no-browser"]


def lab_environment(root: Path, language: str, token: str) -> dict[str, str]:
    """Give JupyterLab's environment: its language, its token, and the reader's choice of backend.

    The language goes in as a *default* of JupyterLab's: whoever has chosen another in its own
    settings keeps it, and nothing of theirs is written.
    """
    folder = root / ".course-jupyter" / language
    defaults: dict[str, dict[str, object]] = {
        # A student's first sight should be the course, not a question about news.
        "@jupyterlab/apputils-extension:notification": {
            "fetchNews": "false",
            "checkForUpdates": False,
        }
    }
    if language == "zh":
        defaults["@jupyterlab/translation-extension:plugin"] = {"locale": "zh_CN"}
    settings = folder / "labconfig"
    write_atomically(settings / "default_setting_overrides.json", json.dumps(defaults, indent=1))
    # The instructors' menus and services of nbgrader would only confuse here.
    disabled = {"disabledExtensions": {"@jupyter/nbgrader": True}}
    write_atomically(settings / "page_config.json", json.dumps(disabled, indent=1))
    services = ("formgrader", "validate_assignment", "assignment_list", "course_list")
    off = {f"nbgrader.server_extensions.{service}": False for service in services}
    server = {"ServerApp": {"jpserver_extensions": off}}
    write_atomically(folder / "jupyter_server_config.json", json.dumps(server, indent=1))
    environment = dict(os.environ)
    paths = [str(folder), *filter(None, [environment.get("JUPYTER_CONFIG_PATH")])]
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(paths)
    environment["JUPYTER_TOKEN"] = token  # not on the command line, where all can read it
    environment["COURSE_LANGUAGE"] = language
    return environment


@dataclass
class News:
    """What copying an edition did, for telling the student."""

    added: list[Path] = field(default_factory=list)
    renewed: list[Path] = field(default_factory=list)
    beside: list[Path] = field(default_factory=list)

    def sentences(self) -> list[str]:
        """Give what the student should know, one sentence each."""
        told = []
        if self.added:
            told.append(
                both(
                    f"New in my_course/, where you work: {len(self.added)} files.",
                    f"已将 {len(self.added)} 个文件复制到 my_course/，请在那里学习和作答。",
                )
            )
        if self.renewed:
            told.append(
                both(
                    f"Brought up to date, as you had not changed them: {len(self.renewed)} files.",
                    f"已更新 {len(self.renewed)} 个你没有改动过的文件。",
                )
            )
        told += [
            both(
                f"There is a newer version of a notebook that you have worked in: {path.name} "
                "stands beside it, and yours was left alone.",
                f"你做过的一个笔记本有了新版本：{path.name} 放在它旁边，你自己的那份没有动。",
            )
            for path in self.beside
        ]
        return told


def copy_edition(course: Path, work: Path, language: str, framework: str) -> News:
    """Copy an edition's notebooks, and what they show, into the student's folder.

    Args:
        course: The folder ``notebooks/`` of the course.
        work: The student's folder, laid out the same way.

    A file is written over only while it still is what was copied. The record of that
    (``.copied.json``) is written after each file, so a kill in between loses nothing.
    """
    news = News()
    record = _read_record(work)
    for source in _files_of_edition(course, language, framework):
        name = source.relative_to(course).as_posix()
        target, newest = work / name, sha256_of(source)
        if not target.exists():
            news.added.append(target)
        elif record.get(name) == newest:
            continue
        elif sha256_of(target) == newest:  # copied, and then killed before it was noted
            _note(work, record, name, newest)
            continue
        elif sha256_of(target) == record.get(name):
            news.renewed.append(target)
        else:
            target = target.with_suffix(".new" + target.suffix)
            news.beside.append(target)
        write_atomically(target, source.read_bytes())
        _note(work, record, name, newest)
    return news


def _note(work: Path, record: dict[str, str], name: str, checksum: str) -> None:
    record[name] = checksum
    write_atomically(work / _RECORD, json.dumps(record, indent=1, sort_keys=True))


def _files_of_edition(course: Path, language: str, framework: str) -> list[Path]:
    """List an edition's files and the pictures that all editions share."""
    others = {
        course / other_language / other_framework
        for other_language in LANGUAGES
        for other_framework in FRAMEWORKS
        if (other_language, other_framework) != (language, framework)
    }
    return [
        path
        for path in sorted(course.rglob("*"))
        if path.is_file()
        and path.parent != course  # the index leads to all editions, of which one is copied
        and not others & set(path.parents)
        and ".ipynb_checkpoints" not in path.parts
    ]


def _read_record(work: Path) -> dict[str, str]:
    try:
        record = json.loads((work / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _require_edition(root: Path, language: str, framework: str) -> None:
    if framework not in FRAMEWORKS:
        raise CourseError(
            f"--framework takes pytorch or keras, not {framework!r}.",
            f"--framework 只能是 pytorch 或 keras，不能是 {framework!r}。",
        )
    first = root / "notebooks" / language / framework / FIRST_NOTEBOOK
    if not first.exists() and not (root / "solutions").exists():
        raise CourseError(
            f"The edition {language}/{framework} is not in this kit: ask whoever gave it to you.",
            f"这个课程包里没有 {language}/{framework} 版：请向发给你课程包的老师要。",
        )
    if not first.exists():
        raise CourseError(
            f"The edition {language}/{framework} is not here ({first} is missing): "
            "fetch the course again, or make the notebooks with  ./course build.",
            f"找不到 {language}/{framework} 版（缺少 {first}）：请重新获取课程，或用  ./course build  生成。",
        )


def free_port(first: int, *, tries: int = 50) -> int:
    """Give the first port from ``first`` on that nothing on this machine listens at."""
    for port in range(first, min(first + tries, 65536)):
        with socket.socket() as probe:
            # On Unix a port just left may be taken again; on Windows this option would steal one.
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise CourseError(
        f"No free port from {first} on: name another with --port.",
        f"从 {first} 起没有空闲端口：请用 --port 指定另一个。",
    )


def has_display() -> bool:
    """Say whether a browser can open here."""
    if sys.platform in ("win32", "darwin"):
        return "SSH_CONNECTION" not in os.environ
    names = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return any(os.environ.get(name) for name in names) or shutil.which("wslview") is not None


def runs_as_root() -> bool:
    """Say whether this is Unix's root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _address_line(address: str, browser: bool) -> str:
    if browser:
        return both(
            f"Opening the course; if no browser comes up, go to\n  {address}\nStop with Ctrl+C.",
            f"正在打开课程；如果浏览器没有弹出，请访问\n  {address}\n按 Ctrl+C 结束。",
        )
    return both(
        f"No display here: open this address in a browser on this machine\n  {address}\nStop with Ctrl+C.",
        f"这里没有图形界面：请在本机的浏览器中打开下面的地址\n  {address}\n按 Ctrl+C 结束。",
    )
