"""Makes requirements.lock: one file for every platform and Python, in sections that the launcher picks from.

``./course lock`` asks uv for one universal resolution of everything, then for one resolution per
part (held to the versions of the first), and writes each package below the parts that need it::

    # == core ==            everyone
    # == pytorch keras ==   whoever installs either of the two
    # == cuda ==            PyTorch's GPU libraries: left out by --cpu

The file is an ordinary requirements file: pip and uv read it whole as well. It names no index.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import write_atomically

# The optional parts of pyproject.toml, in the order in which the lock lists them.
EXTRAS = (
    "pytorch",
    "keras",
    "jax",
    "test",
    "bench",
    "book",
    "launcher",
    "foundation",
    "cluster",
    "postgresql",
)
# What only a CUDA build of PyTorch needs: a part of its own, so that --cpu can leave it out.
_CUDA = re.compile(r"^(nvidia-|cuda-|triton$)")
_COMPILE = (
    *("--universal", "--python-version", "3.11", "--fork-strategy", "fewest"),
    *("--no-emit-index-url", "--no-annotate", "--no-header", "--quiet"),
)
_HEADER = """\
# Every version and hash that the course installs, for Linux, macOS and Windows, Python 3.11 to 3.13.
# Made by  ./course lock  from pyproject.toml; do not edit. The launcher installs the sections it needs.
"""


def make_lock(root: Path, *, upgrade: bool = False) -> str:
    """Give the text of requirements.lock for the pyproject.toml in ``root``.

    Args:
        root: The folder with pyproject.toml and, if there is one, the lock in use.
        upgrade: Take the newest versions, instead of keeping those of the lock in use.

    Raises:
        CourseError: Where uv is missing or finds no resolution.
    """
    lock = root / "requirements.lock"
    held = "" if upgrade or not lock.exists() else lock.read_text(encoding="utf-8")
    everything = _resolve(root, ["--all-extras", "--generate-hashes"], preferred=held)
    entries = entries_by_name(everything)
    parts: dict[str, list[str]] = {name: [] for name in entries}
    for part in ("core", *EXTRAS):
        arguments = [] if part == "core" else ["--extra", part]
        for name in entries_by_name(_resolve(root, arguments, preferred=everything)):
            if name not in parts:
                raise CourseError(
                    f"Resolving {part!r} alone asks for {name}, which the whole does not hold: "
                    "run ./course lock --upgrade."
                )
            parts[name].append(part)
    return _HEADER + _in_sections(entries, parts)


def write_lock(root: Path, *, upgrade: bool = False) -> Path:
    """Make the lock and write it to ``root``/requirements.lock."""
    return write_atomically(root / "requirements.lock", make_lock(root, upgrade=upgrade))


def entries_by_name(requirements: str) -> dict[str, str]:
    """Split a requirements file into the text of each package, its hashes included, by name."""
    entries: dict[str, str] = {}
    name = ""
    for line in requirements.splitlines():
        if line.startswith(("#", "-")) or not line.strip():
            continue
        if not line.startswith(" "):
            name = re.split(r"[=<>!~ ;\[]", line, maxsplit=1)[0]
        # One name may stand there twice, once per platform: both belong to it.
        entries[name] = entries.get(name, "") + line + "\n"
    return entries


def _in_sections(entries: dict[str, str], parts: dict[str, list[str]]) -> str:
    sections: dict[str, list[str]] = {}
    for name in sorted(entries):
        # What the core needs, everyone has: the other parts need not be named.
        needed = ["core"] if "core" in parts[name] else parts[name]
        title = "cuda" if _CUDA.match(name) else " ".join(needed)
        sections.setdefault(title, []).append(entries[name])
    order = ("core", *EXTRAS, "cuda")
    titles = sorted(sections, key=lambda title: (order.index(title.split()[0]), title))
    return "".join(f"\n# == {title} ==\n" + "".join(sections[title]) for title in titles)


def _resolve(root: Path, arguments: list[str], *, preferred: str) -> str:
    """Run uv on pyproject.toml; versions in ``preferred`` are kept wherever they still fit."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "requirements.txt"  # uv prefers the versions that it finds there
        output.write_text(preferred, encoding="utf-8")
        command = [_uv(), "pip", "compile", "pyproject.toml", "-o", str(output)]
        # No configuration and none of the variables: only the hashes of the public index count.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("UV_")}
        done = subprocess.run(
            [*command, *_COMPILE, "--no-config", *arguments],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CourseError(f"uv finds no resolution:\n{done.stderr.strip()}")
        return output.read_text(encoding="utf-8")


def _uv() -> str:
    import shutil

    beside = Path(sys.executable).parent
    found = shutil.which("uv", path=str(beside)) or shutil.which("uv")
    if not found:
        raise CourseError("Making the lock needs uv: run it as  ./course lock.")
    return found
