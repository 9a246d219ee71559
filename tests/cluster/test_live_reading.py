"""What the screen reads stays equal to the server, whatever happens on the way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from hubtui.clients.kube import KubeClient
from hubtui.errors import DeniedError, UnreachableError
from hubtui.model.kinds import PODS, SECRETS_METADATA
from hubtui.services.store import State, Store
from tests.cluster.clusters import Cluster
from tests.cluster.opened import client_of, feeds_of, live, names, session_of, until
from tests.testbed import Testbed
from tests.testbed.api import Api
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.users import NAMESPACE

LABEL = "test=live-reading"
_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
WATCHED = Match(r"/pods$", watch=True)


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Api]:
    """Somebody else who changes pods; what is left of them goes."""
    with cluster.api() as api:
        yield api
        for pod in api.items(_PODS, labelSelector=LABEL):
            delete(api, pod["metadata"]["name"])


@pytest.fixture
async def client(proxy: FaultProxy, cluster: Cluster) -> AsyncIterator[KubeClient]:
    async with client_of(proxy.kubeconfig_from(cluster.kubeconfig)) as client:
        yield client


def create(api: Api, name: str) -> None:
    """A pod that no node will have, so that only the test changes it."""
    spec = {
        "schedulerName": "nobody",
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "main", "image": "example/main:1"}],
    }
    meta = {"name": name, "namespace": NAMESPACE, "labels": dict([LABEL.split("=")])}
    api.request("POST", _PODS, {"metadata": meta, "spec": spec})


def touch(api: Api, name: str, number: int) -> None:
    api.patch(f"{_PODS}/{name}", {"metadata": {"labels": {"touched": str(number)}}})


def delete(api: Api, name: str) -> None:
    try:
        api.request("DELETE", f"{_PODS}/{name}", {"gracePeriodSeconds": 0})
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == 404  # noqa: PT017 - it is gone already


async def equal(client: KubeClient, store: Store[Any]) -> None:
    """Waits until the store holds what a fresh LIST gives."""
    found = {pod.key: pod for pod in await client.list(PODS, NAMESPACE, labels=LABEL)}
    await until(lambda: {pod.key: pod for pod in store} == found, f"{names(store)}")


@pytest.mark.parametrize("seed", range(3))
async def test_for_any_changes_the_store_equals_a_fresh_list(
    client: KubeClient, proxy: FaultProxy, api: Api, seed: int
) -> None:
    """Pods come, change and go, while watches are cut and told that they are too old."""
    chance = random.Random(seed)
    there: set[str] = set()
    async with feeds_of(client) as feeds:
        store = feeds.add(PODS, NAMESPACE, labels=LABEL)
        await live(store)
        for step in range(40):
            name = f"any-{seed}-{chance.randrange(6)}"
            if name not in there:
                await asyncio.to_thread(create, api, name)
                there.add(name)
            elif chance.random() < 0.6:
                await asyncio.to_thread(touch, api, name, step)
            else:
                await asyncio.to_thread(delete, api, name)
                there.discard(name)
            if step % 10 == 5:
                chance.choice((proxy.watch_gone, proxy.cut_watch))(WATCHED)
        proxy.clear()
        await equal(client, store)
        assert names(store) == there
        await live(store)


async def test_a_watch_cut_in_the_middle_of_a_line_is_resumed(
    client: KubeClient, proxy: FaultProxy, api: Api
) -> None:
    async with feeds_of(client) as feeds:
        store = feeds.add(PODS, NAMESPACE, labels=LABEL)
        await live(store)
        asked = len(proxy.requests)
        fault = proxy.cut_watch(WATCHED, mid_line=True)
        await asyncio.to_thread(create, api, "cut")
        await until(lambda: names(store) == {"cut"})
        await live(store)
        assert fault.hits
        later = [one for one in proxy.requests[asked:] if one.path.endswith("/pods")]
        assert [one.is_watch for one in later] == [True]


async def test_a_version_that_is_too_old_makes_a_new_list(
    client: KubeClient, proxy: FaultProxy, api: Api
) -> None:
    async with feeds_of(client) as feeds:
        store = feeds.add(PODS, NAMESPACE, labels=LABEL)
        await live(store)
        asked = len(proxy.requests)
        proxy.watch_gone(WATCHED)
        await proxy.wait_for_request(WATCHED, after=asked)
        await asyncio.to_thread(create, api, "later")
        await until(lambda: names(store) == {"later"})
        later = [one for one in proxy.requests[asked:] if one.path.endswith("/pods")]
        assert [one.is_watch for one in later] == [False, True]
        assert store.health.state is State.LIVE


async def test_a_server_that_falls_silent_is_stale_by_the_heartbeat_and_comes_back(
    client: KubeClient, proxy: FaultProxy, api: Api
) -> None:
    """Nothing breaks: the connections are open, and nobody answers any more."""
    async with feeds_of(client, heartbeat=0.2, patience=0.5) as feeds:
        store = feeds.add(PODS, NAMESPACE, labels=LABEL)
        await live(store)
        silent = proxy.hang(Match())
        await until(lambda: store.health.state is State.STALE, "stale")
        assert isinstance(store.health.error, UnreachableError)
        assert "no heartbeat" in store.health.error.what
        since = store.health.since
        await until(lambda: len([one for one in silent.hits if one.path == "/version"]) > 3)
        assert store.health.state is State.STALE
        assert store.health.since == since
        await asyncio.to_thread(create, api, "meanwhile")
        silent.clear()
        await live(store)
        await until(lambda: names(store) == {"meanwhile"})


@pytest.mark.parametrize("code", [500, 502, 503])
async def test_a_proxy_that_answers_for_a_dead_server_is_no_heartbeat(
    client: KubeClient, proxy: FaultProxy, code: int
) -> None:
    async with feeds_of(client, heartbeat=0.1) as feeds:
        store = feeds.add(PODS, NAMESPACE, labels=LABEL)
        await live(store)
        proxy.answer(Match(), code)
        await until(lambda: store.health.state is State.STALE, "stale")
        proxy.clear()
        await live(store)


async def test_a_server_that_refuses_its_version_is_alive(
    client: KubeClient, proxy: FaultProxy
) -> None:
    proxy.answer(Match("/version"), 403)
    async with feeds_of(client, heartbeat=0.05) as feeds:
        store = feeds.add(PODS, NAMESPACE, labels=LABEL)
        await live(store)
        asked = len(proxy.requests)
        await until(lambda: len(proxy.requests) > asked + 4)
        assert {one.path for one in proxy.requests[asked:]} == {"/version"}
        assert store.health.state is State.LIVE


async def test_a_key_tries_at_once(
    client: KubeClient, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubtui.clients.watch.BACKOFF_FIRST", 3600.0)
    fault = proxy.answer(Match("/pods"), 503)
    async with feeds_of(client) as feeds:
        store = feeds.add(PODS, NAMESPACE, labels=LABEL)
        await until(lambda: store.health.error is not None)
        fault.clear()
        feeds.retry()
        await live(store)


async def test_the_apiserver_is_restarted(testbed: Testbed, viewer: Path) -> None:
    """The real one alone: the demo's is a part of its process."""
    async with session_of(viewer) as session:
        pods = session.pods.stores.pods
        await live(pods, session.releases.store, session.jobs)
        held = names(pods)
        await asyncio.to_thread(testbed.kill, "apiserver")
        try:
            await until(lambda: pods.health.state is State.STALE, "stale")
            assert isinstance(pods.health.error, UnreachableError)
            assert "does not answer" in pods.health.error.what
            assert names(pods) == held
        finally:
            await asyncio.to_thread(testbed.start, "apiserver")
        session.feeds.retry()
        await live(pods, session.releases.store, session.jobs)
        with testbed.api() as api:
            await asyncio.to_thread(create, api, "after-restart")
            try:
                await until(lambda: "after-restart" in names(pods))
                found = {pod.key for pod in await session.client.list(PODS, NAMESPACE)}
                await until(lambda: {pod.key for pod in pods} == found)
            finally:
                await asyncio.to_thread(delete, api, "after-restart")


