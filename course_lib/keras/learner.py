"""A model, an objective and the training data in one ``keras.Model``: what Keras's ``fit`` drives.

Keras feeds it indices and what the objective drew, nothing more. The data stays on the device, each
step picks its part there, and the objective becomes Keras's own ``compute_loss``. So Keras's ``fit``
does the rest on the TensorFlow, the JAX and the torch backend: gradients, update, compilation.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.keras.objectives import Objective
from course_lib.training.batches import Arrays, cut, stream_of
from course_lib.training.draws import drawn
from course_lib.training.plan import Plan


class Learner(keras.Model):
    """Give the objective's value for a batch of indices, and remember it.

    Attributes:
        losses_of_epoch: The loss of each step of the running epoch, on the device.
        step: How many steps have been done.
    """

    def __init__(self, model: keras.Model, objective: Objective, plan: Plan) -> None:
        super().__init__()
        self.model, self.objective = model, objective
        self.arrays = {name: _constant(array) for name, array in plan.arrays.items()}
        self.losses_of_epoch = _constant(np.zeros(len(plan.sizes)))
        self.step = _constant(np.zeros((), np.int32))
        self.total = len(plan.rates)
        self.built = True

    def call(self, rows: dict[str, KerasTensor]) -> dict[str, KerasTensor]:
        """Pass the rows on; the work is done in :meth:`compute_loss`."""
        return rows

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> KerasTensor:
        """Pick the data that the indices name and ask the objective."""
        batch = {
            name: ops.take(array, x[stream_of(name) or "main"], axis=0)
            for name, array in self.arrays.items()
        }
        batch |= drawn(x)
        batch["progress"] = ops.cast(self.step, keras.config.floatx()) / self.total
        loss = self.objective.loss(self.model, batch)
        self._remember(ops.stop_gradient(loss))
        return loss

    def _remember(self, loss: KerasTensor) -> None:
        place = ops.reshape(self.step % self.losses_of_epoch.shape[0], (1, 1))
        kept = ops.convert_to_tensor(self.losses_of_epoch)
        self.losses_of_epoch.assign(ops.scatter_update(kept, place, ops.reshape(loss, (1,))))
        self.step.assign(self.step + 1)


class Rows(keras.utils.PyDataset):
    """The rows of every batch from an epoch onwards: indices and draws, as NumPy decided them.

    It has no end (``fit`` says how many steps an epoch has): one iterator serves the whole training.
    Starting a new one for each epoch costs TensorFlow longer than a small epoch takes.
    """

    num_batches = None

    def __init__(self, plan: Plan, objective: Objective, first_epoch: int) -> None:
        super().__init__()
        self.plan, self.objective, self.first_epoch = plan, objective, first_epoch
        self.batches_of = lru_cache(maxsize=2)(self._batches_of)

    def __getitem__(self, step: int) -> Arrays:
        epoch, place = divmod(step, len(self.plan.sizes))
        return self.batches_of(self.first_epoch + epoch)[place]

    def _batches_of(self, epoch: int) -> list[Arrays]:
        rows = self.plan.rows(self.objective, epoch)
        named: Arrays = {name or "main": _narrow(array) for name, array in rows.items()}
        return list(cut(named, self.plan.batch_size))


def _constant(array: np.ndarray) -> keras.Variable:
    """Put an array on the device as a variable that no gradient reaches."""
    array = _narrow(array)
    return keras.Variable(array, trainable=False, dtype=array.dtype.name)


def _narrow(array: np.ndarray) -> np.ndarray:
    """Give the types that all backends have on all devices."""
    narrow = {"int64": "int32", "float64": keras.config.floatx()}
    return array.astype(narrow.get(array.dtype.name, array.dtype))
