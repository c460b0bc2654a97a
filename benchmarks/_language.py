"""Part *language* of ``./course bench methods``: chapter 10's comparisons, over more draws.

* *topics* (real text): from which kind of module is a docstring's sentence? Logistic regression on word counts,
  or on means of word vectors that have read such text without labels, or other text only. Chapter 10's fifth of the
  sentences is set aside before any vector is learnt; the seeds draw other labelled ones. With ten labels also the
  *scribe*, frozen, fine-tuned as a whole, and its network from random weights. (The scribe was pre-trained on all
  docstrings, those set aside included, without labels.) Accuracy is the mean over classes.
* *books → …* and *mail → sms* (generated text): word counts carried over, pivots, and as many labels of the
  target as of the source.
* *prose* (real text): surprise per character of scikit-learn's stories; less is better.
* *translation* (made languages): Luma from a hundred sentences. Each seed has parents of its own.

What is chosen: each run begins with the rates of the two whole networks on topics, the best of ``TRIED`` on two
draws of the sentences that are not set aside, measured on others of these. Penalties, rates, widths and passes of all
else are chapter 10's, which names its draws; they were not searched again. No label of the targets *kitchen,
phones, hotels* and *sms* chose anything.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks._orderings import missed_claims
from benchmarks._rows import as_rows, best_of, rates_line, row_orderings, rows_table
from course_lib import data
from course_lib.data import Domain
from course_lib.judging import accuracy
from course_lib.text import corpora, made_languages, vectors
from course_lib.text.splitting import split_words
from course_lib.waiting import steps

SEEDS, LABELS, MIDDLE = 5, (3, 10, 50), "topics, 10 labels"
COUNTS, SUCH, ELSEWHERE = "word counts", "vectors from such text", "vectors from elsewhere"
FROZEN, TUNED, SCRATCH = "scribe, frozen", "scribe, fine-tuned", "transformer from scratch"
MOVES = {"kitchen": "books", "phones": "books", "hotels": "books", "sms": "mail"}
CARRIED, PIVOTS, OWN, MAJORITY = "word counts carried over", "pivots", "target labels", "majority"
AS_IS, COUNT_FEW, COUNT_ALL = "scribe as it is", "counts, few texts", "counts, all it read"
NEW, SISTER, MIXED, STRANGER = (
    "from scratch",
    "sister",
    "stranger's words, sister's order",
    "stranger",
)
LONGER = "translation, half as long again"
PARENTS = {SISTER: ("lumi", "lumi"), MIXED: ("tark", "lumi"), STRANGER: ("tark", "tark")}
TRIED = {TUNED: (0.0003, 0.001, 0.003), SCRATCH: (0.001, 0.003, 0.006)}
UNCHOSEN = {TUNED: 0.001, SCRATCH: 0.003}  # for a quick run
EPOCHS, BATCH = 20, 8
UNITS = {
    "prose": "nats per character", "translation": "whole sentences", LONGER: "whole sentences"
}  # fmt: skip

# (task, better, worse, how sure it must be, whether this repository claims it)
EXPECTED = (
    ("topics, 3 labels", SUCH, COUNTS, "above", True),  # chapter 10, section 2
    (MIDDLE, SUCH, COUNTS, "above", True),
    ("topics, 50 labels", COUNTS, ELSEWHERE, "above", True),
    (MIDDLE, SUCH, FROZEN, "above", True),
    (MIDDLE, TUNED, FROZEN, "above", False),  # Howard & Ruder 2018; Devlin et al. 2019
    (MIDDLE, TUNED, SCRATCH, "above", False),
    *((f"books → {kind}", PIVOTS, CARRIED, "above", True) for kind in ("kitchen", "phones", "hotels")),
    ("mail → sms", PIVOTS, CARRIED, "above", False),  # Blitzer et al. 2006
    *((f"{MOVES[kind]} → {kind}", OWN, PIVOTS, "not below", False) for kind in MOVES),
    ("prose", NEW, TUNED, "above", True),
    ("prose", AS_IS, TUNED, "above", True),
    ("prose", NEW, COUNT_FEW, "above", True),
    ("prose", COUNT_FEW, COUNT_ALL, "above", True),
    ("prose", COUNT_ALL, TUNED, "above", False),  # Jozefowicz et al. 2016, with far more text
    ("translation", SISTER, NEW, "above", True),
    ("translation", MIXED, NEW, "above", True),
    ("translation", SISTER, STRANGER, "above", False),  # Zoph et al. 2016
    ("translation", STRANGER, NEW, "above", False),  # the same, on real languages and more sentences
    (LONGER, NEW, STRANGER, "above", True),
)  # fmt: skip


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure every method; ``quick``: two seeds, little training, to see that it works."""
    started, values = time.perf_counter(), {}
    seeds = 2 if quick else SEEDS
    with steps(seeds * 4 + 1) as step:
        step("rates and vectors")
        rates = UNCHOSEN if quick else best_of(choose())
        tables = {
            SUCH: vectors_without(sentences()[1].x),
            ELSEWHERE: vectors_without(of_the_topics()),
        }
        for seed in range(seeds):
            step(f"seed {seed}: topics")
            found = topics(tables, 20 + seed, 1 if quick else EPOCHS, rates)
            step(f"seed {seed}: sentiment and spam")
            for target, source in MOVES.items():
                found |= moved(source, target, seed, 60 if quick else 400)
            step(f"seed {seed}: prose")
            found |= prose(seed, quick=quick)
            step(f"seed {seed}: translation")
            found |= translation(seed, quick=quick)
            for key, value in found.items():
                values.setdefault(key, []).append(value)
    seconds = time.perf_counter() - started
    rows = as_rows(values)
    return {"rows": rows, "rates": rates, "seconds": seconds, "seeds": seeds, "quick": quick}


