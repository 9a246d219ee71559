"""Lists by pages and watches, over plain HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest

from hubtui.demo.api import watching
from hubtui.demo.resources import CONFIGMAPS
from hubtui.demo.storage import Json
from hubtui.demo.world import World
from tests.demo.api_requests import MAPS, make_map, refused

Next = Callable[[], Awaitable[Json]]


async def test_pages_show_the_state_of_the_first(http: aiohttp.ClientSession, world: World) -> None:
    for name in "abcde":
        make_map(world, name)
    found = await (await http.get(f"{MAPS}?limit=2")).json()
    version = found["metadata"]["resourceVersion"]
    assert found["metadata"]["remainingItemCount"] == 3
    world.objects.delete(CONFIGMAPS, "hub", "c")
    make_map(world, "cc")
    names = [each["metadata"]["name"] for each in found["items"]]
    while token := found["metadata"].get("continue"):
        found = await (await http.get(f"{MAPS}?limit=2&continue={token}")).json()
        assert found["metadata"]["resourceVersion"] == version
        names += [each["metadata"]["name"] for each in found["items"]]
    assert names == ["a", "b", "c", "d", "e"]


async def test_a_page_of_a_state_that_is_forgotten(
    http: aiohttp.ClientSession, world: World
) -> None:
    for name in "abc":
        make_map(world, name)
    found = await (await http.get(f"{MAPS}?limit=1")).json()
    make_map(world, "d")
    world.storage.forget()
    code, body = await refused(http.get(f"{MAPS}?limit=1&continue={found['metadata']['continue']}"))
    assert (code, body["reason"]) == (410, "Expired")


async def test_only_metadata(http: aiohttp.ClientSession, world: World) -> None:
    make_map(world, "a")
    kind = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
    found = await (await http.get(MAPS, headers={"Accept": kind})).json()
    assert found["kind"] == "PartialObjectMetadataList"
    assert [each.keys() for each in found["items"]] == [{"metadata"}]


@asynccontextmanager
async def _watch(http: aiohttp.ClientSession, query: str) -> AsyncIterator[Next]:
    async with http.get(f"{MAPS}?watch=true&{query}") as response:
        assert response.status == 200

        async def following() -> Json:
            found: Json = json.loads(await response.content.readline())
            return found

        yield following


def _said(event: Json) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"].get("name", "")


async def test_a_watch_tells_what_comes_to_match_and_what_does_no_longer(
    http: aiohttp.ClientSession, world: World
) -> None:
    def label(value: str) -> Callable[[Json], None]:
        return lambda thing: thing["metadata"]["labels"].update(x=value)

    version = world.storage.version
    make_map(world, "other")
    make_map(world, "a", x="0")
    async with _watch(http, f"resourceVersion={version}&labelSelector=x%3D1") as following:
        for value in ("1", "1", "2"):
            world.objects.change(CONFIGMAPS, "hub", "a", label(value))
        world.objects.change(CONFIGMAPS, "hub", "a", label("1"))
        world.objects.delete(CONFIGMAPS, "hub", "a")
        told = [await following() for _ in range(4)]
        assert [_said(event) for event in told] == [
            *(("ADDED", "a"), ("DELETED", "a"), ("ADDED", "a"), ("DELETED", "a")),
        ]
        versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in told]
        assert versions == sorted(versions)


async def test_a_watch_begins_with_what_is_there(http: aiohttp.ClientSession, world: World) -> None:
    make_map(world, "a")
    query = "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    async with _watch(http, query) as following:
        assert _said(await following()) == ("ADDED", "a")
        bookmark = await following()
        assert bookmark["type"] == "BOOKMARK"
        annotations = bookmark["object"]["metadata"]["annotations"]
        assert annotations == {"k8s.io/initial-events-end": "true"}
        make_map(world, "b")
        assert _said(await following()) == ("ADDED", "b")


async def test_a_watch_from_a_version_that_is_forgotten(
    http: aiohttp.ClientSession, world: World
) -> None:
    world.storage.forget()
    make_map(world, "a")
    world.storage.forget()
    async with _watch(http, "resourceVersion=1") as following:
        told = await following()
    assert told["type"] == "ERROR"
    assert (told["object"]["code"], told["object"]["reason"]) == (410, "Expired")


async def test_a_watch_ends_after_its_time(http: aiohttp.ClientSession) -> None:
    async with http.get(f"{MAPS}?watch=true&timeoutSeconds=1&resourceVersion=0") as response:
        assert await response.read() == b""


async def test_a_quiet_watch_tells_how_far_it_is(
    http: aiohttp.ClientSession, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "BOOKMARK_SECONDS", 0.01)
    query = f"allowWatchBookmarks=true&resourceVersion={world.storage.version}"
    async with _watch(http, query) as following:
        told = await following()
    assert told["type"] == "BOOKMARK"
    assert int(told["object"]["metadata"]["resourceVersion"]) >= 1


async def test_a_watch_that_nobody_reads_ends_and_leaves_nothing(
    http: aiohttp.ClientSession, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "WAITING", 10)
    async with _watch(http, f"resourceVersion={world.storage.version}") as following:
        for number in range(50):  # in one turn of the loop: no reader can keep up
            make_map(world, f"a{number}")
        with pytest.raises(json.JSONDecodeError):  # the end is an empty line
            await following()


async def test_a_watch_whose_reader_has_gone_ends(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = asyncio.Event()
    close = watching.Watch.close

    def closing(self: watching.Watch) -> None:
        close(self)
        closed.set()

    monkeypatch.setattr(watching.Watch, "close", closing)
    async with http.get(f"{MAPS}?watch=true") as response:
        response.close()
    async with asyncio.timeout(30):
        await closed.wait()
