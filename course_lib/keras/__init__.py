"""The Keras half of the course's library. ``course_lib.pytorch`` has the same names."""

import course_lib.keras.engine  # noqa: F401  isort: skip  (before anything that imports keras)

import atexit
import gc

from course_lib.keras.backbones import load_backbone
from course_lib.keras.counting import count_parameters, describe
from course_lib.keras.devices import seed_everything
from course_lib.keras.features import extract_features
from course_lib.keras.freezing import freeze, freeze_plan, unfreeze
from course_lib.keras.heads import attach_head, build_head
from course_lib.keras.inference import evaluate, predict
from course_lib.keras.loop import fit
from course_lib.keras.objectives import CrossEntropy, Objective
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

# What the imports made stays to the end: looking for garbage after each fit is then quick.
gc.freeze()
atexit.register(gc.unfreeze)

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
