"""Making weights from nothing, in small."""

from __future__ import annotations

import pytest
from safetensors.numpy import load_file

from benchmarks import transfer
from course_lib import pretraining, pytorch
from course_lib.pretraining import VARIANTS, Recipe, pretrain_one
from course_lib.pytorch import load_backbone

TINY = Recipe(images=64, epochs=2, batch_size=32)


def test_a_tiny_run_writes_weights_that_load(course_home, tmp_path):
    path = pretrain_one(VARIANTS[1], TINY, tmp_path)
    assert path == tmp_path / "glyphnet_without_look_alikes.safetensors"
    assert load_backbone("glyphnet", weights=path).weights_name == path.name


def test_an_interrupted_run_goes_on_and_ends_the_same(course_home, tmp_path, monkeypatch):
    whole = load_file(pretrain_one(VARIANTS[0], TINY, tmp_path / "whole"))

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pytorch, "save_backbone", killed)
    with pytest.raises(KeyboardInterrupt):
        pretrain_one(VARIANTS[0], TINY, tmp_path / "resumed")
    monkeypatch.undo()
    monkeypatch.setenv("COURSE_HOME", str(course_home))
    assert pretraining.checkpoint_of(VARIANTS[0]).exists()
    resumed = load_file(pretrain_one(VARIANTS[0], TINY, tmp_path / "resumed"))
    assert all((resumed[name] == whole[name]).all() for name in whole)


def test_all_variants_are_made_judged_and_their_checkpoints_removed(
    course_home, tmp_path, monkeypatch, capsys
):
    judged = []
    monkeypatch.setattr(transfer, "run", lambda *, weights: judged.append(weights))
    monkeypatch.setattr(transfer, "table", lambda _: "the table")
    pretraining.pretrain(output=tmp_path, recipe=TINY)
    assert {path.stem for path in tmp_path.glob("*.safetensors")} == {
        variant.name for variant in VARIANTS
    }
    assert judged == [tmp_path] and "the table" in capsys.readouterr().out
    assert not any(pretraining.checkpoint_of(variant).exists() for variant in VARIANTS)


def test_the_recipe_is_the_cards_own():
    card = (pretraining.WEIGHTS / "glyphnet.md").read_text()
    recipe = Recipe()
    assert f"{recipe.images:,} images" in card and f"{recipe.epochs} epochs" in card
