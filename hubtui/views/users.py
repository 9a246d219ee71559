"""The users pane: active servers, the next to go first; all users on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

from hubtui.errors import ConfigError
from hubtui.model.age import precise, seconds_between, short, spelled
from hubtui.model.idle import Forecast, WhatIf, forecast, next_to_go
from hubtui.model.quantity import short_size
from hubtui.model.text import one_line
from hubtui.services.store import State, utc_now
from hubtui.services.users import ServerRow, Totals, Users
from hubtui.views import user_cells as cells_of
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.filters import Filter
from hubtui.views.freshness import freshness
from hubtui.views.table import Column, Dirty, Freshness, fit

COLUMNS: Final = (
    Column("user", "USER", 23, grow=True),
    Column("server", "SERVER", 10, rank=5, sortable=False),
    Column("state", "STATE", 14, rank=2, grow=True, sortable=False),
    Column("activity", "LAST ACTIVITY", 13, align="right", rank=3),
    Column("age", "AGE", 5, align="right", rank=6),
    Column("profile", "PROFILE", 16, rank=7, sortable=False),
    Column("node", "NODE", 12, rank=8),
    Column("memory", "MEM", 13, align="right", rank=4),
    Column("cpu", "CPU", 8, align="right", rank=9, sortable=False),
    Column("culled", "CULLED IN", 9, align="right"),
)

ASK_AGAIN: Final = timedelta(seconds=5)
"""Between two counts of what another timeout would do, while nothing changes."""

QUIET: Final = 30
"""Seconds since the hub's last answer from which on a pane that is live says so."""

_SERVER: Final = next(at for at, column in enumerate(COLUMNS) if column.id == "server")
_LAST: Final = float("inf")

Rank = tuple[float | str, ...]


class UsersView:
    """The view model of the users pane. A row's key is its server's: `alice`, `alice/gpu`."""

    def __init__(self, users: Users) -> None:
        self._users = users
        self._seen = users.subscribe()
        self.filter = Filter()
        self.sort = "culled"
        self.reverse = False
        self.all = False
        self.asked: float | None = None
        """The timeout of the what-if in seconds; None: as it is."""
        self._answer: WhatIf | None = None
        self._answered = utc_now()
        self._with_server = True
        self._unseen: set[str] = set()
        self._ranks: dict[str, Rank] = {}
        self._order: list[str] = []
        self._stale_order = True
        self._repaint = False

    @property
    def columns(self) -> Sequence[Column]:
        if self.asked is None:
            return COLUMNS
        return (*COLUMNS[:-1], replace(COLUMNS[-1], title=f"IF {spelled(self.asked)}"))

    # -- what stands round the rows

    @property
    def headline(self) -> str:
        """Users, servers, those under way; what another timeout would do, else memory."""
        if not self._shows:
            return ""
        found = self._users.totals()
        least = "" if self._users.feed.complete else "≥ "
        parts = [f"{least}{found.users:,} users"] if self.all else []
        parts.append(f"{least}{found.servers:,} server{'' if found.servers == 1 else 's'}")
        if found.pending:
            parts.append(f"{found.pending:,} pending")
        if words := self.what_if():
            parts.append(words)
        elif found.measured:
            at_least = "≥ " if found.measured < found.servers else ""
            parts.append(f"{at_least}{short_size(found.memory)} in use")
        return " · ".join([*parts, *([str(self.filter)] if self.filter else [])])

    def what_if(self) -> str:
        """How many servers another timeout would stop now; empty where none is asked about."""
        if self.asked is None:
            return ""
        if self._answer is None or utc_now() - self._answered > ASK_AGAIN:
            self._answer, self._answered = self._users.what_if(self.asked), utc_now()
        if self._answer is None:
            return ""
        if not self._users.rule.known:
            return f"what if {precise(self.asked)}: ? ({self._users.rule.off})"
        return f"what if {precise(self._answer.timeout)}: {len(self._answer.goes):,} would go now"

    def note(self) -> Cell:
        """The culler's rule in a few words, and what could not be read."""
        rule, missing = self._users.rule, self._users.culler.missing
        if not self._shows:
            return EMPTY
        if rule.off:
            return cell(f"culler: {missing or rule.off}", Tone.MUTED)
        parts = [f"culler: idle {precise(rule.timeout)}"]
        parts += [f"age {precise(rule.max_age)}"] if rule.max_age else []
        parts += [f"every {precise(rule.every)}"]
        parts += [f"no use: {self._users.usage.missing}"] if self._users.usage.missing else []
        return cell(" · ".join(parts), Tone.MUTED)

    def totals(self) -> Totals:
        """The sums; true while hidden too."""
        self.absorb()
        return self._users.totals()

    def freshness(self, now: datetime) -> Freshness:
        health, as_of = self._users.feed.health, self._users.feed.as_of
        if isinstance(health.error, ConfigError):
            return Freshness(one_line(health.error.what), Tone.SOON, stale=True)
        found = freshness(health, now)
        if health.state is State.LIVE and as_of is not None:
            silent = seconds_between(as_of, now) // 10 * 10
            return replace(found, words=f"live · hub {short(silent)}") if silent >= QUIET else found
        return found

    def empty(self) -> str:
        health = self._users.feed.health
        if health.error is not None:
            return f"The hub cannot be asked. {health.error}"
        if health.state is State.CONNECTING or not self._users.feed.complete:
            read = len(self._users.feed.users)
            return f"Asking the hub: {read:,} users so far …" if read else "Asking the hub …"
        if self.filter:
            return f"No user matches {self.filter}."
        return "There is no user." if self.all else "No server is running. A shows all users."

    # -- what is shown

    def resize(self, width: int) -> None:
        """So many cells are there for the columns: a server without one stands behind its user."""
        with_server = all(at != _SERVER for at, _ in fit(COLUMNS, width))
        if with_server is not self._with_server:
            self._with_server = with_server
            self._repaint = True

    def set_filter(self, text: str) -> None:
        """Shows only what matches: bare words look at user names, others at one thing."""
        self.filter = Filter.parse(text)
        self._stale_order = True

    def set_sort(self, column: str, *, reverse: bool) -> None:
        """Orders the rows."""
        self.sort, self.reverse = column, reverse
        self._stale_order = True

    def show_all(self, wanted: bool) -> None:
        """Shows users without a server too."""
        self.all = wanted
        self._stale_order = True

    def ask(self, seconds: float | None) -> None:
        """What if the culler's timeout were another: the forecasts are of that one then."""
        self.asked, self._answer = seconds, None
        self._stale_order = self._repaint = True

    # -- rows

    @property
    def _shows(self) -> bool:
        """Half a first list has no order yet, nor one without the culler's rule; later ones grow
        before one's eyes."""
        return bool(self._order) or (self._users.feed.complete and self._users.culler.answered)

    def absorb(self) -> None:
        """Takes in what changed; what a hidden pane does not draw is kept for when it does."""
        self._users.update()
        everything, changed = self._seen.drain()
        self._unseen |= changed
        self._stale_order |= everything
        if changed:
            self._answer = None

    def row(self, key: str) -> ServerRow | None:
        """What a key stands for."""
        return self._users.row(key)

    def keys(self) -> Sequence[str]:
        return self._order

    def drain(self) -> Dirty:
        self.absorb()
        if not self._shows:
            return Dirty()
        repaint, self._repaint = self._repaint, False
        if not (self._unseen or self._stale_order or repaint):
            return Dirty()
        before = self._order
        if self._stale_order:
            self._ranks.clear()
            self._rank(self._users.keys())
        else:
            self._rank(self._unseen)
        names = sorted(self._ranks)
        self._order = sorted(names, key=self._ranks.__getitem__, reverse=self.reverse)
        dirty = frozenset(self._order) if repaint else frozenset(self._unseen)
        self._unseen, self._stale_order = set(), False
        return Dirty(dirty, order=self._order != before)

    def _rank(self, keys: Iterable[str]) -> None:
        for key in keys:
            row = self._users.row(key)
            if row is not None and self._is_shown(row):
                self._ranks[key] = _RANKS[self.sort](row, self._goes(row))
            else:
                self._ranks.pop(key, None)

    def _is_shown(self, row: ServerRow) -> bool:
        runs = row.server is not None and not row.server.stopped
        return (runs or self.all) and (not self.filter or self.filter.matches(words_of(row)))

    def _goes(self, row: ServerRow) -> Forecast | None:
        """When a server goes, by the rule that is asked about."""
        if self.asked is None or row.server is None:
            return row.forecast
        rule = self._users.rule.with_timeout(int(self.asked))
        grid = self._users.grid.with_every(rule.every)
        renewed = self._users.feed.renewed(row.key)
        return forecast(row.server, rule, utc_now(), grid, renewed=renewed)

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        row = self.row(key)
        if row is None:
            return (EMPTY,) * len(COLUMNS)
        return (
            cells_of.name_cell(row, with_server=self._with_server),
            cell(row.key.server, Tone.MUTED),
            cells_of.state_cell(row, now),
            cells_of.activity_cell(row, now),
            cells_of.age_cell(row, now),
            cell(cells_of.profile_of(row), Tone.MUTED),
            cell(cells_of.node_of(row), Tone.MUTED),
            cells_of.memory_cell(row),
            cells_of.cpu_cell(row),
            cells_of.culled_cell(row.server, self._goes(row), now, due=self.asked is not None),
        )

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        row = self.row(key)
        since = cells_of.pending_since(row) if row is not None else None
        young = since is not None and seconds_between(since, utc_now()) < 120
        return "second" if young else "minute"


