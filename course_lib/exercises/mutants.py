"""Mutants: an answer with one small thing wrong must fail. What survives shows a weak exercise.

From the solved edition's answer, :func:`mutants_of` makes one program for each place and each of these
changes, the mistakes of this field:

===================  ===========================================================================
axis                 another axis, or none; ``keepdims`` forgotten
reduction            mean ↔ sum, max ↔ min, argmax ↔ argmin, std ↔ var, any ↔ all
arithmetic           + ↔ −, × ↔ /, a power or a sign forgotten, a product's factors exchanged
comparison           < ↔ ≤, > ↔ ≥, == ↔ !=, and each turned round
number               one more; True ↔ False
statement            left out: zero_grad, eval, a freezing, an update …
block                ``with torch.no_grad()`` and ``if`` without their heads
arguments            two exchanged; a parameter ignored (always what the first public example has)
function             softmax ↔ log_softmax, log and exp forgotten
answer               always the first public example's value
===================  ===========================================================================

A mutant is killed when it fails on inputs drawn as grading draws them. One that does not is listed in
the exercise's ``survivors`` with the reason why it is no mistake, or the exercise is to be mended.
DeMillo, Lipton & Sayward, *Hints on Test Data Selection*, IEEE Computer 11(4), 1978.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

FIRST = "first_public_example"  # in a mutant's namespace: the inputs of the first public example
EXPECTED = "first_public_answer"  # … and the value that is right for them

_REDUCTIONS = {"mean": "sum", "max": "min", "argmax": "argmin", "std": "var", "any": "all",
               "reduce_mean": "reduce_sum", "amax": "amin", "softmax": "log_softmax"}  # fmt: skip
_OTHER = _REDUCTIONS | {other: name for name, other in _REDUCTIONS.items()}
_COMMUTES = {
    "maximum",
    "minimum",
    "add",
    "multiply",
    "logical_and",
    "logical_or",
    "allclose",
    "isclose",
}
_FORGETTABLE = {"log", "exp", "sqrt", "abs"}
_ARITHMETIC = {ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,),
               ast.FloorDiv: (ast.Div,)}  # fmt: skip
_COMPARISONS = {ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE),
                ast.GtE: (ast.Gt, ast.Lt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
                ast.Is: (ast.IsNot,), ast.In: (ast.NotIn,)}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A changed answer: what was changed into what, and the whole source."""

    change: str
    source: str


def mutants_of(source: str, function: str) -> list[Mutant]:
    """Give the mutants of an answer, one for each place and change, without those that look alike.

    Args:
        source: The answer cell of the solved edition.
        function: The function that the student writes; only what stands inside functions is changed.
    """
    found: dict[str, Mutant] = {}
    original = ast.unparse(ast.parse(source))
    tree = ast.parse(source)
    for path in list(_places(tree, function)):
        for changed, change in _changes(tree, path):
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text != original:
                found.setdefault(text, Mutant(change, text))
    for text, change in _whole(tree, function):
        found.setdefault(text, Mutant(change, text))
    return list(found.values())


Path = tuple[tuple[str, int | None], ...]


def _places(tree: ast.Module, function: str) -> Iterator[Path]:
    """Give the way to every node inside the answer's functions, as fields and positions."""
    for i, node in enumerate(tree.body):
        if isinstance(node, ast.FunctionDef):
            first = 1 if ast.get_docstring(node) else 0
            for j in range(first, len(node.body)):
                yield from _below(node.body[j], (("body", i), ("body", j)))


def _below(node: ast.AST, path: Path) -> Iterator[Path]:
    yield path
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield from _below(value, (*path, (name, None)))
        elif isinstance(value, list):
            for i, each in enumerate(value):
                if isinstance(each, ast.AST):
                    yield from _below(each, (*path, (name, i)))


def _at(tree: ast.AST, path: Path) -> ast.AST:
    for name, i in path:
        value = getattr(tree, name)
        tree = value if i is None else value[i]
    return tree


def _with(tree: ast.Module, path: Path, new: ast.AST | list[ast.stmt]) -> ast.Module:
    """Give a copy of the program in which one node is another (or, a statement, several)."""
    copy = deepcopy(tree)
    parent, (name, i) = _at(copy, path[:-1]), path[-1]
    if i is None:
        setattr(parent, name, new)
    elif isinstance(new, list):
        getattr(parent, name)[i : i + 1] = new
    else:
        getattr(parent, name)[i] = new
    return copy


