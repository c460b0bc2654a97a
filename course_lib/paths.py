"""Where the course keeps what it makes: caches, downloads, the student's progress.

Everything stands below ``COURSE_HOME`` when that environment variable is set, else in the
platform's own folders. The functions name a folder; whoever writes into it makes it.
"""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

_NAME = "deep-transfer-learning-course"


def cache_dir() -> Path:
    """Give the folder for what can be made again: rendered images, extracted features, runs."""
    home = _home()
    return home / "cache" if home else user_cache_path(_NAME, appauthor=False)


def data_dir() -> Path:
    """Give the folder for what was downloaded or brought: data sets and published weights."""
    home = _home()
    return home / "data" if home else user_data_path(_NAME, appauthor=False) / "data"


def progress_file() -> Path:
    """Give the file that keeps a student's own progress."""
    home = _home()
    folder = home if home else user_data_path(_NAME, appauthor=False)
    return folder / "progress.json"


def repository_root() -> Path:
    """Give the folder that holds ``course_lib``: the checkout, as the course is installed editable."""
    return Path(__file__).resolve().parent.parent


def _home() -> Path | None:
    value = os.environ.get("COURSE_HOME", "")
    return Path(value).expanduser().resolve() if value else None
