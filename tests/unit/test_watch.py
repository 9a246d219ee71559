"""The list-watch loop keeps a store equal to the server's state, and never gives up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from hubtui.clients import watch
from hubtui.clients.kube import KubeClient
from hubtui.clients.watch import Feed, follow
from hubtui.errors import DecodeError, DeniedError, GoneError, UnreachableError
from hubtui.model.kinds import PODS, SECRETS_METADATA
from hubtui.services.store import State
from tests.scripted import (
    CUT,
    END,
    Says,
    Scripted,
    Told,
    bookmark,
    client_for,
    event,
    gone,
    kubeconfig,
    page,
    pod,
    serving,
    status,
)

HOUR = 3600.0
PODS_PATH = "/api/v1/namespaces/hub/pods"
Start = Callable[..., Awaitable[None]]


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    async with serving(Scripted([Says(page(pod("ada"), version=7))])) as server:
        yield server


@pytest.fixture
async def client(server: Scripted, tmp_path: Path) -> AsyncIterator[KubeClient]:
    client = client_for(kubeconfig(tmp_path / "kubeconfig", server.url, {"token": "t"}))
    yield client
    await client.close()


@pytest.fixture
def store() -> Told:
    return Told()


@pytest.fixture
async def start(client: KubeClient, store: Told) -> AsyncIterator[Start]:
    """Starts the loop; it must still run when the test is over."""
    tasks: list[asyncio.Task[None]] = []

    async def begin(wake: asyncio.Event | None = None, **feed: str) -> None:
        followed = follow(client, Feed(PODS, "hub", **feed), store, wake)
        tasks.append(asyncio.create_task(followed))

    yield begin
    assert not any(task.done() for task in tasks), "the loop gave up"
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again at once, so that no test waits for a back-off that it is not about."""
    monkeypatch.setattr(watch, "BACKOFF_FIRST", 0.001)
    monkeypatch.setattr(watch, "BACKOFF_MOST", 0.002)


async def test_a_list_comes_in_pages_and_the_watch_goes_on_from_it(
    server: Scripted, store: Told, start: Start
) -> None:
    server.answers = [
        Says(page(pod("ada"), pod("bob"), version=7, continue_="more")),
        Says(page(pod("eve"), version=7)),
    ]
    server.watches = [[event("ADDED", pod("zoe", 8)), event("DELETED", pod("ada", 9))]]
    await start(labels="app=jupyterhub", fields="spec.nodeName=n1")
    await store.until(lambda: store.names == ["bob", "eve", "zoe"])
    assert store.health.state is State.LIVE
    first, second = server.lists
    assert (first.path, first.query["limit"]) == (PODS_PATH, "500")
    assert (second.query["continue"], second.query["labelSelector"]) == ("more", "app=jupyterhub")
    (watched,) = server.watched
    assert watched.query["resourceVersion"] == "7"
    assert watched.query["labelSelector"] == "app=jupyterhub"
    assert watched.query["fieldSelector"] == "spec.nodeName=n1"
    assert watched.query["allowWatchBookmarks"] == "true"


async def test_a_list_that_expires_in_the_middle_begins_anew(
    server: Scripted, store: Told, start: Start
) -> None:
    server.answers = [
        Says(page(pod("ada"), continue_="old")),
        Says(status(410, "The provided continue parameter is too old"), 410),
        Says(page(pod("bob"), version=9)),
    ]
    await start()
    await store.until(lambda: store.health.state is State.LIVE)
    assert store.names == ["bob"]
    assert store.errors == []
    assert server.watched[0].query["resourceVersion"] == "9"


async def test_a_list_that_breaks_off_takes_nothing_away(
    server: Scripted, store: Told, start: Start
) -> None:
    server.watches = [[gone()]]
    server.answers = [
        Says(page(pod("ada"), pod("bob"))),
        Says(page(pod("ada"), continue_="more")),
        Says(page(pod("bob")), cut=True),
        Says(status(500, "etcd has no leader"), 500),
        Says(page(pod("bob"), version=9)),
    ]
    await start()
    await store.until(lambda: len(store.errors) == 2)
    assert store.names == ["ada", "bob"]
    await store.until(lambda: store.names == ["bob"] and store.health.state is State.LIVE)


