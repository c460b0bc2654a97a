"""Training on several devices at once: one process for all of them, by Keras's own distribution.

Call ``share_batches()`` first of all: Keras spreads weights over the devices when they are made. Then
``fit`` gives each device its share of every batch, and JAX adds up what belongs together (Xu et al.,
*GSPMD: General and Scalable Parallelization for ML Computation Graphs*, 2021, arXiv:2105.04663).

The losses are those of one device, but for rounding: BatchNorm, too, sees the whole batch, other than
with PyTorch's DDP. A batch that can't be shared evenly, as the last one of an epoch, is computed whole
by every device; so is everything outside ``fit``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
from keras import KerasTensor

from course_lib.errors import CourseError


class EvenShares(keras.distribution.DataParallel):
    """Keras's data parallelism, cut inside the step: it knows one way to cut, and batches differ."""

    def get_data_layout(self, data_shape: Sequence[int]) -> keras.distribution.TensorLayout:
        """Bring what comes from outside, a step's indices, to every device."""
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)

    def cut(self, array: KerasTensor) -> KerasTensor:
        """Give each device its share of an array's rows, if they can be shared evenly."""
        if array.shape[0] % self.device_mesh.shape[0]:
            return array
        return keras.distribution.distribute_tensor(array, super().get_data_layout(array.shape))


def own_shares(batch: Mapping[str, KerasTensor]) -> dict[str, KerasTensor]:
    """Cut a batch into the devices' shares; give it back as it is where nothing is shared."""
    sharing = keras.distribution.distribution()
    cut = sharing.cut if isinstance(sharing, EvenShares) else lambda array: array
    return {name: cut(array) for name, array in batch.items()}


def share_batches(devices: Sequence[str] | None = None) -> int:
    """Let ``fit`` share its batches from now on; give the number of devices.

    Args:
        devices: Such as ``["gpu:0", "gpu:1"]``; all of the best kind unless given.

    Raises:
        CourseError: If Keras runs on another backend than JAX.
    """
    if keras.backend.backend() != "jax":
        raise CourseError(
            "Keras shares batches between devices on JAX: install jax, set KERAS_BACKEND=jax and "
            "start Python anew.",
            "Keras 只在 JAX 后端上把批次分给多个设备：请安装 jax，设置 KERAS_BACKEND=jax，再重新启动 Python。",
        )
    chosen = list(devices or keras.distribution.list_devices())
    keras.distribution.set_distribution(EvenShares(devices=chosen, auto_shard_dataset=False))
    return len(chosen)


def share_nothing() -> None:
    """Make models on one device again."""
    keras.distribution.set_distribution(None)
