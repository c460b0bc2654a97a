"""Put another layer in a layer's place, anywhere in a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from course_lib.errors import CourseError
from course_lib.keras.named import inner_network, renamed
from course_lib.keras.torch_layout import torch_name
from course_lib.keras.transformer import Transformer

Replace = Callable[[str, Any], keras.Layer | None]


def replace_layers(model: keras.Model, replace: Replace) -> keras.Model:
    """Ask about every layer of a model's backbone what shall stand in its place.

    A Keras network is a graph of calls: it is drawn anew around the same layers, those that are kept.

    Args:
        model: What ``attach_head`` gives (the head is left alone), a backbone, or any functional or
            sequential model. (A transformer is no graph: its blocks' attributes are exchanged.)
        replace: Gets a layer's name (such as ``"block1.conv1"``) and the layer; gives the new one,
            or None to keep it. What is put in is not asked about again.

    Returns:
        The model: the same object, unless it is itself the graph.
    """
    network, names = inner_network(model), renamed(model) or {}
    if isinstance(network, Transformer):
        _replace_parts(network, replace)
        network(np.zeros((1, 2), np.int32))  # what is new gets its weights when it is first called
        model.predict_function = network.predict_function = None
        return model
    if not isinstance(network, (keras.Sequential, keras.src.models.functional.Functional)):
        raise CourseError(
            f"Layers can be replaced in a functional or sequential Keras model, or in a backbone; "
            f"{type(network).__name__} is a class of its own.",
            f"只有函数式或顺序式的 Keras 模型（或主干网络）才能替换其中的层，"
            f"而 {type(network).__name__} 是自定义的类。",
        )

    def exchange(layer: keras.Layer) -> keras.Layer:
        name = names.get(layer.name, torch_name(layer))
        return replace(name, layer) or layer

    for layer in network.layers:  # the old graph keeps its own record of who called whom
        layer._inbound_nodes.clear()
        layer._outbound_nodes.clear()
    drawn = keras.models.clone_model(network, clone_function=exchange)
    return _put(model, network, drawn)


def _replace_parts(owner: keras.Layer, replace: Replace) -> None:
    """Ask about every layer that is an attribute, and about those inside the ones that are kept."""
    for name, part in list(vars(owner).items()):
        if name.startswith("_") or not isinstance(part, keras.Layer):
            continue
        new = replace(torch_name(part), part)
        if new is None:
            _replace_parts(part, replace)
        else:
            set_part(owner, name, new)


def set_part(owner: keras.Layer, name: str, part: keras.Layer) -> None:
    """Set a layer's attribute to another layer; Keras would go on counting the old one's weights."""
    owner._tracker.unlock()
    owner._tracker.untrack(getattr(owner, name))
    setattr(owner, name, part)
    if isinstance(owner, keras.Model):
        owner.predict_function = None  # what was compiled knows the old part


def _put(model: Any, network: keras.Model, drawn: keras.Model) -> keras.Model:
    backbone = getattr(model, "backbone", model)
    if network is model:
        return drawn
    if network is backbone:
        set_part(model, "backbone", drawn)
    else:
        set_part(backbone, "network", drawn)
    model.predict_function = None
    return model
