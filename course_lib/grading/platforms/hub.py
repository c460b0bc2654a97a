"""``teach hub``: a JupyterHub recipe for one class, with nbgrader's own exchange or with ngshare.

Three files are written, for an administrator to read and adapt. The exchange is a folder on a disk that all
servers share ("Using nbgrader with JupyterHub" and "Exchange", https://nbgrader.readthedocs.io); where they share
none (Kubernetes), ngshare is a service instead (https://ngshare.readthedocs.io).
"""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.grading.course import Course

_TEMPLATES = Path(__file__).with_name("templates") / "hub"
FILES = ("README.md", "jupyterhub_config.py", "nbgrader_config.py")
EXCHANGE = "/srv/nbgrader/exchange"

_FOLDER_STEP = """**The exchange**, a folder that everybody may write into:
   `install -d -m 777 {folder}`. nbgrader makes a folder for the class in it, in which students can hand in
   but not look around."""
_FOLDER_TESTED = """Tested (`tests/grading/platforms/test_hub.py`): release, fetch, submit, collect, grade and feedback
through this exchange, the student being another user of the machine where Python may be run by one. Not tested: a
running hub
with its proxy, spawners and logins."""
_SHARE_STEP = """**ngshare**, in an environment of its own, since version 0.6.0 loses what is released where
   SQLAlchemy is 2, as here: `python3 -m venv /opt/ngshare`, then
   `/opt/ngshare/bin/pip install ngshare 'sqlalchemy<2' 'alembic<1.14'`. Its client goes into the course's
   environment *without what it asks for*: `{venv}/bin/pip install --no-deps ngshare_exchange`. (Version 0.5.3 asks for
   `jupyter-core<4.11.2`, which would take JupyterLab back to 3 and nbgrader to 0.8.) Then
   `mkdir -m 700 /srv/ngshare`, and, as the administrator named in the hub's file,
   `ngshare-course-management create_course {course_id} INSTRUCTOR` and `… add_student {course_id} STUDENT`."""
_SHARE_TESTED = """Tried once by hand, with ngshare 0.6.0, ngshare_exchange 0.5.3 and nbgrader 0.9.6 on one machine,
and in place of the hub a program that says who holds which token:
{tried}
No automatic test runs it: the server wants an older SQLAlchemy than nbgrader here has, the client an older Jupyter,
so neither fits into the environment of the course's tests. Their last releases are of December and November 2022.
Not tested: ngshare behind a real hub. Neither half is kept up: where a shared disk can be had, use the exchange."""
_TRIED = "release, fetch, submit, collect, grade, release and fetch of feedback went through."
_SERVICE = """
# ngshare: keeps what is handed out and handed in; the hub tells it who asks.
c.JupyterHub.services = [
    {
        "name": "ngshare",
        "url": "http://127.0.0.1:10101",
        "command": [
            "/opt/ngshare/bin/python", "-m", "ngshare", "--admins", "admin",
            "--database", "sqlite:////srv/ngshare/ngshare.db", "--storage", "/srv/ngshare/files",
        ],
        "oauth_no_confirm": True,
    }
]
c.JupyterHub.load_roles = [
    {"name": "user", "scopes": ["self", "access:services!service=ngshare"]},
    {"name": "ngshare", "services": ["ngshare"], "scopes": ["read:users:name"]},
]
"""


def write_recipe(
    course: Course, target: Path, *, exchange: str = EXCHANGE, ngshare: str | None = None
) -> list[Path]:
    """Write the three files.

    Args:
        course: The course directory of the class.
        target: The folder to write into.
        exchange: The folder by which nbgrader's own exchange works; absolute.
        ngshare: The address of ngshare instead, as students' servers reach it.

    Raises:
        CourseError: ``exchange`` is no absolute path, or ``ngshare`` no address.
    """
    target = target.expanduser()
    if ngshare is None and not Path(exchange).is_absolute():
        raise CourseError(
            f"{exchange}: give the exchange as an absolute path, such as {EXCHANGE}.",
            f"{exchange}：请给出绝对路径，例如 {EXCHANGE}。",
        )
    if ngshare is not None and not ngshare.startswith(("http://", "https://")):
        raise CourseError(
            f"{ngshare}: give ngshare's address, such as http://127.0.0.1:8000/services/ngshare.",
            f"{ngshare}：请给出 ngshare 的网址，例如 http://127.0.0.1:8000/services/ngshare。",
        )
    venv, course_id = course.repository / ".venv", _course_id(course)
    values = {
        "course_id": course_id,
        "language": course.language,
        "framework": course.framework,
        "repository_parent": str(course.repository.parent),
        "venv": str(venv),
    }
    if ngshare is None:
        values["exchange"] = f"c.Exchange.root = {exchange!r}"
        values["services"] = ""
        values["step_exchange"] = _FOLDER_STEP.format(folder=exchange)
        values["tested"] = _FOLDER_TESTED
    else:
        values["exchange"] = (
            f"import ngshare_exchange\n\nngshare_exchange.configureExchange(c, {ngshare!r})"
        )
        values["services"] = _SERVICE
        values["step_exchange"] = _SHARE_STEP.format(venv=venv, course_id=course_id)
        values["tested"] = _SHARE_TESTED.format(tried=_TRIED)
    written = []
    for name in FILES:
        words = Template((_TEMPLATES / f"{name}.in").read_text(encoding="utf-8")).substitute(values)
        written.append(write_atomically(target / name, words.rstrip() + "\n"))
    return written


def _course_id(course: Course) -> str:
    """Give nbgrader's name of the class: as its configuration has it, since a folder may be renamed."""
    path = course.folder / "nbgrader_config.py"
    words = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = re.search(
        r"""^c\.CourseDirectory\.course_id = ['"]([^'"\n]+)['"]""", words, re.MULTILINE
    )
    return found[1] if found else course.folder.name