async def test_a_watch_that_is_too_old_lists_anew(
    server: Scripted, store: Told, start: Start
) -> None:
    server.answers = [Says(page(pod("ada"), version=7)), Says(page(pod("bob"), version=20))]
    server.watches = [[event("ADDED", pod("zoe", 8)), gone()]]
    await start()
    await server.until(lambda: len(server.watched) == 2)
    await store.until(lambda: store.names == ["bob"])
    assert server.watched[1].query["resourceVersion"] == "20"
    assert store.errors == []


async def test_a_server_for_which_every_version_is_too_old_is_not_hammered(
    server: Scripted, store: Told, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "BACKOFF_FIRST", HOUR)
    server.watches = [[gone()], [gone()], [gone()]]
    await start()
    await store.until(lambda: bool(store.errors))
    assert isinstance(store.errors[0], GoneError)
    assert len(server.lists) == 2
    assert store.health.state is State.STALE


@pytest.mark.parametrize("ending", [CUT, END])
async def test_a_watch_that_ends_in_the_middle_of_a_line_is_resumed_without_a_list(
    server: Scripted, store: Told, start: Start, ending: bytes
) -> None:
    line = event("MODIFIED", pod("ada", 12))
    server.watches = [
        [event("ADDED", pod("bob", 11)), line[: len(line) // 2], ending],
        [event("ADDED", pod("eve", 12))],
    ]
    await start()
    await store.until(lambda: store.names == ["ada", "bob", "eve"])
    assert len(server.lists) == 1
    assert [one.query["resourceVersion"] for one in server.watched] == ["7", "11"]
    assert store.errors == []


async def test_a_silent_watch_that_is_cut_is_stale_and_then_resumed(
    server: Scripted, store: Told, start: Start
) -> None:
    server.watches = [[CUT]]
    await start()
    await store.until(lambda: store.calls.count("live") == 2)
    assert isinstance(store.errors[0], UnreachableError)
    assert store.calls.index("failed") < len(store.calls) - 1
    assert len(server.lists) == 1
    assert store.health.state is State.LIVE


async def test_bookmarks_move_the_version_and_nothing_else(
    server: Scripted, store: Told, start: Start
) -> None:
    server.watches = [[bookmark(40), END], [bookmark(50), CUT]]
    await start()
    await server.until(lambda: len(server.watched) == 3)
    assert [one.query["resourceVersion"] for one in server.watched] == ["7", "40", "50"]
    assert store.names == ["ada"]
    assert len(server.lists) == 1


async def test_lines_of_a_megabyte_in_pieces_of_any_size(
    server: Scripted, store: Told, start: Start
) -> None:
    long = pod("big", 8, status={"message": "x" * 1_200_000})
    lines = event("ADDED", long) + event("ADDED", pod("small", 9)) + event("DELETED", long)
    pieces = [lines[at : at + 60_001] for at in range(0, len(lines), 60_001)]
    server.watches = [[*pieces, event("ADDED", pod("last", 11))]]
    await start()
    await store.until(lambda: store.names == ["ada", "last", "small"])


async def test_an_event_may_come_byte_by_byte(server: Scripted, store: Told, start: Start) -> None:
    line = event("ADDED", pod("zoë", 8))
    server.watches = [[line[at : at + 1] for at in range(len(line))]]
    await start()
    await store.until(lambda: "zoë" in store.names)


@pytest.mark.parametrize(
    "broken",
    [
        b'{"type":"ADDED","object":{"metadata":\n',
        b"<html>502 Bad Gateway</html>\n",
        b'{"type":"ADDED","object":{"metadata":{"name":"\xff\xfe"}}}\n',
        b'{"type":"ADDED","object":{"metadata":{"name":7}}}\n',
    ],
)
async def test_a_change_that_cannot_be_read_is_told_and_listed_anew(
    server: Scripted, store: Told, start: Start, broken: bytes
) -> None:
    server.watches = [[broken]]
    server.answers = [Says(page(pod("ada"))), Says(page(pod("ada"), pod("bob"), version=9))]
    await start()
    await store.until(lambda: store.names == ["ada", "bob"])
    assert isinstance(store.errors[0], DecodeError)
    assert "pods cannot be read" in store.errors[0].what


async def test_it_never_gives_up(server: Scripted, store: Told, start: Start) -> None:
    server.answers = [
        Says(status(500, "etcdserver: leader changed"), 500),
        Says(b"Too many requests, please try again later.\n", 429),
        Says(page(pod("ada")), cut=True),
        Says(b"<html>not json</html>"),
        Says(b'{"metadata":{"resourceVersion":"3"},"items":[{"metadata":{"name":"\xff"}}]}'),
        Says(b'{"metadata":{"resourceVersion":"3"},"items":[' + b"[" * 5000),
        Says(status(401, "Unauthorized"), 401),
        Says(status(403, "pods is forbidden"), 403),
        Says(page(pod("ada"), version=9)),
    ]
    await start()
    await store.until(lambda: store.health.state is State.LIVE)
    assert store.names == ["ada"]
    words = " / ".join(error.what for error in store.errors)
    assert "leader changed" in words
    assert "Too many requests" in words
    assert "no right to list pods in namespace hub" in words


async def test_null_stands_for_an_empty_list(server: Scripted, store: Told, start: Start) -> None:
    server.answers = [Says(b'{"metadata":{"resourceVersion":"3"},"items":null}')]
    await start()
    await store.until(lambda: store.health.state is State.LIVE)
    assert store.names == []


async def test_a_server_that_is_down_stays_stale_since_the_first_failure(
    server: Scripted, store: Told, start: Start
) -> None:
    """Trying is not living: in between the store must not look live."""
    refused: list[list[bytes] | Says] = [Says(status(503, "shutting down"), 503)] * 5
    server.watches = [[event("ADDED", pod("bob", 8)), CUT], *refused]
    await start()
    await store.until(lambda: len(store.errors) == 5)
    assert store.calls.count("live") == 1
    first = store.calls.index("failed")
    assert set(store.calls[first:]) == {"failed"}
    await store.until(lambda: store.health.state is State.LIVE)
    assert len(server.lists) == 1


async def test_the_right_to_list_without_the_right_to_watch(
    server: Scripted, store: Told, start: Start
) -> None:
    server.watches = [Says(status(403, "cannot watch"), 403)] * 3
    await start()
    await store.until(lambda: bool(store.errors))
    assert isinstance(store.errors[0], DeniedError)
    assert store.errors[0].what == "no right to watch pods in namespace hub"
    assert store.names == ["ada"]
    assert "live" not in store.calls


@pytest.mark.parametrize("first", [Says(status(500, "no"), 500), Says(status(403, "no"), 403)])
async def test_a_key_ends_the_pause_at_once(
    server: Scripted, store: Told, start: Start, monkeypatch: pytest.MonkeyPatch, first: Says
) -> None:
    monkeypatch.setattr(watch, "BACKOFF_FIRST", HOUR)
    monkeypatch.setattr(watch, "BACKOFF_MOST", HOUR)
    server.answers = [first, first, Says(page(pod("ada")))]
    wake = asyncio.Event()
    await start(wake)
    for tries in (1, 2):
        await store.until(lambda tries=tries: len(store.errors) == tries)  # type: ignore[misc]
        assert len(server.lists) == tries
        wake.set()
    await store.until(lambda: store.health.state is State.LIVE)


async def test_the_pause_grows_and_is_short_again_after_a_watch_that_lasted(
    server: Scripted, store: Told, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    async def pause(wake: asyncio.Event, seconds: float) -> bool:
        asked.append(seconds)
        await asyncio.sleep(0)
        return False

    monkeypatch.setattr(watch, "_pause", pause)
    monkeypatch.setattr(watch, "BACKOFF_FIRST", 1.0)
    monkeypatch.setattr(watch, "BACKOFF_MOST", 30.0)
    monkeypatch.setattr("random.uniform", max)
    server.answers = [*[Says(status(500, "no"), 500)] * 7, Says(page(pod("ada")))]
    await start()
    await server.until(lambda: len(server.connections) == 1)
    assert asked == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    await store.until(lambda: store.health.state is State.LIVE)
    asked.clear()
    monkeypatch.setattr(watch, "BACKOFF_FIRST", 0.0)  # however short it was, it lasted
    server.cut_watches()
    await server.until(lambda: len(server.watched) == 2)
    assert asked == [0.0]


async def test_only_the_metadata_of_secrets_is_asked_for(
    server: Scripted, client: KubeClient, store: Told
) -> None:
    task = asyncio.create_task(follow(client, Feed(SECRETS_METADATA, "hub", "owner=helm"), store))
    await store.until(lambda: store.health.state is State.LIVE)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    accepted = [one.accept for one in server.asked]
    assert all("PartialObjectMetadata" in words for words in accepted)
