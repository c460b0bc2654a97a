"""Three made languages and their translations into English. Everything here is **generated**.

Every sentence is a small tree (who does what to whom, and how they are), written once in English and
once in a made language. A made language has its own words and its own order:

| language | words | order |
|---|---|---|
| ``lumi`` | its own | verb last, adjective after its noun |
| ``luma`` | half of them Lumi's | as Lumi |
| ``tark`` | its own | verb first, adjective before its noun |

So Luma is Lumi's sister, and Tark a stranger to both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.arguments import require_count, require_seed
from course_lib.errors import CourseError
from course_lib.text.vocabulary import END, START, Vocabulary, build_vocabulary, pad_rows

NOUNS = (
    "dog", "cat", "child", "woman", "man", "teacher", "bird", "horse", "fish", "farmer", "king", "sailor",
    "mouse", "bear", "fox",
)  # fmt: skip
VERBS = ("sees", "likes", "follows", "helps", "finds", "hears", "calls", "knows", "meets", "paints")
ADJECTIVES = ("old", "young", "small", "big", "happy", "quiet", "red", "white", "clever", "lazy")
ARTICLES = ("the", "a")

LANGUAGES = ("lumi", "luma", "tark")
_SOUNDS = {"lumi": ("lmnbdv", "aiu"), "luma": ("lmnbdv", "aie"), "tark": ("tkrpsg", "oae")}

Pair = tuple[list[str], list[str]]  # the made sentence and the English one, as words


@dataclass(frozen=True)
class Thing:
    """Somebody in a sentence: an article, perhaps an adjective, a noun (in English)."""

    article: str
    adjective: str | None
    noun: str


def words_of(language: str) -> dict[str, str]:
    """Give a made language's word for each English one, always the same.

    Raises:
        CourseError: There is no such language.
    """
    if language not in LANGUAGES:
        raise CourseError(
            f"There is no made language {language!r}: choose one of {', '.join(LANGUAGES)}.",
            f"没有名为 {language!r} 的人造语言：可选 {'、'.join(LANGUAGES)}。",
        )
    english = (*ARTICLES, *ADJECTIVES, *NOUNS, *VERBS)
    own = _make_words(language, len(english))
    if language != "luma":
        return dict(zip(english, own, strict=True))
    sister = words_of("lumi")  # every second word is Lumi's
    return {word: sister[word] if i % 2 == 0 else own[i] for i, word in enumerate(english)}


def made_pairs(
    language: str, n: int, *, seed: int = 0, without: Sequence[Pair] = (), order: str | None = None
) -> list[Pair]:
    """Generate different sentences in a made language, each with its English translation.

    Args:
        language: One of ``LANGUAGES``.
        n: How many.
        seed: Another seed gives other sentences.
        without: Pairs whose English sentence must not occur: test sentences, for example.
        order: The language whose word order to take instead of its own, for experiments.
    """
    order = order or language
    words_of(order)  # refuses what is no language
    words, rng = words_of(language), np.random.default_rng([require_seed(seed), 10])
    taken, pairs = {tuple(english) for _, english in without}, []
    for _ in range(200 * require_count("n", n)):
        who, verb, whom = _thing(rng), str(rng.choice(VERBS)), _thing(rng)
        english = [*_in_english(who), verb, *_in_english(whom)]
        if tuple(english) not in taken and who.noun != whom.noun:
            taken.add(tuple(english))
            pairs.append((_in_made(order, words, who, verb, whom), english))
        if len(pairs) == n:
            break
    return pairs


def vocabulary_of_pairs() -> Vocabulary:
    """Number English words and those of all three languages, and the arrow between the halves."""
    rows = [
        [word] for language in LANGUAGES for pair in words_of(language).items() for word in pair
    ]
    return build_vocabulary([*rows, ["→"]])


def translation_arrays(
    pairs: Sequence[Pair], vocabulary: Vocabulary, *, places: int = 17
) -> tuple[np.ndarray, np.ndarray]:
    """Write pairs as one row each, ``<start> made → English <end>``: inputs x and targets y, N×T.

    Only the English words and the end are targets: elsewhere, y is -1 and does not count.
    """
    xs, ys = [], []
    for made, english in pairs:
        source, target = vocabulary.encode([*made, "→"]), [*vocabulary.encode(english), END]
        row = [START, *source, *target]
        xs.append(row[:-1])
        ys.append([-1] * len(source) + target)
    return pad_rows(xs, places), pad_rows(ys, places, filler=-1)


def _thing(rng: np.random.Generator) -> Thing:
    adjective = str(rng.choice(ADJECTIVES)) if rng.random() < 0.6 else None
    return Thing(str(rng.choice(ARTICLES)), adjective, str(rng.choice(NOUNS)))


def _in_english(thing: Thing) -> list[str]:
    return [word for word in (thing.article, thing.adjective, thing.noun) if word]


def _in_made(order: str, words: dict[str, str], who: Thing, verb: str, whom: Thing) -> list[str]:
    first, second = (_group(order, words, thing) for thing in (who, whom))
    if order == "tark":
        return [words[verb], *first, *second]
    return [*first, *second, words[verb]]


def _group(order: str, words: dict[str, str], thing: Thing) -> list[str]:
    adjective = [words[thing.adjective]] if thing.adjective else []
    article, noun = words[thing.article], words[thing.noun]
    return [article, *adjective, noun] if order == "tark" else [article, noun, *adjective]


def _make_words(language: str, count: int) -> list[str]:
    """Make different words of two or three open syllables."""
    consonants, vowels = (list(sounds) for sounds in _SOUNDS[language])
    rng = np.random.default_rng([LANGUAGES.index(language), 7])
    made: list[str] = []
    while len(made) < count:
        syllables = [
            str(rng.choice(consonants)) + str(rng.choice(vowels)) for _ in range(rng.integers(2, 4))
        ]
        word = "".join(syllables)
        if word not in made:
            made.append(word)
    return made