def words_of(row: ServerRow) -> dict[str, str]:
    """What a row can be searched by; the empty key holds what bare words look at."""
    return {
        "": f"{row.key.user}/{row.key.server}" if row.key.server else row.key.user,
        "user": row.key.user,
        "server": row.key.server,
        "state": row.state,
        "status": row.state,
        "node": cells_of.node_of(row),
        "profile": f"{cells_of.profile_of(row)} {cells_of.image_of(row)}",
    }


def _by_forecast(row: ServerRow, goes: Forecast | None) -> Rank:
    at = next_to_go(goes) if goes is not None else _LAST
    since = goes.since if goes is not None else None
    return (row.server is None, at, _stamp(since))


def _by_activity(row: ServerRow, _: Forecast | None) -> Rank:
    return (_stamp(cells_of.active_at(row)),)


def _by_age(row: ServerRow, _: Forecast | None) -> Rank:
    started = row.server.started if row.server is not None else None
    return (_LAST if started is None else -started.timestamp(),)


def _by_memory(row: ServerRow, _: Forecast | None) -> Rank:
    used = row.usage.memory if row.usage is not None else None
    return (_LAST if used is None else -float(used),)


def _by_node(row: ServerRow, _: Forecast | None) -> Rank:
    node = cells_of.node_of(row)
    return (not node, node)


def _by_user(row: ServerRow, _: Forecast | None) -> Rank:
    return (row.key.user.lower(), row.key.server)


_RANKS: Final[dict[str, Callable[[ServerRow, Forecast | None], Rank]]] = {
    "culled": _by_forecast,
    "user": _by_user,
    "activity": _by_activity,
    "age": _by_age,
    "memory": _by_memory,
    "node": _by_node,
}


def _stamp(moment: datetime | None) -> float:
    return _LAST if moment is None else moment.timestamp()
