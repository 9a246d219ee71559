"""`users`: who runs what, what it uses, and when the culler stops it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hubtui.headless.output import Answer, Note
from hubtui.headless.run import Run, Source, ask, reason, require, scope_of, store_notes
from hubtui.headless.shapes import Shape
from hubtui.model import idle
from hubtui.model.age import precise, rfc3339, seconds_between
from hubtui.model.idle import CullRule, Forecast, WhatIf
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.services.users import ServerRow, Users
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.grid import table
from hubtui.views.user_cells import image_of, limit_of, node_of
from hubtui.views.users import UsersView

SORTS: Final = {
    "next": "culled",
    "name": "user",
    "activity": "activity",
    "age": "age",
    "node": "node",
    "memory": "memory",
}
"""What the rows can be ordered by, and the column that it is."""

_WIDE: Final = 1000
"""Cells where nothing needs to be cut."""

_NAMED: Final = 10
"""Servers of a what-if that are named in a line; JSON names all."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the users is asked for; `cull_timeout` is in seconds."""

    everyone: bool = False
    search: str = ""
    sort: str = "next"
    cull_timeout: float | None = None


async def users(run: Run, wanted: Wanted) -> int:
    """The servers that run, or all users; with another timeout of the culler, what that would do.

    Raises what `HubFeed.fill` raises: the hub is the main source.
    """

    view: UsersView | None = None

    async def follow(session: Session) -> None:
        session.hub_feed.wants_all(wanted.everyone)
        session.users.start("watch")
        await session.users.fill()

    async def question(session: Session) -> Answer:
        nonlocal view
        await session.feeds.fill(session.pods.stores.pods, session.releases.store)
        session.hub_feed.wants_all(wanted.everyone)
        await session.users.fill()
        require(session.hub_feed)
        view = view or _view(session, wanted)
        view.drain()
        return _answer(session, view, wanted)

    return await ask(run, question, _sources, follow)


def _sources(session: Session) -> Sequence[Source]:
    return (session.hub_feed, session.pods.stores.pods)


def _view(session: Session, wanted: Wanted) -> UsersView:
    view = UsersView(session.users)
    view.show_all(wanted.everyone)
    view.set_filter(wanted.search)
    view.set_sort(SORTS[wanted.sort], reverse=False)
    view.ask(wanted.cull_timeout)
    return view


def _answer(session: Session, view: UsersView, wanted: Wanted) -> Answer:
    now, found = utc_now(), session.users
    asked = found.what_if(wanted.cull_timeout)
    keys = list(view.keys())
    rows = [row for key in keys if (row := found.row(key)) is not None]
    rule = found.rule if asked is None else found.rule.with_timeout(asked.timeout)

    def lines(width: int) -> list[Cell]:
        said = [] if asked is None else [*_what_if(asked), EMPTY]
        view.resize(width or _WIDE)
        if not keys:
            return [*said, cell(view.empty())]
        return [*said, *table(view.columns, [view.cells(key, now) for key in keys], width)]

    return Answer(
        kind="users",
        scope=scope_of(session),
        body={
            "items": [_item(row, _forecast(found, row, rule, now), now) for row in rows],
            "totals": _totals(found),
            "cull": _rule(rule),
            "what_if": _shape_of(asked) if asked is not None else None,
        },
        lines=lines,
        notes=_notes(session),
        as_of=session.hub_feed.as_of or now,
    )


def _notes(session: Session) -> tuple[Note, ...]:
    found = [*store_notes(session.pods.stores.pods)]
    error = session.hub_feed.health.error
    if error is not None:
        found.append(Note("hub", reason(error)))
    for source, missing in (
        ("metrics", session.usage.missing),
        ("culler", session.users.culler.missing),
    ):
        if missing:
            found.append(Note(source, missing))
    return tuple(found)


