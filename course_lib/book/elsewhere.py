"""Where a chapter opens on somebody else's machine: addresses at Binder and Colab."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError

_NAME = r"[\w.-]+?"
_ON_GITHUB = re.compile(
    rf"(?:https://(?:[^@/]*@)?|git@|ssh://git@)github\.com[/:]({_NAME}/{_NAME})(?:\.git)?/?"
)


@dataclass(frozen=True)
class Repository:
    """Where the course stands on GitHub, which Binder and Colab fetch it from.

    Attributes:
        name: ``OWNER/REPOSITORY``.
        branch: Such as ``main``.
    """

    name: str
    branch: str = "main"

    def links(self, chapter: str, language: str, framework: str) -> dict[str, str]:
        """Give the addresses by the place's name. Binder's machine has PyTorch only.

        Args:
            chapter: The notebook's name, such as ``"04_feature_extraction"``.
        """
        edition = f"{language}/{framework}/{chapter}.ipynb"
        found = {
            "Colab": f"https://colab.research.google.com/github/{self.name}/blob/{self.branch}/notebooks/{edition}"
        }
        if framework == "pytorch":
            # Binder's own address of JupyterLab, into the copy that is the student's.
            binder = f"https://mybinder.org/v2/gh/{self.name}/{self.branch}"
            found = {"Binder": f"{binder}?urlpath=lab/tree/my_course/{edition}", **found}
        return found


def repository_of(root: Path, given: str | None = None) -> Repository | None:
    """Find out where the course stands on GitHub; ``None`` where it doesn't.

    Args:
        root: The checkout: what it was cloned from counts.
        given: ``OWNER/REPOSITORY``, or an address on GitHub, where that says it better.

    Raises:
        CourseError: What was given is neither.
    """
    if given is None:
        where = _configured(root)
        found = _ON_GITHUB.fullmatch(where) if where else None
        return Repository(found[1]) if found else None
    found = _ON_GITHUB.fullmatch(given) or re.fullmatch(rf"({_NAME}/{_NAME})", given)
    if found is None:
        raise CourseError(
            f"{given} is no repository on GitHub: write OWNER/REPOSITORY.",
            f"{given} 不是 GitHub 上的仓库：请写成 OWNER/REPOSITORY。",
        )
    return Repository(found[1])


def _configured(root: Path) -> str:
    command = ["git", "-C", str(root), "config", "--get", "remote.origin.url"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:  # no git here
        return ""
