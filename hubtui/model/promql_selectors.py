"""The selectors in a query of PromQL: which series it is computed from.

Source: Prometheus 2.42, `promql/parser/lex.go`. This reads words, it does not judge them: what
Prometheus would refuse gives some selectors or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hubtui.model.promql_words import AGGREGATIONS, LISTS, OPERATORS

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
      |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
      |(?P<number>\d[\w.]*)
      |(?P<sign>=~|!~|!=|[^\s])""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_WORDS: Final = LISTS | OPERATORS | {"bool", "offset", "inf", "nan"}


@dataclass(frozen=True, slots=True)
class Matched:
    """One matcher: `operator` is =, !=, =~ or !~."""

    label: str
    operator: str
    value: str

    @property
    def needs_label(self) -> bool:
        """Whether no series without the label can match."""
        if self.operator == "=":
            return self.value != ""
        if self.operator == "!=":
            return self.value == ""
        try:
            matches_nothing = re.fullmatch(self.value, "") is not None
        except re.error:
            return False
        return matches_nothing == (self.operator == "!~")


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric (empty: any) with its matchers, and how it is written without its time."""

    metric: str
    matchers: tuple[Matched, ...] = ()
    written: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def selectors_of(promql: str) -> tuple[Selector, ...]:
    """The selectors of a query, each once, in the order in which they stand."""
    return tuple(dict.fromkeys(_selectors(promql, _tokens(promql))))


def compares(promql: str) -> bool:
    """Whether a query keeps only what is above, below or equal to something."""
    depth = 0
    before = ""
    for token in _tokens(promql):
        depth += {"{": 1, "}": -1}.get(token.text, 0)
        if depth <= 0 and token.kind == "sign" and _is_comparison(before, token.text):
            return True
        before = token.text
    return False


def _is_comparison(before: str, sign: str) -> bool:
    return sign in ("<", ">", "!=") or (before, sign) == ("=", "=")


def _tokens(promql: str) -> list[_Token]:
    return [
        _Token(found.lastgroup or "", found[0], found.start(), found.end())
        for found in _TOKEN.finditer(promql)
        if found.lastgroup != "space"
    ]


def _selectors(promql: str, tokens: list[_Token]) -> Iterator[Selector]:
    index = 0
    while index < len(tokens):
        token = tokens[index]
        following = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if token.text == "[":
            index = _behind(tokens, index, "]")
        elif token.kind == "name" and token.text.lower() in LISTS:
            index = _behind(tokens, index + 1, ")") if following == "(" else index + 1
        elif token.text == "{" or (token.kind == "name" and following == "{"):
            opening = index if token.text == "{" else index + 1
            end = _behind(tokens, opening, "}")
            matchers = tuple(_matchers(tokens[opening + 1 : end - 1]))
            written = promql[token.start : tokens[end - 1].end]
            yield _named(token.text if token.kind == "name" else "", matchers, written)
            index = end
        else:
            if _is_metric(token, following):
                yield Selector(token.text, (), token.text)
            index += 1


def _is_metric(token: _Token, following: str) -> bool:
    word = token.text.lower()
    if token.kind != "name" or word in _WORDS or following == "(":
        return False
    return not (word in AGGREGATIONS and following.lower() in ("by", "without"))


def _named(metric: str, matchers: tuple[Matched, ...], written: str) -> Selector:
    if not metric:
        name = next((m for m in matchers if m.label == "__name__" and m.operator == "="), None)
        metric = name.value if name is not None else ""
    return Selector(metric, tuple(m for m in matchers if m.label != "__name__"), written)


def _behind(tokens: list[_Token], index: int, closing: str) -> int:
    """The index behind the next closing bracket; brackets of these kinds do not nest."""
    for place in range(index, len(tokens)):
        if tokens[place].text == closing and tokens[place].kind == "sign":
            return place + 1
    return len(tokens)


def _matchers(tokens: list[_Token]) -> Iterator[Matched]:
    for label, sign, value in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if label.kind == "name" and sign.kind == "sign" and value.kind == "text":
            yield Matched(label.text, sign.text, unquoted(value.text))


_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_PLAIN: Final = {"n": "\n", "t": "\t", "r": "\r"}


def unquoted(literal: str) -> str:
    """The text that a string literal stands for."""
    if literal.startswith("`"):
        return literal[1:-1]
    return _ESCAPE.sub(lambda found: _PLAIN.get(found[1], found[1]), literal[1:-1])
