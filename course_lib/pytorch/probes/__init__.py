"""Probes: they run a student's function on a tiny model and report what state it left behind.

Exercises about state (what is frozen, which mode a layer is in) cannot be judged by a returned
value. A probe builds the model of ``course_lib/training/tiny.py`` from drawn arrays, lets the
student's function work on it, looks closely, and returns plain arrays and yes-or-no answers.
``course_lib.keras.probes`` has the same probes with the same answers.
"""

from course_lib.pytorch.probes import (
    adapting,
    clinic,
    continual,
    domains,
    foundation,
    judging,
    pretraining,
    project,
    ranking,
    senses,
    serving,
    shift,
    steps,
    text,
    tuning,
    vision,
)
from course_lib.pytorch.probes.adapting import learning_arrays, low_rank_start
from course_lib.pytorch.probes.clinic import (
    choosing,
    collecting,
    examining,
    preparing,
    training_a_head,
)
from course_lib.pytorch.probes.continual import growing, held_steps
from course_lib.pytorch.probes.domains import adapted_statistics, adversarial_steps
from course_lib.pytorch.probes.foundation import locking
from course_lib.pytorch.probes.judging import explaining, forgetting
from course_lib.pytorch.probes.pretraining import moving, transferring
from course_lib.pytorch.probes.project import own_record, own_split
from course_lib.pytorch.probes.ranking import grown_articles, undone_thinning
from course_lib.pytorch.probes.senses import narrowing, reading_out
from course_lib.pytorch.probes.serving import answering, shipping
from course_lib.pytorch.probes.shift import agreement, shares_of_steps
from course_lib.pytorch.probes.steps import (
    after_one_step,
    carrying,
    extraction,
    initial_weights,
    three_steps,
)
from course_lib.pytorch.probes.text import filled_embedding
from course_lib.pytorch.probes.tuning import evaluation, learning, rates_of_steps, stages
from course_lib.pytorch.probes.vision import looking, placing

ARGUMENTS = {
    **adapting.ARGUMENTS,
    **clinic.ARGUMENTS,
    **continual.ARGUMENTS,
    **domains.ARGUMENTS,
    **judging.ARGUMENTS,
    **foundation.ARGUMENTS,
    **pretraining.ARGUMENTS,
    **project.ARGUMENTS,
    **ranking.ARGUMENTS,
    **senses.ARGUMENTS,
    **serving.ARGUMENTS,
    **shift.ARGUMENTS,
    **steps.ARGUMENTS,
    **text.ARGUMENTS,
    **tuning.ARGUMENTS,
    **vision.ARGUMENTS,
}
"""For each probe, what makes the arguments that the student's function gets: for ``example()``."""

__all__ = [
    "ARGUMENTS",
    "adapted_statistics",
    "adversarial_steps",
    "after_one_step",
    "agreement",
    "answering",
    "carrying",
    "choosing",
    "collecting",
    "evaluation",
    "examining",
    "explaining",
    "extraction",
    "filled_embedding",
    "forgetting",
    "growing",
    "grown_articles",
    "held_steps",
    "initial_weights",
    "learning",
    "learning_arrays",
    "locking",
    "looking",
    "low_rank_start",
    "moving",
    "narrowing",
    "own_record",
    "own_split",
    "placing",
    "preparing",
    "rates_of_steps",
    "reading_out",
    "shares_of_steps",
    "shipping",
    "stages",
    "three_steps",
    "training_a_head",
    "transferring",
    "undone_thinning",
]
