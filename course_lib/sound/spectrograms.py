"""From a waveform to a picture: which frequencies sound when.

J. B. Allen and L. R. Rabiner, "A unified approach to short-time Fourier analysis and synthesis",
*Proceedings of the IEEE* 65(11), 1977; mel bands as in S. Davis and P. Mermelstein, "Comparison of
parametric representations for monosyllabic word recognition", *IEEE TASSP* 28(4), 1980.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from course_lib.errors import CourseError
from course_lib.sound.synthesis import RATE

WINDOW = 400  # samples: 25 milliseconds at 16,000 a second, a few periods of a voice
FLOOR = 60.0  # decibels below the loudest place: what is quieter counts as silence


def power_spectrum(x: np.ndarray, *, frames: int, window: int = WINDOW) -> np.ndarray:
    r"""Cut sounds into overlapping frames and measure the power at each frequency.

    .. math:: P_{kt} = \Bigl| \sum_{n=0}^{W-1} w_n \, x_{n + t h} \, e^{-2\pi i k n / W} \Bigr|^2

    :math:`w` is Hann's window, so that a frame fades in and out; :math:`h` is the hop from one frame to
    the next, chosen so that ``frames`` of them fill the sound.

    Args:
        x: N×T.
        frames: How many.
        window: :math:`W`, in samples.

    Returns:
        N×(W/2+1)×frames; row k belongs to the frequency k·rate/W.
    """
    x = np.asarray(x)
    if x.ndim != 2 or x.shape[1] < window or frames < 1:
        raise CourseError(
            f"Sounds are N×T with T ≥ {window}, cut into 1 or more frames; these have the shape {x.shape}.",
            f"声音应为 N×T 且 T ≥ {window}，并至少切成 1 帧；现在的形状是 {x.shape}。",
        )
    starts = np.linspace(0, x.shape[1] - window, frames).astype(int)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    cut = x[:, starts[:, None] + np.arange(window)] * hann  # N×frames×W
    return np.abs(np.fft.rfft(cut, axis=2).transpose(0, 2, 1)) ** 2


def mel(frequency: np.ndarray | float) -> np.ndarray:
    r"""Hertz → mel, roughly how high a tone sounds: :math:`2595 \log_{10}(1 + f/700)`.

    This form: D. O'Shaughnessy, *Speech Communication: Human and Machine*, Addison-Wesley, 1987.
    """
    return 2595 * np.log10(1 + np.asarray(frequency, dtype=np.float64) / 700)


def hertz(mels: np.ndarray | float) -> np.ndarray:
    """Mel → hertz: the inverse of :func:`mel`."""
    return 700 * (10 ** (np.asarray(mels, dtype=np.float64) / 2595) - 1)


@cache
def mel_bands(
    bands: int, *, window: int = WINDOW, rate: int = RATE, low: float = 60.0, high: float = 5000.0
) -> np.ndarray:
    """Give triangular bands, evenly spaced in mel, each from its left neighbour's middle to its right one's.

    Args:
        bands: How many.
        window: Of the spectrum.
        rate: Samples per second.
        low, high: Where the first begins and the last ends, in hertz.

    Returns:
        bands×(W/2+1), each row with the sum 1.
    """
    edges = hertz(np.linspace(mel(low), mel(high), bands + 2))
    f = np.arange(window // 2 + 1) * rate / window
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.minimum((f - left) / (middle - left), (right - f) / (right - middle)).clip(min=0)
    sums = triangles.sum(axis=1, keepdims=True)
    if not sums.all():
        raise CourseError(
            f"{bands} bands are too narrow for a window of {window} samples: some hold no frequency at "
            "all. Take fewer bands or a longer window.",
            f"{bands} 个频带对 {window} 个样点的窗来说太窄：有的频带里一个频率也没有。"
            "请减少频带，或加长窗。",
        )
    return triangles / sums


def decibels(power: np.ndarray, *, floor: float = FLOOR) -> np.ndarray:
    """Give power in decibels below the loudest place of each sound: 0 … −floor. Axis 0 counts sounds."""
    places = tuple(range(1, power.ndim))
    loudest = np.maximum(power.max(axis=places, keepdims=True), 1e-12)
    return 10 * np.log10(np.maximum(power / loudest, 10 ** (-floor / 10)))


def mel_image(x: np.ndarray, *, bands: int = 32, frames: int = 8) -> np.ndarray:
    """Give the log-mel spectrogram of sounds N×T: N×bands×frames, 0 (silence) … 1 (the loudest place).

    Row 0 is the lowest band. How loud the whole sound is makes no difference.
    """
    power = mel_bands(bands) @ power_spectrum(x, frames=frames)
    return 1 + decibels(power) / FLOOR


def mel_images(x: np.ndarray, *, bands: int = 32, frames: int = 8, batch: int = 500) -> np.ndarray:
    """The same as images for a backbone: uint8, N×bands×frames×1."""
    images = np.empty((len(x), bands, frames, 1), np.uint8)
    for first in range(0, len(x), batch):
        rows = slice(first, first + batch)
        images[rows, :, :, 0] = np.rint(255 * mel_image(x[rows], bands=bands, frames=frames))
    return images