def _changes(tree: ast.Module, path: Path) -> Iterator[tuple[ast.Module, str]]:
    node = _at(tree, path)
    if isinstance(node, ast.expr):
        for other in _expressions(node):
            yield _with(tree, path, other), f"{ast.unparse(node)} → {ast.unparse(other)}"
    elif isinstance(node, ast.keyword) and node.arg in ("axis", "dim", "keepdims", "keepdim"):
        copy = deepcopy(tree)
        call, (_, i) = _at(copy, path[:-1]), path[-1]
        assert isinstance(call, ast.Call) and i is not None
        del call.keywords[i]
        yield copy, f"{ast.unparse(_at(tree, path[:-1]))} without {node.arg}"
    elif isinstance(node, ast.stmt):
        for others, change in _statements(node):
            yield _with(tree, path, others), change


def _statements(node: ast.stmt) -> Iterator[tuple[list[ast.stmt], str]]:
    said = ast.unparse(node).splitlines()[0]
    if isinstance(node, ast.Expr | ast.AugAssign):
        yield [ast.Pass()], f"without {said}"
    elif isinstance(node, ast.With | ast.If):
        yield node.body, f"what stands under {said!r}, without it"
    if isinstance(node, ast.If):
        yield node.orelse or [ast.Pass()], f"as if it were not so: {said!r}"
    elif isinstance(node, ast.Assign) and isinstance(
        node.targets[0], ast.Attribute | ast.Subscript
    ):
        yield [ast.Pass()], f"without {said}"


def _expressions(node: ast.expr) -> Iterator[ast.expr]:
    """Give what one expression could be by mistake."""
    if isinstance(node, ast.BinOp):
        for operator in _ARITHMETIC.get(type(node.op), ()):
            yield ast.BinOp(node.left, operator(), node.right)
        if isinstance(node.op, ast.MatMult | ast.Sub | ast.Div):
            yield ast.BinOp(node.right, node.op, node.left)
        if isinstance(node.op, ast.Pow | ast.FloorDiv):
            yield node.left
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield node.operand
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for comparison in _COMPARISONS.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [comparison()], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Constant):
        yield from _constants(node.value)
    elif isinstance(node, ast.Call):
        yield from _calls(node)


def _constants(value: object) -> Iterator[ast.expr]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
        if value not in (0, 1):
            yield ast.Constant(1)


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in _OTHER:
        other: ast.expr = (
            ast.Attribute(node.func.value, _OTHER[name], ast.Load())
            if isinstance(node.func, ast.Attribute)
            else ast.Name(_OTHER[name], ast.Load())
        )
        yield ast.Call(other, node.args, node.keywords)
    if name in _FORGETTABLE and node.args:
        yield node.args[0]
    if (
        len(node.args) == 2
        and name not in _COMMUTES
        and not any(isinstance(each, ast.Starred) for each in node.args)
    ):
        yield ast.Call(node.func, node.args[::-1], node.keywords)


def _whole(tree: ast.Module, function: str) -> Iterator[tuple[str, str]]:
    """Give the answers that ignore an argument, or know one public answer by heart."""
    for i, node in enumerate(tree.body):
        if not (isinstance(node, ast.FunctionDef) and node.name == function):
            continue
        used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        for argument in node.args.args:
            if argument.arg not in used:  # it is ignored as it is
                continue
            ignoring = ast.parse(f"{argument.arg} = {FIRST}[{argument.arg!r}]").body
            yield _beginning(tree, i, ignoring), f"{argument.arg} ignored"
        by_heart = ast.parse(f"def f():\n    return {EXPECTED}").body[0]
        assert isinstance(by_heart, ast.FunctionDef)
        yield _beginning(tree, i, by_heart.body), "always the first public answer"


def _beginning(tree: ast.Module, i: int, first: list[ast.stmt]) -> str:
    copy = deepcopy(tree)
    function = copy.body[i]
    assert isinstance(function, ast.FunctionDef)
    function.body[:0] = first
    return ast.unparse(ast.fix_missing_locations(copy))
