"""A benchmark's result with its machine, its versions and its day: what a stated figure goes back to."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.language import both
from course_lib.paths import repository_root

PACKAGES = ("torch", "keras", "tensorflow", "jax", "numpy", "nbgrader", "distributed")


def folder() -> Path:
    """Give the folder of kept results."""
    return repository_root() / "benchmarks" / "results"


def keep(name: str, result: Mapping[str, Any]) -> Path:
    """Write ``results/NAME.json``, over an older one; give its path."""
    path = _write(name, result, f"{name}.json")
    _partial(name).unlink(missing_ok=True)
    return path


def keep_partly(name: str, result: Mapping[str, Any]) -> Path:
    """Write ``results/NAME.partial.json`` while a benchmark goes on: what is measured is not lost if it ends early.

    The whole result of another day stays as it is.
    """
    path = _write(name, result, _partial(name).name)
    print(both(f"kept so far: {path}", f"已保存到目前为止的结果：{path}"), file=sys.stderr)
    return path


def kept(name: str) -> dict[str, Any]:
    """Give the result that is kept, measured by the same machine and versions as are here now.

    Raises:
        CourseError: If there is none, or another machine's: what is measured now can't stand beside it.
    """
    path = folder() / f"{name}.json"
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    here = {**machine(), "load": None, "versions": versions()}
    there = {**before.get("machine", {}), "load": None, "versions": before.get("versions")}
    if here != there:
        raise CourseError(
            f"A part can be kept only beside a whole result of this machine and these versions, and {path.name} "
            "is none: leave out --part.",
            f"只有已保存过这台机器、这些版本的完整结果，才能单独更新一部分；{path.name} 不是：请去掉 --part。",
        )
    return before["result"]


def _partial(name: str) -> Path:
    return folder() / f"{name}.partial.json"


def _write(name: str, result: Mapping[str, Any], file: str) -> Path:
    kept = {
        "benchmark": name,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "result": dict(result),
    }
    text = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
    return write_atomically(folder() / file, text)


def machine() -> dict[str, Any]:
    """Say what this machine is: nothing that names it or its owner."""
    found: dict[str, Any] = {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }
    gpu = _gpu()
    return found | ({"gpu": gpu} if gpu else {})


def versions() -> dict[str, str]:
    """Give the versions of what is measured with, as far as it is installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _gpu() -> str:
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
