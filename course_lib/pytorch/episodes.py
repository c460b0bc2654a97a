r"""Learning to learn from few examples: prototypical networks, in PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from course_lib.arguments import require_count
from course_lib.pytorch import losses
from course_lib.pytorch.objectives import Batch, OfTargets


def prototype_logits(support: Tensor, queries: Tensor) -> Tensor:
    r"""Give how near each query lies to each class: :math:`z_{qk} = -\lVert f_q - c_k \rVert^2`.

    The prototype :math:`c_k` is the mean of class k's support.

    Args:
        support: Features of the labelled few, K×S×D.
        queries: Features to be labelled, Q×D.

    Returns:
        Logits Q×K.
    """
    prototypes = support.mean(dim=1)
    return -(queries[:, None] - prototypes[None]).square().sum(dim=-1)


class Prototypes(OfTargets):
    r"""Mean surprise at the right class of the queries, over the episodes of a batch.

    .. math::
        L = -\frac1Q \sum_q \log \mathrm{softmax}(z_q)_{y_q}, \qquad
        z_{qk} = -\lVert f(x_q) - c_k \rVert^2

    The model is the embedding f: pictures N×H×W×C → N×D. Data are what ``episodes`` gives: x
    E×K×(S+q)×H×W×C. Snell, Swersky, Zemel, *Prototypical Networks for Few-shot Learning*, NeurIPS 2017,
    arXiv:1703.05175.

    Args:
        shots: S, how many examples of each class are the support; the rest are queries.
    """

    def __init__(self, shots: int) -> None:
        super().__init__()
        self.shots = require_count("shots", shots)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        x = batch["x"]
        tasks, ways, each = x.shape[:3]
        f = model(x.flatten(0, 2)).unflatten(0, (tasks, ways, each))
        parts = [self._of_episode(task) for task in f]
        return torch.stack(parts).mean()

    def _of_episode(self, f: Tensor) -> Tensor:
        ways, each, _ = f.shape
        z = prototype_logits(f[:, : self.shots], f[:, self.shots :].flatten(0, 1))
        y = torch.arange(ways, device=z.device).repeat_interleave(each - self.shots)
        return losses.cross_entropy(z, y)

    def settings(self) -> dict[str, object]:
        return {"shots": self.shots}
