"""Spoken vowels, made here: Peterson and Barney's averages, and speakers who differ from them.

Each sound is another speaker. What the table does not say is our assumption, in ``SPREAD``.
"""

from __future__ import annotations

import numpy as np

from course_lib.data.domain import Domain
from course_lib.data.store import Arrays, cached, code_of
from course_lib.errors import CourseError
from course_lib.sound import formants, synthesis

SPREAD = {
    "tract": 0.06,  # the length of the vocal tract: all three formants together
    "formant": 0.04,  # each formant for itself
    "pitch": 0.12,  # the voice
    "glide": 0.10,  # how far the pitch changes within a sound
    "noise": 0.02,  # of the room, against the loudest sample
}
"""Standard deviations of logarithms (about the same as relative ones); glide and noise: of the value."""

GROUPS = {
    "men": ("men",),
    "women": ("women",),
    "children": ("children",),
    "adults": ("men", "women"),
    "all": formants.SPEAKERS,
}
SAMPLES = 4880  # 0.305 seconds
_FADE = 320


def vowels(
    *, n: int = 2000, seed: int = 0, who: str = "adults", stretch: float = 0.0, cache: bool = True
) -> Domain:
    """Vowels of ten kinds: int16, N×4880 at 16,000 samples a second.

    Args:
        n: Number of sounds; every vowel has the same number, or one more.
        seed: Another seed gives other speakers.
        who: ``"men"``, ``"women"``, ``"children"``, ``"adults"`` (men and women in turn) or ``"all"``.
        stretch: Up to this much each speaker's formants are raised or lowered on top (0.3: by a factor
            between 1/1.3 and 1.3, evenly in its logarithm), one factor for all three: as if the vocal
            tract were shorter or longer. N. Jaitly and G. Hinton, "Vocal tract length perturbation
            (VTLP) improves speech recognition", ICML workshop, 2013, do so to recorded speech.
        cache: Keep the sounds on disk.

    Raises:
        CourseError: No such group, no sounds, or a stretch out of range.
    """
    if who not in GROUPS or n < 1 or not 0 <= stretch <= 0.5:
        raise CourseError(
            f"vowels: who is one of {', '.join(GROUPS)}, n at least 1, stretch from 0 to 0.5.",
            f"vowels：who 可选 {'、'.join(GROUPS)}，n 至少为 1，stretch 在 0 与 0.5 之间。",
        )
    key = {
        "name": "vowels", "n": n, "seed": seed, "who": who, "stretch": stretch,
        "code": code_of(__file__, str(formants.__file__), str(synthesis.__file__)),
    }  # fmt: skip
    made = cached(key, lambda: _make(n, seed, GROUPS[who], stretch), cache=cache)
    source = f"synthesised ({who}) from the averages of Peterson and Barney, JASA 24(2), 1952"
    return Domain("vowels", made["x"], made["y"], formants.VOWELS, "Made here", source)


def _make(n: int, seed: int, groups: tuple[str, ...], stretch: float) -> Arrays:
    rng = np.random.default_rng([seed, 11])
    y = np.arange(n) % len(formants.VOWELS)
    group = np.arange(n) // len(formants.VOWELS) % len(groups)
    pitch = np.array([formants.FUNDAMENTAL[each] for each in groups])[group, y]
    peaks = np.stack([formants.formants_of(each) for each in groups])[group, y]

    tract = SPREAD["tract"] * rng.normal(size=(n, 1)) + np.log1p(stretch) * rng.uniform(
        -1, 1, (n, 1)
    )
    peaks = peaks * np.exp(tract + SPREAD["formant"] * rng.normal(size=(n, 3)))
    pitch = pitch * np.exp(SPREAD["pitch"] * rng.normal(size=n))
    glide = SPREAD["glide"] * rng.normal(size=n)
    sound = synthesis.speak(pitch, peaks.clip(max=0.49 * synthesis.RATE), SAMPLES, glide=glide)

    ramp = np.minimum(1, np.arange(1, SAMPLES + 1) / _FADE)
    sound = sound * ramp * ramp[::-1] + SPREAD["noise"] * rng.normal(size=sound.shape)
    loudness = rng.uniform(0.2, 0.8, size=(n, 1))
    return {
        "x": np.rint(32767 * np.clip(loudness * sound, -1, 1)).astype(np.int16),
        "y": y.astype(np.int64),
    }
