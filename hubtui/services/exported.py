"""What hubtui itself knows of a hub, as numbers for a Prometheus: seats, disks, culls, problems.

What is not known is absent, never 0; `unread` names what could not be read.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from hubtui.errors import HubtuiError
from hubtui.model.age import seconds_between
from hubtui.model.disagreement import Kind
from hubtui.model.disk import Figures
from hubtui.model.openmetrics import Family, Gauge
from hubtui.model.problem import Incident, Level
from hubtui.model.trend import Trend
from hubtui.model.why_facts import Missing

if TYPE_CHECKING:
    from hubtui.services.session import Session

SOON: Final = timedelta(hours=1)
"""How far the forecast of the culler looks."""

_OF_DISKS: Final = frozenset({Incident.HOME_FULL, Incident.HUB_DB})
_OF_HUB: Final = frozenset(
    {Incident.ORPHANS, Incident.PROXY, Incident.CULLING, Incident.SCALE_DOWN, Incident.OVERLOAD}
)
_RESTS_ON: Final[Mapping[str, frozenset[Incident]]] = {
    "disk figures": _OF_DISKS,
    "hub": _OF_HUB,
    "routes": _OF_HUB,
    "cull settings": frozenset({Incident.CULLING}),
    "culler": frozenset({Incident.CULLING}),
    "memory": frozenset({Incident.OVERLOAD}),
    "hub's log": frozenset({Incident.OVERLOAD}),
    "autoscaler": frozenset({Incident.SCALE_DOWN, Incident.PENDING_USER}),
    "payloads": frozenset({Incident.DB_SCHEMA}),
    "journal": frozenset({Incident.PENDING_RELEASE}),
}
"""Which incidents a source tells of; any other source may tell of all."""


async def fill(session: Session) -> None:
    """Reads everything once; what goes wrong is in `unread`."""
    await _tried(session.problems.gather())
    await asyncio.gather(
        _tried(session.seats.fill()), _tried(session.users.fill()), _tried(session.storage.fill())
    )
    session.users.update()
    session.seats.update()
    session.nodes.update()
    session.storage.update()
    await _tried(session.trends.fill())


async def _tried(reading: Awaitable[None]) -> None:
    with suppress(HubtuiError):  # whoever was asked keeps the reason
        await reading


def unread(session: Session) -> tuple[Missing, ...]:
    """What could not be read, and why: each source once."""
    found = [*session.problems.missing, *session.seats.notes(), *session.storage.notes()]
    if session.seats.answer is None:
        found.append(Missing("seats", session.seats.missing))
    if (error := session.hub_feed.health.error) is not None:
        found.append(Missing("hub", error.what))
    if session.users.culler.missing:
        found.append(Missing("cull settings", session.users.culler.missing))
    told: dict[str, Missing] = {}
    for each in found:
        told.setdefault(each.source, each)
    return tuple(told.values())


def families(session: Session, now: datetime) -> Iterator[Family]:
    """All that is known, as of the last `fill`."""
    yield from _seats(session)
    yield from _nodes(session)
    yield from _servers(session, now)
    yield from _disks(session, now)
    yield from _problems(session)
    yield Family(
        "unread_sources",
        "Sources that could not be read: what rests on them is absent.",
        tuple(Gauge(1, {"source": each.source}) for each in unread(session)),
    )
    yield Family(
        "looked_timestamp_seconds",
        "When hubtui looked, in seconds since 1970.",
        (Gauge(now.timestamp(), {}),),
        "seconds",
    )


def _seats(session: Session) -> Iterator[Family]:
    found = session.seats.answer
    if found is None:
        return
    offers = [({"profile": each.offer.name}, each) for each in found.offers]
    yield Family(
        "seats",
        "Servers of a profile that fit now, beside those that run.",
        tuple(Gauge(each.total, labels) for labels, each in offers),
    )
    yield Family(
        "seats_giving_way",
        "Servers of a profile that fit when placeholders give way.",
        tuple(Gauge(each.giving_way, labels) for labels, each in offers),
    )
    yield Family(
        "seats_at_most",
        "1 where not all pods could be read: there may be fewer seats than are told.",
        (Gauge(int(found.at_most), {}),),
    )
    waiting = sum(each.count for each in found.pending if each.placeholders)
    placed = sum(row.placeholders for row in session.nodes.rows())
    yield Family(
        "placeholders",
        "Placeholders of the hub, by whether they have a node.",
        (Gauge(placed, {"state": "placed"}), Gauge(waiting, {"state": "waiting"})),
    )


def _nodes(session: Session) -> Iterator[Family]:
    if not session.pods.stores.pods.complete:
        return
    rows = sorted(session.nodes.rows(), key=lambda row: row.name)
    yield Family(
        "node_users",
        "Servers of the hub's users on a node.",
        tuple(Gauge(row.users, {"node": row.name}) for row in rows),
    )


def _servers(session: Session, now: datetime) -> Iterator[Family]:
    users = session.users
    if not users.feed.complete:
        return
    totals = users.totals()
    yield Family(
        "servers",
        "Servers that the hub knows, by what it says of them.",
        (Gauge(totals.ready, {"state": "ready"}), Gauge(totals.pending, {"state": "pending"})),
    )
    known = [row.forecast for row in users.rows() if row.forecast is not None]
    if not users.rule.known or not all(each.known for each in known):
        return
    soon = [each for each in known if each.at is not None and each.at - now <= SOON]
    yield Family(
        "servers_culled_soon",
        "Servers that the culler stops within an hour, as they are idle now.",
        (Gauge(len(soon), {}),),
    )
    yield Family(
        "servers_never_culled",
        "Servers that the culler never stops, by its settings.",
        (Gauge(sum(1 for each in known if each.at is None), {}),),
    )


_On = tuple[dict[str, str], Figures | None, Trend | None]


def _disks(session: Session, now: datetime) -> Iterator[Family]:
    """Claims by themselves, and disks that several share once."""
    disks = session.storage.disks()
    shared = {each.disk for each in disks}
    rows = sorted(session.storage.rows(), key=lambda row: row.name)
    claims: list[_On] = [
        ({"claim": row.name, "kind": row.kind.value}, row.figures, session.trends.of(row.name))
        for row in rows
        if row.disk not in shared
    ]
    others: list[_On] = [
        ({"disk": _name(each.server, each.path, each.disk)}, each.figures,
         session.trends.of_disk(each.disk))
        for each in disks
    ]  # fmt: skip
    yield from _of_file_systems("claim", "a claim", claims, now)
    yield from _of_file_systems("disk", "a disk that several claims share", others, now)


def _name(server: str, path: str, disk: str) -> str:
    return f"{server}:{path}" if server else disk


def _of_file_systems(kind: str, words: str, found: list[_On], now: datetime) -> Iterator[Family]:
    used = ((labels, figures.share) for labels, figures, _ in found if figures is not None)
    inodes = ((labels, figures.inode_share) for labels, figures, _ in found if figures is not None)
    full = (
        (labels, seconds_between(now, trend.full_at))
        for labels, _, trend in found
        if trend is not None and trend.full_at is not None
    )
    yield Family(f"{kind}_used_ratio", f"The used part of {words}.", _known(used), "ratio")
    yield Family(
        f"{kind}_inodes_used_ratio", f"The used part of the inodes of {words}.", _known(inodes),
        "ratio",
    )  # fmt: skip
    yield Family(
        f"{kind}_time_to_full_seconds",
        f"Seconds until {words} is full, where it fills and its past is steady enough to tell.",
        _known(full),
        "seconds",
    )


def _known(found: Iterable[tuple[dict[str, str], float | None]]) -> tuple[Gauge, ...]:
    return tuple(Gauge(value, labels) for labels, value in found if value is not None)


def _problems(session: Session) -> Iterator[Family]:
    """None of an incident is told as 0 only where all that it rests on was looked at."""
    if session.problems.version and session.pods.stores.pods.complete:
        seen = Counter((each.incident, each.level) for each in session.problems.found)
        sure = _sure(each.source for each in session.problems.missing)
        every = [(incident, level) for incident in sure for level in Level]
        keys = dict.fromkeys((*every, *seen))
        yield Family(
            "problems",
            "Problems that hubtui has recognised, by incident and by how urgent they are.",
            tuple(
                Gauge(seen[key], {"incident": key[0].value, "level": key[1].value}) for key in keys
            ),
        )
    found = session.orphans.found
    if found is None:
        return
    kinds = Counter(each.kind for each in found.lasting)
    told = kinds.keys() if found.missing else tuple(Kind)
    yield Family(
        "orphans",
        "Where hub, pods and the proxy's routes disagree for good, by kind.",
        tuple(Gauge(kinds[kind], {"kind": kind.value}) for kind in told),
    )


def _sure(unread: Iterable[str]) -> list[Incident]:
    """The incidents that rest on none of what could not be read."""
    every = frozenset(Incident)
    unsure = {incident for source in unread for incident in _RESTS_ON.get(source, every)}
    return [incident for incident in Incident if incident not in unsure]
