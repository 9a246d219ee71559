"""Numbers in Grafana's units, said shortly.

Source: Grafana 11, `packages/grafana-data/src/valueFormats/categories.ts` for the ids; the forms
are this program's own, which are shorter than Grafana's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import floor, inf, isfinite, isnan, log10
from typing import Final

from hubtui.model import age
from hubtui.model.quantity import short_size
from hubtui.model.text import one_line

NONE: Final = ""
PERCENT: Final = "percent"
PART: Final = "percentunit"
BYTES: Final = "bytes"
SECONDS: Final = "s"

Form = Callable[[float, int | None], str]

_THOUSANDS: Final = ("", "k", "M", "G", "T", "P")
_SMALL: Final = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def text_of(value: float | None, unit: str = NONE, decimals: int | None = None) -> str:
    """A number in its unit: `1.6G`, `240 ms`, `12%`. A unit that is not known stands behind it as
    it is written; `?` where there is no number."""
    if value is None or isnan(value):
        return "?"
    if not isfinite(value):
        return "∞" if value == inf else "-∞"
    form = _FORMS.get(unit)
    if form is not None:
        return form(value, decimals)
    for prefix in ("suffix:", "prefix:", "currency:"):
        if unit.startswith(prefix):
            word = one_line(unit.removeprefix(prefix))
            number = _plain(value, decimals)
            return f"{number} {word}" if prefix == "suffix:" else f"{word}{number}"
    if unit.startswith("time:"):
        return _date(value, decimals)
    return f"{_plain(value, decimals)} {one_line(unit)}".strip()


def is_known(unit: str) -> bool:
    """Whether the unit has a form of its own here."""
    custom = unit.startswith(("suffix:", "prefix:", "currency:", "time:"))
    return not unit or custom or unit in _FORMS


def _plain(value: float, decimals: int | None) -> str:
    """Three figures that count, or so many places as are asked for; a whole number is whole."""
    if decimals is not None:
        return f"{value:,.{max(0, min(decimals, 12))}f}"
    if value == 0:
        return "0"
    places = max(0, 2 - floor(log10(abs(value))))
    if places > 6:
        return f"{value:.1e}"
    shown = f"{value:,.{places}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _short(value: float, decimals: int | None, base: float = 1000.0) -> str:
    size, index = abs(value), 0
    while size >= base and index < len(_THOUSANDS) - 1:
        size, index = size / base, index + 1
    number = value / base**index
    return f"{_plain(number, decimals)}{_THOUSANDS[index]}"


def _suffixed(word: str, scale: float = 1.0, *, space: bool = True) -> Form:
    between = " " if space else ""
    return lambda value, decimals: f"{_short(value * scale, decimals)}{between}{word}"


def _percent(scale: float) -> Form:
    def form(value: float, decimals: int | None) -> str:
        share = value * scale
        places = decimals if decimals is not None else (0 if abs(share) >= 10 else 1)
        shown = f"{share:.{max(0, min(places, 6))}f}"
        if decimals is None and "." in shown:
            shown = shown.rstrip("0").rstrip(".")
        return f"{shown}%"

    return form


_LARGEST: Final = 1024.0**6
"""Bytes from which on there is no letter any more."""


def _binary(scale: float = 1.0, word: str = "") -> Form:
    def form(value: float, _: int | None) -> str:
        size = value * scale
        if abs(size) >= _LARGEST:
            return f"{size:.1e}{word}"
        return f"{short_size(round(size))}{word}"

    return form


def _span(scale: float) -> Form:
    """A length of time: from a second on as ages are, below in its own parts."""

    def form(value: float, decimals: int | None) -> str:
        seconds = value * scale
        sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
        if seconds >= 60:
            return sign + age.precise(seconds)
        for size, word in _SMALL:
            if seconds >= size:
                return f"{sign}{_plain(seconds / size, decimals)} {word}"
        return f"{sign}{_plain(seconds * 1e9, decimals)} ns" if seconds else "0 s"

    return form


def _date(value: float, decimals: int | None) -> str:
    try:
        at = datetime.fromtimestamp(value / 1000, UTC).astimezone()
    except (OverflowError, OSError, ValueError):
        return _plain(value, decimals)
    return at.strftime("%Y-%m-%d %H:%M")


def _truth(yes: str, no: str) -> Form:
    return lambda value, _: yes if value else no


_TIMES: Final = {
    "ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0,
    "dtdurationms": 1e-3, "dtdurations": 1.0, "dthms": 1.0, "timeticks": 0.01,
    "clockms": 1e-3, "clocks": 1.0,
}  # fmt: skip
_EACH_SECOND: Final = {
    "reqps": "req/s", "ops": "ops/s", "cps": "c/s", "rps": "reads/s", "wps": "writes/s",
    "iops": "IO/s", "mps": "m/s", "pps": "p/s", "recps": "rec/s", "rowsps": "rows/s",
}  # fmt: skip
_EACH_MINUTE: Final = {"cpm": "c/min", "opm": "ops/min", "reqpm": "req/min", "rpm": "reads/min"}
_WORDS: Final = {
    "hertz": "Hz", "celsius": "°C", "fahrenheit": "°F", "watt": "W", "kwatt": "kW", "joule": "J",
    "volt": "V", "amp": "A",
}  # fmt: skip

_FORMS: Final[Mapping[str, Form]] = {
    "": _plain,
    "none": _plain,
    "string": _plain,
    "locale": lambda value, decimals: f"{value:,.{decimals or 0}f}",
    "short": _short,
    "sishort": _short,
    "percent": _percent(1.0),
    "percentunit": _percent(100.0),
    "bytes": _binary(),
    "decbytes": _suffixed("B", space=False),
    "kbytes": _binary(1024.0),
    "mbytes": _binary(1024.0**2),
    "gbytes": _binary(1024.0**3),
    "deckbytes": _suffixed("B", 1e3, space=False),
    "decmbytes": _suffixed("B", 1e6, space=False),
    "decgbytes": _suffixed("B", 1e9, space=False),
    "bits": _suffixed("b", space=False),
    "decbits": _suffixed("b", space=False),
    "bps": _suffixed("b/s", space=False),
    "binbps": _suffixed("b/s", space=False),
    "Bps": _suffixed("B/s", space=False),
    "binBps": _binary(word="/s"),
    "KBs": _suffixed("B/s", 1e3, space=False),
    "MBs": _suffixed("B/s", 1e6, space=False),
    **{unit: _span(scale) for unit, scale in _TIMES.items()},
    **{unit: _suffixed(word) for unit, word in _EACH_SECOND.items()},
    **{unit: _suffixed(word) for unit, word in _EACH_MINUTE.items()},
    **{unit: _suffixed(word) for unit, word in _WORDS.items()},
    "currencyUSD": lambda value, decimals: f"${_plain(value, decimals)}",
    "currencyEUR": lambda value, decimals: f"€{_plain(value, decimals)}",
    "dateTimeAsIso": _date,
    "dateTimeAsIsoNoDateIfToday": _date,
    "dateTimeAsUS": _date,
    "dateTimeAsSystem": _date,
    "dateTimeFromNow": _date,
    "bool": _truth("true", "false"),
    "bool_yes_no": _truth("yes", "no"),
    "bool_on_off": _truth("on", "off"),
}