def table(result: dict[str, Any]) -> str:
    """Write the result as text."""
    said = rates_line("other draws of the topics", result.get("rates", UNCHOSEN))
    return f"{rows_table('language', result, EXPECTED, UNITS)}\n{said}"


def misses(result: dict[str, Any]) -> list[str]:
    """Which claims were not met; empty when all were. A quick run has none."""
    return missed_claims(row_orderings(result, EXPECTED), quick=result["quick"])


def sentences() -> tuple[Domain, Domain]:
    """Give the sentences to learn from and those that are set aside, as chapter 10 does."""
    return data.split(corpora.topic_sentences(), test=0.2, seed=0)


def of_the_topics() -> set[str]:
    """Give all sentences of the topics' modules, those too that are no examples."""
    own = tuple(name for names in corpora.TOPICS.values() for name in names)
    return {*corpora.topic_sentences().x, *corpora.sentences_of(corpora.python_docstrings(own))}


def topics(
    tables: Mapping[str, vectors.WordVectors], seed: int, epochs: int, rates: Mapping[str, float]
) -> dict[tuple[str, str], float]:
    """Give the accuracies on the sentences that are set aside, from few labelled others."""
    (pool, test), found = sentences(), {}
    for per_class in LABELS:
        few = pool.take(data.few_shot_indices(pool, per_class, seed))
        task = f"topics, {per_class} labels"
        found[task, COUNTS] = right(test, of_counts(few).predict(test.x))
        for name, words in tables.items():
            found[task, name] = right(test, of_vectors(few, words, 0.01)(test.x))
        if task == MIDDLE:
            found[task, FROZEN] = right(test, of_scribe(few, test))
            for name in (TUNED, SCRATCH):
                model = whole_network(name, few, rates[name], seed, epochs)
                found[task, name] = right(test, answers(model, test))
    return found


def vectors_without(kept_out: Iterable[str]) -> vectors.WordVectors:
    """Give word vectors from Python's manual and docstrings, but for these sentences."""
    plain = [*corpora.sentences_of(corpora.python_manual())]
    plain += corpora.sentences_of(corpora.python_docstrings())
    unwanted = set(kept_out)
    rows = [split_words(sentence) for sentence in plain if sentence not in unwanted]
    return vectors.train_vectors(rows, dimensions=50, window=8)


def right(test: Domain, predicted: np.ndarray) -> float:
    """Give the mean over classes of what is right: they are of unequal size."""
    return float(np.mean([(predicted[test.y == k] == k).mean() for k in np.unique(test.y)]))


def of_counts(train: Domain) -> Any:
    """Give logistic regression on TF-IDF."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(analyzer=split_words), LogisticRegression(C=10, max_iter=500)
    )
    return model.fit(train.x, train.y)


def probe(f: np.ndarray, y: np.ndarray, C: float) -> Any:
    """Give logistic regression on features in units of their spread."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=500)).fit(f, y)


def of_vectors(train: Domain, words: vectors.WordVectors, C: float) -> Any:
    """Give a function of texts: logistic regression on the mean of each text's vectors."""

    def means(texts: Any) -> np.ndarray:
        return vectors.mean_vectors(words, [split_words(text) for text in texts])

    model = probe(means(train.x), train.y, C)
    return lambda texts: model.predict(means(texts))


