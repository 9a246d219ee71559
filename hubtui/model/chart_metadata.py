"""What a chart says of itself, and which of its dependencies are not built."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_EXACT: Final = re.compile(r"=?\s*v?(?P<version>\d+\.\d+\.\d+[-+.\w]*)")
"""A version and no range: only of such a one it is certain whether another fits."""


@dataclass(frozen=True, slots=True)
class ChartMetadata:
    """A Chart.yaml: `dependencies` are the versions by name, as they are asked for."""

    name: str
    version: str
    dependencies: Mapping[str, str]


def metadata_of(
    document: Mapping[str, Any], requirements: Mapping[str, Any] | None = None
) -> ChartMetadata:
    """A Chart.yaml that was read, with the requirements.yaml of an older chart."""
    named = document.get("dependencies") or (requirements or {}).get("dependencies")
    return ChartMetadata(
        str(document.get("name") or ""),
        str(document.get("version") or ""),
        {
            str(entry["name"]): str(entry.get("version") or "")
            for entry in (named if isinstance(named, list) else ())
            if isinstance(entry, Mapping) and entry.get("name")
        },
    )


def unbuilt(chart: ChartMetadata, built: Mapping[str, str]) -> tuple[str, ...]:
    """The dependencies that charts/ lacks or has in another version, in words.

    helm itself only misses those that are not there at all.
    """
    found = []
    for name, wanted in chart.dependencies.items():
        exact = _EXACT.fullmatch(wanted)
        if name not in built:
            found.append(f"{name} {wanted}".strip())
        elif exact and built[name].removeprefix("v") != exact["version"]:
            found.append(f"{name} {wanted} (charts/ has {built[name]})")
    return tuple(found)
