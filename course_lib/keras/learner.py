"""A model, an objective and the training data in one ``keras.Model``: what Keras's ``fit`` drives.

Keras feeds it indices and what the objective drew, nothing more. The data stays on the device, each
step picks its part there, and the objective becomes Keras's own ``compute_loss``. So Keras's ``fit``
does the rest on the TensorFlow, the JAX and the torch backend: gradients, update, compilation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.keras.batch_norm import moving_statistics
from course_lib.keras.distributed import own_shares
from course_lib.keras.inference import as_model_reads
from course_lib.keras.objectives import Objective
from course_lib.keras_backend.running import MOST_STEPS, many_steps
from course_lib.training.batches import TERMS, Arrays, cut, shares, stream_of
from course_lib.training.draws import drawn
from course_lib.training.plan import Plan
from course_lib.training.prefetch import ReadAhead, examples, read_before, split

SHARE = "part.share"  # the name under which a part's share of its batch travels


class Learner(keras.Model):
    """Give the objective's value for a batch of indices, and remember it.

    Attributes:
        losses_of_updates: The loss of each of the last updates, on the device.
        step: How many of Keras's steps have been done: one for each part of each batch.
        many: Does many of Keras's steps at a call, if that is possible.
        steps_a_call: How many then.
        tell: Is told meanwhile how many of them are done.
        total: How many updates the whole training has.
        terms: How many terms of the mean each example brings; asked only where batches are cut.
        rounds: Whether the model computes in bfloat16.
        all_count: Whether every part of every batch has a share of it.
    """

    def __init__(
        self, model: keras.Model, objective: Objective, plan: Plan, later: Sequence[Plan] = ()
    ) -> None:
        """Take a plan's data, with room for that of the plans that come later."""
        super().__init__()
        self.model, self.objective = model, objective
        rows = rows_for([plan, *later])
        self.arrays = {
            name: _constant(lengthened(array, rows[name]))
            for name, array in split(plan.arrays)[0].items()
        }
        self.losses_of_updates = _constant(np.zeros(room_for_losses([plan, *later])))
        self.step = _constant(np.zeros((), np.int32))
        self.total = _constant(np.array(len(plan.rates), np.float64))
        self.accumulate = plan.accumulate
        self.many: Callable[..., None] | None = None
        self.steps_a_call, self.tell = 1, nobody
        self.terms = objective.terms(plan.arrays) if plan.accumulate > 1 else None
        self.rounds = any(layer.compute_dtype == "bfloat16" for layer in model._flatten_layers())
        self.all_count = plan.sizes[-1] >= plan.accumulate and self.terms is None
        self.built = True

    def take_data(self, plan: Plan) -> None:
        """Put other data of the same kind, no longer than there is room, into the place of what is there."""
        for name, array in split(plan.arrays)[0].items():
            self.arrays[name].assign(_narrow(lengthened(array, self.arrays[name].shape[0])))
        self.total.assign(len(plan.rates))

    train_function: Callable[[Any], Any] | None

    def make_train_function(self, force: bool = False) -> Callable[[Any], Any] | None:
        """Compile what Keras calls for a step; where one call can do many, Keras calls it for them."""
        if self.train_function is None or force:
            self.many = None if self.jit_compile else many_steps(self.train_step)
            if self.many is None:
                return super().make_train_function(force)
            self.train_function = self._call_many
        return self.train_function

    def _call_many(self, iterator: Any) -> dict[str, Any]:
        assert self.many is not None
        self.many(iterator, self.steps_a_call, self.tell)
        return {}

    def losses_from(self, update: int, count: int) -> list[float]:
        """Give the losses of so many updates, none of them further back than there is room."""
        kept = ops.convert_to_numpy(self.losses_of_updates)  # the one transfer from the device
        return kept[np.arange(update, update + count) % len(kept)].tolist()

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
        batch |= read_before(x)
        inputs = {name: array for name, array in batch.items() if name.partition("_")[0] == "x"}
        batch |= {name: as_model_reads(self.model, array) for name, array in inputs.items()}
        batch = own_shares(batch | drawn(x))
        update = ops.cast(self.step // self.accumulate, keras.config.floatx())
        batch |= {"progress": ops.divide(update, self.total)}
        loss = self._part_of_loss(batch, x) if self.accumulate > 1 else self._loss(batch)
        self._remember(ops.stop_gradient(loss))
        return loss * self.accumulate  # Keras's optimizers divide the sum of the parts' gradients

    def _loss(self, batch: dict[str, Any]) -> KerasTensor:
        return self.objective.loss(InFloat32(self.model) if self.rounds else self.model, batch)

    def _part_of_loss(self, batch: dict[str, Any], x: dict[str, KerasTensor]) -> KerasTensor:
        """Give a part's loss times its share. What has none moves nothing, statistics included."""
        share, held = ops.mean(x[SHARE]), [] if self.all_count else moving_statistics(self)
        before = [ops.copy(statistic) for statistic in held]
        loss = share * self._loss(batch)
        for statistic, was in zip(held, before, strict=True):
            statistic.assign(ops.where(share > 0, statistic.value, was))
        return loss

    def _remember(self, loss: KerasTensor) -> None:
        place = ops.mod(self.step // self.accumulate, self.losses_of_updates.shape[0])
        kept = ops.convert_to_tensor(self.losses_of_updates)
        if self.accumulate > 1:  # add up the parts of a batch
            is_first = self.step % self.accumulate == 0
            loss = loss + ops.where(is_first, 0.0, ops.take(kept, place))
        place, loss = ops.reshape(place, (1, 1)), ops.reshape(loss, (1,))
        self.losses_of_updates.assign(ops.scatter_update(kept, place, loss))
        self.step.assign(self.step + 1)


class InFloat32:
    """A network that computes in bfloat16 inside and gives float32; its parts, too.

    What an objective does with the outputs needs the digits, and TensorFlow multiplies no number of
    one kind with one of the other.
    """

    def __init__(self, whole: keras.Layer) -> None:
        self._whole = whole

    def __call__(self, *inputs: Any, **how: Any) -> Any:
        return keras.tree.map_structure(_widened, self._whole(*inputs, **how))

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._whole, name)
        return InFloat32(found) if isinstance(found, keras.Layer) else found


class Rows(keras.utils.PyDataset):
    """The rows of every batch from an epoch onwards: indices and draws, as NumPy decided them.

    It has no end (``fit`` says how many steps an epoch has): one iterator serves the whole training.
    Starting a new one for each epoch costs TensorFlow longer than a small epoch takes.
    """

    num_batches = None

    def __init__(
        self, plan: Plan, objective: Objective, first_epoch: int, terms: np.ndarray | None
    ) -> None:
        super().__init__()
        self.plan, self.objective, self.first_epoch = plan, objective, first_epoch
        self.terms = terms
        self.batches_of = lru_cache(maxsize=2)(self._batches_of)
        self.stored = split(plan.arrays)[1]
        self.ahead = ReadAhead(self._at)

    def __getitem__(self, step: int) -> Arrays:
        return self.ahead[step] if self.stored else self._at(step)

    def close(self) -> None:
        """End the thread that reads ahead, and forget the data: TensorFlow keeps its streams."""
        self.ahead.close()
        self.__dict__.clear()

    def _at(self, step: int) -> Arrays:
        epoch, place = divmod(step, len(self.plan.sizes) * self.plan.accumulate)
        rows = self.batches_of(self.first_epoch + epoch)[place]
        read = examples(self.stored, {"": rows["main"]} | rows)
        return rows | {name: _narrow(array) for name, array in read.items()}

    def _batches_of(self, epoch: int) -> list[Arrays]:
        rows = self.plan.rows(self.objective, epoch, self.terms)
        named: Arrays = {name or "main": _narrow(array) for name, array in rows.items()}
        batches = cut(named, self.plan.sizes)
        if self.plan.accumulate == 1:
            return list(batches)
        return [part for batch in batches for part in weighed_parts(batch, self.plan.accumulate)]


def nobody(done: int) -> None:
    """Be told how many steps are done."""


def rows_for(plans: Sequence[Plan]) -> dict[str, int]:
    """Give how many rows of each array the longest of these plans has."""
    lengths = [{name: array.shape[0] for name, array in split(p.arrays)[0].items()} for p in plans]
    return {name: max(length[name] for length in lengths) for name in lengths[0]}


def room_for_losses(plans: Sequence[Plan]) -> int:
    """Give how many losses are to be kept: of an epoch that has begun, and of what one call does."""
    longest = max(len(plan.rates) for plan in plans)
    return max(len(plan.sizes) for plan in plans) + min(longest, MOST_STEPS)


def lengthened(array: np.ndarray, rows: int) -> np.ndarray:
    """Give an array with zeros at its end: rows that no index names."""
    more = [(0, rows - array.shape[0]), *[(0, 0)] * (array.ndim - 1)]
    return np.pad(array, more) if more[0][1] else array


def weighed_parts(batch: Arrays, count: int) -> list[Arrays]:
    """Cut a batch into exactly ``count`` parts, with each part's share beside it.

    What a batch of fewer examples lacks is filled with its first example at a share of zero: Keras
    counts its steps and updates after every ``count``.
    """
    floats = keras.config.floatx()
    parts = [
        rows | {SHARE: np.full(len(rows["main"]), share, floats)}
        for share, rows in shares(batch, count)
    ]
    nothing = {name: rows[:1] for name, rows in batch.items()} | {SHARE: np.zeros(1, floats)}
    parts += [nothing] * (count - len(parts))
    return [{name: rows for name, rows in part.items() if name != TERMS} for part in parts]


def _widened(output: KerasTensor) -> KerasTensor:
    """Give numbers in bfloat16 as float32, and others as they are."""
    rounded = keras.backend.standardize_dtype(output.dtype) == "bfloat16"
    return ops.cast(output, "float32") if rounded else output


def _constant(array: np.ndarray) -> keras.Variable:
    """Put an array on the device as a variable that no gradient reaches."""
    array = _narrow(array)
    return keras.Variable(array, trainable=False, dtype=array.dtype.name)


def _narrow(array: np.ndarray) -> np.ndarray:
    """Give the types that all backends have on all devices."""
    narrow = {"int64": "int32", "float64": keras.config.floatx()}
    return array.astype(narrow.get(array.dtype.name, array.dtype))