def characters(texts: Any) -> np.ndarray:
    """Give the first 96 characters of each text as the scribe's numbers, N×96."""
    from course_lib.text.scribe import ASCII, SHAPE
    from course_lib.text.vocabulary import pad_rows

    return pad_rows([ASCII.encode(text) for text in texts], SHAPE.places)


def of_scribe(train: Domain, test: Domain) -> np.ndarray:
    """Give the answers of a probe on the mean of the scribe's frozen features."""
    from course_lib.pytorch import load_scribe, predict

    backbone = load_scribe().backbone

    def means(texts: Any) -> np.ndarray:
        x = characters(texts)
        there = (x != 0)[:, :, None]
        return (predict(backbone, x) * there).sum(axis=1) / there.sum(axis=1)

    return probe(means(train.x), train.y, 0.01).predict(means(test.x))


def whole_network(name: str, train: Domain, rate: float, seed: int, epochs: int) -> Any:
    """Give a classifier of texts all of which has learnt, from the scribe's weights or from random ones."""
    from course_lib.pytorch import (
        AdamW,
        WarmupCosine,
        attach_text_head,
        build_language_model,
        fit,
        load_scribe,
    )  # fmt: skip
    from course_lib.text.scribe import SHAPE

    start = load_scribe() if name == TUNED else build_language_model(SHAPE, seed=seed)
    model = attach_text_head(start.backbone, len(train.classes), seed=seed)
    recipe = AdamW(WarmupCosine(rate), weight_decay=0.05)
    fit(
        model, (characters(train.x), train.y), optimizer=recipe, epochs=epochs, batch_size=BATCH,
        seed=seed, progress=False,
    )  # fmt: skip
    return model


def answers(model: Any, test: Domain) -> np.ndarray:
    """Give a network's classes for texts."""
    from course_lib.pytorch import predict

    return predict(model, characters(test.x)).argmax(axis=1)


def choose() -> dict[str, dict[float, float]]:
    """Give each tried rate's mean accuracy on development draws: labels of sentences that are not set aside."""
    found: dict[str, dict[float, float]] = {}
    for seed in (10, 11):
        pool, _ = sentences()
        rows = data.few_shot_indices(pool, 10, seed)
        few, others = pool.take(rows), pool.take(np.setdiff1d(np.arange(len(pool)), rows)[::3])
        for name, rates in TRIED.items():
            for rate in rates:
                value = right(others, answers(whole_network(name, few, rate, seed, EPOCHS), others))
                found.setdefault(name, {}).setdefault(rate, 0.0)
                found[name][rate] += value / 2
    return found


def moved(source: str, target: str, seed: int, n: int) -> dict[tuple[str, str], float]:
    """Give the accuracies on generated texts of a target, with labels of the source or of the target."""
    train, test = texts(source, n, 500 + seed), texts(target, n, 600 + seed)
    own, task = texts(target, n, 700 + seed), f"{source} → {target}"
    unlabelled = [
        [split_words(t) for t in texts(kind, max(n, 1000), 800 + seed).x]
        for kind in (source, target)
    ]
    pivots = vectors.train_pivot_vectors(unlabelled)
    usual = np.full(len(test), np.bincount(train.y).argmax())
    return {
        (task, CARRIED): accuracy(test.y, of_counts(train).predict(test.x)),
        (task, PIVOTS): accuracy(test.y, of_vectors(train, pivots, 0.1)(test.x)),
        (task, OWN): accuracy(test.y, of_counts(own).predict(test.x)),
        (task, MAJORITY): accuracy(test.y, usual),
    }


def texts(kind: str, n: int, seed: int) -> Domain:
    """Give generated reviews of a kind of thing, or messages of a channel."""
    if kind in ("mail", "sms"):
        return data.load("messages", n=n, channel=kind, seed=seed)
    return data.load("reviews", n=n, about=kind, seed=seed)


