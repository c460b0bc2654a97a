"""The page of kept results: pictures and sentences from the files, or that nothing was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import real
from course_lib import language
from course_lib.book.results import methods_groups, results_page

ADAPTED = {"source only": [0.6, 0.62, 0.61], "DANN": [0.8, 0.82, 0.83], "ADDA": [0.61, 0.6, 0.62]}
ADAPTED["nearest neighbour"] = [0.9, 0.91, 0.92]  # nothing trained is so good


def measured() -> dict:
    """Give values as ``bench real`` has them: MobileNetV2 is ahead on ants and bees, not on X-rays."""
    rows = (real.RAW, real.RANDOM, real.GLYPHNET, real.SCRATCH, real.RANDOM_MOBILE, real.MOBILE)
    level = {real.MOBILE: 0.9, real.GLYPHNET: 0.7}
    wobble = (0.0, 0.01, -0.01, 0.02, 0.005)
    features = {
        name: {
            row: [level.get(row, 0.6) + w * (1 + i) for w in wobble] for i, row in enumerate(rows)
        }
        for name in (real.PNEUMONIA, real.ANTS, real.ALL)
    }
    features[real.PNEUMONIA][real.MOBILE] = [0.5, 0.7, 0.8, 0.4, 0.6]
    for name in ("mnist", "usps"):
        features[name] = {row: features[real.ANTS][row] for row in rows[:4]}
    found = {"quick": False, "features": features, "adaptation": {"mnist → usps, pixels": ADAPTED}}
    return found | {"seconds": 1.0, "intervals": real.intervals(found)}


def keep(root: Path, name: str, result: dict) -> None:
    folder = root / "benchmarks" / "results"
    folder.mkdir(parents=True, exist_ok=True)
    whole = {
        "date": "2026-01-01",
        "machine": {"processor": "a chip"},
        "versions": {"torch": "2"},
        "result": result,
    }
    (folder / f"{name}.json").write_text(json.dumps(whole), encoding="utf-8")


@pytest.mark.parametrize("language_", ["en", "zh"])
def test_what_was_not_measured_is_said_so(language_: str, tmp_path: Path) -> None:
    language.use(language_)
    page = results_page(tmp_path, tmp_path / "shown", "shown")
    assert all(f"bench {name} --keep" in page for name in ("real", "methods", "gpu"))
    assert "<img" not in page and not (tmp_path / "shown").exists()


@pytest.mark.parametrize("language_", ["en", "zh"])
def test_real_data_stand_there_with_pictures_and_intervals(language_: str, tmp_path: Path) -> None:
    language.use(language_)
    keep(tmp_path, "real", measured())
    page = results_page(tmp_path, tmp_path / "shown", "_static/shown")
    pictures = sorted(path.name for path in (tmp_path / "shown").iterdir())
    assert len(pictures) == page.count("<img") == 4 and all(
        f"_static/shown/{n}" in page for n in pictures
    )
    x_rays, ants = (
        page.index("PneumoniaMNIST"),
        page.index({"en": "source-overlapping", "zh": "与源域重叠"}[language_]),
    )
    assert x_rays < ants  # what does not overlap comes first
    doubt = {"en": "the interval holds 0", "zh": "区间包含 0"}[language_]
    assert doubt in page[x_rays:ants] and doubt not in page[ants:]
    above = {
        "en": "Above the source alone: DANN, nearest neighbour.",
        "zh": "高于只用源域：DANN、最近邻。",
    }[language_]
    below = {"en": "Below it: DANN, ADDA.", "zh": "低于它：DANN、ADDA。"}[language_]
    assert below in page.partition(above)[2], "a gain that needs no adaptation is said to need none"
    assert above in page and "a chip" in page and "2026-01-01" in page and "torch 2" in page


def test_a_damaged_file_is_no_result(tmp_path: Path) -> None:
    language.use("en")
    keep(tmp_path, "real", {})
    (tmp_path / "benchmarks" / "results" / "methods.json").write_text("{", encoding="utf-8")
    page = results_page(tmp_path, tmp_path / "shown", "shown")
    assert page.count("Not measured yet") == 2


def test_methods_are_compared_with_their_own_base(tmp_path: Path) -> None:
    language.use("en")
    rows = [
        {"task": "five labels", "method": name, "values": values}
        for name, values in (
            ("from scratch", [0.7, 0.72, 0.71]),
            ("fine-tuning", [0.8, 0.81, 0.82]),
        )
    ]
    result = {"rows": rows, "others": {"adaptation": {"values": ADAPTED}}}
    assert {title: base for title, (_, base) in methods_groups(result).items()} == {
        "five labels": "fine-tuning",
        "adaptation": "source only",
    }
    keep(tmp_path, "methods", result)
    page = results_page(tmp_path, tmp_path / "shown", "shown")
    assert "Below it: from scratch." in page and page.count("<img") == 2


def test_a_gpus_speed_stands_there_only_when_it_was_measured(tmp_path: Path) -> None:
    language.use("en")
    speed = {
        "models": [{"model": "resnet18", "images_per_second": 5000.0}],
        "beside": [{"model": "resnet18", "way": "Lightning", "images_per_second": 4000.0}],
        "keras": [{"model": "resnet18", "backend": "jax", "missing": "no CUDA"}],
        "device": "a GPU", "precision": "bfloat16",
    }  # fmt: skip
    reached = {"0.80": 30.0, "0.95": None}
    time = {"model": "resnet18", "data": "cifar10", "reached": reached, "test": 0.94}
    keep(tmp_path, "gpu", {"speed": speed, "time": time})
    page = results_page(tmp_path, tmp_path / "shown", "shown")
    assert "| resnet18 | Lightning | 4000 |" in page and "0.80: 30 s; 0.95: not reached" in page
    assert "No GPU has been measured" not in page and "no CUDA" not in page
