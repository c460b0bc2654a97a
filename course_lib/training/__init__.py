"""What training needs whichever framework does the arithmetic: batches, schedules, recipes, history.

Nothing here imports PyTorch or Keras, so both halves stand on the same plan: the same batches in
the same order at the same learning rates.
"""

from course_lib.training.callbacks import Callback, EarlyStopping
from course_lib.training.checkpoint import Checkpoint
from course_lib.training.history import History
from course_lib.training.preprocessing import Preprocessing
from course_lib.training.rates import Discriminative, Group
from course_lib.training.recipes import SGD, Adam, AdamW
from course_lib.training.schedules import Constant, WarmupCosine
from course_lib.training.unfreezing import GradualUnfreezing

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Callback",
    "Checkpoint",
    "Constant",
    "Discriminative",
    "EarlyStopping",
    "GradualUnfreezing",
    "Group",
    "History",
    "Preprocessing",
    "WarmupCosine",
]
