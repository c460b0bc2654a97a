"""Sound: voices made of a source and a filter, and the pictures that networks see of them.

All sounds of the course are N×T int16, one channel, ``RATE`` = 16,000 samples a second.

| module | idea |
|---|---|
| ``formants`` | Peterson and Barney's table: where the resonances of a mouth lie |
| ``synthesis`` | a pulse train through resonators: a vowel |
| ``spectrograms`` | waveform → short-time spectrum → mel bands → decibels → an image |
"""

from course_lib.sound.formants import FUNDAMENTAL, SPEAKERS, VOWELS, WORDS, formants_of
from course_lib.sound.spectrograms import (
    decibels,
    hertz,
    mel,
    mel_bands,
    mel_image,
    mel_images,
    power_spectrum,
)
from course_lib.sound.synthesis import (
    RATE,
    glottal_pulses,
    resonance_gain,
    resonate,
    speak,
)

__all__ = [
    "FUNDAMENTAL",
    "RATE",
    "SPEAKERS",
    "VOWELS",
    "WORDS",
    "decibels",
    "formants_of",
    "glottal_pulses",
    "hertz",
    "mel",
    "mel_bands",
    "mel_image",
    "mel_images",
    "power_spectrum",
    "resonance_gain",
    "resonate",
    "speak",
]
