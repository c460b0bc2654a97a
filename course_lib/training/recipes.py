"""Recipes for optimizers: the numbers that define one. Each half builds its own from them.

The formulas are PyTorch's in both halves (one named convention): with ``g`` the gradient, ``θ`` a
weight, ``η`` the learning rate of this step and ``λ`` the weight decay. The Keras half needs small
subclasses for it, since Keras's own optimizers differ: see ``course_lib/keras/optimizers.py``.

All of them have two fields that say where the numbers hold:

* ``decay_everything``: ``False`` (the default) leaves biases and norms (every weight with one
  dimension) without decay. Decay is there to keep matrices and kernels from fitting noise with large
  numbers. A norm's scale and shift are few, a layer behind a norm does not depend on its weights'
  length at all, and pre-trained ones are where they should be: pulling them to zero moves the
  features. He et al., *Bag of Tricks for Image Classification*, CVPR 2019, arXiv:1812.01187.
  ``True`` is the plain formula, ``λθ`` for every weight.
* ``rates``: how fast each part of the model learns (see ``course_lib/training/rates.py``): ``None``
  (all alike), ``Discriminative()``, or factors by part such as ``{"backbone": 0.1}``.
"""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.arguments import require_number
from course_lib.training.rates import Rates, require_rates
from course_lib.training.schedules import Schedule, as_schedule


@dataclass(frozen=True)
class SGD:
    r"""Stochastic gradient descent with momentum and coupled weight decay.

    .. math::
        v \leftarrow \mu v + (g + \lambda \theta), \qquad \theta \leftarrow \theta - \eta v

    Momentum is Polyak's (*Some methods of speeding up the convergence of iteration methods*, 1964).
    Sutskever et al., *On the importance of initialization and momentum in deep learning*, ICML 2013,
    put the rate elsewhere: :math:`v \leftarrow \mu v - \eta g, \theta \leftarrow \theta + v`. While
    the rate is constant that is the same. When it changes, theirs lets old gradients keep the rate
    of their day; here, as in PyTorch, today's rate goes for all that :math:`v` remembers.
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.9
    weight_decay: float = 0.0
    decay_everything: bool = False
    rates: Rates | None = None

    def __post_init__(self) -> None:
        require_number("momentum", self.momentum, 0, 1)
        _check_common(self)


@dataclass(frozen=True)
class Adam:
    r"""Steps scaled by running moments of the gradient; decay is coupled (added to the gradient).

    .. math::
        g' = g + \lambda \theta, \quad
        m \leftarrow \beta_1 m + (1 - \beta_1) g', \quad
        v \leftarrow \beta_2 v + (1 - \beta_2) g'^2, \quad
        \theta \leftarrow \theta - \eta \, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Kingma & Ba, ICLR 2015, arXiv:1412.6980.
    """

    learning_rate: float | Schedule = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    decay_everything: bool = False
    rates: Rates | None = None

    def __post_init__(self) -> None:
        _check_moments(self)


@dataclass(frozen=True)
class AdamW:
    r"""Adam whose decay is decoupled: it shrinks the weights and leaves the moments alone.

    .. math::
        \theta \leftarrow (1 - \eta \lambda) \, \theta \quad \text{then Adam's step with } g' = g

    Loshchilov & Hutter, *Decoupled Weight Decay Regularization*, ICLR 2019, arXiv:1711.05101.
    """

    learning_rate: float | Schedule = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01
    decay_everything: bool = False
    rates: Rates | None = None

    def __post_init__(self) -> None:
        _check_moments(self)


Recipe = SGD | Adam | AdamW


def _check_moments(recipe: Adam | AdamW) -> None:
    require_number("beta_1", recipe.beta_1, 0, 1, ends="[)")
    require_number("beta_2", recipe.beta_2, 0, 1, ends="[)")
    require_number("epsilon", recipe.epsilon, ends="()")
    _check_common(recipe)


def _check_common(recipe: Recipe) -> None:
    as_schedule(recipe.learning_rate)
    require_number("weight_decay", recipe.weight_decay)
    require_rates(recipe.rates)
