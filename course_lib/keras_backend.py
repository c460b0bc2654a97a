"""Which engine drives Keras, settled before ``keras`` is imported; and what each wants of its own."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from itertools import count as count_up
from pathlib import Path
from typing import Any

from course_lib.imports import leaving_out
from course_lib.language import Text

AT_ONCE = 16e6  # bytes of batches that are read before a training instead of in its course
MOST_STEPS = 4096  # that one call does
PATIENCE = 0.3  # seconds that a reader who interrupts a training may wait


def settle() -> str:
    """Set ``KERAS_BACKEND`` unless the reader has, and give its value. Call before importing keras."""
    backend, _ = choose()
    os.environ["KERAS_BACKEND"] = backend
    # TensorFlow's start-up notices on stderr would look like errors to a beginner (and to nbgrader).
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if backend == "tensorflow" and find_spec("tensorflow"):
        if "tensorflow" not in sys.modules:
            _take_one_thread_on_two_cores()
            with _silent_stderr(), _quick(), leaving_out("jax"):
                import tensorflow  # noqa: F401
            # PyTorch's compiler brings an LLVM of its own; loaded after TensorFlow's it ends the
            # process. If PyTorch comes into this process later, it shall do without (as it does
            # where there is none).
            sys.modules.setdefault("triton", None)  # type: ignore[arg-type]
        _leave_graphs_as_they_are(sys.modules["tensorflow"])
        _keep_tracing_quiet()
    return backend


def _take_one_thread_on_two_cores() -> None:
    """Have TensorFlow compute with one thread where there are two cores, unless the reader says more.

    Handing each operation of a small network from thread to thread takes longer than the second core
    saves: a step of glyphnet takes three quarters of the time without, and half the work. It is settled
    once, before TensorFlow starts. ``TF_NUM_INTRAOP_THREADS=2`` gives a large network both cores.
    """
    if (os.cpu_count() or 1) <= 2:
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")


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


def as_the_engine_reads(batches: Any, count: int) -> Any:
    """Give what Keras's ``fit`` is to read: on TensorFlow, a stream of its own kind.

    The one that Keras makes of batches tunes itself, and ending that takes up to half a second:
    longer than a small training. Where all batches are small and of one size they are read before
    the first step: asking Python for one in each step takes a good part of a small step.

    Args:
        batches: A ``keras.utils.PyDataset`` without an end, each batch a mapping of arrays.
        count: How many of them will be read.
    """
    if os.environ.get("KERAS_BACKEND") != "tensorflow":
        return batches
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    first = batches[0]
    if (together := _read_together(batches, count)) is not None:
        return tf.data.Dataset.from_tensor_slices(together).repeat().with_options(options)
    signature = {
        name: tf.TensorSpec([None, *array.shape[1:]], array.dtype) for name, array in first.items()
    }
    stream = tf.data.Dataset.from_generator(
        lambda: map(batches.__getitem__, count_up()), output_signature=signature
    )
    return stream.prefetch(2).with_options(options)


def _read_together(batches: Any, count: int) -> dict[str, Any] | None:
    """Give all batches as one array for each name; ``None`` if they are too large, or not of one size."""
    import numpy as np

    if batches.stored or count * sum(array.nbytes for array in batches[0].values()) > AT_ONCE:
        return None
    read = [batches[i] for i in range(count)]
    shapes = [{name: array.shape for name, array in batch.items()} for batch in read]
    if any(shape != shapes[0] for shape in shapes):
        return None
    return {name: np.stack([batch[name] for batch in read]) for name in read[0]}


def many_steps(step: Callable[[Any], Any]) -> Callable[..., None] | None:
    """Give what does many of a training's steps at a call, where the engine can; ``None`` where not.

    To call a compiled step takes Python and TensorFlow a millisecond or two, as long as a small
    network's arithmetic. So a loop is compiled around it.

    Args:
        step: Does one step with what the iterator gives next.

    Returns:
        A function of an iterator, of how many steps to do, and of what to call with how many are done.
        It does so, and comes back to Python, a few times a second: a reader can interrupt it.
    """
    if os.environ.get("KERAS_BACKEND") != "tensorflow":
        return None
    import tensorflow as tf

    if tf.distribute.has_strategy() or tf.config.functions_run_eagerly():
        return None

    @partial(tf.function, autograph=False, reduce_retracing=True)
    def loop(iterator: Any, count: Any) -> None:
        def body(i: Any) -> Any:
            step(iterator.get_next())
            return i + 1

        tf.while_loop(lambda i: i < count, body, [tf.constant(0)], parallel_iterations=1)

    at_once = 1

    def run(iterator: Any, count: int, tell: Callable[[int], None]) -> None:
        nonlocal at_once
        done = 0
        while done < count:
            now, started = min(count - done, at_once), time.perf_counter()
            loop(iterator, tf.constant(now))
            seconds = (time.perf_counter() - started) / now
            at_once = max(1, min(MOST_STEPS, int(PATIENCE / seconds)))  # compiling looks slow, once
            done += now
            tell(done)

    return run


def numbers_of(variables: Iterable[Any]) -> list[Any]:
    """Give copies of variables' values as arrays."""
    if os.environ.get("KERAS_BACKEND") != "tensorflow":
        import numpy as np
        from keras import ops

        return [np.array(ops.convert_to_numpy(variable)) for variable in variables]
    import tensorflow as tf

    places = [variable.value for variable in variables]
    read = tf.raw_ops.ReadVariableOp  # a fifth of what Keras's own way takes, for thousands of them
    return [read(resource=place.handle, dtype=place.dtype).numpy() for place in places]


