"""torchvision's vision transformer, built in Keras: same names, same weights, same outputs.

Dosovitskiy et al., *An Image is Worth 16x16 Words*, ICLR 2021, arXiv:2010.11929.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import KerasTensor, layers, ops

_LINEAR = keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")  # PyTorch's default


def build_vit_b_16() -> keras.Model:
    """Build ViT-B/16 with random weights: patches of 16×16 pixels, 12 layers, D = 768."""
    return build_vit(size=224, patch=16, depth=12, heads=12, width=768, hidden=3072)


def build_vit(
    *, size: int, patch: int, depth: int, heads: int, width: int, hidden: int
) -> keras.Model:
    """Scaled images N×S×S×3 → tokens N×(1+P)×D: the class token, then one for each of P patches."""
    image = keras.Input((size, size, 3))
    start = keras.initializers.TruncatedNormal(stddev=(3 * patch**2) ** -0.5)
    x = layers.Conv2D(width, patch, patch, kernel_initializer=start, name="conv_proj")(image)
    x = layers.Reshape(((size // patch) ** 2, width), name="patches")(x)
    x = ClassToken(name="class_token")(x)
    x = PositionEmbedding(name="encoder-pos_embedding")(x)
    for i in range(depth):
        x = encoder_layer(x, heads, hidden, f"encoder-layers-encoder_layer_{i}")
    return keras.Model(image, layers.LayerNormalization(epsilon=1e-6, name="encoder-ln")(x))


def encoder_layer(x: KerasTensor, heads: int, hidden: int, name: str) -> KerasTensor:
    """``x + attention(norm(x))``, then ``x + mlp(norm(x))``: shapes stay N×T×D."""
    width = x.shape[-1]
    f = layers.LayerNormalization(epsilon=1e-6, name=f"{name}-ln_1")(x)
    f = SelfAttention(heads, name=f"{name}-self_attention")(f)
    f = layers.Dense(width, kernel_initializer=_LINEAR, name=f"{name}-self_attention-out_proj")(f)
    x = layers.Add(name=f"{name}-add_1")([x, f])
    f = layers.LayerNormalization(epsilon=1e-6, name=f"{name}-ln_2")(x)
    f = layers.Dense(hidden, name=f"{name}-mlp-0")(f)
    f = layers.Activation(exact_gelu, name=f"{name}-mlp-1")(f)
    f = layers.Dense(width, name=f"{name}-mlp-3")(f)
    return layers.Add(name=f"{name}-add_2")([x, f])


def exact_gelu(x: KerasTensor) -> KerasTensor:
    r"""Give :math:`x \, \Phi(x)`, not its approximation by tanh. Hendrycks & Gimpel, arXiv:1606.08415."""
    return ops.gelu(x, approximate=False)


@keras.saving.register_keras_serializable("course_lib")
class ClassToken(layers.Layer):
    """Put one learned token before the patches: N×P×D → N×(1+P)×D."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = (1, 1, input_shape[-1])
        self.token = self.add_weight(shape=shape, initializer="zeros", name="class_token")

    def call(self, x: KerasTensor) -> KerasTensor:
        first = ops.broadcast_to(self.token, (ops.shape(x)[0], 1, x.shape[-1]))
        return ops.concatenate([ops.cast(first, x.dtype), x], axis=1)


@keras.saving.register_keras_serializable("course_lib")
class PositionEmbedding(layers.Layer):
    """Add a learned vector to each place: attention itself does not know where a token stands."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        start = keras.initializers.RandomNormal(stddev=0.02)
        shape = (1, *input_shape[1:])
        self.places = self.add_weight(shape=shape, initializer=start, name="pos_embedding")

    def call(self, x: KerasTensor) -> KerasTensor:
        return x + self.places


@keras.saving.register_keras_serializable("course_lib")
class SelfAttention(layers.Layer):
    r"""Every token looks at every token: N×T×D → N×T×D, before the output projection.

    .. math::
        [Q, K, V] = x W + b, \qquad
        \mathrm{softmax}\bigl(Q K^\top / \sqrt{D / h}\bigr) \, V \quad \text{in each of } h \text{ heads}

    One matrix ``W`` (D×3D) for all three, as PyTorch keeps them. Vaswani et al., NeurIPS 2017,
    arXiv:1706.03762.
    """

    def __init__(self, heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads = heads

    def build(self, input_shape: tuple[int, ...]) -> None:
        width = input_shape[-1]
        self.weight = self.add_weight(
            shape=(width, 3 * width), initializer="glorot_uniform", name="in_proj_weight"
        )
        self.bias = self.add_weight(shape=(3 * width,), initializer="zeros", name="in_proj_bias")

    def call(self, x: KerasTensor) -> KerasTensor:
        T, D = x.shape[1:]
        both = ops.reshape(
            ops.matmul(x, self.weight) + self.bias, (-1, T, 3, self.heads, D // self.heads)
        )
        q, k, v = (both[:, :, i] for i in range(3))  # each N×T×h×(D/h)
        seen = ops.dot_product_attention(q, k, v)
        return ops.reshape(seen, (-1, T, D))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "heads": self.heads}
