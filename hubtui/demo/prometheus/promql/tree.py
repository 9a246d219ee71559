"""What a query is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hubtui.demo.prometheus.selecting import Selector


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float
    at: int


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    value: str
    at: int


@dataclass(frozen=True, slots=True)
class Vector:
    """The series that fit a selector; durations and times in milliseconds. `fixed` is the time
    after `@`, or one of the ends of the query."""

    selector: Selector
    at: int
    offset: int = 0
    fixed: int | Literal["start", "end"] | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """The samples of a time."""

    vector: Vector
    length: int
    at: int


@dataclass(frozen=True, slots=True)
class Subquery:
    """An expression, evaluated each `step` over a length; 0 for the usual step."""

    inner: Node
    length: int
    step: int
    at: int
    offset: int = 0
    fixed: int | Literal["start", "end"] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function."""

    name: str
    arguments: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Aggregation:
    """Series put together by labels, or without them."""

    name: str
    inner: Node
    parameter: Node | None
    labels: tuple[str, ...]
    without: bool
    at: int


@dataclass(frozen=True, slots=True)
class Matching:
    """How series of two sides find each other; `many` is the side with more of them."""

    labels: tuple[str, ...] = ()
    on: bool = False
    many: Literal["", "left", "right"] = ""
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two, which stands at `sign`; `asks` is bool: a comparison that gives 0
    or 1."""

    operator: str
    left: Node
    right: Node
    matching: Matching
    asks: bool
    at: int
    sign: int


@dataclass(frozen=True, slots=True)
class Negative:
    """A sign before it."""

    inner: Node
    at: int


@dataclass(frozen=True, slots=True)
class Parens:
    """Parentheses: they keep what stands behind them off what is inside."""

    inner: Node
    at: int


Node = Number | Text | Vector | Range | Subquery | Call | Aggregation | Binary | Negative | Parens
