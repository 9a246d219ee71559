"""The label `chart` or `helm.sh/chart`: a chart's name and version, and which of two is older.

Versions are semantic ones (semver.org 2.0.0, §11 for their order). In the label a `+` is written
`_`, and what is longer than 63 characters is cut (helm's own template of charts).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_LABEL: Final = re.compile(r"(?P<name>.+?)-(?P<version>v?\d+\.\d+\.\d+.*)")
_VERSION: Final = re.compile(
    r"v?(?P<core>\d+\.\d+\.\d+)(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:[+_][0-9A-Za-z._-]*)?"
)

_Order = tuple[tuple[int, ...], bool, tuple[tuple[int, int, str], ...]]


def version_of(label: str) -> str:
    """The version in a label, `4.4.0-0.dev.git.1.habc`; empty when there is none."""
    found = _LABEL.fullmatch(label)
    return found["version"].replace("_", "+", 1) if found else ""


def is_older(one: str, other: str) -> bool | None:
    """Whether a version comes before another; None when one of them cannot be read."""
    first, second = _order(one), _order(other)
    return None if first is None or second is None else first < second


def newest_first(versions: Iterable[str]) -> tuple[str, ...]:
    """The versions in their order, the last one first; what is none is left out."""
    found = [(order, version) for version in versions if (order := _order(version)) is not None]
    return tuple(version for _place, version in sorted(found, reverse=True))


def _order(version: str) -> _Order | None:
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    core = tuple(int(part) for part in found["core"].split("."))
    before = found["pre"]
    # A version without a pre-release comes after all of its pre-releases.
    return core, before is None, tuple(_identifier(part) for part in (before or "").split("."))


def _identifier(text: str) -> tuple[int, int, str]:
    """Numbers by their value, before words by their letters."""
    return (0, int(text), "") if text.isdecimal() else (1, 0, text)
