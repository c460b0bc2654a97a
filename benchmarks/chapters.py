"""How long each chapter runs and how much memory it takes, in each framework, from a cold cache.

    ./course bench chapters [--part 05] [--keep]

The kernel's start and all imports are in the seconds. "graded" is a run without demo cells, as
grading runs it; "after imports" leaves out the setup cell, which imports the framework. Cores differ, so a
yardstick stands below the table: how long one core takes for a fixed piece of work, in Python and in NumPy, asked
before each row. With it the seconds of two machines can be compared, and a machine that was busy is seen.
With ``--keep``, a part takes the place of the same part in what is kept, if this machine measured that too.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from course_lib.authoring.executing import execute, faults, read_edition, without_demo
from course_lib.authoring.sources import source_paths
from course_lib.edition import FRAMEWORKS
from course_lib.paths import repository_root
from course_lib.waiting import steps

# What the course promises on two cores.
SECONDS = 45.0  # one chapter and framework, imports included …
SOONER = {"04": 30.0}  # … and what promises more
MEDIAN_SECONDS = 15.0  # of all of them; bridges, a page each, would make it look better than it is
ENOUGH_CHAPTERS = 6  # for the median to say something of the course
GRADED_SECONDS = 5.0  # without demo cells, after imports
MEMORY = 1.5e9  # bytes
PARTS = tuple(path.stem.partition("_")[0] for path in source_paths(repository_root()))


def run(
    *,
    quick: bool = False,
    parts: Sequence[str] = PARTS,
    save: Callable[[dict[str, Any]], Any] | None = None,
) -> dict[str, Any]:
    """Run every solved edition in English, with and without demo cells, each in an empty home.

    Args:
        quick: Only the first chapter, in PyTorch.
        parts: Which chapters.
        save: Told what there is after each edition.
    """
    root = repository_root()
    chapters = [path.stem for path in source_paths(root) if path.stem.partition("_")[0] in parts]
    editions = list(product(chapters, FRAMEWORKS))[: 1 if quick else None]
    result: dict[str, Any] = {"rows": []}
    with steps(len(editions)) as step:
        for name, framework in editions:
            step(f"{name} ({framework})")
            today = datetime.now(UTC).date().isoformat()
            row = {"date": today, "yardstick": yardstick(), **_measure(root, name, framework)}
            result["rows"].append(row)
            if save:
                save(result)
    return result


def joined(kept: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Put what was measured now into the place of the same rows of a result that is kept."""
    rows = {(row["chapter"], row["framework"]): row for row in kept["rows"]}
    rows |= {(row["chapter"], row["framework"]): row for row in now["rows"]}
    return {"rows": sorted(rows.values(), key=lambda row: row["chapter"])}


def yardstick() -> dict[str, float]:
    """Give the seconds that one core takes for ten million additions in Python, and 50 million tanh in NumPy."""
    started = time.perf_counter()
    total = 0
    for number in range(10_000_000):
        total += number
    python = time.perf_counter() - started
    numbers = np.linspace(-1, 1, 1_000_000, dtype=np.float32)
    started = time.perf_counter()
    for _ in range(50):
        numbers = np.tanh(numbers)
    return {"python": python, "numpy": time.perf_counter() - started}


def table(result: Mapping[str, Any]) -> str:
    """Write the result as a table."""
    head = f"{'chapter':28} {'framework':9} {'all s':>6} {'graded s':>9} {'after imports s':>16} {'MB':>6}"
    rows = [
        f"{row['chapter']:28} {row['framework']:9} {row['seconds']:6.1f} {row['graded_seconds']:9.1f} "
        f"{row['graded_seconds_after_imports']:16.1f} {row['peak_memory'] / 1e6:6.0f}"
        for row in result["rows"]
    ]
    lines = [head, *rows, "", _median_line(result)]
    if asked := [row["yardstick"] for row in result["rows"] if "yardstick" in row]:
        lines += [
            f"yardstick: {_range([each['python'] for each in asked])} s for ten million additions in Python, "
            f"{_range([each['numpy'] for each in asked])} s for 50 million tanh in NumPy"
        ]
    return "\n".join(lines)


def _range(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


def misses(result: Mapping[str, Any]) -> list[str]:
    """Say which promised figure was missed, where, and by how much."""
    found = []
    for row in result["rows"]:
        where = f"chapter {row['chapter']} ({row['framework']})"
        limits = (
            ("seconds", SOONER.get(row["chapter"][:2], SECONDS), "s"),
            ("graded_seconds_after_imports", GRADED_SECONDS, "s without demo cells, after imports"),
            ("peak_memory", MEMORY, "bytes"),
        )
        found += [
            f"{where}: {row[key]:.1f} {unit}, promised at most {limit:g}"
            for key, limit, unit in limits
            if row[key] > limit
        ]
        found += [f"{where}: {fault}" for fault in row["faults"]]
    if _has_enough_chapters(result) and _median_seconds(result) > MEDIAN_SECONDS:
        found.append(_median_line(result))
    return found


def _median_line(result: Mapping[str, Any]) -> str:
    said = f"median: {_median_seconds(result):.1f} s"
    if _has_enough_chapters(result):
        return f"{said}, promised at most {MEDIAN_SECONDS:g}"
    return f"{said}; {MEDIAN_SECONDS:g} is promised once there are {ENOUGH_CHAPTERS} chapters"


def _median_seconds(result: Mapping[str, Any]) -> float:
    return median(row["seconds"] for row in result["rows"] if _is_chapter(row["chapter"]))


def _has_enough_chapters(result: Mapping[str, Any]) -> bool:
    return (
        len(set(filter(_is_chapter, (row["chapter"] for row in result["rows"])))) >= ENOUGH_CHAPTERS
    )


def _is_chapter(name: str) -> bool:
    return name[0].isdigit()


def _measure(root: Path, name: str, framework: str) -> dict[str, Any]:
    notebook = read_edition(root, name[:2], framework, language="en", solved=True)
    with tempfile.TemporaryDirectory() as home:
        whole = execute(notebook, root, strict=True, home=Path(home, "whole"))
        graded = execute(without_demo(notebook), root, strict=True, home=Path(home, "graded"))
    return {
        "chapter": name,
        "framework": framework,
        "seconds": whole.seconds,
        "graded_seconds": graded.seconds,
        "graded_seconds_after_imports": graded.seconds_after_setup,
        "peak_memory": whole.peak_memory,
        "faults": sorted({*faults(whole.notebook), *faults(graded.notebook)}),
    }
