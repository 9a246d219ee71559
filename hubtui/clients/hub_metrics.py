"""The text of a metrics page, parsed as far as it is wanted: a page may have megabytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from typing import TYPE_CHECKING, Final

from hubtui.errors import DecodeError
from hubtui.model.compute_quota import Sample
from hubtui.model.text import one_line, safe

if TYPE_CHECKING:
    from prometheus_client import Metric

_LOOKED_AT: Final = 4_000
_PARSED: Final = 100
"""Lines that are looked at, and parsed, at a stretch: some milliseconds each."""


def samples(text: str, names: re.Pattern[str], holding: str = "") -> list[Sample]:
    """The samples whose name begins with a match; `holding`: only lines with these words.

    Raises DecodeError.
    """
    return [sample for some in sliced(text, names, holding) for sample in some]


def sliced(
    text: str, names: re.Pattern[str], holding: str = ""
) -> Generator[list[Sample], None, None]:
    """The same, some at a time. Raises DecodeError."""
    wanted: list[str] = []
    lines = _lines(text)
    while looked_at := list(islice(lines, _LOOKED_AT)):
        wanted += [line for line in looked_at if holding in line and names.match(line)]
        yield []
    for start in range(0, len(wanted), _PARSED):
        yield _parsed(wanted[start : start + _PARSED])


def family(name: str) -> str:
    """A pattern for the lines of one family: a gauge, a counter or a histogram."""
    return rf"{re.escape(name)}(?:_bucket|_count|_total)?[{{ ]"


def _lines(text: str) -> Iterable[str]:
    """The lines, found as they are asked for: a copy of megabytes costs a moment, too."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


def parser() -> Callable[[str], Iterable[Metric]]:
    """What parses lines; the first time it takes a moment, which may be spent in a thread."""
    from prometheus_client.parser import text_string_to_metric_families

    return text_string_to_metric_families


def _parsed(lines: list[str]) -> list[Sample]:
    try:
        families = list(parser()(safe("\n".join(lines) + "\n")))
    except ValueError as error:
        raise DecodeError(f"The hub's metrics cannot be read: {one_line(str(error))}") from error
    return [Sample(s.name, s.labels, s.value) for family in families for s in family.samples]


def label(name: str, value: str) -> str:
    """A label as a line has it."""
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{name}="{escaped}"'
