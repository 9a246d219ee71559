"""What the hub tells through its REST API: users, their servers, the proxy's routes.

Keys that the token's scopes hide are absent, and so are those of other JupyterHub versions: each
has a default. Times are aware UTC datetimes. Source: JupyterHub's REST API, 5.5 and 6.1
(facts.md §3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field

MARKS_ACTIVE = "user"
"""The kind of token owner that every call marks as active."""

Pending = Literal["spawn", "stop", "check", "rename"]


class HubStruct(Struct, frozen=True, gc=False):
    """Base of what the hub's API answers."""


class ServerState(HubStruct, frozen=True):
    """What KubeSpawner remembers of a server (facts.md §2.4); others remember other things."""

    pvc_name: Any = None


class HubServer(HubStruct, frozen=True):
    """A server of a user; `name` is "" for the default one.

    `last_activity` None means that nothing was seen of it yet. `started` is None for one that is
    stopped. `state` is told to those alone who have the scope admin:server_state.
    """

    name: str = ""
    full_name: str = ""
    last_activity: datetime | None = None
    started: datetime | None = None
    pending: str | None = None
    ready: bool = False
    stopped: bool = False
    url: str = ""
    user_options: Any = None
    progress_url: str | None = None
    display_name: str | None = None
    state: ServerState | None = None

    @property
    def claim(self) -> str:
        """The claim that it mounts when it starts; "" where that is not told."""
        name = self.state.pvc_name if self.state is not None else None
        return name if isinstance(name, str) else ""


class HubUser(HubStruct, frozen=True):
    """A user. `servers` holds those that are active; stopped ones too where they were asked for.

    `groups`, `created` and `last_activity` are None where the token's scopes hide them.
    """

    name: str = ""
    admin: bool = False
    groups: tuple[str, ...] | None = None
    created: datetime | None = None
    last_activity: datetime | None = None
    servers: dict[str, HubServer] = {}


class NextPage(HubStruct, frozen=True):
    """Where the next page begins."""

    offset: int = 0
    limit: int = 0


class Pagination(HubStruct, frozen=True):
    """Where a page stands. `total` counts before the filter `ready` (facts.md §3)."""

    offset: int = 0
    limit: int = 0
    total: int = 0
    next: NextPage | None = None


class UserPage(HubStruct, frozen=True):
    """One page of users, in the order that was asked for."""

    items: tuple[HubUser, ...] = ()
    pagination: Pagination = field(default=Pagination(), name="_pagination")


class RouteData(HubStruct, frozen=True):
    """Whose route it is: a user's server, or the hub's own."""

    user: str = ""
    server_name: str = ""
    hub: bool = False
    service: str = ""
    last_activity: datetime | None = None


class Route(HubStruct, frozen=True):
    """One route of the proxy: requests below `routespec` go to `target`."""

    routespec: str = ""
    target: str = ""
    data: RouteData = RouteData()


class RoutePage(HubStruct, frozen=True):
    """One page of routes."""

    items: dict[str, Route] = {}
    pagination: Pagination = field(default=Pagination(), name="_pagination")


class Caller(HubStruct, frozen=True):
    """Whose token it is: `kind` is `service` or `user`; `scopes` what it may do."""

    kind: str = ""
    name: str = ""
    scopes: tuple[str, ...] = ()


class HubInfo(HubStruct, frozen=True):
    """The hub's version."""

    version: str = ""


class SpawnEvent(HubStruct, frozen=True):
    """One step of a spawn: `progress` of 100; the last one is `ready` or `failed`."""

    progress: int = 0
    message: str = ""
    ready: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True, order=True)
class ServerKey:
    """Names one server: `server` is "" for the default one."""

    user: str
    server: str = ""

    def __str__(self) -> str:
        """As the commands take it: `alice`, `alice/gpu`."""
        return f"{self.user}/{self.server}" if self.server else self.user

    @classmethod
    def parse(cls, text: str) -> ServerKey:
        """The server that a text names. User names hold no slash."""
        user, _, server = text.partition("/")
        return cls(user, server)


def keys_of(user: HubUser) -> tuple[ServerKey, ...]:
    """The servers that a user was told with."""
    return tuple(ServerKey(user.name, name) for name in user.servers)
