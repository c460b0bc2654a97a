"""The clinic's index of symptoms: written as YAML beside the chapters, built into the package as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

TABLE = Path("solutions/source/symptoms.yaml")
BUILT = Path("course_lib/clinic/symptoms.json")


def read_rows(root: Path) -> list[dict[str, Any]]:
    """Read the table; a repository without it has none."""
    path = root / TABLE
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else []


def make_symptoms(root: Path) -> str:
    """Write the table as the JSON that the package reads."""
    return json.dumps(read_rows(root), ensure_ascii=False, indent=1) + "\n"
