"""The Keras half of the course's library. ``course_lib.pytorch`` has the same names."""

import course_lib.keras.engine  # noqa: F401  isort: skip  (before anything that imports keras)

import atexit
import gc

from course_lib.keras.adaptation import (
    Adapted,
    CoralAlignment,
    EntropyMinimisation,
    InformationMaximisation,
    MMDAlignment,
    Penalty,
    PseudoLabels,
    mean_entropy,
    ramp_up,
)
from course_lib.keras.adversarial import DANN, reverse_gradient
from course_lib.keras.augmentation import augment
from course_lib.keras.backbones import load_backbone, save_backbone
from course_lib.keras.batch_norm import estimate_statistics
from course_lib.keras.bottleneck import build_bottleneck
from course_lib.keras.counting import count_parameters, describe
from course_lib.keras.devices import seed_everything
from course_lib.keras.differentiation import gradients
from course_lib.keras.discrepancies import coral_distance, kernel_matrix, mmd_squared
from course_lib.keras.features import extract_features
from course_lib.keras.freezing import freeze, freeze_plan, unfreeze
from course_lib.keras.heads import attach_head, build_head
from course_lib.keras.inference import evaluate, predict
from course_lib.keras.loop import fit
from course_lib.keras.losses import (
    binary_cross_entropy,
    cross_entropy,
    mean_squared_error,
    sequence_negative_log_likelihood,
)
from course_lib.keras.lp_ft import probe_then_fine_tune
from course_lib.keras.multitask import MultiTask, attach_heads, gradient_cosine
from course_lib.keras.objectives import (
    BinaryCrossEntropy,
    CrossEntropy,
    Objective,
    SequenceLikelihood,
    SquaredError,
)
from course_lib.keras.parts import describe_groups
from course_lib.keras.pretraining import pretrain_backbone
from course_lib.keras.repetition import evaluate_each, fit_each
from course_lib.keras.weighted import SourceAndTarget, WeightedCrossEntropy
from course_lib.keras.wrappers import L2SP, Augmented, MixUp, Wrapper
from course_lib.training import (
    SGD,
    Adam,
    AdamW,
    Callback,
    Checkpoint,
    Constant,
    Discriminative,
    EarlyStopping,
    GradualUnfreezing,
    Group,
    History,
    Preprocessing,
    WarmupCosine,
)
from course_lib.training.augmentation import (
    Brightness,
    Contrast,
    CutOut,
    Erase,
    Flip,
    Rotate,
    Scale,
    Shift,
    draw_transforms,
)
from course_lib.training.two_domains import labelled_target, unlabelled_target

# What the imports made stays to the end: looking for garbage after each fit is then quick.
gc.freeze()
atexit.register(gc.unfreeze)

__all__ = [
    "DANN",
    "L2SP",
    "SGD",
    "Adam",
    "AdamW",
    "Adapted",
    "Augmented",
    "BinaryCrossEntropy",
    "Brightness",
    "Callback",
    "Checkpoint",
    "Constant",
    "Contrast",
    "CoralAlignment",
    "CrossEntropy",
    "CutOut",
    "Discriminative",
    "EarlyStopping",
    "EntropyMinimisation",
    "Erase",
    "Flip",
    "GradualUnfreezing",
    "Group",
    "History",
    "InformationMaximisation",
    "MMDAlignment",
    "MixUp",
    "MultiTask",
    "Objective",
    "Penalty",
    "Preprocessing",
    "PseudoLabels",
    "Rotate",
    "Scale",
    "SequenceLikelihood",
    "Shift",
    "SourceAndTarget",
    "SquaredError",
    "WarmupCosine",
    "WeightedCrossEntropy",
    "Wrapper",
    "attach_head",
    "attach_heads",
    "augment",
    "binary_cross_entropy",
    "build_bottleneck",
    "build_head",
    "coral_distance",
    "count_parameters",
    "cross_entropy",
    "describe",
    "describe_groups",
    "draw_transforms",
    "estimate_statistics",
    "evaluate",
    "evaluate_each",
    "extract_features",
    "fit",
    "fit_each",
    "freeze",
    "freeze_plan",
    "gradient_cosine",
    "gradients",
    "kernel_matrix",
    "labelled_target",
    "load_backbone",
    "mean_entropy",
    "mean_squared_error",
    "mmd_squared",
    "predict",
    "pretrain_backbone",
    "probe_then_fine_tune",
    "ramp_up",
    "reverse_gradient",
    "save_backbone",
    "seed_everything",
    "sequence_negative_log_likelihood",
    "unfreeze",
    "unlabelled_target",
]
