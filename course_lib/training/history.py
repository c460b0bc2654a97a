"""What happened during training: numbers only, so that it can be saved, compared and plotted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from course_lib.errors import CourseError


@dataclass
class History:
    """The record of one ``fit``.

    Attributes:
        loss: The objective's value at every step, in order.
        epochs: One dictionary per epoch: ``epoch`` (from 0), ``loss`` (mean over the epoch's
            examples, measured while the weights move), ``learning_rate`` (at the epoch's end),
            ``seconds`` since the start, and ``val_loss``, ``val_accuracy`` where there is validation.
        seconds: The time of the whole training, in seconds.
    """

    loss: list[float] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0

    def column(self, name: str) -> list[float]:
        """Give one entry of every epoch, such as ``"val_accuracy"``."""
        if any(name not in epoch for epoch in self.epochs):
            known = sorted(self.epochs[0])
            raise CourseError(
                f"This history has no {name!r}; it has {known}. Pass validation= to fit for val_….",
                f"这份训练记录里没有 {name!r}，只有 {known}。要有 val_…，请在 fit 中给出 validation=。",
            )
        return [epoch[name] for epoch in self.epochs]

    def followed_by(self, later: History) -> History:
        """Give the record of this training and one that went on from it; epochs are counted on."""
        counted_on = [
            row | {"epoch": len(self.epochs) + i, "seconds": self.seconds + row["seconds"]}
            for i, row in enumerate(later.epochs)
        ]
        seconds = self.seconds + later.seconds
        return History(self.loss + later.loss, self.epochs + counted_on, seconds)

    def to_json(self) -> str:
        """Give the record as JSON text; :meth:`from_json` gives back an equal record."""
        return json.dumps({"loss": self.loss, "epochs": self.epochs, "seconds": self.seconds})

    @classmethod
    def from_json(cls, text: str) -> History:
        """Read a record that :meth:`to_json` wrote."""
        return cls(**json.loads(text))

    def __repr__(self) -> str:
        if not self.epochs:
            return "History(no epochs)"
        last = ", ".join(f"{name}={value:.4g}" for name, value in self.epochs[-1].items())
        return f"History({len(self.epochs)} epochs in {self.seconds:.1f} s; last: {last})"
