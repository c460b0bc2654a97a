"""Sound: the published table, the synthesiser against SciPy's filters, the spectrogram against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from course_lib import data, sound
from course_lib.data import vowels
from course_lib.errors import CourseError
from course_lib.readouts import nearest_class_mean
from course_lib.sound.spectrograms import WINDOW

RNG = np.random.default_rng(0)


def test_the_table_is_whole_and_in_order():
    for speakers in sound.SPEAKERS:
        table = sound.formants_of(speakers)
        assert table.shape == (10, 3) and len(sound.FUNDAMENTAL[speakers]) == 10
        assert (np.diff(table, axis=1) > 0).all(), "F1 < F2 < F3"
    men, women, children = (sound.formants_of(each) for each in sound.SPEAKERS)
    assert (men <= women).all() and (women <= children).all()
    assert men[0].tolist() == [270, 2290, 3010] and children[9].tolist() == [560, 1820, 2160]
    with pytest.raises(CourseError, match="robots"):
        sound.formants_of("robots")


def test_a_resonator_is_scipys_filter():
    x = RNG.normal(size=(2, 300))
    frequency = np.array([500.0, 1500.0])
    ours = sound.resonate(x, frequency, 80.0)
    for row, f, y in zip(x, frequency, ours, strict=True):
        a, b, c = sound.resonance_gain(np.array([f]), 80.0)
        theirs = signal.lfilter(a, [1, -b[0], -c[0]], row)
        assert np.allclose(y, theirs, atol=1e-9)


def test_a_resonator_resonates_where_it_should():
    a, b, c = sound.resonance_gain(np.array([1000.0]), 60.0)
    w, h = signal.freqz(a, [1, -b[0], -c[0]], worN=8000, fs=sound.RATE)
    assert abs(w[np.argmax(np.abs(h))] - 1000) < 5 and np.isclose(abs(h[0]), 1)


def test_pulses_come_as_often_as_the_pitch_says():
    x = sound.glottal_pulses(np.array([100.0, 250.0]), 16_000)
    closures = (np.diff(x, axis=1) > 0.5).sum(axis=1)  # each period ends in a jump from −1 to 0
    assert abs(closures[0] - 100) <= 1 and abs(closures[1] - 250) <= 1
    rising = sound.glottal_pulses(np.array([100.0]), 16_000, glide=0.5)
    assert abs((np.diff(rising, axis=1) > 0.5).sum() - 125) <= 1


def test_speaking_puts_the_formants_where_they_were_asked_for():
    formants = np.array([[700.0, 1200.0, 2500.0]])
    x = sound.speak(np.array([100.0]), formants, 16_000)
    power = np.abs(np.fft.rfft(x[0] * np.hanning(16_000))) ** 2  # one line for each hertz
    harmonics = power[:4000].reshape(40, 100).max(axis=1)
    peaks = 100 * signal.argrelmax(np.log(harmonics))[0] + 50
    for f in formants[0]:
        assert np.abs(peaks - f).min() <= 100
    with pytest.raises(CourseError, match="half the sampling rate"):
        sound.speak(np.array([100.0]), np.array([[700.0, 1200.0, 9000.0]]), 1000)
    with pytest.raises(CourseError, match="N×3"):
        sound.speak(np.array([100.0]), np.array([700.0, 1200.0, 2500.0]), 1000)


def test_the_power_spectrum_is_scipys():
    x = RNG.normal(size=(3, 400 + 9 * 160))
    ours = sound.power_spectrum(x, frames=10)
    hann = signal.get_window("hann", WINDOW)
    _, _, z = signal.stft(
        x, window=hann, nperseg=WINDOW, noverlap=WINDOW - 160, boundary=None, padded=False
    )
    theirs = np.abs(z * hann.sum()) ** 2  # SciPy divides by the window's sum
    assert ours.shape == (3, 201, 10) and np.allclose(ours, theirs, rtol=1e-6, atol=1e-9)
    with pytest.raises(CourseError, match="T ≥ 400"):
        sound.power_spectrum(x[:, :300], frames=2)


def test_mel_and_back():
    f = np.array([0.0, 440.0, 1000.0, 8000.0])
    assert np.allclose(sound.hertz(sound.mel(f)), f)
    assert abs(sound.mel(1000) - 1000) < 1, (
        "1000 hertz are 1000 mel: that is how the scale is fixed"
    )


def test_bands_are_triangles_with_sum_one():
    bands = sound.mel_bands(32)
    assert bands.shape == (32, 201) and np.allclose(bands.sum(axis=1), 1) and (bands >= 0).all()
    assert (np.diff(bands.argmax(axis=1)) >= 0).all()
    with pytest.raises(CourseError, match="too narrow"):
        sound.mel_bands(200)


def test_loudness_makes_no_difference_and_silence_is_black():
    x = sound.speak(np.array([120.0]), np.array([[500.0, 1500.0, 2500.0]]), 4880)
    assert np.allclose(sound.mel_image(x), sound.mel_image(x / 7))
    image = sound.mel_image(x)
    assert image.min() >= 0 and np.isclose(image.max(), 1)
    assert np.isfinite(sound.mel_image(np.zeros((1, 4880)))).all()
    images = sound.mel_images((x * 30000).astype(np.int16), bands=16, frames=4)
    assert images.shape == (1, 16, 4, 1) and images.dtype == np.uint8


def test_vowels_are_deterministic_balanced_and_different():
    once, again = (data.load("vowels", n=40, seed=1, cache=False) for _ in range(2))
    other = data.load("vowels", n=40, seed=2, cache=False)
    assert np.array_equal(once.x, again.x) and not np.array_equal(once.x, other.x)
    assert once.x.dtype == np.int16 and once.x.shape == (40, vowels.SAMPLES)
    assert (np.bincount(once.y) == 4).all() and once.classes == sound.VOWELS
    assert len(np.unique(once.x, axis=0)) == 40
    assert np.abs(once.x).max(axis=1).min() > 5000, "no sound is silent, none is clipped for long"
    for wrong in ({"who": "dogs"}, {"n": 0}, {"stretch": 2.0}):
        with pytest.raises(CourseError, match="vowels"):
            data.load("vowels", cache=False, **wrong)
    with pytest.raises(CourseError, match="no option size"):
        data.load("vowels", n=4, size=16)


def test_children_are_further_from_men_than_women_are():
    def images(who: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
        domain = data.load("vowels", n=400, seed=seed, who=who, cache=False)
        x = sound.mel_images(domain.x)
        return x.reshape(len(x), -1).astype(float), domain.y

    x, y = images("men", 0)
    found = {
        who: (nearest_class_mean(x, y, images(who, 1)[0]) == images(who, 1)[1]).mean()
        for who in sound.SPEAKERS
    }
    assert found["men"] > 0.8 > found["women"] > found["children"] + 0.1
