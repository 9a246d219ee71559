"""Several logs as one: what comes, breaks off, is replaced, and how much may be held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from hubtui.clients.gate import Call, Gate
from hubtui.errors import ApiError, DeniedError, HubtuiError, UnreachableError
from hubtui.model import kube
from hubtui.model.roles import Role
from hubtui.services import logs as service
from hubtui.services.logs import STREAMS, LogLine, Logs, Members, Wanted
from hubtui.services.session import Session
from hubtui.services.store import Store

Answer = list[bytes] | HubtuiError


def pod(name: str, uid: str = "", component: str = "hub", **status: Any) -> kube.Pod:
    labels = {"component": component, "app": "jupyterhub"}
    meta = {"name": name, "namespace": "hub", "uid": uid or name, "labels": labels}
    spec = {"containers": [{"name": "main"}, {"name": "side"}]}
    return msgspec.convert({"metadata": meta, "spec": spec, "status": status}, kube.Pod)


def stamp(second: int, text: str) -> bytes:
    return f"2026-11-23T14:00:{second:02}.000000000Z {text}\n".encode()


class Kubelet:
    """Answers each request for a pod's log with the next answer; the last one does not end."""

    def __init__(self, **answers: Iterable[Answer]) -> None:
        self.answers = {name.replace("_", "-"): list(each) for name, each in answers.items()}
        self.calls: list[Call] = []
        self.gate = Gate()

    @asynccontextmanager
    async def stream(
        self, call: Call, *, kind: object, read_timeout: float | None
    ) -> AsyncIterator[Any]:
        self.gate.check(call)
        self.calls.append(call)
        left = self.answers[call.name]
        answer = left.pop(0)
        if isinstance(answer, HubtuiError):
            raise answer
        yield SimpleNamespace(iter_any=lambda: self._chunks(answer, stays=not left))

    async def _chunks(self, chunks: list[bytes], *, stays: bool) -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk
        if stays:
            await asyncio.Event().wait()


