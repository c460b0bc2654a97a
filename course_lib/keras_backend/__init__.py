"""Which engine drives Keras, settled before ``keras`` is imported; beside it, what each wants of its own."""

from __future__ import annotations

import gc
import logging
import os
import platform
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from course_lib.imports import leaving_out
from course_lib.language import Text


def settle() -> str:
    """Set ``KERAS_BACKEND`` unless the reader has, and give its value. Call before importing keras."""
    backend, _ = choose()
    os.environ["KERAS_BACKEND"] = backend
    # TensorFlow's start-up notices on stderr would look like errors to a beginner (and to nbgrader).
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if backend == "tensorflow" and find_spec("tensorflow"):
        if "tensorflow" not in sys.modules:
            _suit_small_networks()
            with _silent_stderr(), _quick(), leaving_out("jax"):
                import tensorflow  # noqa: F401
            # PyTorch's compiler brings an LLVM of its own; loaded after TensorFlow's it ends the
            # process. If PyTorch comes into this process later, it shall do without (as it does
            # where there is none).
            sys.modules.setdefault("triton", None)  # type: ignore[arg-type]
        _leave_graphs_as_they_are(sys.modules["tensorflow"])
        _keep_tracing_quiet()
    return backend


def _suit_small_networks() -> None:
    """Set what TensorFlow reads when it starts to what suits small networks, unless the reader has.

    Parting each operation among two cores takes longer than the second core saves, so it gets one
    thread; two operations that do not wait for each other run side by side, which changes no number.
    oneDNN's convolutions take two thirds of the time of TensorFlow's own (on newer processors they
    are the default), if it keeps what it prepares for a shape instead of preparing it at each step.
    """
    if (os.cpu_count() or 1) <= 2:
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", "2")
    if platform.machine() in ("x86_64", "AMD64"):
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
        os.environ.setdefault("TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE", "0")


def _leave_graphs_as_they_are(tensorflow: Any) -> None:
    """Tell TensorFlow to run graphs as they were written.

    Ours are small and run a few dozen times: improving one takes longer than it saves. It also moves
    roundings, so this holds whoever imported TensorFlow first: the same training, the same result.
    """
    tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


def _keep_tracing_quiet() -> None:
    """Drop TensorFlow's remark that one function was traced often.

    It tells functions apart by their place in memory, so it takes the compiled passes of many small
    networks, one made when another is gone, for one; and a reader could do nothing about it.
    """
    logging.getLogger("tensorflow").addFilter(_no_remark_on_tracing)


def _no_remark_on_tracing(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in record.getMessage()


@contextmanager
def _quick() -> Iterator[None]:
    """Look for no garbage meanwhile: what imports make stays, and looking takes a second."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Drop what is written to the process's stderr: TensorFlow writes before its log level counts."""
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def without_remarks() -> Iterator[None]:
    """Keep an exporter's remarks on its own workings to itself, inside a ``with`` statement."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with _silent_stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def read_saved_model(path: Path) -> Any:
    """Give what TensorFlow reads from a SavedModel's folder; its ``serve`` takes a batch."""
    import tensorflow as tf

    return tf.saved_model.load(str(path))


def choose() -> tuple[str, Text]:
    """Give the backend that Keras will use here and the reason, in both languages.

    On a GPU it is torch: TensorFlow and PyTorch want different versions of the CUDA libraries, and
    the course installs PyTorch's. Without a GPU it is TensorFlow, Keras's own default.
    """
    asked = os.environ.get("KERAS_BACKEND", "")
    if asked:
        return asked, {"en": "KERAS_BACKEND says so", "zh": "由环境变量 KERAS_BACKEND 指定"}
    if has_nvidia_gpu() and find_spec("torch"):
        return "torch", {
            "en": "there is a GPU, and its libraries here are PyTorch's",
            "zh": "这台机器有 GPU，而所装的 CUDA 库是 PyTorch 的那一套",
        }
    if find_spec("tensorflow"):
        return "tensorflow", {"en": "the default on a CPU", "zh": "CPU 上的默认选择"}
    for module in ("torch", "jax"):
        if find_spec(module):
            return module, {"en": "TensorFlow is not installed", "zh": "没有安装 TensorFlow"}
    return "tensorflow", {"en": "the default; not installed yet", "zh": "默认选择，但尚未安装"}


def has_nvidia_gpu() -> bool:
    """Say whether an NVIDIA GPU is to be seen, without importing a framework."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in ("", "-1"):
        return False
    if sys.platform == "win32":
        return shutil.which("nvidia-smi") is not None
    return Path("/dev/nvidia0").exists() or Path("/dev/dxg").exists()
