"""Recipes for optimizers: the numbers that define one. Each half builds its own from them.

The formulas are PyTorch's in both halves (one named convention): with ``g`` the gradient, ``θ`` a
weight, ``η`` the learning rate of this step and ``λ`` the weight decay. The Keras half needs small
subclasses for it, since Keras's own optimizers differ: see ``course_lib/keras/optimizers.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.training.schedules import Schedule


@dataclass(frozen=True)
class SGD:
    r"""Stochastic gradient descent with momentum and coupled weight decay.

    .. math::
        v \leftarrow \mu v + (g + \lambda \theta), \qquad \theta \leftarrow \theta - \eta v

    Sutskever et al., *On the importance of initialization and momentum*, ICML 2013.
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.9
    weight_decay: float = 0.0


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


Recipe = SGD | Adam | AdamW