def session(kubelet: Kubelet, *pods: kube.Pod) -> Session:
    store: Store[kube.Pod] = Store("pods")
    store.listing()
    store.page(pods)
    store.listed()
    store.live()
    stores = SimpleNamespace(pods=store)
    found = SimpleNamespace(client=kubelet, pods=SimpleNamespace(stores=stores), release="hub")
    return cast("Session", found)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that broke off is opened again without a pause."""
    monkeypatch.setattr(service, "AGAIN", 0.0)


async def lines_of(logs: Logs, count: int) -> list[LogLine]:
    found: list[LogLine] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            found += await logs.more()
    return found


def texts(lines: Iterable[LogLine]) -> list[str]:
    return [line.text for line in lines]


async def test_lines_of_several_logs_are_merged_with_their_sources() -> None:
    kubelet = Kubelet(a=[[stamp(1, "one") + stamp(3, "three")]], b=[[stamp(2, "two")]])
    logs = Logs(session(kubelet, pod("a"), pod("b")), Wanted())
    logs.follow([pod("a"), pod("b")])
    found = await lines_of(logs, 3)
    await logs.close()
    assert sorted(texts(found)) == ["one", "three", "two"]
    assert {(logs.sources[line.source].pod.metadata.name, line.text) for line in found} == {
        ("a", "one"),
        ("a", "three"),
        ("b", "two"),
    }


async def test_a_log_that_breaks_off_goes_on_where_it_was_without_repeating_a_line() -> None:
    kubelet = Kubelet(
        a=[
            [stamp(1, "one"), stamp(2, "two")],
            UnreachableError("cut"),
            [stamp(1, "one") + stamp(2, "two") + stamp(3, "three")],
        ]
    )
    logs = Logs(session(kubelet, pod("a")), Wanted(tail=7))
    logs.follow([pod("a")])
    found = await lines_of(logs, 3)
    await logs.close()
    assert texts(found) == ["one", "two", "three"]
    assert "tailLines" in kubelet.calls[0].query
    assert kubelet.calls[-1].query["sinceTime"] == "2026-11-23T14:00:01Z"
    assert "tailLines" not in kubelet.calls[-1].query


def at(stamp: str, text: str) -> bytes:
    return f"2026-11-23T{stamp} {text}\n".encode()


async def test_lines_with_the_same_or_an_older_stamp_are_kept() -> None:
    written = [
        at("14:00:01.5Z", "one"),
        at("14:00:01.5Z", "one"),
        at("14:00:01.5Z", "two"),
        at("14:00:01.499999999Z", "three"),
        at("14:00:02.1Z", "four"),
        at("14:00:01.9Z", "five"),
    ]
    logs = Logs(session(Kubelet(a=[[b"".join(written)]]), pod("a")), Wanted())
    logs.follow([pod("a")])
    found = await lines_of(logs, 6)
    await logs.close()
    assert texts(found) == ["one", "one", "two", "three", "four", "five"]


async def test_what_shares_its_stamp_with_the_last_line_before_a_break_is_kept() -> None:
    before = [at("14:00:01.5Z", "same"), at("14:00:02.5Z", "out"), at("14:00:02.5Z", "same")]
    written_on = [
        at("14:00:02.5Z", "same"),  # again, with the same words
        at("14:00:02.4Z", "err"),
        at("14:00:01.8Z", "late"),
        at("14:00:03.0Z", "next"),
    ]
    again = b"".join([*before, *written_on])
    last = at("14:00:03.0Z", "next") + at("14:00:03.0Z", "end")
    cut = UnreachableError("cut")
    kubelet = Kubelet(a=[before, cut, [again], cut, [b"".join(written_on[:2]) + last]])
    logs = Logs(session(kubelet, pod("a")), Wanted())
    logs.follow([pod("a")])
    found = await lines_of(logs, 8)
    await logs.close()
    assert texts(found) == ["same", "out", "same", "same", "err", "late", "next", "end"]


async def test_a_resumed_log_does_not_reach_back_behind_its_tail() -> None:
    older, newest = at("14:00:01.1Z", "older"), at("14:00:01.2Z", "newest")
    kubelet = Kubelet(a=[[newest], [older + newest + at("14:00:01.3Z", "next")]])
    logs = Logs(session(kubelet, pod("a")), Wanted(tail=1))
    logs.follow([pod("a")])
    found = await lines_of(logs, 2)
    await logs.close()
    assert texts(found) == ["newest", "next"]


async def test_after_a_clock_that_was_set_back_it_goes_on_from_there() -> None:
    ahead, back = at("14:00:09+01:00", "ahead"), at("14:00:01+01:00", "back")
    kubelet = Kubelet(a=[[ahead, back], [back + at("14:00:02+01:00", "on")]])
    logs = Logs(session(kubelet, pod("a")), Wanted())
    logs.follow([pod("a")])
    found = await lines_of(logs, 3)
    await logs.close()
    assert texts(found) == ["ahead", "back", "on"]
    assert kubelet.calls[-1].query["sinceTime"] == "2026-11-23T13:00:01Z"


async def test_a_container_that_has_not_started_is_asked_again() -> None:
    waits = ApiError('container "main" in pod "a" is waiting to start', status=400)
    kubelet = Kubelet(a=[waits, waits, [stamp(1, "up")]])
    logs = Logs(session(kubelet, pod("a")), Wanted())
    logs.follow([pod("a")])
    assert texts(await lines_of(logs, 1)) == ["up"]
    await logs.close()
    assert len(kubelet.calls) == 3
    assert logs.sources[0].state == ""


async def test_a_container_that_is_gone_ends_its_log_and_says_so() -> None:
    gone = ApiError('previous terminated container "main" not found', status=400)
    logs = Logs(session(Kubelet(a=[gone]), pod("a")), Wanted(previous=True))
    logs.follow([pod("a")])
    assert await logs.more() == []
    (source,) = logs.sources
    assert source.ended
    assert "not found" in source.state
    assert "follow" not in cast("Kubelet", logs._session.client).calls[0].query


async def test_who_may_not_read_logs_is_told_once() -> None:
    denied = DeniedError("no right to get pods/log", status=403)
    kubelet = Kubelet(a=[denied, [stamp(1, "never")]])
    logs = Logs(session(kubelet, pod("a")), Wanted())
    logs.follow([pod("a")])
    assert await logs.more() == []
    assert len(kubelet.calls) == 1


async def test_a_pod_that_replaces_another_joins_and_the_old_log_ends() -> None:
    old, new = pod("hub-1", "old"), pod("hub-2", "new")
    kubelet = Kubelet(hub_1=[[stamp(1, "bye")], []], hub_2=[[stamp(2, "hello")]])
    opened = session(kubelet, old)
    members = Members(opened, Role.HUB)
    logs = Logs(opened, Wanted())
    logs.follow(members.look() or [])
    assert texts(await lines_of(logs, 1)) == ["bye"]
    store = opened.pods.stores.pods
    store.remove(old.key)
    store.put(new)
    changed = members.look()
    assert changed == [new]
    assert [source.pod for source in logs.follow(changed or [])] == [new]
    assert texts(await lines_of(logs, 1)) == ["hello"]
    assert members.look() is None
    await logs.close()
    members.close()
    store.put(old)
    assert members.look() is None


async def test_the_log_of_a_pod_that_is_gone_has_ended_and_is_no_error() -> None:
    opened = session(Kubelet(a=[ApiError("container not found", status=400)]))
    logs = Logs(opened, Wanted())
    logs.follow([pod("a")])
    assert await logs.more() == []
    assert (logs.sources[0].state, logs.sources[0].error) == ("ended", None)


async def test_members_by_name_take_the_pod_that_comes_under_it() -> None:
    first, second = pod("jupyter-ana", "1"), pod("jupyter-ana", "2")
    opened = session(Kubelet(), first, pod("jupyter-bo"))
    members = Members(opened, keys=["hub/jupyter-ana"])
    assert members.look() == [first]
    opened.pods.stores.pods.put(second)
    assert members.look() == [second]


async def test_no_more_logs_than_connections_and_those_in_trouble_first() -> None:
    waiting = {"reason": "CrashLoopBackOff"}
    bad = pod("bad", containerStatuses=[{"name": "main", "state": {"waiting": waiting}}])
    fine = [pod(f"p{number}", phase="Running") for number in range(STREAMS + 3)]
    every = [*fine, bad]
    kubelet = Kubelet(**{each.metadata.name: [[b"x\n"]] for each in every})
    logs = Logs(session(kubelet, *every), Wanted())
    logs.follow(every)
    names = [source.pod.metadata.name for source in logs.sources]
    await logs.close()
    assert len(names) == STREAMS
    assert names[0] == "bad"
    assert logs.left_out == 4


async def test_a_reader_that_takes_nothing_stops_the_stream_not_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "ROOM", 50)
    kubelet = Kubelet(a=[[b"line\n" * 1000]])
    logs = Logs(session(kubelet, pod("a")), Wanted())
    logs.follow([pod("a")])
    first = await logs.more()
    for _ in range(20):
        await asyncio.sleep(0)
    held = len(logs._pending)
    rest = await lines_of(logs, 1000 - len(first))
    await logs.close()
    assert held <= 50
    assert len(first) + len(rest) == 1000


@pytest.mark.parametrize(("asked", "taken"), [("", "main"), ("side", "side"), ("none", "main")])
async def test_which_container_is_read(asked: str, taken: str) -> None:
    kubelet = Kubelet(a=[[b"x\n"]])
    logs = Logs(session(kubelet, pod("a")), Wanted(container=asked, since=600))
    logs.follow([pod("a")])
    await lines_of(logs, 1)
    await logs.close()
    assert kubelet.calls[0].query["container"] == taken
    assert kubelet.calls[0].query["sinceSeconds"] == "600"
