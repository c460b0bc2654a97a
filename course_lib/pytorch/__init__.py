"""The PyTorch half of the course's library. ``course_lib.keras`` has the same names."""

from course_lib.pytorch.augmentation import augment
from course_lib.pytorch.backbones import load_backbone, save_backbone
from course_lib.pytorch.batch_norm import estimate_statistics
from course_lib.pytorch.counting import count_parameters, describe
from course_lib.pytorch.devices import seed_everything
from course_lib.pytorch.differentiation import gradients
from course_lib.pytorch.features import extract_features
from course_lib.pytorch.freezing import freeze, freeze_plan, unfreeze
from course_lib.pytorch.heads import attach_head, build_head
from course_lib.pytorch.inference import evaluate, predict
from course_lib.pytorch.loop import fit
from course_lib.pytorch.losses import (
    binary_cross_entropy,
    cross_entropy,
    mean_squared_error,
    sequence_negative_log_likelihood,
)
from course_lib.pytorch.lp_ft import probe_then_fine_tune
from course_lib.pytorch.objectives import (
    BinaryCrossEntropy,
    CrossEntropy,
    Objective,
    SequenceLikelihood,
    SquaredError,
)
from course_lib.pytorch.parts import describe_groups
from course_lib.pytorch.pretraining import pretrain_backbone
from course_lib.pytorch.repetition import evaluate_each, fit_each
from course_lib.pytorch.wrappers import L2SP, Augmented, MixUp, Wrapper
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

__all__ = [
    "L2SP",
    "SGD",
    "Adam",
    "AdamW",
    "Augmented",
    "BinaryCrossEntropy",
    "Brightness",
    "Callback",
    "Checkpoint",
    "Constant",
    "Contrast",
    "CrossEntropy",
    "CutOut",
    "Discriminative",
    "EarlyStopping",
    "Erase",
    "Flip",
    "GradualUnfreezing",
    "Group",
    "History",
    "MixUp",
    "Objective",
    "Preprocessing",
    "Rotate",
    "Scale",
    "SequenceLikelihood",
    "Shift",
    "SquaredError",
    "WarmupCosine",
    "Wrapper",
    "attach_head",
    "augment",
    "binary_cross_entropy",
    "build_head",
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
    "gradients",
    "load_backbone",
    "mean_squared_error",
    "predict",
    "pretrain_backbone",
    "probe_then_fine_tune",
    "save_backbone",
    "seed_everything",
    "sequence_negative_log_likelihood",
    "unfreeze",
]
