"""What an earlier hubtui left unfinished is said, also when the cluster answers only later."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from textual.pilot import Pilot

from hubtui.clients.detached import boot_id, start_ticks
from hubtui.errors import DeniedError, HubtuiError, UnreachableError
from hubtui.services import interrupted, journal
from hubtui.services.journal import Journal, Line, Process
from hubtui.services.store import Health, State
from tests.tui.conftest import Make
from tests.tui.prepared import CONTEXT, PreparedApp, ready, until
from tests.tui.world import NAMESPACE, RELEASE

SERVER = "https://127.0.0.1:1"
AWAY = UnreachableError(f"{SERVER} does not answer")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupted, "PAUSE", 0.01)


async def left(at: datetime | None = None, **more: Any) -> None:
    """A rollback of which a hubtui that is gone has written the beginning only."""
    line = Line(
        id="one",
        event="started",
        at=at or journal.now(),
        who="ada",
        **{
            "context": CONTEXT,
            "server": SERVER,
            "namespace": NAMESPACE,
            "release": RELEASE,
            "owner": Process(1, 1, "another boot"),
            "action": "rollback",
            "title": "Roll back hub to revision 11",
            "details": {"current": "12", "target": "11", "makes": "13"},
            **more,
        },
    )
    await Journal().append(line)


def away(app: PreparedApp, error: HubtuiError | None) -> None:
    """The cluster goes away, or comes back."""
    app.client.error = error
    store = app.prepared.releases.store
    state = State.LIVE if error is None else State.STALE
    store._health(Health(state, journal.now(), error))


async def said(pilot: Pilot[Any], app: PreparedApp, words: str) -> None:
    await until(pilot, lambda: any(words in told for told in app.told()), words)


async def test_it_is_said_at_once(make: Make) -> None:
    await left()
    app = make()
    async with app.run_test() as pilot:
        await said(pilot, app, "Roll back hub to revision 11 was interrupted. Hubtui was ended")
        assert Journal().read().entries[0].outcome is not None


async def test_it_is_said_when_the_connection_is_back(make: Make) -> None:
    await left()
    app = make()
    away(app, AWAY)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.client.calls, "a question")
        await pilot.pause(0.1)
        assert app.told() == []
        away(app, None)
        await said(pilot, app, "Roll back hub to revision 11 was interrupted.")


async def test_a_missing_right_is_said_and_not_asked_for_again(make: Make) -> None:
    await left()
    app = make()
    async with app.run_test() as pilot:
        app.client.error = DeniedError("no right to list secrets")
        await said(pilot, app, "What was interrupted cannot be told. no right to list secrets")
        app.client.error = None
        await pilot.pause(0.1)
        assert len(app.told()) == 1


async def test_what_was_left_elsewhere_is_named_with_how_to_open_it(make: Make) -> None:
    await left(context="prod eu", server="https://elsewhere", release="small", namespace="lab")
    app = make()
    async with app.run_test() as pilot:
        await said(pilot, app, "says: hubtui --context 'prod eu' -n lab --release small")
        assert "on prod eu in namespace lab was interrupted" in app.told()[0]
        assert Journal().read().entries[0].outcome is None


@pytest.mark.parametrize("ended", ["long ago", "watched by another"])
async def test_what_is_old_or_watched_elsewhere_is_not_brought_to_mind(
    make: Make, ended: str
) -> None:
    at = journal.now()
    more: dict[str, Any] = {"release": "small"}
    if ended == "long ago":
        at -= timedelta(days=40)
    else:
        more["owner"] = ours()
    await left(at, **more)
    app = make()
    async with app.run_test() as pilot:
        await ready(pilot)
        await asyncio.wait_for(asyncio.shield(app._showing or asyncio.sleep(0)), 20)
        assert app.told() == []


def ours() -> Process:
    """A process that lives."""
    parent = os.getppid()
    return Process(parent, start_ticks(parent) or 0, boot_id())
