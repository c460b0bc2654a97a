"""The PyTorch half of the course's library. ``course_lib.keras`` has the same names."""

from course_lib.pytorch.backbones import load_backbone
from course_lib.pytorch.counting import count_parameters, describe
from course_lib.pytorch.devices import seed_everything
from course_lib.pytorch.features import extract_features
from course_lib.pytorch.freezing import freeze, freeze_plan, unfreeze
from course_lib.pytorch.heads import attach_head, build_head
from course_lib.pytorch.inference import evaluate, predict
from course_lib.pytorch.loop import fit
from course_lib.pytorch.objectives import CrossEntropy, Objective
from course_lib.training import (
    SGD,
    Adam,
    AdamW,
    Callback,
    Checkpoint,
    Constant,
    EarlyStopping,
    History,
    Preprocessing,
    WarmupCosine,
)

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Callback",
    "Checkpoint",
    "Constant",
    "CrossEntropy",
    "EarlyStopping",
    "History",
    "Objective",
    "Preprocessing",
    "WarmupCosine",
    "attach_head",
    "build_head",
    "count_parameters",
    "describe",
    "evaluate",
    "extract_features",
    "fit",
    "freeze",
    "freeze_plan",
    "load_backbone",
    "predict",
    "seed_everything",
    "unfreeze",
]
