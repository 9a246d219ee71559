"""Events as a live table: the newest first, of one object or of the whole namespace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hubtui.model.age import MINUTE, age, seconds_between
from hubtui.model.kube import Event
from hubtui.services.store import State, Store, utc_now
from hubtui.views.cells import EMPTY, SIGN_SOON, Cell, Tone, cell, join
from hubtui.views.document import Hung, fact
from hubtui.views.filters import Filter
from hubtui.views.freshness import freshness
from hubtui.views.table import Column, Dirty, Freshness

COLUMNS = (
    Column("age", "AGE", 5, align="right", sortable=False),
    Column("reason", "REASON", 20, sortable=False),
    Column("times", "TIMES", 5, align="right", rank=3, sortable=False),
    Column("object", "OBJECT", 26, rank=1, sortable=False),
    Column("message", "MESSAGE", 24, grow=True, sortable=False),
)


@dataclass(frozen=True, slots=True)
class About:
    """The object that events are about."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class EventsView:
    """The view model of the events screen."""

    def __init__(self, store: Store[Event], about: About | None = None) -> None:
        self._store = store
        self._seen = store.subscribe()
        self._at: dict[str, float] = {}
        self._order: list[str] = []
        self._stale = True
        self.about = about
        self.filter = Filter()

    @property
    def columns(self) -> Sequence[Column]:
        return COLUMNS

    @property
    def headline(self) -> str:
        """What stands beside the title."""
        warnings = sum(1 for key in self._order if _is_warning(self._store.get(key)))
        words = f"{len(self._order):,} · newest first"
        return f"{words} · warnings: {warnings:,}" if warnings else words

    def close(self) -> None:
        """Nothing more is to be noted for it."""
        self._store.unsubscribe(self._seen)

    def show(self, about: About | None) -> None:
        """Shows the events of one object, or of the namespace."""
        self.about = about
        self._stale = True

    def set_filter(self, text: str) -> None:
        """Shows only events that match; `status:` looks at Normal and Warning."""
        self.filter = Filter.parse(text)
        self._stale = True

    def row(self, key: str) -> Event | None:
        """The event of a row."""
        return self._store.get(key)

    def keys(self) -> Sequence[str]:
        return self._order

    def drain(self) -> Dirty:
        everything, keys = self._seen.drain()
        if everything:
            keys = {event.key for event in self._store} | set(self._at)
        if not keys and not self._stale:
            return Dirty()
        for key in keys:
            event = self._store.get(key)
            self._at.pop(key, None)
            if event is not None:
                self._at[key] = event.last_seen.timestamp() if event.last_seen else 0.0
        before = self._order
        shown = [key for key in self._at if self._is_shown(self._store.get(key))]
        self._order = sorted(shown, key=lambda key: (-self._at[key], key))
        self._stale = False
        return Dirty(frozenset(keys), order=self._order != before)

    def _is_shown(self, event: Event | None) -> bool:
        if event is None:
            return False
        about = event.involved_object
        if self.about is not None and About(about.kind, about.name) != self.about:
            return False
        return not self.filter or self.filter.matches(_words(event))

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        event = self._store.get(key)
        return event_cells(event, now) if event is not None else (EMPTY,) * len(COLUMNS)

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        event = self._store.get(key)
        if event is None or event.last_seen is None:
            return "never"
        return "second" if seconds_between(event.last_seen, utc_now()) < MINUTE else "minute"

    def freshness(self, now: datetime) -> Freshness:
        return freshness(self._store.health, now)

    def empty(self) -> str:
        health = self._store.health
        if health.error is not None:
            return str(health.error)
        if health.state is State.CONNECTING:
            return "Reading the events …"
        if self.filter:
            return f"No event matches {self.filter}."
        return "No event; the cluster forgets them after an hour or so."


def event_cells(event: Event, now: datetime) -> Sequence[Cell]:
    """One event as a row."""
    warning = _is_warning(event)
    reason = cell(event.reason, Tone.SOON if warning else Tone.PLAIN)
    about = event.involved_object
    return (
        cell(age(event.last_seen, now), Tone.MUTED),
        join(((SIGN_SOON, Tone.SOON),), reason) if warning else ((("  ", Tone.PLAIN)), *reason),
        cell(f"{event.times:,}" if event.times > 1 else "", Tone.MUTED),
        join(cell(about.kind.lower(), Tone.MUTED), cell(about.name)),
        cell(event.message),
    )


def event_lines(event: Event, now: datetime) -> list[Cell | Hung]:
    """One event as a text to read."""
    about = event.involved_object
    return [
        *((((SIGN_SOON, Tone.SOON), (f" {event.reason}", Tone.SOON)),) if _is_warning(event) else
          (cell(event.reason, Tone.STRONG),)),
        (),
        fact("message", cell(event.message)),
        fact("object", cell(f"{about.kind} {about.namespace}/{about.name} {about.field_path}")),
        fact("last seen", cell(f"{age(event.last_seen, now)} ago")),
        fact("first seen", cell(f"{age(event.first_timestamp or event.last_seen, now)} ago")),
        fact("times", cell(f"{event.times:,}")),
        fact("type", cell(event.type)),
    ]  # fmt: skip


def _is_warning(event: Event | None) -> bool:
    return event is not None and event.type == "Warning"


def _words(event: Event) -> dict[str, str]:
    about = event.involved_object
    words = f"{event.type} {event.reason} {about.kind} {about.name} {event.message}"
    return {"": words, "status": event.type, "user": about.name, "node": event.message}
