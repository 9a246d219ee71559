"""`events`: what the cluster said of the namespace or of one object, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hubtui.headless.output import Answer
from hubtui.headless.run import Run, ask, require, scope_of, store_notes
from hubtui.model.age import rfc3339
from hubtui.model.kinds import EVENTS, PODS
from hubtui.model.kube import Event, Pod
from hubtui.model.roles import role_of, user_of
from hubtui.services.session import Session
from hubtui.services.store import Store, utc_now
from hubtui.views.cells import Cell, Tone
from hubtui.views.events import COLUMNS, EventsView, event_cells
from hubtui.views.grid import table


async def events(run: Run, name: str, text: str) -> int:
    """All events, those of an object, or of a user's pods; with a filter those that match."""

    async def question(session: Session) -> Answer:
        (store,) = _store(session)
        await session.feeds.fill(store)
        require(store)
        names = await _names(session, name)
        view = EventsView(store)
        try:
            view.set_filter(text)
            view.drain()
            found = [event for key in view.keys() if (event := view.row(key)) is not None]  # noqa: SIM118
            found = [e for e in found if not names or e.involved_object.name in names]
            return _answer(session, found, view.empty(), utc_now())
        finally:
            view.close()

    return await ask(run, question, _store)


def _store(session: Session) -> Sequence[Store[Any]]:
    return (session.feeds.add(EVENTS, session.namespace),)


async def _names(session: Session, name: str) -> set[str]:
    """The objects that a name stands for: itself, and the pods of a user or role of that name."""
    if not name:
        return set()
    pods = await session.client.list(PODS, session.namespace)
    return {name, *(pod.metadata.name for pod in pods if _means(session, pod, name))}


def _means(session: Session, pod: Pod, name: str) -> bool:
    return name in (user_of(pod), role_of(pod, session.release))


def _answer(session: Session, found: list[Event], empty: str, now: datetime) -> Answer:
    def lines(width: int) -> list[Cell]:
        if not found:
            return [((empty, Tone.PLAIN),)]
        return table(COLUMNS, [event_cells(event, now) for event in found], width)

    return Answer(
        kind="events",
        scope=scope_of(session),
        body={"items": [shape(event) for event in found]},
        lines=lines,
        notes=store_notes(*_store(session)),
        as_of=now,
    )


def shape(event: Event) -> dict[str, Any]:
    """One event."""
    about = event.involved_object
    return {
        "last_seen": rfc3339(event.last_seen),
        "first_seen": rfc3339(event.first_timestamp or event.last_seen),
        "type": event.type,
        "reason": event.reason,
        "kind": about.kind,
        "name": about.name,
        "times": event.times,
        "message": event.message,
    }
