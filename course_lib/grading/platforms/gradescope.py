"""``teach gradescope``: an autograder for Gradescope, whose marks are those of ``teach grade``.

The bundle is a zip with ``setup.sh`` and ``run_autograder`` at its root ("Autograder Specifications",
https://gradescope-autograders.readthedocs.io/en/latest/specs/). What runs there is :mod:`.gradescope_run`:
screening, execution, comparison outside the student's process, as everywhere.

It holds references, since the comparison needs them, but only of one chapter; and of the class's secret only
what the hidden inputs of these exercises are drawn from. Gradescope's container is trusted with that; the
student's process is not. Where the container lets bubblewrap work, that process runs inside the same walls as
at home. Most containers do not. Then the autograder refuses, unless the bundle was made with ``--unsandboxed``,
which is recorded; and then the walls are only these: a user of its own without powers, the filter of system
calls, limits, and files that only root may read (references, submission, results). It keeps network access as
far as the container has it, and sees what every user of the container sees.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.grading import audit
from course_lib.grading.course import Course, offered_path, specification
from course_lib.paths import repository_root

# A fixed time in every entry: the same chapter gives the same bytes.
_TIME = (2026, 1, 1, 0, 0, 0)
_LEFT_OUT = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}
_REPOSITORY = ("course", "pyproject.toml", "requirements.lock", "LICENSE", "README.md")
PLACE = "/opt/course"

_SETUP = f"""#!/usr/bin/env bash
# Gradescope runs this once, as root, while it builds the image.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends bubblewrap python3 python3-venv ca-certificates
supported() {{ for each in python3.13 python3.12 python3.11; do command -v $each && return; done; return 1; }}
supported || apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv
python="$(supported)"
rm -rf {PLACE}
cp -r /autograder/source/repository {PLACE}
cd {PLACE}
"$python" course setup --framework FRAMEWORK --cpu-if-possible
# Everybody may read the course; what is right, nobody but root.
chmod -R go+rX,go-w {PLACE}
chmod -R go-rwx {PLACE}/solutions /autograder/source
"""
_RUN = f"""#!/usr/bin/env bash
# Gradescope runs this for each submission, as root.
chmod 700 /autograder/source /autograder/submission /autograder/results
export COURSE_HOME=/tmp/course-home COURSE_LANGUAGE=LANGUAGE
exec {PLACE}/.venv/bin/python -m course_lib.grading.platforms.gradescope_run /autograder
"""


def make_bundle(
    course: Course, chapter: str, target: Path, *, unsandboxed: bool = False
) -> tuple[Path, int]:
    """Write the autograder of a released chapter.

    Args:
        course: The course directory.
        chapter: The assignment.
        target: The zip.
        unsandboxed: Whether it may run where the container has no sandbox; recorded here, in the bundle and in
            every result.

    Returns:
        The zip and the number of files in it.
    """
    target = target.expanduser()
    if target.suffix.lower() != ".zip":
        raise CourseError(
            f"{target}: choose a name that ends in .zip.", f"{target}：请用以 .zip 结尾的文件名。"
        )
    files = dict(_files(course, chapter, unsandboxed))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            runs = name in ("setup.sh", "run_autograder", "repository/course")
            entry.external_attr = (0o755 if runs else 0o644) << 16
            archive.writestr(entry, data)
    write_atomically(target, content.getvalue()).chmod(0o600)
    entry_ = {"event": "gradescope bundle", "assignment": chapter, "unsandboxed": unsandboxed}
    audit.record(course, {**entry_, "bundle": audit.hash_of(content.getvalue())})
    return target, len(files)


def _files(course: Course, chapter: str, unsandboxed: bool) -> Iterator[tuple[str, bytes]]:
    name = course.notebook_name(chapter)
    yield "setup.sh", _SETUP.replace("FRAMEWORK", course.framework).encode()
    yield "run_autograder", _RUN.replace("LANGUAGE", course.language).encode()
    about = {"chapter": chapter, "unsandboxed": unsandboxed}
    yield "bundle.json", json.dumps(about).encode()
    for each in _REPOSITORY:
        path = course.repository / each
        if path.is_file():
            yield f"repository/{each}", path.read_bytes()
    # The package that is running here: the same code judges there.
    package = repository_root() / "course_lib"
    for path in sorted(package.rglob("*")):
        inside = path.relative_to(package.parent)
        if path.is_file() and not set(inside.parts) & _LEFT_OUT and path.suffix != ".pyc":
            yield f"repository/{inside.as_posix()}", path.read_bytes()
    module = course.repository / "solutions" / "source" / f"{name}.py"
    yield f"repository/solutions/source/{name}.py", module.read_bytes()
    settings = json.loads((course.folder / "course.json").read_text(encoding="utf-8"))
    yield "class/course.json", json.dumps(settings | {"repository": PLACE}).encode()
    for side in ("source", "release"):
        for path in sorted((course.folder / side / chapter).iterdir()):
            if path.is_file():
                yield f"class/{side}/{chapter}/{path.name}", path.read_bytes()
    offered = offered_path(course, name)
    if offered.is_file():
        yield f"class/.course/variants/{offered.name}", offered.read_bytes()
    yield "class/.course/draws.json", json.dumps(_draws(course, name)).encode()


def _draws(course: Course, name: str) -> dict[str, str]:
    """Give what the hidden inputs of this chapter's exercises are drawn from, and nothing else of the secret."""
    return {
        exercise: hashlib.sha256(course.secret + b"\0" + exercise.encode()).hexdigest()
        for exercise in specification(course, name)
    }
