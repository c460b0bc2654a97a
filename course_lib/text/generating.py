r"""Writing: one token after another, from any model that gives logits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from course_lib.arguments import require_count, require_number, require_seed
from course_lib.text.vocabulary import END

Answers = Callable[[np.ndarray], np.ndarray]  # tokens N×T → logits N×T×K


def next_probabilities(
    z: np.ndarray, *, temperature: float = 1.0, top: int | None = None
) -> np.ndarray:
    r"""Give the probabilities to draw the next token by, from its logits (…×K → …×K).

    .. math:: p_k \propto e^{z_k / \tau} \text{ among the } m \text{ largest logits, } 0 \text{ elsewhere}

    Args:
        z: Logits.
        temperature: :math:`\tau`, above 0: below 1 the likely becomes likelier.
        top: m; all tokens unless given. Fan, Lewis & Dauphin, ACL 2018, arXiv:1805.04833.
    """
    z = np.asarray(z, dtype=np.float64) / require_number("temperature", temperature, ends="()")
    if top is not None:
        require_count("top", top, 1, z.shape[-1])
        least = np.sort(z, axis=-1)[..., -top, None]
        z = np.where(z >= least, z, -np.inf)
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def continue_rows(
    answers: Answers,
    start: Sequence[Sequence[int]],
    *,
    steps: int,
    places: int,
    temperature: float = 0.0,
    top: int | None = None,
    end: int | None = END,
    seed: int = 0,
) -> list[list[int]]:
    """Continue rows of tokens, all of one length; give what was added to each, without the end.

    Args:
        answers: The model: ``lambda x: predict(model, x)``.
        start: N rows, each of the same number of tokens, at least one.
        steps: How many tokens to add, at most.
        places: How many tokens the model can read: only the last ones are shown to it.
        temperature: 0 takes the likeliest token each time (*greedy*); else tokens are drawn.
        top: As for :func:`next_probabilities`.
        end: The token after which a row is finished; ``None``: none is.
        seed: Another seed draws other tokens.
    """
    rng = np.random.default_rng(require_seed(seed))
    rows = np.asarray(start, dtype=np.int64)
    begun, done = rows.shape[1], np.zeros(len(rows), dtype=bool)
    for _ in range(require_count("steps", steps)):
        z = answers(rows[:, -places:])[:, -1]
        if temperature == 0:
            chosen = z.argmax(axis=-1)
        else:
            p = next_probabilities(z, temperature=temperature, top=top)
            chosen = (p.cumsum(axis=-1) > rng.random((len(rows), 1))).argmax(axis=-1)
        rows = np.concatenate([rows, chosen[:, None]], axis=1)
        done |= chosen == end
        if done.all():
            break
    return [_until(row[begun:].tolist(), end) for row in rows]


def _until(row: list[int], end: int | None) -> list[int]:
    return row[: row.index(end)] if end in row else row
