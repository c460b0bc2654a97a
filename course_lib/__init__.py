"""An open, graded course on deep transfer learning, in PyTorch and Keras, in English and Chinese."""

from __future__ import annotations

import os
from importlib.util import find_spec

from course_lib.allocator import keep_memory

__version__ = "0.1.0"

# Threads that wait should sleep, not spin: our matrices are small and the machine has other work. With
# spinning threads, one busy neighbour made training ten times slower. Read when PyTorch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
keep_memory()  # before any framework starts threads


def start(chapter: str, *, language: str, framework: str, offering: str | None = None) -> None:
    """Open a chapter: the first cell of every notebook calls this once.

    It sets the language, the framework and the look of the figures, checks that the framework is
    there, lets errors lead with what to do, and prints one line that says what is running.

    Args:
        chapter: Two digits, such as ``"04"``; ``"b1"`` for a bridge.
        language: ``"en"`` or ``"zh"``.
        framework: ``"pytorch"`` or ``"keras"``.
        offering: In a class with numbers of its own: the name of their file (``teach init --variant``).

    Raises:
        CourseError: For an unknown language or framework, or a framework that is not installed.
    """
    from course_lib import edition
    from course_lib import language as languages

    languages.use(language)
    _require_framework(framework)
    edition.set_current(edition.Edition(chapter, language, framework, offering))
    _use_figure_style()
    _lead_errors_with_what_to_do()
    print(_opening_line(chapter, framework))


def _require_framework(framework: str) -> None:
    from course_lib.edition import FRAMEWORKS
    from course_lib.errors import CourseError

    if framework not in FRAMEWORKS:
        raise CourseError(
            f"The course has no framework {framework!r}: choose 'pytorch' or 'keras'.",
            f"课程没有 {framework!r} 这种框架，请选 'pytorch' 或 'keras'。",
        )
    module = {"pytorch": "torch", "keras": "keras"}[framework]
    if find_spec(module) is None:
        raise CourseError(
            f"This edition needs {module}, which is not installed: "
            f"close the course and start it with  ./course lab --framework {framework}",
            f"这一版需要 {module}，但尚未安装：请关闭课程，再用  ./course lab --framework {framework}  启动。",
        )


def _use_figure_style() -> None:
    from course_lib.figures import use_style

    use_style()


def _lead_errors_with_what_to_do() -> None:
    from course_lib.exercises import first_aid

    first_aid.install()


def _opening_line(chapter: str, framework: str) -> str:
    from course_lib.language import both

    running, device = _pytorch_line() if framework == "pytorch" else _keras_line()
    en, zh = f"chapter {chapter}", f"第 {chapter} 章"
    if chapter.startswith("b"):
        en, zh = f"bridge {chapter.upper()}", f"一页补课 {chapter.upper()}"
    return both(
        f"Deep transfer learning {__version__} · {en} · {running} · {device}",
        f"深度迁移学习课程 {__version__} · {zh} · {running} · {device}",
    )


def _pytorch_line() -> tuple[str, str]:
    import torch

    if torch.cuda.is_available():
        device = torch.cuda.get_device_name()
    elif torch.backends.mps.is_available():
        device = "Apple GPU"
    else:
        device = _cpu()
    return f"PyTorch {torch.__version__}", device


def _keras_line() -> tuple[str, str]:
    from course_lib import keras_backend

    backend = keras_backend.settle()
    import keras

    # Keras 3 answers "gpu:0", "cuda:0", "cpu:0" …; on the torch backend it cannot list them.
    torch = backend == "torch"
    names = ["gpu"] * keras_backend.has_nvidia_gpu() if torch else keras.distribution.list_devices()
    devices = [name for name in names if "cpu" not in name.lower()]
    return f"Keras {keras.__version__} ({backend})", devices[0] if devices else _cpu()


def _cpu() -> str:
    from course_lib.language import both

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return both(f"CPU, {cores} cores", f"CPU，{cores} 核")
