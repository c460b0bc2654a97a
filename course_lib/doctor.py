"""Looks at the environment and says, in one screen, what is here and what is wrong with it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

from course_lib import __version__, keras_backend
from course_lib.language import Text, both, pick
from course_lib.paths import cache_dir, data_dir, repository_root

SHOWN_PACKAGES = (
    *("torch", "torchvision", "keras", "tensorflow", "jax"),
    *("numpy", "scikit-learn", "jupyterlab", "nbgrader"),
)
_GIGABYTE = 1e9


@dataclass(frozen=True)
class Problem:
    """Something wrong, and what to do about it. Not serious: some part of the course lacks something."""

    what: Text
    remedy: Text
    serious: bool = True


@dataclass(frozen=True)
class Findings:
    """What the examination found: rows of (name, what is here), and the problems."""

    rows: list[tuple[str, str]]
    problems: list[Problem]


def examine() -> Findings:
    """Look at everything that the course stands on. Takes seconds: it imports PyTorch if it is here."""
    torch_state = _look_at_torch()
    rows = [
        (both("Course", "课程"), f"{__version__} · {repository_root()}"),
        (both("Python", "Python"), f"{platform.python_version()} · {sys.prefix}"),
        (both("System", "系统"), _system()),
        (both("Packages", "软件包"), _packages()),
        (both("Devices", "设备"), torch_state.devices),
        (both("Keras backend", "Keras 后端"), _backend()),
        (both("Memory", "内存"), _memory()),
        (both("Disk", "磁盘"), _disk()),
        (both("Embedded weights", "自带权重"), _embedded()),
        (both("Published weights", "公开权重"), _published()),
        (both("Cache", "缓存"), _folder(cache_dir())),
        (both("Data", "数据"), _folder(data_dir())),
        (both("Language", "语言"), both("English", "中文")),
    ]
    return Findings(rows, [*torch_state.problems, *_problems()])


def show(findings: Findings) -> None:
    """Print the findings as one screen."""
    from rich.console import Console, Group
    from rich.table import Table
    from rich.text import Text as Line

    console = Console()
    if console.is_jupyter:
        console.width = 88  # a notebook does not wrap lines
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, value in findings.rows:
        table.add_row(name, Line(value))
    lines = [Line()]
    for problem in findings.problems:
        mark, style = ("✗", "red") if problem.serious else ("!", "yellow")
        lines.append(Line(f"{mark} {pick(problem.what)}", style=style))
        lines.append(Line(f"  → {pick(problem.remedy)}"))
    if not any(problem.serious for problem in findings.problems):
        fine = both("✓ The course can run here.", "✓ 课程可以在这里运行。")
        lines.append(Line(fine, style="green"))
    console.print(Group(table, *lines))  # at once: a notebook would space them out


@dataclass(frozen=True)
class _TorchState:
    devices: str
    problems: list[Problem]


def _look_at_torch() -> _TorchState:
    cpu = both(f"CPU, {_cores()} cores", f"CPU，{_cores()} 核")
    # Beside a running TensorFlow PyTorch stays out: their CUDA libraries may differ, and Keras has no need of it.
    busy = "tensorflow" in sys.modules and "torch" not in sys.modules
    if busy or not _version("torch"):
        gpu = _nvidia_names()
        return _TorchState(" · ".join([*gpu, cpu]), [])
    try:
        import torch
        import torchvision  # noqa: F401 - a pair that does not match fails right here
    except Exception as error:
        # Whatever it is, this is what a student would meet in the first cell.
        return _TorchState(cpu, [_torch_is_broken(error)])
    if torch.cuda.is_available():
        names = [_gpu(torch, number) for number in range(torch.cuda.device_count())]
        return _TorchState(" · ".join([*names, cpu]), [])
    if torch.backends.mps.is_available():
        return _TorchState(f"Apple GPU (mps) · {cpu}", [])
    unused = [_unused_gpu(torch.__version__)] if _nvidia_names() else []
    return _TorchState(cpu, unused)


def _gpu(torch: object, number: int) -> str:
    properties = torch.cuda.get_device_properties(number)  # type: ignore[attr-defined]
    return f"{properties.name}, {properties.total_memory / _GIGABYTE:.0f} GB"


def _torch_is_broken(error: Exception) -> Problem:
    first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return Problem(
        {
            "en": f"PyTorch or torchvision cannot be imported: {first_line}",
            "zh": f"PyTorch 或 torchvision 无法导入：{first_line}",
        },
        {
            "en": "The two must be a matching pair: delete the folder .venv and run  ./course lab.",
            "zh": "两者版本必须配套：请删除 .venv 文件夹，再运行  ./course lab。",
        },
    )


def _unused_gpu(version: str) -> Problem:
    return Problem(
        {
            "en": f"There is an NVIDIA GPU, but PyTorch {version} cannot use it.",
            "zh": f"这台机器有 NVIDIA GPU，但 PyTorch {version} 用不上它。",
        },
        {
            "en": "Update the NVIDIA driver; after --cpu, delete .venv and start without it. "
            "The course also runs on the CPU.",
            "zh": "请更新 NVIDIA 驱动；如果当初用了 --cpu，请删除 .venv 后不带它重新启动。不用 GPU 课程也能运行。",
        },
        serious=False,
    )


def _problems() -> Iterator[Problem]:
    yield from _missing_framework()
    yield from _other_versions()
    yield from _too_little()
    yield from _no_sandbox()
    if os.environ.get("PYTHONPATH"):
        yield Problem(
            {
                "en": "PYTHONPATH is set: it can put other packages before the course's.",
                "zh": "设置了 PYTHONPATH：它可能让别处的软件包抢在课程之前。",
            },
            {
                "en": "Unset it, or start through ./course.",
                "zh": "请取消它，或通过 ./course 启动。",
            },
            serious=False,
        )


def _missing_framework() -> Iterator[Problem]:
    if not _version("torch") and not _version("keras"):
        yield Problem(
            {"en": "No framework is installed yet.", "zh": "还没有安装任何深度学习框架。"},
            {
                "en": "Run  ./course lab  (PyTorch) or  ./course lab --framework keras.",
                "zh": "请运行  ./course lab （PyTorch）或  ./course lab --framework keras。",
            },
            serious=False,
        )
    backend, _ = keras_backend.choose()
    module = {"pytorch": "torch"}.get(backend, backend)
    if _version("keras") and not _version(module):
        yield Problem(
            {
                "en": f"Keras is to run on {backend}, which is not installed.",
                "zh": f"Keras 将使用 {backend} 作为后端，但没有安装它。",
            },
            {
                "en": "Unset KERAS_BACKEND, or set it to tensorflow, torch or jax, whichever is installed.",
                "zh": "请取消 KERAS_BACKEND，或设为已安装的 tensorflow、torch、jax 之一。",
            },
        )


def _other_versions() -> Iterator[Problem]:
    """Compare what is installed with the lock."""
    other = [
        f"{name} {found} ({pinned})"
        for name, pinned in locked_versions(repository_root() / "requirements.lock").items()
        if (found := _version(name)) and found.split("+")[0] != pinned
    ]
    if other:
        shown = ", ".join(other[:5]) + (" …" if len(other) > 5 else "")
        yield Problem(
            {
                "en": f"Versions that differ from the lock's: {shown}",
                "zh": f"与锁定版本不一致：{shown}",
            },
            {
                "en": "Delete the file .venv/course-stamp.json and run  ./course lab: it puts them right.",
                "zh": "请删除文件 .venv/course-stamp.json，再运行  ./course lab，它会改正过来。",
            },
            serious=False,
        )


def locked_versions(lock: Path) -> dict[str, str]:
    """Read each package's version in requirements.lock; one with several versions is left out."""
    if not lock.exists():
        return {}
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([\w.-]+)==([^\s;\\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE
    ):
        versions.setdefault(name, set()).add(version)
    return {name: next(iter(found)) for name, found in versions.items() if len(found) == 1}


def _too_little() -> Iterator[Problem]:
    import psutil

    memory = psutil.virtual_memory().available / _GIGABYTE
    if memory < 2:
        yield Problem(
            {
                "en": f"Only {memory:.1f} GB of memory are free; a chapter needs up to 1.5.",
                "zh": f"可用内存只有 {memory:.1f} GB，一章最多需要 1.5 GB。",
            },
            {"en": "Close other programs.", "zh": "请关闭其他程序。"},
            serious=False,
        )
    for folder in {_existing(repository_root()), _existing(cache_dir())}:
        free = shutil.disk_usage(folder).free / _GIGABYTE
        if free < 1:
            yield Problem(
                {
                    "en": f"Only {free:.1f} GB are free where {folder} is.",
                    "zh": f"{folder} 所在磁盘只剩 {free:.1f} GB。",
                },
                {
                    "en": "Make room; what lies in the cache folder can be deleted.",
                    "zh": "请腾出空间；缓存文件夹里的内容可以删除。",
                },
            )
        if not os.access(folder, os.W_OK):
            yield Problem(
                {"en": f"{folder} cannot be written to.", "zh": f"{folder} 不可写。"},
                {
                    "en": "Set COURSE_HOME to a folder of your own.",
                    "zh": "请把环境变量 COURSE_HOME 设为你自己的文件夹。",
                },
            )


def _no_sandbox() -> Iterator[Problem]:
    if shutil.which("bwrap") is None:
        yield Problem(
            {
                "en": "bubblewrap is not here: instructors cannot grade in a sandbox. Students do not need it.",
                "zh": "没有 bubblewrap：教师无法在沙箱中评分。学生用不到它。",
            },
            {
                "en": "On Linux: sudo apt install bubblewrap. Elsewhere, grade on Linux.",
                "zh": "Linux 上：sudo apt install bubblewrap；其他系统请到 Linux 上评分。",
            },
            serious=False,
        )


def _system() -> str:
    return f"{platform.platform(terse=True)} · {platform.machine()}"


def _packages() -> str:
    found = [f"{name} {version}" for name in SHOWN_PACKAGES if (version := _version(name))]
    missing = [name for name in SHOWN_PACKAGES if not _version(name)]
    absent = both(f"not installed: {', '.join(missing)}", f"未安装：{'、'.join(missing)}")
    return " · ".join([*found, *([absent] if missing else [])])


def _version(name: str) -> str | None:
    try:
        return installed_version(name)
    except PackageNotFoundError:
        return None


def _nvidia_names() -> list[str]:
    program = shutil.which("nvidia-smi")
    if program is None or not keras_backend.has_nvidia_gpu():
        return []
    query = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def _backend() -> str:
    backend, reason = keras_backend.choose()
    return both(f"{backend} ({reason['en']})", f"{backend}（{reason['zh']}）")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> str:
    import psutil

    memory = psutil.virtual_memory()
    free, total = memory.available / _GIGABYTE, memory.total / _GIGABYTE
    return both(f"{free:.1f} GB free of {total:.1f}", f"可用 {free:.1f} GB，共 {total:.1f} GB")


def _disk() -> str:
    free = shutil.disk_usage(_existing(repository_root())).free / _GIGABYTE
    return both(f"{free:.1f} GB free", f"剩余 {free:.1f} GB")


def _existing(folder: Path) -> Path:
    """Give the folder, or the nearest one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _embedded() -> str:
    found = sorted((repository_root() / "course_lib" / "weights").glob("*.safetensors"))
    return _listing(found)


def _published() -> str:
    """List ImageNet weights where the course, torchvision and Keras keep them."""
    torch_home = Path(os.environ.get("TORCH_HOME", Path.home() / ".cache" / "torch"))
    keras_home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    folders = (data_dir() / "weights", torch_home / "hub" / "checkpoints", keras_home / "models")
    kinds = (".safetensors", ".pth", ".pt", ".h5", ".keras")
    found = [
        path
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.suffix in kinds
    ]
    return _listing(found)


def _listing(files: list[Path]) -> str:
    if not files:
        return both("none", "无")
    return " · ".join(f"{path.name} ({path.stat().st_size / 1e6:.1f} MB)" for path in files)


def _folder(folder: Path) -> str:
    if not folder.is_dir():
        return both(f"empty · {folder}", f"空 · {folder}")
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    kinds = ", ".join(sorted(path.name for path in folder.iterdir() if path.is_dir()))
    size = sum(sizes) / 1e6
    return both(
        f"{len(sizes)} files, {size:.1f} MB{f' ({kinds})' if kinds else ''} · {folder}",
        f"{len(sizes)} 个文件，{size:.1f} MB{f'（{kinds}）' if kinds else ''} · {folder}",
    )
