"""Which scopes of the hub hubtui makes use of, and the values that give them to its service.

Source: JupyterHub's scopes, 5.5 and 6.1, and z2jh's `hub.services`, `hub.loadRoles` (facts.md §3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hubtui.model.hub_chart import below


@dataclass(frozen=True, slots=True)
class Use:
    """What something is read or done with: any one of these scopes."""

    what: str
    scopes: tuple[str, ...]


VIEWER: Final = (
    Use("who there is", ("list:users",)),
    Use("groups and last activity", ("read:users",)),
    Use("servers and their state", ("read:servers",)),
    Use("quotas and the hub's figures", ("read:metrics",)),
    Use("the proxy's routes", ("proxy",)),
)
OPERATOR: Final = (
    Use("to stop servers", ("delete:servers",)),
    Use("to start servers", ("servers", "start:servers")),
)

_SCOPES: Final = (
    "list:users",
    "read:users",
    "read:servers",
    "read:metrics",
    "proxy # the routes: no scope only reads them",
    "servers # to stop and start, for operators",
)
"""Those that both 5.5 and 6.1 know: a hub with a scope that it does not know does not start."""


def lacking(uses: Iterable[Use], scopes: Iterable[str]) -> tuple[str, ...]:
    """The scopes that a token lacks; one that a filter narrows is told with its filter.

    `scopes` are the hub's word on the token, with those that others include.
    """
    held = frozenset(scopes)
    found = []
    for use in uses:
        if held.isdisjoint(use.scopes):
            wanted = use.scopes[0]
            narrowed = sorted(scope for scope in held if scope.startswith(f"{wanted}!"))
            found.append(f"{wanted} (only {' '.join(narrowed)})" if narrowed else wanted)
    return tuple(found)


def values_for_service(path: Sequence[str] = ()) -> tuple[str, ...]:
    """The lines of a values.yaml that add the service; `path` is where the hub chart's stand."""
    lines = [
        "hub:",
        "  services:",
        "    hubtui: {}",
        "  loadRoles:",
        "    hubtui:",
        "      services: [hubtui]",
        "      scopes:",
        *(f"        - {scope}" for scope in _SCOPES),
    ]
    return below(path, lines)
