"""What training at size would cost: arithmetic on measured rates, no measurement."""

from __future__ import annotations

from dataclasses import dataclass

IMAGENET = 1_281_167  # training pictures of ILSVRC 2012: Russakovsky et al., IJCV 115, 2015
EPOCHS = 90  # as He et al. 2016 trained their networks, about: 60·10⁴ steps of 256


@dataclass(frozen=True)
class Cost:
    """Of a training on several devices.

    Attributes:
        devices: How many.
        efficiency: The lowest and the highest part of ``devices`` times one device's rate.
        hours: By the clock: with the lowest and with the highest efficiency.
        device_hours: The same, times the devices.
    """

    devices: int
    efficiency: tuple[float, float]
    hours: tuple[float, float]
    device_hours: tuple[float, float]


def training_cost(
    rate: float,
    *,
    devices: int,
    batch: int,
    weights: int,
    gigabytes_per_second: float,
    images: int = IMAGENET,
    epochs: float = EPOCHS,
) -> Cost:
    """Compute what data-parallel training takes.

    A step of one device takes ``batch / rate`` seconds. Ring all-reduce sends and receives
    2 (n − 1) / n times the gradient's bytes (Patarasu & Yuan, *Bandwidth Optimal All-reduce Algorithms
    for Clusters of Workstations*, J. Parallel Distrib. Comput. 69, 2009). The lowest efficiency has all
    of that after the step, the highest all of it beside the step.

    Args:
        rate: Images in a second on one device, measured.
        devices: n.
        batch: Images in a step, on each device.
        weights: How many numbers a gradient has, four bytes each.
        gigabytes_per_second: Between two devices, one way.
        images: In an epoch.
        epochs: How many.
    """
    step = batch / rate
    sent = 2 * (devices - 1) / devices * 4 * weights / (gigabytes_per_second * 1e9)
    lowest, highest = step / (step + sent), step / max(step, sent)
    alone = images * epochs / rate / 3600
    hours = (alone / devices / lowest, alone / devices / highest)
    return Cost(devices, (lowest, highest), hours, (devices * hours[0], devices * hours[1]))
