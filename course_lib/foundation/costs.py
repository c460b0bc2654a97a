r"""What a model's training costs, from two numbers: its weights N and the tokens D that it reads.

Kaplan et al., *Scaling Laws for Neural Language Models*, 2020, arXiv:2001.08361; Hoffmann et al.,
*Training Compute-Optimal Large Language Models*, 2022, arXiv:2203.15556.
"""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.arguments import require_number

SECONDS_PER_HOUR = 3600.0


def training_operations(weights: float, tokens: float) -> float:
    r"""Give the floating-point operations of a training: :math:`C \approx 6 N D`.

    Forward, each weight multiplies and adds once per token (2N); backward, twice as much (4N).
    Attention's own products, which grow with the length of the text, are left out.
    """
    return (
        6 * require_number("weights", weights, ends="()") * require_number("tokens", tokens, ends="()")
    )  # fmt: skip


def training_hours(operations: float, *, peak: float, used: float) -> float:
    """Give the hours that one accelerator would take.

    Args:
        operations: As :func:`training_operations` gives it.
        peak: Operations per second that the accelerator can do at best.
        used: The part of them that really is done, 0.3 to 0.5 in good trainings.
    """
    require_number("peak", peak, ends="()")
    return operations / (peak * require_number("used", used, 0, 1, ends="(]")) / SECONDS_PER_HOUR


def training_energy(hours: float, *, watts: float, overhead: float = 1.1) -> float:
    """Give kilowatt-hours: hours × watts × what the building takes besides (PUE, 1 or more)."""
    return hours * watts * require_number("overhead", overhead, low=1) / 1000


def expected_loss(weights: float, tokens: float) -> float:
    r"""Give the loss that Hoffmann et al. fitted (their approach 3): nats per token.

    .. math:: \hat L(N, D) = 1.69 + \frac{406.4}{N^{0.34}} + \frac{410.7}{D^{0.28}}

    A fit to *their* models and text: the shape is the lesson, the digits are not ours.
    """
    return 1.69 + 406.4 / weights**0.34 + 410.7 / tokens**0.28


@dataclass(frozen=True)
class PublishedCost:
    """What the makers of a model say that its training took.

    Attributes:
        name: The model.
        weights: N.
        tokens: D, tokens read; None where the model reads no text alone.
        megawatt_hours: Energy; None where it was not published.
        tonnes: Of carbon dioxide, by the makers' own count; None likewise.
        source: Where it says so.
    """

    name: str
    weights: float
    tokens: float | None
    megawatt_hours: float | None
    tonnes: float | None
    source: str


PUBLISHED = (
    PublishedCost("GPT-3", 175e9, 300e9, 1287.0, 552.0, "Patterson et al. 2021, table 4"),
    PublishedCost("BLOOM", 176e9, 366e9, 433.0, 25.0, "Luccioni et al. 2023"),
    PublishedCost("LLaMA-65B", 65.2e9, 1.4e12, 449.0, 173.0, "Touvron et al. 2023, table 15"),
)
