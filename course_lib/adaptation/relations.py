r"""Transfer through relations: classes never seen are known by what relates them to classes seen.

A class is described without a single picture: by *attributes* (has a loop, has a corner) or by its place in
a *knowledge graph*. A linear map from features to descriptions is learnt on the seen classes, and an image of
an unseen one is given the class whose description comes nearest. What is transferred is neither data nor
weights but how classes relate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.adaptation.requirements import require_examples, require_labels_below
from course_lib.arguments import as_numbers, require_number
from course_lib.errors import CourseError

Triple = tuple[str, str, str]  # subject, relation, object: ("zebra", "has", "stripes")


def attribute_table(
    triples: Iterable[Triple], classes: Sequence[str]
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Give what is said of each class: K×A, 1 where the triple is there, 0 elsewhere.

    Args:
        triples: Facts (subject, relation, object).
        classes: The classes, in the order of their labels.

    Returns:
        The table, and the relation and object that each column stands for, sorted.
    """
    facts = {t for t in map(_triple, triples) if t[0] in set(classes)}
    names = sorted({(relation, thing) for _, relation, thing in facts})
    _require_known(classes, {subject for subject, _, _ in facts})
    table = [[(one, *name) in facts for name in names] for one in classes]
    return np.array(table, dtype=np.float64), names


def walk_with_restart(
    triples: Iterable[Triple], classes: Sequence[str], *, restart: float = 0.3
) -> np.ndarray:
    r"""Give each class its place in a knowledge graph: where a walk that keeps coming home is found.

    .. math:: P = c \, \bigl(I - (1 - c) D^{-1} A\bigr)^{-1}

    :math:`A` connects what a triple connects (either way, whatever the relation), :math:`D` counts neighbours,
    and :math:`c` is the chance to start again from the class. So classes share a description with what is
    several steps away: a zebra with a horse through "is an equid". Tong, Faloutsos & Pan, *Fast Random Walk
    with Restart*, ICDM 2006.

    Args:
        triples: Facts (subject, relation, object); subjects and objects are the nodes.
        classes: Which nodes are classes, in the order of their labels.
        restart: :math:`c`, between 0 and 1; near 1 only the next neighbours count.

    Returns:
        K×(number of nodes), each row a distribution over the nodes in sorted order.
    """
    facts = [_triple(t) for t in triples]
    c = require_number("restart", restart, 0, 1, ends="()")
    nodes = sorted({node for one, _, other in facts for node in (one, other)})
    _require_known(classes, set(nodes))
    place = {node: i for i, node in enumerate(nodes)}
    A = np.zeros((len(nodes), len(nodes)))
    for one, _, other in facts:
        A[place[one], place[other]] = A[place[other], place[one]] = 1
    step = A / A.sum(axis=1, keepdims=True)
    P = c * np.linalg.inv(np.eye(len(nodes)) - (1 - c) * step)
    return P[[place[name] for name in classes]]


@dataclass(frozen=True)
class RidgeMap:
    """A linear map from features to descriptions: ``f W + b``.

    Attributes:
        weights: W, D×A.
        bias: b, A.
    """

    weights: np.ndarray
    bias: np.ndarray

    def __call__(self, f: np.ndarray) -> np.ndarray:
        """Features N×D → descriptions N×A."""
        return f @ self.weights + self.bias


def ridge_map(
    f: np.ndarray, y: np.ndarray, descriptions: np.ndarray, *, strength: float = 1.0
) -> RidgeMap:
    r"""Learn to read a class's description off its examples' features.

    .. math::
        \min_{W} \; \frac{1}{N} \sum_i \lVert (f_i - \bar f) W - (e_{y_i} - \bar e) \rVert^2
        + \lambda \lVert W \rVert^2, \qquad
        W = (F^\top F / N + \lambda I)^{-1} F^\top E / N, \qquad b = \bar e - \bar f W

    with centred features :math:`F` and descriptions :math:`E`. A closed form, in the spirit of
    Romera-Paredes & Torr, *An Embarrassingly Simple Approach to Zero-shot Learning*, ICML 2015.

    Args:
        f: Features of seen classes, N×D.
        y: Their labels, N: rows of ``descriptions``.
        descriptions: One row for each class, seen or not, K×A.
        strength: :math:`\lambda`, above 0.
    """
    f, y = require_examples("seen classes", f, y)
    table = as_numbers("descriptions", descriptions)
    e = table[require_labels_below("y", y, len(table))]
    strength = require_number("strength", strength, ends="()")
    F, E = f - f.mean(axis=0), e - e.mean(axis=0)
    gram = F.T @ F / len(f) + strength * np.eye(f.shape[1])
    W = np.linalg.solve(gram, F.T @ E / len(f))
    return RidgeMap(W, e.mean(axis=0) - f.mean(axis=0) @ W)


def nearest_class(
    found: np.ndarray, descriptions: np.ndarray, candidates: Sequence[int] | None = None
) -> np.ndarray:
    r"""Give each found description the class whose own points most nearly the same way.

    .. math:: \hat y_i = \arg\max_{k} \; \cos(\hat e_i - \bar e, \; e_k - \bar e)

    The mean :math:`\bar e` of all classes' descriptions is taken out: what all have in common tells nothing.

    Args:
        found: Descriptions N×A that a map gave.
        descriptions: Those of the classes, K×A.
        candidates: The labels to choose from; all unless given. The unseen alone is *zero-shot*; seen and
            unseen together, *generalised* zero-shot, is far harder and what one meets outside.

    Returns:
        Labels N.
    """
    e = as_numbers("descriptions", descriptions)
    labels = np.arange(len(e)) if candidates is None else np.asarray(candidates)
    mean = e.mean(axis=0)
    one, other = _unit(as_numbers("found", found) - mean), _unit(e[labels] - mean)
    return labels[(one @ other.T).argmax(axis=1)]


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _triple(given: Triple) -> Triple:
    parts = tuple(given)
    if len(parts) != 3 or isinstance(given, str):
        raise CourseError(
            f"A fact is (subject, relation, object), such as ('zebra', 'has', 'stripes'); it was {given!r}.",
            f"每条事实应是（主体，关系，客体），例如 ('斑马', '具有', '条纹')；现在是 {given!r}。",
        )
    return parts  # type: ignore[return-value]


def _require_known(classes: Sequence[str], known: set[str]) -> None:
    for name in classes:
        if name not in known:
            raise CourseError(
                f"Nothing is said of the class {name!r}: give it at least one fact.",
                f"没有关于类别 {name!r} 的任何事实：请至少给出一条。",
            )
