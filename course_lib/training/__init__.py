"""What training needs whichever framework does the arithmetic: batches, schedules, recipes, history.

Nothing here imports PyTorch or Keras, so both halves stand on the same plan: the same batches in
the same order at the same learning rates.

**Parity.** From the same weights, ``course_lib.pytorch`` and ``course_lib.keras`` give the same
losses: within 1e-4 over 20 steps, in float32 on the CPU, for every objective and every recipe
(``tests/parity``). What is not the same, and why:

* *Networks with ReLU, all of them trainable, in float32.* Rounding that carries an activation over
  zero changes a gradient by 1e-3, between two runs of one framework just as between two frameworks,
  and training amplifies it. In float64 they agree.
* *Dropout.* Each framework draws its masks by its own generator. Each is the same again for the same
  seed; the two are not the same as each other. (What objectives draw, mix-up's shares for one, comes
  from NumPy and is the same.)
* *Dropout inside a block that is frozen while others learn.* PyTorch puts the block into inference
  mode; Keras's layers drop whenever the backbone is called in training. None of the backbones that
  come with the course drops anything.
* *Random starts of backbones* (``weights=None``). Both draw from the same distributions, each by its
  own generator. Heads start alike: NumPy draws them.
* *VGG16's published weights.* Where the file of ``keras.applications`` is there, the Keras half takes
  it: other numbers than torchvision's, with the preprocessing that they grew up with. The same file
  of torchvision's gives the same features in both.
* *Mixed precision.* In bfloat16 PyTorch chooses for each operation and covers the objective's
  networks; Keras's layers of the model, and only they, round what comes in and what goes out.
  Losses are float32 in both, and agree within a few per cent.
* *BatchNorm in training, on several devices.* PyTorch's processes normalise by their own share of a
  batch and average their statistics after each epoch; Keras's devices see the whole batch. With
  ``accumulate`` both normalise by the parts.
* *Published networks of the same name.* ``keras.applications`` has its own ResNet-50 (it strides in
  another convolution) and MobileNetV2 (it pads on the other side): here both halves build
  torchvision's.

Settled by one convention, PyTorch's, and therefore the same: momentum and weight decay
(``course_lib/keras/optimizers.py``), BatchNorm's ε, momentum and unbiased running variance
(``course_lib/keras/normalization.py``).

Settled by rules of the course's own: data has few types (``as_arrays``); a single example left over at
the end of an epoch joins the batch before it (``batch_sizes``), and where BatchNorm would still meet one
example with one place, both halves refuse it with the same sentence, before the first step.
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