def prose(seed: int, *, quick: bool) -> dict[tuple[str, str], float]:
    """Give the surprise per character of stories, after 6,000 characters of such stories."""
    from course_lib.pytorch import (
        AdamW,
        SequenceLikelihood,
        WarmupCosine,
        build_language_model,
        evaluate,
        fit,
        load_scribe,
    )  # fmt: skip
    from course_lib.text.ngrams import NGrams
    from course_lib.text.scribe import ASCII, HELD_OUT, SHAPE, source_text
    from course_lib.text.vocabulary import cut_windows

    stories = corpora.sentences_of(corpora.data_set_stories(), least=6, letters=0.92)
    order = np.random.default_rng([60, seed]).permutation(len(stories))
    numbers = ASCII.encode("\n".join(stories[i] for i in order))
    few, held_out = numbers[:6000], cut_windows(numbers[-4000:], SHAPE.places)
    nothing = NGrams(5, len(ASCII))
    read = nothing.learn(ASCII.encode(source_text())[:-HELD_OUT])
    found = {
        COUNT_FEW: go_on_counting(nothing, few).surprise(*held_out),
        COUNT_ALL: go_on_counting(read, few).surprise(*held_out),
    }
    loss, half = SequenceLikelihood(), replace(SHAPE, width=48, hidden=192)
    models = {
        NEW: (build_language_model(half, seed=seed), 0.006, 12),
        AS_IS: (load_scribe(), 0.0, 0),
        TUNED: (load_scribe(), 0.0003, 3),
    }
    for name, (model, rate, epochs) in models.items():
        if epochs:
            fit(
                model, cut_windows(few, SHAPE.places), objective=loss,
                optimizer=AdamW(WarmupCosine(rate), weight_decay=0.05), epochs=1 if quick else epochs,
                batch_size=8, seed=seed, progress=False,
            )  # fmt: skip
        found[name] = evaluate(model, held_out, objective=loss)["loss"]
    return {("prose", name): value for name, value in found.items()}


def go_on_counting(read: Any, few: Any) -> Any:
    """Count the few characters beside what was read; weight and memory are chosen on their last quarter."""
    from course_lib.text.scribe import SHAPE
    from course_lib.text.vocabulary import cut_windows

    begin, rest = few[:4500], cut_windows(few[4500:], SHAPE.places)
    tried = {
        (times, beta): replace(read.learn(begin, times=times), beta=beta).surprise(*rest)
        for times in (1, 5, 20)
        for beta in (3, 10, 30)
    }
    times, beta = min(tried, key=lambda each: tried[each])
    return replace(read.learn(few, times=times), beta=beta)


def translation(seed: int, *, quick: bool) -> dict[tuple[str, str], float]:
    """Give the share of Luma's sentences that are right as a whole, from each start."""
    from course_lib.pytorch import TransformerShape, build_language_model, named_arrays, put_arrays

    vocabulary = made_languages.vocabulary_of_pairs()
    shape = TransformerShape(vocabulary=len(vocabulary), places=17, depth=1)
    test = made_languages.made_pairs("luma", 200, seed=900 + seed)
    hundred = made_languages.made_pairs("luma", 100, seed=800 + seed, without=test)
    parents = {}
    for name, (words, order) in PARENTS.items():
        pairs = made_languages.made_pairs(
            words, 200 if quick else 1500, seed=700 + seed, without=test, order=order
        )
        parents[name] = build_language_model(shape, seed=seed)
        translate(parents[name], pairs, vocabulary, seed, 1 if quick else 6, 64)
    found = {}
    for task, epochs, names in (
        ("translation", 16, (NEW, *PARENTS)), (LONGER, 24, (NEW, STRANGER))
    ):  # fmt: skip
        for name in names:
            child = build_language_model(shape, seed=seed)
            if name != NEW:
                put_arrays(child, named_arrays(parents[name]))
            translate(child, hundred, vocabulary, seed, 1 if quick else epochs, 32)
            found[task, name] = whole_sentences(child, test, vocabulary)
    return found


def translate(model: Any, pairs: Any, vocabulary: Any, seed: int, epochs: int, batch: int) -> None:
    """Train a translator in place."""
    from course_lib.pytorch import AdamW, SequenceLikelihood, WarmupCosine, fit

    fit(
        model, made_languages.translation_arrays(pairs, vocabulary), objective=SequenceLikelihood(),
        optimizer=AdamW(WarmupCosine(0.003), weight_decay=0.05), epochs=epochs, batch_size=batch,
        seed=seed, progress=False,
    )  # fmt: skip


def whole_sentences(model: Any, pairs: Any, vocabulary: Any) -> float:
    """Give the share of sentences in which every English word, and the end, is right."""
    from course_lib.pytorch import predict

    x, y = made_languages.translation_arrays(pairs, vocabulary)
    return float(((predict(model, x).argmax(axis=-1) == y) | (y < 0)).all(axis=1).mean())
