"""The methods benchmark: every method on every task, orderings, and its picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import _continual, _control, _language, _peft, _rows, _shift, _speech, methods
from course_lib import data


@pytest.fixture(scope="module")
def quick() -> dict:
    return methods.run(quick=True, parts=["fine-tuning", "adaptation", "shift"])


def made_up(**levels: float) -> dict:
    """Give a result in which every method has the same level but those named."""
    rows = [
        {
            "task": task,
            "method": name,
            "values": [
                levels.get(name.replace("-", "_").replace(" ", "_"), 0.9) + d for d in (0, 0.01)
            ],
        }
        for task in (*methods.FEW, "shift: in", "shift: out")
        for name in methods.METHODS
    ]
    return {"rows": rows, "seeds": 2, "seconds": 0.0, "quick": False}


def test_every_method_is_measured_on_every_task(quick):
    found = {(row["task"], row["method"]) for row in quick["rows"]}
    assert len(found) == len(quick["rows"]) == 4 * len(methods.METHODS)
    assert all(0 <= v <= 1 for row in quick["rows"] for v in row["values"])
    assert "numbers mean nothing" in methods.table(quick) and methods.misses(quick) == []


def test_the_picture_is_drawn(quick, tmp_path: Path):
    methods.picture(quick, tmp_path / "methods.png")
    assert (tmp_path / "methods.png").stat().st_size > 10_000


def test_orderings_that_appear_and_one_that_does_not():
    as_expected = made_up(from_scratch=0.8, fine_tuning=0.9, LP_FT=0.92)
    assert methods.misses(as_expected) == [] and "NOT FOUND" not in methods.table(as_expected)
    missed = methods.misses(made_up(from_scratch=0.95))
    assert len(missed) == 2 and all("fine-tuning − from scratch" in m for m in missed)
    assert "NOT FOUND (claimed here)" in methods.table(made_up(from_scratch=0.95))


def test_what_the_literature_expects_is_reported_and_fails_nothing():
    other = made_up(from_scratch=0.8, LP_FT=0.85, fine_tuning=0.9, linear_probe=0.8)
    assert methods.misses(other) == []
    assert "NOT FOUND (literature): shift: out: LP-FT − fine-tuning" in methods.table(other)


def test_adaptation_is_a_part_of_its_own(quick):
    text = methods.table({"rows": [], "quick": True, "others": quick["others"]})
    assert "numbers mean nothing" in text and "DANN + information" in text and "L2-SP" not in text


def test_expected_orderings_of_adaptation_are_checked():
    from benchmarks import _adaptation as part

    levels = dict.fromkeys(part.METHODS, 0.9) | {
        part.SOURCE: 0.7,
        part.MEANS: 0.72,
        part.ADABN: 0.75,
        part.CLOSED: 0.79,
        part.CEILING: 0.97,
    }
    levels |= {"DANN": 0.8, "MMD": 0.85}
    values = {name: [level, level + 0.01, level] for name, level in levels.items()}
    scores: dict = {name: {"its own": [level] * 3} for name, level in levels.items()}
    scores |= {name: {} for name in part.UNTRAINED}  # without a network there are no scores
    result = {"values": values, "scores": scores, "seeds": 3, "seconds": 0.0, "quick": False}
    assert part.misses(result) == []
    missed = [o.words for o in part.orderings(result) if not o.met]
    assert len(missed) == 2 and all("DANN − MMD" in m or "MMD − CORAL" in m for m in missed)
    worse = result | {"values": values | {"information": [0.85, 0.86, 0.85]}}
    assert any("expected 0.90 or more" in m for m in part.misses(worse))
    agrees, picked = part.worth_of_scores(result)["its own"]
    assert agrees == pytest.approx([1.0] * 3) and min(picked) >= 0.9


def test_closed_coral_gives_the_source_the_targets_statistics():
    from benchmarks import _adaptation as part

    rng = np.random.default_rng(0)
    f_s = rng.normal(size=(400, 3))
    f_t = 30 * rng.normal(size=(300, 3)) @ rng.normal(size=(3, 3)) + 5
    moved = part.like_target(30 * f_s, f_t)  # large numbers, so that the ridge of 1 hardly counts
    np.testing.assert_allclose(moved.mean(axis=0), f_t.mean(axis=0), atol=0.01)
    np.testing.assert_allclose(np.cov(moved.T), np.cov(f_t.T), rtol=0.02, atol=2)


def test_scores_of_a_model_see_each_domain_by_its_own_statistics():
    from benchmarks import _adaptation as part
    from course_lib.pytorch import build_bottleneck
    from course_lib.pytorch.batch_norm import norm_layers

    rng = np.random.default_rng(0)
    f_s = rng.normal(size=(60, 4)).astype(np.float32)
    f_t, y = 3 * f_s + 5, np.arange(60) % 3  # the same picture for BatchNorm, in another unit
    pair = part.Pair(f_s, y, f_s, y, f_t, y, f_t, y)
    model = build_bottleneck(4, 3, width=8)
    assert part.blind(part.ADABN, model, pair)["small A-distance"] > -0.5
    before = [norm.running_mean.clone() for norm in norm_layers(model)]
    assert part.blind(part.SOURCE, model, pair)["small A-distance"] < -1
    after = [norm.running_mean for norm in norm_layers(model)]
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


@pytest.mark.slow
def test_the_other_parts_measure_all_of_their_methods():
    result = methods.run(quick=True, parts=["peft", "continual"])
    assert result["rows"] == [] and methods.misses(result) == []
    peft, continual = result["others"]["peft"], result["others"]["continual"]
    assert [row["method"] for row in peft["rows"]] == list(_peft.METHODS)
    assert len(continual["rows"]) == len(_continual.KINDS) * len(_continual.METHODS)
    text = methods.table(result)
    assert (
        "LoRA, rank 4" in text and "class-incremental" in text and text.count("mean nothing") == 2
    )


def matrix(end: float) -> list[list[float]]:
    """Give an R of five tasks that ends with one accuracy for all."""
    return [[0.9] * 5] * 4 + [[end] * 5]


def test_what_continual_learning_is_expected_to_show():
    ends = {"naive": 0.2, "EWC": 0.2, "replay": 0.85, "joint": 0.9, "L2-SP": 0.2, "LwF": 0.4}
    rows = [
        {"kind": kind, "method": method, "R": [matrix(end + s) for s in (0, 0.01)]}
        for kind, more in zip(_continual.KINDS, (0.05, 0.0), strict=True)
        for method, end in ((m, e + more * (m != "naive")) for m, e in ends.items())
    ]
    result = {"rows": rows, "seeds": 2, "seconds": 0.0, "quick": False}
    assert _continual.misses(result) == []
    (replay,) = (row for row in rows[len(rows) // 2 :] if row["method"] == "replay")
    replay["R"] = [matrix(0.5)] * 2
    missed = _continual.misses(result)
    assert any("replay reaches" in line for line in missed) and "NOT FOUND" in _continual.table(
        result
    )


def test_what_few_parameters_are_expected_to_show():
    levels = {_peft.FULL: 0.95, _peft.LORA: 0.945, _peft.PROBE: 0.9}
    rows = [
        {"method": m, "values": [v, v + 0.01], "trainable": n, "bytes": 4 * n}
        for (m, v), n in zip(levels.items(), (1000, 90, 10), strict=True)
    ]
    result = {"rows": rows, "seeds": 2, "seconds": 0.0, "quick": False}
    assert _peft.misses(result) == [] and "9.0%" in _peft.table(result)
    rows[1] |= {"values": [0.9, 0.91], "trainable": 200}
    assert len(_peft.misses(result)) == 2  # what stands in the literature fails nothing
    assert "NOT FOUND (literature)" in _peft.table(result)


def test_chapter_06_has_its_rows(quick):
    result = quick["others"]["shift"]
    found = {(row["task"], row["method"]) for row in result["rows"]}
    assert all({(task, a), (task, b)} <= found for task, a, b, *_ in _shift.EXPECTED)
    assert "TrAdaBoost" in _shift.table(result) and _shift.misses(result) == []
    full = result | {"quick": False}
    for row in full["rows"]:
        row["values"] = [0.5, 0.51]
    missed = _shift.misses(full)  # all alike: what is claimed to be above is not
    assert missed and len(missed) < sum("NOT FOUND" in x for x in _shift.table(full).splitlines())


def test_mixing_weighs_the_domains_as_the_formula_says():
    rng = np.random.default_rng(0)
    f_s, f_t = rng.normal(size=(40, 3)), rng.normal(size=(6, 3)) + 1
    y_s, y_t = (f_s[:, 0] > 0).astype(int), (f_t[:, 0] < 1).astype(int)
    answers = _shift.mixed(f_s, y_s, f_t, y_t, 0.3).scores(f_t)
    again = [np.tile(v, (k, *[1] * (v.ndim - 1))) for v, k in ((f_s, 3), (f_t, 3))]
    labels = [np.tile(y, 3) for y in (y_s, y_t)]  # three copies of all change neither mean
    copies = _shift.mixed(again[0], labels[0], again[1], labels[1], 0.3).scores(f_t)
    np.testing.assert_allclose(answers, copies, atol=1e-3)
    target = _shift.probe(f_t, y_t).scores(f_t)
    near_zero = _shift.mixed(f_s, y_s, f_t, y_t, 1e-6).scores(f_t)
    np.testing.assert_allclose(near_zero, target, rtol=0.02, atol=0.05)


NEW_PARTS = {"language": _language, "speech": _speech, "control": _control}


@pytest.mark.slow
@pytest.mark.parametrize("name", NEW_PARTS)
def test_chapters_10_and_11_have_their_rows(name: str):
    part = NEW_PARTS[name]
    result = methods.run(quick=True, parts=[name])["others"][name]
    found = {(row["task"], row["method"]) for row in result["rows"]}
    assert len(found) == len(result["rows"])
    assert all({(task, a), (task, b)} <= found for task, a, b, *_ in part.EXPECTED)
    assert all(
        len(row["values"]) == 2 and np.isfinite(row["values"]).all() for row in result["rows"]
    )
    assert "numbers mean nothing" in part.table(result) and part.misses(result) == []


def level_result(expected: _rows.Expected, level: float = 0.5) -> dict:
    """Give a whole result in which every method that is expected to differ has one level."""
    keys = {(task, name): [level, level + 0.01] for task, a, b, *_ in expected for name in (a, b)}
    return {"rows": _rows.as_rows(keys), "seeds": 2, "seconds": 0.0, "quick": False}


@pytest.mark.parametrize("name", NEW_PARTS)
def test_claims_of_chapters_10_and_11_fail_where_they_are_not_found(name: str):
    part = NEW_PARTS[name]
    result = level_result(part.EXPECTED)
    claimed = sum(how == "above" and ours for *_, how, ours in part.EXPECTED)
    assert claimed and len(part.misses(result)) == claimed
    assert part.table(result).count("NOT FOUND (literature)") < len(part.EXPECTED) - claimed + 1
    assert part.misses(result | {"quick": True}) == []


def test_a_table_names_units_and_gives_paired_differences_to_its_first_row():
    values = {("a", "one"): [1.0, 2.0], ("a", "two"): [3.0, 4.0], ("b", "one"): [0.5, 0.5]}
    result = {"rows": _rows.as_rows(values), "seeds": 2, "seconds": 0.0, "quick": False}
    expected = (("a", "two", "one", "above", True), ("a", "one", "two", "not below", False))
    text = _rows.rows_table("title", result, expected, {"a": "steps"})
    assert "2.000 [2.000, 2.000]" in text and "difference to one" in text  # the pair's luck cancels
    head_a, head_b = (line for line in text.splitlines() if "difference" in line)
    assert "steps" in head_a and "accuracy" in head_b
    found, not_found = _rows.row_orderings(result, expected)
    assert found.met and found.claimed and not not_found.met and not not_found.claimed


def test_what_is_set_aside_is_not_read(monkeypatch: pytest.MonkeyPatch):
    said = [f"alpha beta gamma word{i % 70} other{i % 60}" for i in range(600)]
    aside = "alpha secret gamma"
    monkeypatch.setattr(_language.corpora, "python_manual", lambda: "")
    monkeypatch.setattr(_language.corpora, "python_docstrings", lambda: "text")
    monkeypatch.setattr(
        _language.corpora, "sentences_of", lambda text: [*said, *[aside] * 9] if text else []
    )
    read = _language.vectors_without([aside, said[0]])
    assert "beta" in read and "secret" not in read
    assert "secret" in _language.vectors_without(["another sentence"])


def test_vectors_from_elsewhere_read_nothing_of_the_topics_modules():
    unwanted = _language.of_the_topics()
    modules = [*_language.corpora.TOPICS["drawing"], *_language.corpora.TOPICS["network"]]
    theirs = _language.corpora.sentences_of(_language.corpora.python_docstrings(tuple(modules)))
    assert {*_language.corpora.topic_sentences().x} < unwanted and {*theirs} < unwanted


def test_classes_count_alike_however_many_they_are():
    texts = data.load("reviews", n=4)
    y = np.array([0, 0, 0, 1])
    said = np.array([0, 0, 0, 0])
    assert _language.right(replace(texts, y=y), said) == 0.5
    assert _language.characters(["ab", "abc"]).shape == (2, 96)


def test_few_sounds_and_more_get_the_same_steps():
    for n in (20, 100, 200):
        sounds = data.load("vowels", n=n, cache=False)
        assert _speech.rounds(sounds, 60) * n == 60 * 20


def test_a_told_network_gets_one_input_more_and_the_notes_stay():
    x, y = np.ones((3, 4), np.float32), np.zeros((3, 1), np.float32)
    told, wanted = _control.together(_control.tell((x, y), 1), _control.tell((x, y), -1))
    assert told.shape == (6, 5) and set(told[:, 4]) == {1.0, -1.0} and wanted.shape == (6, 1)
    assert _control.pupil(5, 0)[0].in_features == 5
    twin = _control.pupil(4, 1, like=_control.pupil(4, 0))
    assert np.array_equal(twin[0].weight.detach(), _control.pupil(4, 0)[0].weight.detach())