async def test_expired_credentials_are_taken_from_the_file_again(
    testbed: Testbed, viewer: Path
) -> None:
    """The real one alone, as all that follows of users: the demo's only user has no token."""
    async with (
        FaultProxy(testbed.server, ca_file=testbed.ca_file) as proxy,
        client_of(config := proxy.kubeconfig_from(viewer)) as client,
        feeds_of(client) as feeds,
    ):
        store = feeds.add(PODS, NAMESPACE, labels=LABEL)
        await live(store)
        await asyncio.to_thread(_set_token, config, "expired")
        await client._log_in_again(client._credentials)  # as the request after an expiry does
        proxy.cut_watch(WATCHED)
        await until(lambda: isinstance(store.health.error, DeniedError), "refused")
        assert "(401)" in str(store.health.error)
        assert store.health.state is State.STALE
        await asyncio.to_thread(_set_token, config, testbed.token("viewer"))
        feeds.retry()
        await live(store)


def _set_token(config: Path, token: str) -> None:
    document = yaml.safe_load(config.read_text())
    document["users"][0]["user"]["token"] = token
    config.write_text(yaml.safe_dump(document))


async def test_a_renewed_certificate_is_used(testbed: Testbed, tmp_path: Path) -> None:
    """A login gives new certificates, not only tokens; the connection must take them up."""
    good = testbed.kubeconfig_certificate("certified", "system:masters")
    config = tmp_path / "config"
    document = yaml.safe_load(good.read_text())
    renewed = yaml.safe_dump(document)
    document["users"][0]["user"] = {"token": "expired"}
    _put(config, yaml.safe_dump(document))
    async with client_of(config) as client:
        with pytest.raises(DeniedError, match="401"):
            await client.list(PODS, NAMESPACE)
        _put(config, renewed)
        assert await client.list(PODS, NAMESPACE)


