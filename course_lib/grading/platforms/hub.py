"""``teach hub``: a JupyterHub recipe for one class, with nbgrader's own exchange or with ngshare.

Three files are written, for an administrator to read and adapt: the instructions in the language that is set,
the two configurations with comments in both. The exchange is a folder on a disk that all
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
from course_lib.grading.kit import TOP
from course_lib.language import both, current

_TEMPLATES = Path(__file__).with_name("templates") / "hub"
FILES = ("README.md", "jupyterhub_config.py", "nbgrader_config.py")
EXCHANGE = "/srv/nbgrader/exchange"
# Where the kit stands on the hub: everybody's, so never inside the instructor's own clone.
SHARED = Path("/opt")

_FOLDER_STEP_EN = """**The exchange**, a folder that everybody may write into:
   `install -d -m 777 {folder}`. nbgrader makes a folder for the class in it, in which students can hand in
   but not look around."""
_FOLDER_STEP_ZH = """**交换目录**，人人可写的一个文件夹：
   `install -d -m 777 {folder}`。nbgrader 会在其中为班级建一个文件夹，学生可以往里交作业，
   但不能翻看。"""
_FOLDER_TESTED_EN = """Tested (`tests/grading/platforms/test_hub.py`): release, fetch, submit, collect, grade and
feedback through this exchange, the student being another user of the machine where Python may be run by one.
Not tested: a running hub with its proxy, spawners and logins."""
_FOLDER_TESTED_ZH = """测试过（`tests/grading/platforms/test_hub.py`）：经由这个交换目录发布、领取、
提交、收取、评分、反馈；只要机器上允许另一个用户运行 Python，学生就由另一个用户扮演。
没有测试过：真正运行的 Hub 及其代理、spawner 和登录。"""
_SHARE_STEP_EN = """**ngshare**, in an environment of its own, since version 0.6.0 loses what is released where
   SQLAlchemy is 2, as here: `python3 -m venv /opt/ngshare`, then
   `/opt/ngshare/bin/pip install ngshare 'sqlalchemy<2' 'alembic<1.14'`. Its client goes into the course's
   environment *without what it asks for*: `{venv}/bin/pip install --no-deps ngshare_exchange`, and in the same way into
   your clone's, `{clone}/.venv/bin/pip install --no-deps ngshare_exchange`. (Version 0.5.3 asks for
   `jupyter-core<4.11.2`, which would take JupyterLab back to 3 and nbgrader to 0.8.) Then
   `mkdir -m 700 /srv/ngshare`, and, as the administrator named in the hub's file,
   `ngshare-course-management create_course {course_id} INSTRUCTOR` and `… add_student {course_id} STUDENT`."""
_SHARE_STEP_ZH = """**ngshare**，装在单独的环境里，因为 0.6.0 版在 SQLAlchemy 2（本课程用的就是 2）下
   会丢失已发布的作业：`python3 -m venv /opt/ngshare`，再
   `/opt/ngshare/bin/pip install ngshare 'sqlalchemy<2' 'alembic<1.14'`。
   它的客户端装进课程的环境，但*不装它要求的依赖*：`{venv}/bin/pip install --no-deps ngshare_exchange`；
   完整仓库的环境也照此安装：`{clone}/.venv/bin/pip install --no-deps ngshare_exchange`。
   （0.5.3 版要求 `jupyter-core<4.11.2`，会把 JupyterLab 退回 3、nbgrader 退回 0.8。）然后 `mkdir -m 700 /srv/ngshare`，
   再以 Hub 配置中指定的管理员身份运行 `ngshare-course-management create_course {course_id} INSTRUCTOR` 和
   `… add_student {course_id} STUDENT`。"""
_SHARE_TESTED_EN = """Tried once by hand, with ngshare 0.6.0, ngshare_exchange 0.5.3 and nbgrader 0.9.6 on one machine,
and in place of the hub a program that says who holds which token:
release, fetch, submit, collect, grade, release and fetch of feedback went through.
No automatic test runs it: the server wants an older SQLAlchemy than nbgrader here has, the client an older Jupyter,
so neither fits into the environment of the course's tests. Their last releases are of December and November 2022.
Not tested: ngshare behind a real hub. Neither half is kept up: where a shared disk can be had, use the exchange."""
_SHARE_TESTED_ZH = """只手工试过一次：ngshare 0.6.0、ngshare_exchange 0.5.3 和 nbgrader 0.9.6 在同一台机器上，
Hub 由一个程序代替，它只回答哪个令牌属于谁。发布、领取、提交、收取、评分、发布反馈、领取反馈都走通了。
没有自动测试：服务端要的 SQLAlchemy 比这里 nbgrader 用的旧，客户端要的 Jupyter 也更旧，
两者都装不进本课程测试所用的环境。
它们最近一次发布分别在 2022 年 12 月和 11 月。没有测试过：真正的 Hub 背后的 ngshare。
这两个项目都已无人维护：有共享磁盘，就用交换目录。"""
_SERVICE = """
# ngshare: keeps what is handed out and handed in; the hub tells it who asks.
# ngshare：保存发下去和交上来的作业；是谁在请求，由 Hub 告诉它。
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
    venv, course_id = SHARED / TOP / ".venv", _course_id(course)
    values = {
        "course_id": course_id,
        "language": course.language,
        "framework": course.framework,
        "shared": str(SHARED),
        "kit": str(SHARED / TOP),
        "venv": str(venv),
        "clone": str(course.repository),
    }
    if ngshare is None:
        values["exchange"] = f"c.Exchange.root = {exchange!r}"
        values["services"] = ""
        values["step_exchange"] = both(_FOLDER_STEP_EN, _FOLDER_STEP_ZH).format(folder=exchange)
        values["tested"] = both(_FOLDER_TESTED_EN, _FOLDER_TESTED_ZH)
    else:
        values["exchange"] = (
            f"import ngshare_exchange\n\nngshare_exchange.configureExchange(c, {ngshare!r})"
        )
        values["services"] = _SERVICE
        values["step_exchange"] = both(_SHARE_STEP_EN, _SHARE_STEP_ZH).format(
            venv=venv, clone=course.repository, course_id=course_id
        )
        values["tested"] = both(_SHARE_TESTED_EN, _SHARE_TESTED_ZH)
    written = []
    for name in FILES:
        chinese = name == "README.md" and current() == "zh"
        template = _TEMPLATES / ("README.zh.md.in" if chinese else f"{name}.in")
        words = Template(template.read_text(encoding="utf-8")).substitute(values)
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
