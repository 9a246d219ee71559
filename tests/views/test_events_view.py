"""Events in a table: the newest first, of one object or of all, filtered, harmless."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hubtui.errors import DeniedError
from hubtui.model.kube import Event
from hubtui.services.store import Store
from hubtui.views.cells import SIGN_SOON, plain
from hubtui.views.events import About, EventsView, event_lines

NOW = datetime.now(UTC)


def event(name: str, seconds: float, pod: str = "a", **more: Any) -> Event:
    at = (NOW - timedelta(seconds=seconds)).isoformat()
    about = {"kind": "Pod", "namespace": "hub", "name": pod}
    document = {
        "metadata": {"name": name, "namespace": "hub"},
        "involvedObject": about,
        "type": "Normal",
        "reason": "Started",
        "message": f"message of {name}",
        "lastTimestamp": at,
        **more,
    }
    return msgspec.convert(document, Event)


@pytest.fixture
def store() -> Store[Event]:
    store: Store[Event] = Store("events")
    store.listing()
    warning = event("bad", 60, "b", type="Warning", reason="BackOff", count=7)
    store.page([event("old", 600), warning, event("new", 5)])
    store.listed()
    store.live()
    return store


def names(view: EventsView) -> list[str]:
    return [key.rpartition("/")[2] for key in view.keys()]  # noqa: SIM118


def test_the_newest_come_first_and_a_repeated_one_comes_up_again(store: Store[Event]) -> None:
    view = EventsView(store)
    assert view.drain().order
    assert names(view) == ["new", "bad", "old"]
    assert not view.drain()
    store.put(event("old", 0))
    assert view.drain().order
    assert names(view) == ["old", "new", "bad"]
    store.remove("hub/new")
    view.drain()
    assert names(view) == ["old", "bad"]


def test_those_of_one_object_and_back_to_all(store: Store[Event]) -> None:
    view = EventsView(store, About("Pod", "b"))
    view.drain()
    assert names(view) == ["bad"]
    view.show(None)
    view.drain()
    assert len(names(view)) == 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("status:warning", ["bad"]),
        ("-warning", ["new", "old"]),
        ("backoff", ["bad"]),
        ("nothing of that kind", []),
    ],
)
def test_a_filter_leaves_what_matches(store: Store[Event], text: str, found: list[str]) -> None:
    view = EventsView(store)
    view.set_filter(text)
    view.drain()
    assert names(view) == found
    assert found or "No event matches" in view.empty()


def test_a_warning_has_its_sign_and_its_count(store: Store[Event]) -> None:
    view = EventsView(store)
    view.drain()
    age, reason, times, about, message = (plain(c) for c in view.cells("hub/bad", NOW))
    assert (age, times, about, message) == ("1 m", "7", "pod b", "message of bad")
    assert reason == f"{SIGN_SOON} BackOff"
    assert "warnings: 1" in view.headline
    assert view.cells("hub/gone", NOW) == ((),) * 5


def test_an_event_without_a_time_is_last_and_no_error(store: Store[Event]) -> None:
    store.put(event("timeless", 0, lastTimestamp=None))
    view = EventsView(store)
    view.drain()
    assert names(view)[-1] == "timeless"
    assert plain(view.cells("hub/timeless", NOW)[0]) == "?"
    assert view.ticking("hub/timeless") == "never"


def test_a_message_of_several_lines_is_one_line_in_the_table(store: Store[Event]) -> None:
    store.put(event("long", 1, message="one\n\n  two"))
    view = EventsView(store)
    view.drain()
    assert plain(view.cells("hub/long", NOW)[4]) == "one two"


def test_a_denied_list_is_said(store: Store[Event]) -> None:
    denied: Store[Event] = Store("events")
    denied.failed(DeniedError("no right to list events", status=403), 0)
    view = EventsView(denied)
    view.drain()
    assert "no right to list events" in view.empty()


def test_a_closed_view_is_noted_nothing_for(store: Store[Event]) -> None:
    view = EventsView(store)
    view.drain()
    view.close()
    store.put(event("later", 0))
    assert not view.drain()


def test_one_event_as_a_text() -> None:
    text = [
        plain(line.cell if hasattr(line, "cell") else line)
        for line in event_lines(event("bad", 60, count=3), NOW)
    ]
    assert any("message of bad" in line for line in text)
    assert any("Pod hub/a" in line for line in text)
