"""The causal transformer: what it may see, and what it must not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_lib.errors import CourseError
from course_lib.pytorch import (
    TransformerShape,
    attach_text_head,
    attention_maps,
    build_language_model,
    load_scribe,
    predict,
    save_scribe,
)
from course_lib.text.scribe import ASCII
from course_lib.text.vocabulary import PADDING

SHAPE = TransformerShape(vocabulary=12, places=6, width=8, depth=2, heads=2, hidden=16)


def test_the_future_changes_nothing_before_it() -> None:
    model = build_language_model(SHAPE)
    x = np.array([[4, 5, 6, 7, 8, 9]])
    other = x.copy()
    other[0, 3:] = [4, 4, 4]
    z, changed = predict(model, x), predict(model, other)
    assert np.allclose(z[:, :3], changed[:, :3], atol=1e-6)
    assert not np.allclose(z[:, 3:], changed[:, 3:], atol=1e-3)


def test_the_order_matters() -> None:
    backbone = build_language_model(SHAPE).backbone
    z = [predict(backbone, np.array([row]))[0, -1] for row in ([4, 5, 6], [5, 4, 6])]
    assert not np.allclose(*z, atol=1e-5)


def test_attention_by_the_formula() -> None:
    model = build_language_model(SHAPE)
    block = model.backbone.block1
    x = np.array([[4, 5, 6]])
    with torch.no_grad():
        h = block.norm1(model.backbone.tokens(torch.tensor(x)) + model.backbone.places.weight[:3])
        q, k = (part(h)[0, :, :4].numpy() for part in (block.query, block.key))  # the first head
    scores = q @ k.T / 2
    scores[np.triu_indices(3, 1)] = -np.inf
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert np.allclose(attention_maps(model, x)[0, 0, 0], expected, atol=1e-6)


def test_padding_does_not_count_in_a_text() -> None:
    model = attach_text_head(build_language_model(SHAPE).backbone, 3)
    short, padded = np.array([[4, 5, 6]]), np.array([[4, 5, 6, PADDING, PADDING, PADDING]])
    assert np.allclose(predict(model, short), predict(model, padded), atol=1e-6)


def test_the_scribe_writes_english_words_and_is_kept_whole(tmp_path) -> None:
    model = load_scribe()
    z = predict(model, np.array([ASCII.encode("the followin")]))
    assert ASCII.tokens[int(z[0, -1].argmax())] == "g"
    again = load_scribe(save_scribe(model, tmp_path / "scribe.safetensors"))
    x = np.array([ASCII.encode("a class")])
    assert np.allclose(predict(model, x), predict(again, x), atol=1e-6)


def test_heads_share_the_width_evenly() -> None:
    with pytest.raises(CourseError, match="3 heads can't share a width of 8"):
        TransformerShape(vocabulary=12, width=8, heads=3)
