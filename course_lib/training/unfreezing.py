"""Let more and more of a model learn as the training goes on."""

from __future__ import annotations

from course_lib.arguments import require_count
from course_lib.errors import CourseError
from course_lib.training.callbacks import Callback, Run
from course_lib.training.rates import FULL_RATE


class GradualUnfreezing(Callback):
    """Begin with the head alone; every few epochs, let the next part towards the input learn too.

    Howard & Ruder, *Universal Language Model Fine-tuning for Text Classification*, ACL 2018,
    arXiv:1801.06146, section 3.3: the new head's first steps are wild, and what they would do to
    the features all at once is hard to repair.

    The parts are those of ``describe_groups``: head, last block, …, first block, stem. A part that
    waits is frozen in the full sense: its weights and BatchNorm statistics stay bit by bit as they
    are. What learns already goes on undisturbed: the optimizer keeps its memory of it. What was
    frozen before ``fit`` stays so. Afterwards all is as free as it was.

    Args:
        every: How many epochs lie between two parts.
    """

    def __init__(self, *, every: int = 1) -> None:
        self.every = require_count("every", every)

    def on_epoch_begin(self, run: Run) -> None:
        # From the number of epochs alone, so that a resumed run needs to remember nothing.
        free = 1 + len(run.history.epochs) // self.every
        run.let_learn(in_turn(run.part_names)[-free:])

    def settings(self) -> dict[str, object]:
        return {"every": self.every}


def in_turn(parts: list[str]) -> list[str]:
    """Give the parts that take turns, from input to output."""
    turns = [part for part in parts if part not in FULL_RATE]
    if "head" not in turns or len(turns) < 2:
        raise CourseError(
            "GradualUnfreezing goes from the head to the backbone: it needs a model that has both, "
            "as attach_head gives it.",
            "GradualUnfreezing 从分类头逐步解冻到主干网络：模型要同时有这两部分，"
            "例如用 attach_head 搭建的模型。",
        )
    return turns
