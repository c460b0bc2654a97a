"""The PyTorch half of the course's library. ``course_lib.keras`` has the same names."""

from course_lib.pytorch.adaptation import (
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
from course_lib.pytorch.adapting import add_adapters, add_lora, merge_lora, remove_adapters
from course_lib.pytorch.adversarial import DANN, reverse_gradient
from course_lib.pytorch.augmentation import augment
from course_lib.pytorch.backbones import load_backbone, save_backbone
from course_lib.pytorch.batch_norm import estimate_statistics
from course_lib.pytorch.bottleneck import build_bottleneck
from course_lib.pytorch.contrastive import Contrastive, nt_xent
from course_lib.pytorch.counting import count_parameters, describe
from course_lib.pytorch.dense_model import DenseModel, build_dense
from course_lib.pytorch.devices import seed_everything
from course_lib.pytorch.differentiation import gradients
from course_lib.pytorch.discrepancies import coral_distance, kernel_matrix, mmd_squared
from course_lib.pytorch.distillation import Distillation, LwF, record_answers
from course_lib.pytorch.episodes import Prototypes, prototype_logits
from course_lib.pytorch.explaining import grad_cam
from course_lib.pytorch.exporting import (
    export_onnx,
    export_program,
    load_model,
    run_program,
    save_model,
)
from course_lib.pytorch.features import extract_features
from course_lib.pytorch.finding import first_available, load_head
from course_lib.pytorch.fisher import fisher_diagonal
from course_lib.pytorch.freezing import freeze, freeze_plan, unfreeze
from course_lib.pytorch.growing import grow_head
from course_lib.pytorch.heads import attach_head, build_head
from course_lib.pytorch.incremental import EWC, Replay, TaskCrossEntropy
from course_lib.pytorch.inference import evaluate, predict
from course_lib.pytorch.loop import fit
from course_lib.pytorch.losses import (
    binary_cross_entropy,
    cross_entropy,
    distillation_loss,
    mean_squared_error,
    sequence_negative_log_likelihood,
)
from course_lib.pytorch.lp_ft import probe_then_fine_tune
from course_lib.pytorch.maps import (
    DetectionLoss,
    MapModel,
    PlaceCrossEntropy,
    attach_map_head,
    stack_maps,
)
from course_lib.pytorch.masked import MaskedPatches, masked_error
from course_lib.pytorch.matching import Matching, TwoTowers, build_two_towers, matching_loss
from course_lib.pytorch.multitask import MultiTask, attach_heads, gradient_cosine
from course_lib.pytorch.named import named_arrays, put_arrays
from course_lib.pytorch.objectives import (
    BinaryCrossEntropy,
    CrossEntropy,
    Objective,
    SequenceLikelihood,
    SquaredError,
)
from course_lib.pytorch.parts import describe_groups
from course_lib.pytorch.pretraining import pretrain_backbone
from course_lib.pytorch.pruning import finish_pruning, prune_filters, prune_weights
from course_lib.pytorch.ranker import build_ranker
from course_lib.pytorch.repetition import RepeatedFit, evaluate_each, fit_each
from course_lib.pytorch.scribe import load_scribe, pretrain_scribe, save_scribe
from course_lib.pytorch.small_parts import (
    load_small_part,
    put_small_part,
    save_small_part,
    small_part,
    stored_bytes,
)
from course_lib.pytorch.transformer import attach_text_head, attention_maps, build_language_model
from course_lib.pytorch.weighted import SourceAndTarget, WeightedCrossEntropy
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
from course_lib.training.episodes import draw_episode, episodes
from course_lib.training.memory import Memory
from course_lib.training.merging import add_task_vectors, average_weights, task_vector
from course_lib.training.onnx_files import open_onnx, quantise_onnx, run_onnx
from course_lib.training.transformer_shape import TransformerShape
from course_lib.training.two_domains import labelled_target, unlabelled_target

__all__ = [
    "DANN",
    "EWC",
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
    "Contrastive",
    "CoralAlignment",
    "CrossEntropy",
    "CutOut",
    "DenseModel",
    "DetectionLoss",
    "Discriminative",
    "Distillation",
    "EarlyStopping",
    "EntropyMinimisation",
    "Erase",
    "Flip",
    "GradualUnfreezing",
    "Group",
    "History",
    "InformationMaximisation",
    "LwF",
    "MMDAlignment",
    "MapModel",
    "MaskedPatches",
    "Matching",
    "Memory",
    "MixUp",
    "MultiTask",
    "Objective",
    "Penalty",
    "PlaceCrossEntropy",
    "Preprocessing",
    "Prototypes",
    "PseudoLabels",
    "RepeatedFit",
    "Replay",
    "Rotate",
    "Scale",
    "SequenceLikelihood",
    "Shift",
    "SourceAndTarget",
    "SquaredError",
    "TaskCrossEntropy",
    "TransformerShape",
    "TwoTowers",
    "WarmupCosine",
    "WeightedCrossEntropy",
    "Wrapper",
    "add_adapters",
    "add_lora",
    "add_task_vectors",
    "attach_head",
    "attach_heads",
    "attach_map_head",
    "attach_text_head",
    "attention_maps",
    "augment",
    "average_weights",
    "binary_cross_entropy",
    "build_bottleneck",
    "build_dense",
    "build_head",
    "build_language_model",
    "build_ranker",
    "build_two_towers",
    "coral_distance",
    "count_parameters",
    "cross_entropy",
    "describe",
    "describe_groups",
    "distillation_loss",
    "draw_episode",
    "draw_transforms",
    "episodes",
    "estimate_statistics",
    "evaluate",
    "evaluate_each",
    "export_onnx",
    "export_program",
    "extract_features",
    "finish_pruning",
    "first_available",
    "fisher_diagonal",
    "fit",
    "fit_each",
    "freeze",
    "freeze_plan",
    "grad_cam",
    "gradient_cosine",
    "gradients",
    "grow_head",
    "kernel_matrix",
    "labelled_target",
    "load_backbone",
    "load_head",
    "load_model",
    "load_scribe",
    "load_small_part",
    "masked_error",
    "matching_loss",
    "mean_entropy",
    "mean_squared_error",
    "merge_lora",
    "mmd_squared",
    "named_arrays",
    "nt_xent",
    "open_onnx",
    "predict",
    "pretrain_backbone",
    "pretrain_scribe",
    "probe_then_fine_tune",
    "prototype_logits",
    "prune_filters",
    "prune_weights",
    "put_arrays",
    "put_small_part",
    "quantise_onnx",
    "ramp_up",
    "record_answers",
    "remove_adapters",
    "reverse_gradient",
    "run_onnx",
    "run_program",
    "save_backbone",
    "save_model",
    "save_scribe",
    "save_small_part",
    "seed_everything",
    "sequence_negative_log_likelihood",
    "small_part",
    "stack_maps",
    "stored_bytes",
    "task_vector",
    "unfreeze",
    "unlabelled_target",
]
