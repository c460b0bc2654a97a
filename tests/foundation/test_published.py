"""Published models: the same code on tiny random models of the same architectures, saved to a folder."""

from __future__ import annotations

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.foundation import __main__ as command
from course_lib.foundation.loading import load_image_features, load_image_text, load_language
from course_lib.foundation.published import CATALOGUE, fetch, folder_of
from tests.conftest import require

WORDS = ("[PAD]", "[UNK]", "<s>", "</s>", "a", "disc", "ring", "star", "圆", "星")


@pytest.fixture(scope="module")
def library() -> Any:
    require(find_spec("torch"), "needs PyTorch")
    require(find_spec("transformers"), "needs transformers")
    import transformers

    transformers.logging.set_verbosity_error()
    return transformers


@pytest.fixture(scope="module")
def folders(library: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tiny model of each architecture, with random weights, as ``save_pretrained`` writes it."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers

    torch.manual_seed(0)
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, "[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = library.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", eos_token="</s>"
    )
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    picture = {**small, "image_size": 14, "patch_size": 7}
    text = {**small, "vocab_size": len(WORDS), "intermediate_size": 32, "eos_token_id": 3}
    clip = library.CLIPConfig(
        vision_config={**picture, "intermediate_size": 32}, text_config=text, projection_dim=8
    )
    made = {
        "clip": library.CLIPModel(clip),
        "dinov2": library.Dinov2Model(library.Dinov2Config(**picture)),
        "gpt2": library.GPT2LMHeadModel(
            library.GPT2Config(
                vocab_size=len(WORDS), n_positions=16, n_embd=16, n_layer=1, n_head=2
            )
        ),
        "qwen": library.Qwen2ForCausalLM(library.Qwen2Config(**text, num_key_value_heads=1)),
    }
    found = {}
    for name, model in made.items():
        found[name] = tmp_path_factory.mktemp(name)
        model.save_pretrained(found[name])
        tokenizer.save_pretrained(found[name])
        how = {"size": {"shortest_edge": 14}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
        (found[name] / "preprocessor_config.json").write_text(json.dumps(how), encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 16, 16, 1)).astype(np.uint8)


def test_towers_give_an_output_for_each_picture_and_text(
    folders: dict[str, Path], pictures: np.ndarray
) -> None:
    towers = load_image_text("clip", folders["clip"])
    found = towers.images(pictures)
    assert found.shape == (40, 8) and found.dtype == np.float32 and np.isfinite(found).all()
    np.testing.assert_allclose(towers.images(pictures[35:]), found[35:], rtol=1e-4, atol=1e-5)
    texts = towers.texts(["a disc", "a star a star", "星"])
    assert texts.shape == (3, 8)
    np.testing.assert_allclose(towers.texts(["a disc"]), texts[:1], rtol=1e-4, atol=1e-5)


def test_grey_pictures_are_the_same_as_their_coloured_copies(
    folders: dict[str, Path], pictures: np.ndarray
) -> None:
    backbone = load_image_features("dinov2", folders["dinov2"])
    grey, colour = (
        backbone.images(pictures[:4]),
        backbone.images(np.repeat(pictures[:4], 3, axis=3)),
    )
    assert grey.shape == (4, 16)
    np.testing.assert_allclose(grey, colour, rtol=1e-5)


@pytest.mark.parametrize("name", ["gpt2", "qwen"])
def test_bits_per_character_are_those_of_the_models_own_loss(
    folders: dict[str, Path], name: str
) -> None:
    import torch

    language, text = load_language(name, folders[name]), "a disc a ring a star"
    tokens = torch.tensor([language.tokenizer(text)["input_ids"]])
    with torch.no_grad():
        mean = float(language.model(tokens, labels=tokens).loss)
    expected = mean * (tokens.shape[1] - 1) / np.log(2) / len(text)
    assert language.bits_per_character([text]) == pytest.approx(expected, rel=1e-5)
    assert language.tokens_per_character([text]) == pytest.approx(tokens.shape[1] / len(text))


@pytest.mark.parametrize("file", ["model.safetensors", "preprocessor_config.json", "config.json"])
def test_a_damaged_file_is_said_in_one_sentence(
    folders: dict[str, Path], tmp_path: Path, file: str
) -> None:
    folder = shutil.copytree(folders["dinov2"], tmp_path / "dinov2")
    whole = (folder / file).read_bytes()
    (folder / file).write_bytes(whole[: len(whole) // 2])  # a copy that broke off
    with pytest.raises(CourseError, match="incomplete or damaged"):
        load_image_features("dinov2", folder)


def test_a_language_model_without_its_tokenizer_is_incomplete(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(folders["gpt2"], tmp_path / "gpt2")
    for file in (*folder.glob("tokenizer*"), *folder.glob("special*")):
        file.unlink()
    with pytest.raises(CourseError, match="incomplete or damaged"):
        load_language("gpt2", folder)


def test_what_is_missing_is_said_in_one_sentence(tmp_path: Path) -> None:
    for name in CATALOGUE:
        with pytest.raises(CourseError, match=f"python -m course_lib.foundation {name}"):
            folder_of(name, tmp_path)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "open_clip_model.safetensors").write_bytes(b"")  # of another library
    with pytest.raises(CourseError, match=r"model\.safetensors"):
        folder_of("clip", tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(CourseError, match="no pickles"):
        folder_of("gpt2", tmp_path)
    with pytest.raises(CourseError, match="it has clip"):
        folder_of("vicuna", tmp_path)


def test_without_the_optional_part_one_sentence_says_so(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(CourseError, match="pip install"):
        load_language("gpt2", folders["gpt2"])


def test_without_a_network_one_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    require(find_spec("huggingface_hub"), "needs huggingface_hub")
    import huggingface_hub

    asked = {}

    def refuse(repository: str, **how: Any) -> None:
        asked[repository] = how
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(CourseError, match="HF_ENDPOINT"):
        fetch("dinov2", tmp_path)
    how = asked["facebook/dinov2-small"]
    assert len(how["revision"]) == 40
    offered = ["model.safetensors", "open_clip_model.safetensors", "pytorch_model.bin", "modeling.py",
               "config.json", "merges.txt"]  # fmt: skip
    wanted = huggingface_hub.utils.filter_repo_objects(
        offered, allow_patterns=how["allow_patterns"]
    )
    assert list(wanted) == ["model.safetensors", "config.json", "merges.txt"]
    assert command.main(["dinov2"]) == 1 and "HF_ENDPOINT" in capsys.readouterr().err
    assert command.main([]) == 0 and "Apache-2.0" in capsys.readouterr().out