def _what_if(asked: WhatIf) -> list[Cell]:
    count = len(asked.goes)
    servers = "1 server" if count == 1 else f"{count:,} servers"
    found = [cell(f"With a timeout of {precise(asked.timeout)} a run now would stop {servers}.")]
    for words, keys in (("More than now", asked.more), ("Not any more", asked.fewer)):
        if keys:
            named = ", ".join(str(key) for key in keys[:_NAMED])
            rest = f" and {len(keys) - _NAMED:,} others" if len(keys) > _NAMED else ""
            found.append(cell(f"{words}: {named}{rest}", Tone.MUTED))
    return found


def _forecast(users: Users, row: ServerRow, rule: CullRule, now: datetime) -> Forecast | None:
    if row.server is None or rule == users.rule:
        return row.forecast
    renewed = users.feed.renewed(row.key)
    return idle.forecast(row.server, rule, now, users.grid.with_every(rule.every), renewed=renewed)


def _item(row: ServerRow, forecast: Forecast | None, now: datetime) -> Shape:
    """One server, or a user without one: bytes, cores and seconds; null for what is not known."""
    server, user, pod, usage = row.server, row.user, row.pod, row.usage
    memory = limit_of(pod, "memory") if pod is not None else None
    cpu = limit_of(pod, "cpu") if pod is not None else None
    active = server.last_activity if server is not None else user.last_activity
    started = server.started if server is not None else None
    return {
        "user": user.name,
        "server": row.key.server if server is not None else None,
        "state": row.state,
        "ready": server.ready if server is not None else False,
        "pending": server.pending if server is not None else None,
        "admin": user.admin,
        "groups": list(user.groups) if user.groups is not None else None,
        "last_activity": rfc3339(active),
        "idle_seconds": int(seconds_between(active, now)) if active else None,
        "started": rfc3339(started),
        "age_seconds": int(seconds_between(started, now)) if started else None,
        "profile": _chosen(row),
        "image": image_of(row) or None,
        "pod": pod.metadata.name if pod is not None else None,
        "node": node_of(row) or None,
        "memory_bytes": usage.memory if usage is not None else None,
        "memory_limit_bytes": int(memory) if memory is not None else None,
        "cpu_cores": float(usage.cpu) if usage is not None and usage.cpu is not None else None,
        "cpu_limit_cores": float(cpu) if cpu is not None else None,
        "cull": _shape(forecast, now) if forecast is not None else None,
    }


def _chosen(row: ServerRow) -> str | None:
    """The profile that a user chose (KubeSpawner's user_options, facts.md §2.4)."""
    options = row.server.user_options if row.server is not None else None
    chosen = options.get("profile") if isinstance(options, dict) else None
    return chosen if isinstance(chosen, str) else None


def _shape(forecast: Forecast, now: datetime) -> Shape:
    at = forecast.at
    return {
        "at": rfc3339(at),
        "latest": rfc3339(forecast.latest),
        "in_seconds": int(seconds_between(now, at)) if at is not None else None,
        "at_least": forecast.at_least,
        "due": forecast.due(now),
        "rule": forecast.rule.value if forecast.rule is not None else None,
        "known": forecast.known,
        "words": forecast.words,
    }


def _totals(users: Users) -> Shape:
    totals = users.totals()
    return {
        "users": totals.users,
        "servers": totals.servers,
        "ready": totals.ready,
        "pending": totals.pending,
        "memory_bytes": totals.memory if totals.measured else None,
        "measured": totals.measured,
        "complete": users.feed.complete,
    }


def _rule(rule: CullRule) -> Shape | None:
    if not rule.known:
        return None
    return {
        "enabled": rule.enabled,
        "timeout_seconds": rule.timeout,
        "every_seconds": rule.every,
        "max_age_seconds": rule.max_age,
        "users": rule.users,
        "off": rule.off,
    }


def _shape_of(asked: WhatIf) -> dict[str, Any]:
    return {
        "timeout_seconds": asked.timeout,
        "stops": [str(key) for key in asked.goes],
        "more": [str(key) for key in asked.more],
        "fewer": [str(key) for key in asked.fewer],
    }
