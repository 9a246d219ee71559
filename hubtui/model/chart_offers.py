"""What there is of a chart where helm did not find the version that was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hubtui.model.chart_label import newest_first

NAMED: Final = 5
"""How many versions or charts are named in words."""

_NOT_THERE: Final = re.compile(
    r"not found in .+ (?:repository|index)|no chart (?:version|name) found"
    r"|could not locate a version|name unknown|/\S+:\S+: not found",
    re.IGNORECASE,
)
"""helm's words, of both majors, for a chart or a version that its repository or registry lacks."""

_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Offered:
    """The versions of a chart, newest first; without one, `charts` are what else there is.

    `unknown` says why nothing of it is known.
    """

    versions: tuple[str, ...] = ()
    charts: tuple[str, ...] = ()
    unknown: str = ""

    def words(self, wanted: str) -> str:
        """What to do, with the nearest of what there is."""
        if self.unknown:
            return f"? which versions there are is not known: {self.unknown}"
        if self.versions:
            return f"it has {_first(self.nearest(wanted))}; name one of these with --version"
        there = f"it has {_first(self.charts)}" if self.charts else "it has no such chart"
        return f"{there}; check --chart and where it comes from"

    def nearest(self, wanted: str) -> tuple[str, ...]:
        """The versions in the order in which they may be meant: those of the same minor, of the
        same major, then the others. Pre-releases only where one is asked for, or no other is."""
        stable = tuple(version for version in self.versions if "-" not in version)
        shown = self.versions if "-" in wanted or not stable else stable
        found = _NUMBERS.search(wanted)
        minor = f"{found[0]}." if found else ""
        major = f"{found[0].partition('.')[0]}." if found else ""
        return tuple(
            sorted(
                shown,
                key=lambda version: (
                    not version.removeprefix("v").startswith(minor),
                    not version.removeprefix("v").startswith(major),
                ),
            )
        )


def is_not_there(words: str) -> bool:
    """Whether helm says that a repository or a registry lacks the chart or its version."""
    return _NOT_THERE.search(words) is not None


def in_index(index: Mapping[str, Any], name: str) -> Offered:
    """What a repository's index.yaml has of a chart (Helm's documentation, "The index file")."""
    entries = index.get("entries")
    known = entries if isinstance(entries, Mapping) else {}
    chart = known.get(name)
    versions = [
        str(entry.get("version") or "")
        for entry in (chart if isinstance(chart, list) else ())
        if isinstance(entry, Mapping)
    ]
    return Offered(newest_first(versions), tuple(sorted(map(str, known))))


def in_tags(tags: Iterable[str]) -> Offered:
    """What a registry's tags are as versions: a tag has `_` where a version has `+` (Helm's
    documentation, "Use OCI-based registries"). Other tags are left out."""
    return Offered(newest_first(tag.replace("_", "+", 1) for tag in tags))


def _first(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
