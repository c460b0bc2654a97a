"""The average voice pitch and formants of men, women and children, as measured in 1952.

A *formant* is a resonance of the vocal tract. The first two or three tell vowels apart; a shorter tract
(a child's) has all of them higher.

G. E. Peterson and H. L. Barney, "Control methods used in a study of the vowels", *Journal of the
Acoustical Society of America* 24(2), 175–184, 1952, Table II: averages of 33 men, 28 women and 15
children, speakers of American English, who read *heed, hid, head …* twice. The averages are all that is
printed there: how speakers differ from their average is an assumption of ours (see ``synthesis``).
J. Hillenbrand et al. (same journal, 97(5), 1995) measured again and found somewhat other averages.
"""

from __future__ import annotations

import numpy as np

from course_lib.errors import CourseError

VOWELS = ("i", "ɪ", "ɛ", "æ", "ɑ", "ɔ", "ʊ", "u", "ʌ", "ɝ")
"""The ten vowels, in the table's order."""

WORDS = ("heed", "hid", "head", "had", "hod", "hawed", "hood", "who'd", "hud", "heard")
"""The words in which they were spoken."""

SPEAKERS = ("men", "women", "children")

FUNDAMENTAL = {
    "men": (136, 135, 130, 127, 124, 129, 137, 141, 130, 133),
    "women": (235, 232, 223, 210, 212, 216, 232, 231, 221, 218),
    "children": (272, 269, 260, 251, 256, 263, 276, 274, 261, 261),
}
"""F0, how often the vocal folds open, in hertz: one number for each vowel."""

_FORMANTS = {
    "men": (
        (270, 390, 530, 660, 730, 570, 440, 300, 640, 490),
        (2290, 1990, 1840, 1720, 1090, 840, 1020, 870, 1190, 1350),
        (3010, 2550, 2480, 2410, 2440, 2410, 2240, 2240, 2390, 1690),
    ),
    "women": (
        (310, 430, 610, 860, 850, 590, 470, 370, 760, 500),
        (2790, 2480, 2330, 2050, 1220, 920, 1160, 950, 1400, 1640),
        (3310, 3070, 2990, 2850, 2810, 2710, 2680, 2670, 2780, 1960),
    ),
    "children": (
        (370, 530, 690, 1010, 1030, 680, 560, 430, 850, 560),
        (3200, 2730, 2610, 2320, 1370, 1060, 1410, 1170, 1590, 1820),
        (3730, 3600, 3570, 3320, 3170, 3180, 3310, 3260, 3360, 2160),
    ),
}


def formants_of(speakers: str) -> np.ndarray:
    """Give the average F1, F2 and F3 of ``"men"``, ``"women"`` or ``"children"``: vowels×3, hertz."""
    if speakers not in _FORMANTS:
        raise CourseError(
            f"There are no averages for {speakers!r}: choose one of {', '.join(SPEAKERS)}.",
            f"表里没有 {speakers!r} 的平均值：可选 {'、'.join(SPEAKERS)}。",
        )
    return np.array(_FORMANTS[speakers], dtype=np.float64).T
