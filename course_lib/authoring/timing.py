"""How long a chapter runs: what ``./course bench chapters --keep`` measured and kept, for its first cell."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

Seconds = Mapping[str, float]  # by framework


def measured_seconds(root: Path, name: str) -> Seconds:
    """Give the seconds of a whole run of a chapter, imports included, by framework.

    Args:
        root: The repository; what is kept stands in ``benchmarks/results/chapters.json``.
        name: The chapter, such as ``"04_feature_extraction"``. One that was not measured has none.
    """
    path = root / "benchmarks" / "results" / "chapters.json"
    if not path.is_file():
        return {}
    return _all_seconds(path, path.stat().st_mtime_ns).get(name, {})


@lru_cache(maxsize=4)
def _all_seconds(path: Path, _changed: int) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in json.loads(path.read_text(encoding="utf-8"))["result"]["rows"]:
        found.setdefault(row["chapter"], {})[row["framework"]] = float(row["seconds"])
    return found


def in_fives(seconds: float) -> int:
    """Round up to whole fives: a promise should not be broken by a slow minute."""
    return 5 * max(1, math.ceil(seconds / 5))
