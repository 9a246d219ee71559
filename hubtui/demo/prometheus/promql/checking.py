"""Whether the parts of a query have the types that they have to have.

Source: Prometheus 2.42, promql/parser/parse.go (checkAST), whose messages these are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Literal, cast

from hubtui.demo.prometheus.promql.lexing import wrong
from hubtui.demo.prometheus.promql.tree import (
    Aggregation,
    Binary,
    Call,
    Negative,
    Node,
    Number,
    Parens,
    Range,
    Subquery,
    Text,
    Vector,
)
from hubtui.demo.prometheus.promql.words import (
    COMPARISONS,
    FUNCTIONS,
    RANGE,
    SCALAR,
    SETS,
    STRING,
    UNKNOWN_HERE,
    VECTOR,
    Function,
)
from hubtui.demo.prometheus.refusals import beyond

_NO_BOOL: Final = "bool modifier can only be used on comparison operators"


def type_of(node: Node) -> str:
    """What a node gives."""
    match node:
        case Number():
            return SCALAR
        case Text():
            return STRING
        case Range() | Subquery():
            return RANGE
        case Call():
            return FUNCTIONS[node.name].gives
        case Parens() | Negative():
            return type_of(node.inner)
        case Binary():
            both = type_of(node.left) == type_of(node.right) == SCALAR
            return SCALAR if both else VECTOR
        case _:
            return VECTOR


def check(node: Node, text: str) -> None:
    """Raises QueryRefusedError for what does not go together."""
    match node:
        case Aggregation():
            _aggregation(node, text)
        case Binary():
            _binary(node, text)
        case Call():
            for argument in node.arguments:
                check(argument, text)
            for wants, argument in zip(_wanted(node), node.arguments, strict=False):
                _expect(argument, wants, f'call to function "{node.name}"', text)
        case Subquery():
            check(node.inner, text)
            if type_of(node.inner) != VECTOR:
                words = "subquery is only allowed on instant vector, "
                raise wrong(text, node.at, f"{words}got {_short(type_of(node.inner))} instead")
        case Parens() | Negative():
            check(node.inner, text)
        case _:
            pass


def _wanted(call: Call) -> tuple[str, ...]:
    takes = FUNCTIONS[call.name].takes
    return takes + takes[-1:] * max(0, len(call.arguments) - len(takes))


def _short(kind: str) -> str:
    return {VECTOR: "vector", RANGE: "matrix"}.get(kind, kind)


def _expect(node: Node, wants: str, where: str, text: str) -> None:
    kind = type_of(node)
    if kind != wants:
        raise wrong(text, node.at, f"expected type {wants} in {where}, got {kind}")


def _aggregation(node: Aggregation, text: str) -> None:
    check(node.inner, text)
    _expect(node.inner, VECTOR, "aggregation expression", text)
    if node.parameter is not None:
        wants = STRING if node.name == "count_values" else SCALAR
        check(node.parameter, text)
        _expect(node.parameter, wants, "aggregation parameter", text)


def _binary(node: Binary, text: str) -> None:
    check(node.left, text)
    check(node.right, text)
    kinds = type_of(node.left), type_of(node.right)
    matching = node.matching
    both = kinds == (SCALAR, SCALAR)
    if node.asks and node.operator not in COMPARISONS:
        raise wrong(text, node.sign, _NO_BOOL)
    if both and node.operator in COMPARISONS and not node.asks:
        raise wrong(text, node.sign, "comparisons between scalars must use BOOL modifier")
    twice = next((each for each in matching.labels if each in matching.include), None)
    if twice is not None and matching.on:
        words = f'label "{twice}" must not occur in ON and GROUP clause at once'
        raise wrong(text, node.sign, words)
    for side, kind in zip((node.left, node.right), kinds, strict=True):
        if kind not in (SCALAR, VECTOR):
            words = "binary expression must contain only scalar and instant vector types"
            raise wrong(text, side.at, words)
    if kinds != (VECTOR, VECTOR):
        if matching.labels:
            raise wrong(text, node.at, "vector matching only allowed between instant vectors")
        if node.operator in SETS:
            words = f'set operator "{node.operator}" not allowed in binary scalar expression'
            raise wrong(text, node.at, words)
    elif node.operator in SETS and matching.many:
        raise wrong(text, node.at, f'no grouping allowed for "{node.operator}" operation')


def function(name: str, text: str, at: int) -> Function:
    """What a function takes. Raises QueryRefusedError for one that is not known."""
    if name in UNKNOWN_HERE:
        raise beyond(f"function {name}")
    if name not in FUNCTIONS:
        raise wrong(text, at, f'unknown function with name "{name}"')
    return FUNCTIONS[name]


def called(call: Call, takes: Function, text: str) -> Call:
    """A call, when it has as many arguments as it needs."""
    given, most = len(call.arguments), len(takes.takes)
    least = most - (abs(takes.optional))
    where = f'in call to "{call.name}", got {given}'
    if not takes.optional and given != most:
        raise wrong(text, call.at, f"expected {most} argument(s) {where}")
    if given < least:
        raise wrong(text, call.at, f"expected at least {least} argument(s) {where}")
    if takes.optional > 0 and given > most:
        raise wrong(text, call.at, f"expected at most {most} argument(s) {where}")
    return call


def signed(node: Node, text: str, at: int) -> None:
    """Refuses a sign before what has none."""
    kind = type_of(node)
    if kind not in (SCALAR, VECTOR):
        words = "unary expression only allowed on expressions of type scalar or instant vector, "
        raise wrong(text, at, f'{words}got "{kind}"')


def ranged(node: Node, text: str, at: int) -> Vector:
    """The selector that a range is of."""
    if not isinstance(node, Vector):
        raise wrong(text, at, "ranges only allowed for vector selectors")
    if node.offset:
        raise wrong(text, at, "no offset modifiers allowed before range")
    if node.fixed is not None:
        raise wrong(text, at, "no @ modifiers allowed before range")
    return node


def moved(node: Node, text: str, change: Callable[[Any], Any]) -> Node:
    """A selector, a range or a subquery with an offset."""
    match node:
        case Vector(offset=0) | Subquery(offset=0):
            return cast("Node", change(node))
        case Range(vector=Vector(offset=0)):
            return replace(node, vector=change(node.vector))
        case Vector() | Subquery() | Range():
            raise wrong(text, node.at, "offset may not be set multiple times")
        case _:
            words = "offset modifier must be preceded by an instant vector selector or range "
            words += "vector selector or a subquery"
            raise wrong(text, node.at, words)


def fixed(node: Node, text: str, when: int | str) -> Node:
    """A selector, a range or a subquery at a time of its own."""
    at = cast("int | Literal['start', 'end']", when)
    match node:
        case Vector(fixed=None) | Subquery(fixed=None):
            return replace(node, fixed=at)
        case Range(vector=Vector(fixed=None)):
            return replace(node, vector=replace(node.vector, fixed=at))
        case Vector() | Subquery() | Range():
            raise wrong(text, node.at, "@ <timestamp> may not be set multiple times")
        case _:
            words = "@ modifier must be preceded by an instant vector selector or range vector "
            words += "selector or a subquery"
            raise wrong(text, node.at, words)
