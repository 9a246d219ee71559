"""What may stand at the cursor in a query of PromQL: which names fit there, and how one is taken.

This reads the words in front of the cursor; it does not judge them. Source: Prometheus 2.42,
`promql/parser/lex.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from hubtui.model import promql
from hubtui.model.promql_selectors import Matched, selectors_of, unquoted
from hubtui.model.promql_words import (
    AGGREGATIONS,
    BEHIND,
    FUNCTIONS,
    LENGTHS,
    LISTS,
    OPERATORS,
)

MOST: Final = 200
"""Offers that are made at most: who wants others types on."""

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
      |(?P<open>["'`].*)
      |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
      |(?P<number>\d[\w.]*)
      |(?P<sign>=~|!~|!=|[^\s])""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_WORD: Final = re.compile(r"[a-zA-Z0-9_:]*", re.ASCII)
_BEFORE_BRACKETS: Final = LISTS - {"group_left", "group_right"}
_MATCHING: Final = frozenset({"=", "!=", "=~", "!~"})


class Wanted(Enum):
    """What fits at the cursor."""

    NOTHING = "nothing"
    EXPRESSION = "expression"
    """A metric, a function, an aggregation."""
    LABEL = "label"
    VALUE = "value"
    LENGTH = "length"
    WORD = "word"
    """A word that follows a value."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cursor is: `typed` is what is typed of the word there, which begins at `start`.

    `metrics` are those whose labels are meant, `label` is the one whose values are, with the other
    `matchers` of its selector; `quote` is what the value began with.
    """

    wanted: Wanted
    start: int = 0
    typed: str = ""
    metrics: tuple[str, ...] = ()
    label: str = ""
    matchers: tuple[Matched, ...] = field(default=())
    quote: str = ""

    @property
    def subject(self) -> tuple[Wanted, str, tuple[str, ...]]:
        """What of Prometheus' names fits there: the same for all that may be typed."""
        return (self.wanted, self.label, self.selectors)

    @property
    def selectors(self) -> tuple[str, ...]:
        """The series that are meant; none: all there are."""
        if self.wanted is Wanted.VALUE:
            parts = [_matcher(each) for each in self.matchers]
            metric = self.metrics[0] if self.metrics else ""
            if not metric and not any(each.needs_label for each in self.matchers):
                return ()
            return (f"{metric}{{{','.join(parts)}}}" if parts else metric,)
        return self.metrics


@dataclass(frozen=True, slots=True)
class Offer:
    """A word that fits, and what it is."""

    text: str
    kind: str


def place_of(query: str, cursor: int) -> Place:
    """What fits at a place in a query."""
    before = query[:cursor]
    tokens = [_Token(m.lastgroup or "", m[0], m.start()) for m in _TOKEN.finditer(before)]
    if tokens and tokens[-1].text.startswith("#"):
        return Place(Wanted.NOTHING, cursor)
    tokens = [each for each in tokens if each.kind != "space"]
    if tokens and tokens[-1].kind == "open":
        last = tokens[-1]
        return _in_value(tokens[:-1], last.text[0], last.text[1:], last.start + 1)
    start, typed = cursor, ""
    ends = tokens[-1].start + len(tokens[-1].text) if tokens else 0
    if tokens and ends == cursor and tokens[-1].kind in ("name", "number"):
        start, typed = tokens[-1].start, tokens[-1].text
        tokens = tokens[:-1]
    return _of_word(query, tokens, start, typed)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int


def _of_word(query: str, tokens: Sequence[_Token], start: int, typed: str) -> Place:
    opened = _opened(tokens)
    last = tokens[-1].text if tokens else ""
    if opened is not None and tokens[opened].text == "{":
        wanted = Wanted.LABEL if last in ("{", ",") else Wanted.NOTHING
        metric = _metric_before(tokens, opened)
        return Place(wanted, start, typed, (metric,) if metric else ())
    if opened is not None and tokens[opened].text == "[":
        wanted = Wanted.LENGTH if last in ("[", ":") else Wanted.NOTHING
        return Place(wanted, start, typed)
    if opened is not None and opened and tokens[opened - 1].text.lower() in LISTS:
        wanted = Wanted.LABEL if last in ("(", ",") else Wanted.NOTHING
        names = (each.metric for each in selectors_of(query))
        return Place(wanted, start, typed, tuple(dict.fromkeys(name for name in names if name)))
    if last.lower() == "offset":
        return Place(Wanted.LENGTH, start, typed)
    if typed[:1].isdigit() or last.lower() in _BEFORE_BRACKETS:
        return Place(Wanted.NOTHING, start, typed)
    return Place(Wanted.WORD if _is_value(tokens) else Wanted.EXPRESSION, start, typed)


