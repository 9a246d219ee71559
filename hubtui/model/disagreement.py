"""What hub, pods and proxy may see differently, and what each of them said at one time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from hubtui.model.age import seconds_between
from hubtui.model.hub import HubServer, HubUser, Route, ServerKey
from hubtui.model.kube import Pod
from hubtui.model.problem import Fix, Verb


class Kind(StrEnum):
    """What disagrees, in the words of the screen."""

    ORPHAN_POD = "orphan pod"
    SECOND_POD = "second pod"
    LOST_SERVER = "lost server"
    PENDING_STOP = "pending stop"
    LOST_NODE = "lost node"
    NO_ROUTE = "no route"
    STALE_ROUTE = "stale route"
    WRONG_ROUTE = "wrong route"


OF_ROUTES: Final = frozenset({Kind.NO_ROUTE, Kind.STALE_ROUTE, Kind.WRONG_ROUTE})
"""What the proxy has wrong: the hub sets it right by itself, or when it is asked to."""

YOUNG: Final = 60.0
"""Seconds in which a pod or a server is still about to come, and a pod about to go."""

NOBODY: Final = 3
"""Servers from which it is strange that not one pod is to be seen: they run elsewhere."""

_ENDED: Final = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One thing that hub, pods or proxy see differently.

    `ripe` says whether all concerned are old enough, `since` when it began: what tells that, else
    when it was seen first. `lasts` is whether it is more than a spawn or a stop under way. `fixes`
    are what mends it, the safest first.
    """

    kind: Kind
    server: ServerKey
    words: str
    todo: str
    pod: str = ""
    since: datetime | None = None
    ripe: bool = True
    lasts: bool = False
    fixes: tuple[Fix, ...] = ()

    @property
    def key(self) -> str:
        """What identifies it as long as it lasts."""
        return f"{self.kind}:{self.server}:{self.pod}"

    def fix(self, verb: Verb) -> Fix | None:
        """What a verb would be started with; None when it does not help here."""
        return next((fix for fix in self.fixes if fix.verb is verb), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What each side said at one time; None is what could not be read whole, and is not compared.

    `users` are those with active servers, `pods` those of users' servers. `silent` says since when
    nobody hears of a pod's node, by the pod's name; `proxy_since` when the proxy's process began.
    """

    at: datetime
    users: Mapping[str, HubUser] | None = None
    pods: Sequence[Pod] | None = None
    routes: Mapping[str, Route] | None = None
    silent: Mapping[str, datetime] = field(default_factory=dict)
    proxy_since: datetime | None = None

    @property
    def servers(self) -> dict[ServerKey, HubServer]:
        """All servers that the hub knows, in whatever state."""
        users = self.users.values() if self.users is not None else ()
        return {
            ServerKey(user.name, name): server
            for user in users
            for name, server in user.servers.items()
        }

    @property
    def elsewhere(self) -> bool:
        """Whether the servers' pods are not to be seen here: in namespaces of their own."""
        ready = sum(server.ready for server in self.servers.values())
        return self.pods is not None and not self.pods and ready >= NOBODY


def has_ended(pod: Pod) -> bool:
    """Whether its containers are over for good."""
    return pod.status.phase in _ENDED


def lives(pod: Pod) -> bool:
    """Whether it neither has ended nor is to go."""
    return not has_ended(pod) and pod.metadata.deletion_timestamp is None


def age_of(server: HubServer, now: datetime) -> float:
    """Seconds since a server was started; 0 where that is not known."""
    return seconds_between(server.started, now) if server.started else 0.0


def stop(key: ServerKey) -> Fix:
    """Stops a server."""
    return Fix(Verb.STOP, str(key), f"stop {key} through the hub")


def sync() -> Fix:
    """Sets the routes anew."""
    return Fix(Verb.SYNC_ROUTES, "", "have the hub set the routes anew")
