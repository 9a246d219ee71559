"""PromQL read into a tree, with Prometheus' own words for what is wrong.

Source: Prometheus 2.42, promql/parser/generated_parser.y. The message of what was not expected
names the rule that it stands in: `unexpected identifier "x" in aggregation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Final

from hubtui.demo.prometheus.promql import checking
from hubtui.demo.prometheus.promql.lexing import END, Token, millis, tokens, unquoted, wrong
from hubtui.demo.prometheus.promql.tree import (
    Aggregation,
    Binary,
    Call,
    Matching,
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
    PRECEDENCE,
    UNARY,
    WITH_PARAMETER,
)
from hubtui.demo.prometheus.refusals import QueryRefusedError
from hubtui.demo.prometheus.selecting import NAME, Matcher, Selector

_LABELLED: Final = ("identifier", "keyword", "aggregation", "and", "or", "unless", "atan2")


@lru_cache(maxsize=512)
def parsed(text: str) -> Node:
    """The tree of a query, of which the types are right. Raises QueryRefusedError."""
    reader = _Reader(text)
    found = reader.whole()
    checking.check(found, text)
    return found


def selector(text: str) -> Selector:
    """The one selector that a text is, as in `match[]`. Raises QueryRefusedError."""
    found = parsed(text)
    if not isinstance(found, Vector) or found.offset or found.fixed is not None:
        raise wrong(text, 0, "expected type instant vector selector")
    return found.selector


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = next(self._tokens)
        self._rule = ""

    def whole(self) -> Node:
        if self._next.kind == END:
            raise wrong(self._text, self._next.at, "no expression found in input")
        found = self._expression(0)
        if self._next.kind != END:
            raise self._unexpected()
        return found

    def _expression(self, least: int) -> Node:
        left = self._unary()
        while True:
            operator = self._next.kind
            binds = PRECEDENCE.get(operator, 0)
            if not binds or binds < least:
                return left
            sign = self._take().at
            matching, asks = self._modifiers()
            right = self._expression(binds if operator == "^" else binds + 1)
            left = Binary(operator, left, right, matching, asks, left.at, sign)

    def _unary(self) -> Node:
        if self._next.kind not in ("+", "-"):
            return self._postfix(self._primary())
        sign = self._take()
        inner = self._expression(UNARY + 1)
        if isinstance(inner, Number):
            return Number(-inner.value if sign.kind == "-" else inner.value, sign.at)
        checking.signed(inner, self._text, sign.at)
        return Negative(inner, sign.at) if sign.kind == "-" else inner

    def _postfix(self, found: Node) -> Node:
        while True:
            if self._next.kind == "[":
                found = self._brackets(found)
            elif self._is("offset"):
                found = self._offset(found)
            elif self._next.kind == "@":
                found = self._at(found)
            else:
                return found

    def _primary(self) -> Node:
        token = self._next
        if token.kind == "number":
            self._take()
            return Number(_number(token.text), token.at)
        if token.kind == "string":
            self._take()
            return Text(unquoted(self._text, token), token.at)
        if token.kind == "(":
            self._take()
            inner = self._expression(0)
            self._need(")")
            return Parens(inner, token.at)
        if token.kind == "aggregation":
            self._take()
            if self._next.kind == "(" or self._is("by") or self._is("without"):
                return self._aggregation(token)
            return self._vector(token)
        if token.kind in ("identifier", "metric"):
            self._take()
            if token.kind == "identifier" and self._next.kind == "(":
                return self._call(token)
            return self._vector(token)
        if token.kind == "{":
            return self._vector(None)
        raise self._unexpected()

    def _call(self, name: Token) -> Node:
        takes = checking.function(name.text, self._text, name.at)
        return checking.called(Call(name.text, self._arguments(), name.at), takes, self._text)

    def _arguments(self) -> tuple[Node, ...]:
        self._need("(")
        if self._next.kind == ")":
            self._take()
            return ()
        found = [self._expression(0)]
        while self._next.kind == ",":
            comma = self._take()
            if self._next.kind == ")":
                words = "trailing commas not allowed in function call args"
                raise wrong(self._text, comma.at, words)
            found.append(self._expression(0))
        self._need(")")
        return tuple(found)

    def _aggregation(self, name: Token) -> Node:
        with self._in("aggregation"):
            grouped = self._grouping()
            if self._next.kind != "(":
                raise self._unexpected()
            arguments = self._arguments()
        grouped = grouped or self._grouping()
        wanted = 2 if name.text in WITH_PARAMETER else 1
        if len(arguments) != wanted:
            words = "no arguments for aggregate expression provided"
            if arguments:
                words = "wrong number of arguments for aggregate expression provided, "
                words += f"expected {wanted}, got {len(arguments)}"
            raise wrong(self._text, name.at, words)
        parameter = arguments[0] if wanted == 2 else None
        labels, without = grouped or ((), False)
        return Aggregation(name.text, arguments[-1], parameter, labels, without, name.at)

    def _grouping(self) -> tuple[tuple[str, ...], bool] | None:
        if not (self._is("by") or self._is("without")):
            return None
        without = self._take().text == "without"
        return self._labels(), without

    def _labels(self) -> tuple[str, ...]:
        with self._in("grouping opts"):
            if self._next.kind != "(":
                raise self._unexpected('"("')
            self._take()
            found: list[str] = []
            while self._next.kind != ")":
                if self._next.kind not in _LABELLED:
                    raise self._unexpected("label")
                found.append(self._take().text)
                if self._next.kind == ",":
                    self._take()
                elif self._next.kind != ")":
                    raise self._unexpected('"," or ")"')
            self._take()
        return tuple(found)

    def _modifiers(self) -> tuple[Matching, bool]:
        asks = self._is("bool")
        if asks:
            self._take()
        if not (self._is("on") or self._is("ignoring")):
            return Matching(), asks
        on = self._take().text == "on"
        labels = self._labels()
        if not (self._is("group_left") or self._is("group_right")):
            return Matching(labels, on), asks
        is_left = self._take().text == "group_left"
        include = self._labels() if self._next.kind == "(" else ()
        return Matching(labels, on, "left" if is_left else "right", include), asks

    def _vector(self, name: Token | None) -> Vector:
        at = name.at if name else self._next.at
        matchers = [Matcher(NAME, "=", name.text)] if name else []
        if self._next.kind == "{":
            self._take()
            with self._in("label matching"):
                found = self._matchers()
            twice = next((m for m in found if m.label == NAME and name), None)
            if twice is not None and name:
                words = f'metric name must not be set twice: "{name.text}" or "{twice.value}"'
                raise wrong(self._text, at, words)
            matchers += found
        if all(each.takes({}) for each in matchers):
            words = "vector selector must contain at least one non-empty matcher"
            raise wrong(self._text, at, words)
        return Vector(Selector(tuple(matchers)), at)

    def _matchers(self) -> list[Matcher]:
        found: list[Matcher] = []
        while self._next.kind != "}":
            if self._next.kind != "identifier":
                raise self._unexpected('identifier or "}"')
            label = self._take()
            if self._next.kind not in ("=", "!=", "=~", "!~"):
                raise self._unexpected("label matching operator")
            operator = self._take().kind
            if self._next.kind != "string":
                raise self._unexpected("string")
            found.append(self._matcher(label, operator, self._take()))
            if self._next.kind == ",":
                self._take()
            elif self._next.kind != "}":
                raise self._unexpected('"," or "}"')
        self._take()
        return found

    def _matcher(self, label: Token, operator: str, token: Token) -> Matcher:
        value = unquoted(self._text, token)
        if not operator.endswith("~"):
            return Matcher(label.text, operator, value)
        try:
            return Matcher(label.text, operator, value, re.compile(value))
        except re.error as error:
            words = f"error parsing regexp: {error.msg}: `^(?:{value})$`"
            raise wrong(self._text, label.at, words) from error

    def _brackets(self, found: Node) -> Node:
        bracket = self._take()
        length = millis(self._duration("subquery selector", "duration"))
        if self._next.kind == "]":
            self._take()
            vector = checking.ranged(found, self._text, bracket.at)
            return Range(vector, length, vector.at)
        with self._in("subquery or range"):
            if self._next.kind != ":":
                raise self._unexpected('":" or "]"')
        self._take()
        step = 0
        with self._in("subquery selector"):
            if self._next.kind == "duration":
                step = millis(self._take().text)
                if self._next.kind != "]":
                    raise self._unexpected('"]"')
            elif self._next.kind != "]":
                raise self._unexpected('duration or "]"')
        self._take()
        return Subquery(found, length, step, found.at)

    def _duration(self, rule: str, wanted: str) -> str:
        with self._in(rule):
            if self._next.kind != "duration":
                raise self._unexpected(wanted)
        token = self._take()
        if not millis(token.text):
            raise wrong(self._text, token.at, "duration must be greater than 0")
        return token.text

    def _offset(self, found: Node) -> Node:
        self._take()
        sign = -1 if self._next.kind == "-" else 1
        if self._next.kind in ("-", "+"):
            self._take()
        with self._in("offset"):
            if self._next.kind != "duration":
                raise self._unexpected("duration")
        by = sign * millis(self._take().text)
        return checking.moved(found, self._text, lambda vector: replace(vector, offset=by))

    def _at(self, found: Node) -> Node:
        self._take()
        token = self._next
        if token.kind == "identifier" and token.text in ("start", "end"):
            self._take()
            self._need("(")
            self._need(")")
            return checking.fixed(found, self._text, token.text)
        sign = -1.0 if token.kind == "-" else 1.0
        if token.kind in ("-", "+"):
            self._take()
            token = self._next
        if token.kind != "number":
            with self._in("@"):
                raise self._unexpected("timestamp")
        self._take()
        return checking.fixed(found, self._text, round(sign * _number(token.text) * 1000))

    @contextmanager
    def _in(self, rule: str) -> Iterator[None]:
        before, self._rule = self._rule, rule
        yield
        self._rule = before

    def _is(self, keyword: str) -> bool:
        return self._next.kind == "keyword" and self._next.text == keyword

    def _need(self, kind: str) -> None:
        if self._next.kind != kind:
            raise self._unexpected()
        self._take()

    def _take(self) -> Token:
        taken, self._next = self._next, next(self._tokens)
        return taken

    def _unexpected(self, wanted: str = "") -> QueryRefusedError:
        words = f"unexpected {self._next.described()}"
        if self._rule:
            words += f" in {self._rule}"
        if wanted:
            words += f", expected {wanted}"
        return wrong(self._text, self._next.at, words)


def _number(text: str) -> float:
    if text[:2].lower() == "0x":
        return float(int(text, 16))
    return float(text)
