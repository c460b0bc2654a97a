"""How an engine is kept running: data that it reads itself, many steps at a call, functions compiled."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from itertools import count as count_up
from typing import Any

AT_ONCE = 16e6  # bytes of batches that are read before a training instead of in its course
MOST_STEPS = 4096  # that one call does
PATIENCE = 0.3  # seconds that a reader who interrupts a training may wait


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