def _is_value(tokens: Sequence[_Token]) -> bool:
    """Whether what stands there is a whole value: another cannot follow it."""
    if not tokens:
        return False
    last = tokens[-1]
    if last.kind in ("number", "text"):
        return True
    if last.kind == "name":
        return last.text.lower() not in OPERATORS | {"bool"}
    if last.text == ")":
        return not _ends_list(tokens)
    return last.text in ("}", "]")


def _ends_list(tokens: Sequence[_Token]) -> bool:
    """Whether the last bracket closes the labels of `sum by (…)`, which an expression follows."""
    opening = max((i for i, each in enumerate(tokens) if each.text == "("), default=0)
    return opening > 0 and tokens[opening - 1].text.lower() in LISTS


def _in_value(tokens: Sequence[_Token], quote: str, typed: str, start: int) -> Place:
    opened = _opened(tokens)
    if opened is None or tokens[opened].text != "{" or len(tokens) < opened + 3:
        return Place(Wanted.NOTHING, start, typed)
    label, sign = tokens[-2], tokens[-1]
    if label.kind != "name" or sign.text not in _MATCHING:
        return Place(Wanted.NOTHING, start, typed)
    metric = _metric_before(tokens, opened)
    matchers = tuple(
        each for each in _matchers(tokens[opened + 1 : -2]) if each.label != label.text
    )
    start, typed = _alternative(typed, start) if "~" in sign.text else (start, typed)
    names = (metric,) if metric else ()
    return Place(Wanted.VALUE, start, typed, names, label.text, matchers, quote)


def _alternative(typed: str, start: int) -> tuple[int, str]:
    """Of a pattern `a|b` the part behind the last bar."""
    bar = typed.rfind("|") + 1
    return start + bar, typed[bar:]


def _matchers(tokens: Sequence[_Token]) -> Iterator[Matched]:
    for label, sign, value in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if label.kind == "name" and sign.text in _MATCHING and value.kind == "text":
            yield Matched(label.text, sign.text, unquoted(value.text))


def _matcher(matched: Matched) -> str:
    return f"{matched.label}{matched.operator}{promql.quoted(matched.value)}"


def _opened(tokens: Sequence[_Token]) -> int | None:
    """The index of the innermost bracket that is not closed."""
    found: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind != "sign":
            continue
        if token.text in "([{":
            found.append(index)
        elif token.text in ")]}" and found:
            found.pop()
    return found[-1] if found else None


def _metric_before(tokens: Sequence[_Token], opened: int) -> str:
    before = tokens[opened - 1] if opened else None
    return before.text if before is not None and before.kind == "name" else ""


# -- what is offered


def words(place: Place) -> tuple[Offer, ...]:
    """What the language itself has that may stand there."""
    if place.wanted is Wanted.EXPRESSION:
        aggregations = (Offer(name, "aggregation") for name in sorted(AGGREGATIONS))
        return (*aggregations, *(Offer(name, "function") for name in sorted(FUNCTIONS)))
    if place.wanted is Wanted.WORD:
        return tuple(Offer(name, "word") for name in sorted(BEHIND))
    if place.wanted is Wanted.LENGTH:
        return tuple(Offer(each, "time") for each in LENGTHS)
    return ()


def fitting(place: Place, offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """Those that begin as what is typed, then those that hold it; none for a word that is whole."""
    typed = place.typed.lower()
    begin: list[Offer] = []
    hold: list[Offer] = []
    for offer in offers:
        text = offer.text.lower()
        if text.startswith(typed):
            begin.append(offer)
        elif typed in text and place.wanted is not Wanted.LENGTH:
            hold.append(offer)
    found = (*begin, *hold)[:MOST]
    return () if len(found) == 1 and found[0].text == place.typed else found


def taken(query: str, cursor: int, place: Place, offer: Offer) -> tuple[str, int]:
    """The query with an offer in the place of what is typed, and where the cursor then is."""
    if place.wanted is Wanted.VALUE:
        return _value_taken(query, cursor, place, offer.text)
    word = _WORD.match(query, cursor)
    end = word.end() if word is not None else cursor
    opens = offer.kind == "function" and query[end : end + 1] != "("
    text = f"{offer.text}(" if opens else offer.text
    return query[: place.start] + text + query[end:], place.start + len(text)


def _value_taken(query: str, cursor: int, place: Place, value: str) -> tuple[str, int]:
    is_pattern = "~" in query[: place.start].rpartition(place.quote)[0][-2:]
    text = promql.literal(value) if is_pattern else value
    if place.quote != "`":
        text = promql.quoted(text)[1:-1].replace('\\"', '"')
        text = text.replace(place.quote, f"\\{place.quote}")
    rest = query[cursor:]
    end = next((i for i, sign in enumerate(rest) if sign in f"{place.quote}|,}}"), 0)
    rest = rest[end:]
    closes = not rest.startswith((place.quote, "|"))
    whole = query[: place.start] + text + (place.quote if closes else "")
    return whole + rest, len(whole) if closes else len(whole) + rest.startswith(place.quote)