def put_numbers(variables: Iterable[Any], values: Iterable[Any]) -> None:
    """Put arrays into variables, one for each."""
    direct = os.environ.get("KERAS_BACKEND") == "tensorflow"
    for variable, value in zip(variables, values, strict=True):
        if direct and value.shape == variable.shape and value.dtype.name == variable.dtype:
            import tensorflow as tf

            tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=value)
        else:
            variable.assign(value)


def as_dense(gradient: Any) -> Any:
    """Give a gradient as one plain tensor.

    TensorFlow gives an embedding's row by row, a row once for each time that its token occurs: to
    square such a thing before it is added up, as Adam would, is wrong.
    """
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(gradient, tensorflow.IndexedSlices):
        return tensorflow.convert_to_tensor(gradient)
    return gradient


def differentiate(loss: Callable[[], Any], weights: list[Any]) -> tuple[Any, list[Any]]:
    """Give a loss and its gradients, by the engine's own automatic differentiation.

    Args:
        loss: Computes one number from the weights when it is called.
        weights: ``keras.Variable``s.
    """
    engine = os.environ.get("KERAS_BACKEND")
    if engine == "torch":
        import torch

        value = loss()
        return value.detach(), list(torch.autograd.grad(value, [w.value for w in weights]))
    if engine == "jax":
        import jax
        import keras

        def of_values(values: list[Any]) -> Any:
            with keras.StatelessScope(zip(weights, values, strict=True)):
                return loss()

        return jax.value_and_grad(of_values)([w.value for w in weights])
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        values = [w.value for w in weights]
        tape.watch(values)
        value = loss()
    return value, [as_dense(slope) for slope in tape.gradient(value, values)]


def normalised_by_batch(
    x: Any, scale: Any, shift: Any, statistics: tuple[Any, Any], keep: float, epsilon: float
) -> tuple[Any, ...] | None:
    """Normalise maps N×H×W×C by their own means and variances in one operation, where the engine has one.

    Written out, two dozen small operations and three dozen of their gradients stand for it: in a small
    network that is more than everything else, and each has to be compiled and run.

    Args:
        x: float32.
        scale, shift: ``keras.Variable``s, one number for each channel; or ``None``.
        statistics: The running means and variances.
        keep: How much of them is kept.

    Returns:
        The maps and the new statistics, the variance unbiased; ``None`` where the engine has no such
        operation for what is given.
    """
    plain = scale is not None and shift is not None and len(x.shape) == 4
    if os.environ.get("KERAS_BACKEND") != "tensorflow" or not plain or x.dtype != "float32":
        return None
    import tensorflow as tf

    given = {"x": x, "scale": scale.value, "offset": shift.value, "epsilon": epsilon}
    before = {"mean": statistics[0].value, "variance": statistics[1].value}
    made = tf.raw_ops.FusedBatchNormV3(
        **given, **before, exponential_avg_factor=1 - keep, is_training=True
    )
    return made.y, made.batch_mean, made.batch_variance


def moved_by_adam(
    weight: Any, m: Any, v: Any, gradient: Any, step: Any, epsilon: Any, betas: tuple[Any, Any]
) -> bool:
    r"""Do one update of Adam in one operation, where the engine has one, and say whether it was done.

    .. math::
        m \leftarrow m + (1 - \beta_1)(g - m), \quad v \leftarrow v + (1 - \beta_2)(g^2 - v), \quad
        \theta \leftarrow \theta - \eta \frac{m}{\sqrt v + \epsilon}

    Written out it is a dozen small operations for each weight.

    Args:
        weight, m, v: ``keras.Variable``s of one shape.
        step, epsilon: η and ε, corrections of the moments included.
        betas: As tensors, made once for all weights.
    """
    if os.environ.get("KERAS_BACKEND") != "tensorflow":
        return False
    import tensorflow as tf

    places = {"var": weight.value.handle, "m": m.value.handle, "v": v.value.handle}
    beta1, beta2, step, epsilon = (tf.cast(n, gradient.dtype) for n in (*betas, step, epsilon))
    done = tf.zeros_like(step)  # β^t as if t were large: the corrections are in η and ε
    tf.raw_ops.ResourceApplyAdam(
        **places, grad=gradient, lr=step, epsilon=epsilon, beta1=beta1, beta2=beta2,
        beta1_power=done, beta2_power=done,
    )  # fmt: skip
    return True


def squared_gradients(loss: Callable[..., Any], weights: list[Any]) -> Callable[..., list[Any]]:
    """Give a function of arrays that gives the squares of a loss's gradients.

    It is compiled where the engine compiles, for it is called once for each example. Whatever else
    the loss depends on must stay as it is meanwhile.

    Args:
        loss: Computes one number from arrays, which have the same shapes in each call, and the weights.
        weights: ``keras.Variable``s.
    """

    def squares(*arrays: Any) -> list[Any]:
        return [slope * slope for slope in differentiate(lambda: loss(*arrays), weights)[1]]

    if os.environ.get("KERAS_BACKEND") == "torch":
        import torch

        return lambda *arrays: squares(*(torch.from_numpy(array) for array in arrays))
    return compiled(squares)


def compiled(function: Callable[..., Any], like: Any = None) -> Callable[..., Any]:
    """Give a function of arrays compiled, where the engine compiles.

    Args:
        function: Computes with arrays; what else it depends on must stay as it is.
        like: Where it takes one batch of examples: such a batch. Others may be longer or shorter.
    """
    engine = os.environ.get("KERAS_BACKEND")
    if engine == "jax":
        import jax

        return jax.jit(function)
    if engine == "tensorflow":
        import tensorflow as tf

        batch = None if like is None else [tf.TensorSpec([None, *like.shape[1:]], like.dtype)]
        return tf.function(function, batch, reduce_retracing=batch is None, autograph=False)
    return function


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
