"""A Prometheus in the cluster, as the configuration names it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """`NAMESPACE/SERVICE[:PORT]` as the configuration names it; `port` is a number or a name."""

    namespace: str
    service: str
    port: str = ""


_PLACE: Final = re.compile(
    r"(?P<namespace>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)(?::(?P<port>[a-z0-9-]+))?", re.ASCII
)


def place_of(text: str) -> Place | None:
    """The place that a text names; None where it is none."""
    found = _PLACE.fullmatch(text)
    return Place(found["namespace"], found["service"], found["port"] or "") if found else None
