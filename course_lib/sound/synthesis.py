"""A voice from its two parts: vocal folds that open and close (source), a mouth that resonates (filter).

G. Fant, *Acoustic Theory of Speech Production*, Mouton, 1960; the resonator is that of D. H. Klatt,
"Software for a cascade/parallel formant synthesizer", *JASA* 67(3), 1980. The pulses are those of
D. H. Klatt and L. C. Klatt, "Analysis, synthesis, and perception of voice quality variations among female
and male talkers", *JASA* 87(2), 1990.
"""

from __future__ import annotations

import numpy as np

from course_lib.errors import CourseError

RATE = 16_000  # samples per second, as in Speech Commands
BANDWIDTHS = (60.0, 90.0, 150.0)  # hertz, of F1, F2, F3: our choice, the same for everybody
OPEN = 0.6  # the part of each period in which the vocal folds are open


def glottal_pulses(
    fundamental: np.ndarray, samples: int, *, glide: np.ndarray | float = 0.0, rate: int = RATE
) -> np.ndarray:
    r"""Make the sound of the vocal folds alone.

    In each period the flow of air rises and stops: :math:`\phi^2 (1 - \phi)` for
    :math:`0 \le \phi < 1`, then nothing. What one hears in front of the mouth is the flow's
    *derivative*, :math:`2\phi - 3\phi^2`: it ends in a jump, which holds harmonics of every order.

    Args:
        fundamental: :math:`F_0` at the beginning, in hertz, N.
        samples: T.
        glide: By which part of itself the pitch changes until the end, N or a number.
        rate: Samples per second.

    Returns:
        N×T.
    """
    f0 = np.asarray(fundamental, dtype=np.float64)[:, None]
    t = np.arange(samples) / rate
    change = np.broadcast_to(np.asarray(glide, dtype=np.float64), len(f0))[:, None]
    periods = f0 * (t + change * t**2 / (2 * samples / rate))  # how many have gone by
    phase = (periods % 1.0) / OPEN
    return np.where(phase < 1, 2 * phase - 3 * phase**2, 0.0)


def resonance_gain(
    frequency: np.ndarray, bandwidth: float, *, rate: int = RATE
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Give the three numbers of a resonator :math:`y_n = a x_n + b y_{n-1} + c y_{n-2}`.

    .. math:: c = -e^{-2\pi B/r}, \qquad b = 2 e^{-\pi B/r} \cos(2\pi F/r), \qquad a = 1 - b - c

    :math:`F` is the resonance, :math:`B` its width and :math:`r` the rate, all in hertz. A constant
    input comes out unchanged (:math:`a/(1-b-c) = 1`).
    """
    c = -np.exp(-2 * np.pi * bandwidth / rate) * np.ones_like(frequency)
    b = 2 * np.exp(-np.pi * bandwidth / rate) * np.cos(2 * np.pi * frequency / rate)
    return 1 - b - c, b, c


def resonate(
    x: np.ndarray, frequency: np.ndarray, bandwidth: float, *, rate: int = RATE
) -> np.ndarray:
    """Send sounds N×T through a resonator each, at ``frequency`` (N, hertz)."""
    a, b, c = resonance_gain(np.asarray(frequency, dtype=np.float64), bandwidth, rate=rate)
    y = np.zeros((x.shape[1] + 2, len(x)))  # two samples of silence before the first
    for n, now in enumerate(x.T, start=2):
        y[n] = a * now + b * y[n - 1] + c * y[n - 2]
    return y[2:].T


def speak(
    fundamental: np.ndarray,
    formants: np.ndarray,
    samples: int,
    *,
    glide: np.ndarray | float = 0.0,
    rate: int = RATE,
) -> np.ndarray:
    """Make vowels: pulses through one resonator after the other.

    Args:
        fundamental: F0 in hertz, N.
        formants: F1, F2, F3 in hertz, N×3, all below half the rate.
        samples: T, the length of each.
        glide: As for :func:`glottal_pulses`.
        rate: Samples per second.

    Returns:
        N×T, the largest value of each 1.
    """
    formants = np.asarray(formants, dtype=np.float64)
    _require_below_half(formants, rate)
    sound = glottal_pulses(fundamental, samples, glide=glide, rate=rate)
    for frequency, bandwidth in zip(formants.T, BANDWIDTHS, strict=True):
        sound = resonate(sound, frequency, bandwidth, rate=rate)
    return sound / np.abs(sound).max(axis=1, keepdims=True)


def _require_below_half(formants: np.ndarray, rate: int) -> None:
    if formants.ndim != 2 or formants.shape[1] != len(BANDWIDTHS):
        raise CourseError(
            f"formants are N×3 (F1, F2, F3 of each sound); these have the shape {formants.shape}.",
            f"formants 应为 N×3（每个声音的 F1、F2、F3），现在的形状是 {formants.shape}。",
        )
    if (formants <= 0).any() or (formants >= rate / 2).any():
        raise CourseError(
            f"Formants must lie between 0 and {rate / 2:g} hertz, half the sampling rate.",
            f"共振峰应在 0 与 {rate / 2:g} 赫兹（采样率的一半）之间。",
        )
