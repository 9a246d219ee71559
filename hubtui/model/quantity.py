"""Kubernetes quantities: `500m`, `1Gi`, `2e3`, read exactly and said shortly.

The grammar is the one of k8s.io/apimachinery `resource.Quantity`. KubeSpawner's memory limits
(`1G` means 1024³ there) are another language and do not belong here.
"""

from __future__ import annotations

import re
from decimal import Decimal

_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40}))"
    r"(?:(?P<suffix>[KMGTPE]i|[numkMGTPE])|[eE](?P<exponent>[+-]?\d{1,2}))?"
)
_SCALES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}


def parse(value: str | int | float) -> Decimal:
    """The exact number that a quantity stands for; ValueError when it is none."""
    match = _QUANTITY.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"not a quantity: {value!r}")
    number = Decimal(match["number"])
    if match["exponent"]:
        return number * Decimal(10).scaleb(int(match["exponent"]) - 1)
    suffix: str = match["suffix"] or ""
    return number * _SCALES[suffix]


def same(before: object, after: object) -> bool:
    """Whether two written quantities are one number; False where either is no quantity."""
    if isinstance(before, bool) or isinstance(after, bool):
        return False
    if not isinstance(before, (str, int, float)) or not isinstance(after, (str, int, float)):
        return False
    try:
        return parse(before) == parse(after)
    except ValueError:
        return False


def short_size(size: int | Decimal) -> str:
    """Bytes in three or four characters, 1024-based: `0`, `512K`, `1.6G`, `121G`."""
    value, sign = abs(Decimal(size)), "-" if size < 0 else ""
    for unit in ("", "K", "M", "G", "T", "P"):
        if round(value, 1) < 1000 or unit == "P":
            break
        value /= 1024
    shown = round(value, 1)
    if shown >= 10 or shown == int(shown) or not unit:
        shown = Decimal(round(value))
    return f"{sign}{shown}{unit}"


def short_cores(cores: Decimal) -> str:
    """CPU cores with at most two digits after the point: `0.25`, `1.5`, `64`."""
    rounded = round(cores, 2 if abs(cores) < 1 else 1)
    return f"{rounded.normalize():f}" if rounded else "0"
