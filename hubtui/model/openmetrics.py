"""Numbers in the text form of OpenMetrics: gauges with labels, for a Prometheus to scrape.

Source: OpenMetrics 1.0.0, "Text format" and "Metric types". Prometheus' older text format 0.0.4
takes the same text, as all that it does not know begins with `#`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isinf, isnan
from typing import Final

PREFIX: Final = "hubtui_"
END: Final = "# EOF"

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_ESCAPES: Final = {"\\": r"\\", '"': r"\"", "\n": r"\n"}
_ESCAPED: Final = re.compile(r'[\\"\n]')


@dataclass(frozen=True, slots=True)
class Gauge:
    """One number: its labels and its value."""

    value: float
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Family:
    """Gauges of one meaning. `name` is without hubtui's prefix and ends in `_unit` where there is
    a unit, in Prometheus' base units: seconds, bytes, ratio."""

    name: str
    meaning: str
    gauges: tuple[Gauge, ...]
    unit: str = ""


def text(families: Iterable[Family], common: Mapping[str, str]) -> str:
    """All families that have a number, each with the labels in `common` too.

    Raises ValueError for a name that OpenMetrics does not allow.
    """
    lines = [line for family in families if family.gauges for line in _lines(family, common)]
    return "\n".join((*lines, END)) + "\n"


def _lines(family: Family, common: Mapping[str, str]) -> Iterator[str]:
    name = _checked(PREFIX + family.name)
    if family.unit and not name.endswith(f"_{family.unit}"):
        raise ValueError(f"{name} does not end in its unit {family.unit}")
    yield f"# TYPE {name} gauge"
    if family.unit:
        yield f"# UNIT {name} {family.unit}"
    yield f"# HELP {name} {_escaped(family.meaning)}"
    for gauge in family.gauges:
        labels = {**common, **gauge.labels}
        told = ",".join(f'{_checked(key)}="{_escaped(labels[key])}"' for key in labels)
        yield f"{name}{{{told}}} {_number(gauge.value)}"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of OpenMetrics")
    return name


def _escaped(value: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPES[found.group()], value)


def _number(value: float) -> str:
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(float(value))