def _put(config: Path, text: str) -> None:
    config.write_text(text)


async def test_without_the_right_to_secrets_only_releases_are_denied(nosecrets: Path) -> None:
    async with session_of(nosecrets) as session:
        releases, pods = session.releases.store, session.pods.stores.pods
        await live(pods)
        await until(lambda: releases.health.state is State.DENIED)
        error = releases.health.error
        assert isinstance(error, DeniedError)
        assert error.what == "no right to list secrets in namespace hub"
        assert (error.verb, error.resource) == ("list", "secrets")
        assert not releases.complete
        assert len(pods) > 10


async def test_a_right_that_is_given_later_is_noticed(
    proxy: FaultProxy, client: KubeClient
) -> None:
    fault = proxy.answer(Match("/secrets"), 403)
    async with feeds_of(client) as feeds:
        store = feeds.add(SECRETS_METADATA, NAMESPACE, labels="owner=helm,name=hub")
        await until(lambda: store.health.state is State.DENIED)
        seen = store.subscribe()
        seen.drain()
        fault.clear()
        feeds.retry()
        await live(store)
        assert store.complete
        assert len(seen.drain()[1]) == len(store) >= 3


async def test_a_user_of_one_namespace_has_everything(reader: Path) -> None:
    async with session_of(reader) as session:
        stores = session.pods.stores
        kinds = (stores.pods, stores.deployments, stores.statefulsets, stores.daemonsets)
        await live(*kinds, session.releases.store, session.jobs)
        assert session.namespace == NAMESPACE
        heads = session.releases.heads("hub")[-3:]
        assert [head.revision for head in heads] == [3, 2, 1]
        summaries = await session.releases.summaries(heads)
        assert [one.app for one in summaries] == ["5.5.0", "5.5.0", "5.4.3"]
        assert {role.role for role in _roles(session)} >= {"hub", "proxy", "users"}


def _roles(session: Any) -> Any:
    session.pods.update()
    return session.pods.roles()


async def test_nobody_gets_a_sentence(nobody: Path) -> None:
    with pytest.raises(DeniedError) as caught:
        async with session_of(nobody):
            pass
    assert str(caught.value) == (
        "No hub can be looked for: no right to list deployments.apps in namespace hub. "
        "Ask for that right, or pass --namespace of a hub that you may read."
    )
