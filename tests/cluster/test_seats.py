"""The seats that are told are those that the real scheduler gives, on random clusters."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubtui.model.seats import OfferSeats
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.opened import PATIENCE, until
from tests.cluster.random_cluster import RandomCluster, is_decided, random_cluster
from tests.cluster.user_pods import manifest
from tests.testbed.api import Api

Json = dict[str, Any]

SEED = int(os.environ.get("HUBTUI_SEATS_SEED") or (2027 if os.environ.get("CI") else time.time()))
"""Another one with each run, but in CI, which is to judge a change and not the dice; a run that
failed is repeated with the seed that it printed."""

MORE = 3
"""Servers that are started beyond the seats there are."""


@pytest.mark.parametrize("number", range(4))
async def test_as_many_servers_run_as_there_are_seats(
    cluster: Cluster, tmp_path: Path, number: int
) -> None:
    """More are started than fit, of each profile in turn, by the pods that KubeSpawner writes."""
    seed = SEED + number
    print(f"HUBTUI_SEATS_SEED={seed}")
    name = f"seats-{seed % 100_000}-{number}"
    made_of = random_cluster(cluster, tmp_path, name, seed, quota=True)
    with made_of as made, cluster.api() as api:
        async with made.session() as session, made.session(live=True) as watching:
            watching.seats.start("test")
            for told in await seats(session):
                chosen = {"size": "s"} if told.offer.name.endswith(": 2 GB") else {}
                pod = await manifest(made.values, {"profile": told.offer.slug, **chosen})
                started = made.start(api, pod, told.total + MORE)
                nodes = made.placed(api, started)
                by_node = {name: each.now for name, each in told.by_node.items() if each.now}

                assert len(nodes) == told.total, (seed, told.offer)
                if "Quota" in told.binds:
                    assert started == told.total
                    assert Counter(nodes) <= Counter(by_node)
                else:
                    assert Counter(nodes) == by_node, (seed, told.offer)
                full = await taken(session, told)
                await until(lambda full=full: followed(watching) == numbers(full))  # type: ignore[misc]
                made.end(api)
                await until(lambda: api.items(made.pods, labelSelector="seats=asked") == [])


def without_profiles(values: Json) -> None:
    """Users ask for memory alone, as the placeholders do: what also asks for cpu is larger."""
    nothing = {"guarantee": None, "limit": None}
    values["singleuser"] |= {
        "profileList": [], "memory": {"guarantee": "2G", "limit": None}, "cpu": nothing
    }  # fmt: skip
    values["scheduling"]["podPriority"] = {"enabled": True}


@pytest.fixture
def priorities(cluster: Cluster) -> Iterator[dict[str, str]]:
    """Priority classes as the chart makes them: of users, and of placeholders below them."""
    names = {"users": f"seats-{SEED}-default", "placeholders": f"seats-{SEED}-placeholder"}
    root = "/apis/scheduling.k8s.io/v1/priorityclasses"
    with cluster.api() as api:
        for name, value in zip(names.values(), (0, -10), strict=True):
            api.request("POST", root, {"metadata": {"name": name}, "value": value})
        yield names
        for name in names.values():
            api.request("DELETE", f"{root}/{name}")


@pytest.mark.parametrize(("size", "same_size"), [("2Gi", True), ("2G", False)])
async def test_users_take_the_seats_of_placeholders_and_the_next_scale_up_is_foretold(
    cluster: Cluster, tmp_path: Path, priorities: dict[str, str], size: str, same_size: bool
) -> None:
    """One user less and nothing waits; with the user that is told, a placeholder does, and in the
    end as many run as there are seats with placeholders giving way. A smaller placeholder may find
    room elsewhere, and then nothing waits yet."""
    seed = SEED + 10
    print(f"HUBTUI_SEATS_SEED={seed - 10}")
    name = f"held-{seed % 100_000}-{size.lower()}"
    made_of = random_cluster(cluster, tmp_path, name, seed, without_profiles)
    with made_of as made, cluster.api() as api:
        number = hold(made, api, priorities["placeholders"], size)
        async with made.session() as session:
            (told,) = await seats(session)
            found = session.seats.simulate(number)
        assert found is not None
        pod = await manifest(made.values, {}, priority=priorities["users"])
        made.start(api, pod, found.at - 1)
        made.running(api, found.at - 1)
        assert waiting(made, api) == [], (seed, found)
        assert found.at_once == told.giving_way
        if not same_size:
            return  # they move from gap to gap, and whom they make wait meanwhile is up to chance
        made.start(api, pod, 1)
        api.wait_items(made.pods, lambda pods: any(map(is_refused, pods)))
        made.start(api, pod, told.giving_way + MORE - found.at)
        nodes = made.running(api, told.giving_way)

    by_node = {name: each.giving_way for name, each in told.by_node.items() if each.giving_way}
    assert Counter(nodes) == by_node, seed


def hold(made: RandomCluster, api: Api, priority: str, size: str) -> int:
    """Placeholders that all find a node: a few less than there are seats."""
    labels = {"app": "jupyterhub", "component": "user-placeholder", "release": made.name}
    pause = {
        "name": "pause",
        "image": "registry.k8s.io/pause:3.10",
        "resources": {"requests": {"memory": size}},
    }
    spec = {
        "terminationGracePeriodSeconds": 0,
        "priorityClassName": priority,
        "nodeSelector": made.values["singleuser"]["nodeSelector"],
        "tolerations": made.values["singleuser"]["extraTolerations"],
        "containers": [pause],
    }
    root = f"/apis/apps/v1/namespaces/{made.name}/statefulsets"
    body = {
        "metadata": {"name": "user-placeholder", "labels": labels},
        "spec": {
            "replicas": 4,
            "podManagementPolicy": "Parallel",
            "serviceName": "user-placeholder",
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
    api.request("POST", root, body)
    ours = "component=user-placeholder"
    found = api.wait_items(
        made.pods, lambda pods: len(pods) == 4 and all(map(is_decided, pods)), labelSelector=ours
    )
    placed = sum(bool(pod["spec"].get("nodeName")) for pod in found)
    api.patch(f"{root}/user-placeholder", {"spec": {"replicas": placed}})
    api.wait_items(made.pods, lambda pods: len(pods) == placed, labelSelector=ours)
    return placed


def is_refused(pod: Json) -> bool:
    """Whether a scheduler found no node for it."""
    return is_decided(pod) and not pod["spec"].get("nodeName")


def waiting(made: RandomCluster, api: Api) -> list[str]:
    """The pods that have no node, when each was looked at: one that was pushed out may have found
    another."""
    pods = api.wait_items(made.pods, lambda pods: all(map(is_decided, pods)))
    return [pod["metadata"]["name"] for pod in pods if is_refused(pod)]


def with_volumes(values: Json) -> None:
    values["singleuser"] |= {"profileList": [], "storage": {"type": "dynamic"}}
    values["singleuser"]["memory"] = {"guarantee": "100M", "limit": None}
    values["singleuser"]["cpu"] = {"guarantee": None, "limit": None}


DRIVER = "seats.csi.hubtui.example"


async def test_no_more_run_than_volumes_can_be_attached(cluster: Cluster, tmp_path: Path) -> None:
    seed = SEED + 20
    print(f"HUBTUI_SEATS_SEED={seed - 20}")
    made_of = random_cluster(cluster, tmp_path, f"vols-{seed % 100_000}", seed, with_volumes)
    with made_of as made, cluster.api() as api:
        limited = {name: made.random.randint(0, 4) for name in made.nodes}
        for name, most in limited.items():
            driver = {"name": DRIVER, "nodeID": name, "allocatable": {"count": most}}
            told_by = {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode"}
            api.apply(told_by | {"metadata": {"name": name}, "spec": {"drivers": [driver]}})
        async with made.session() as session:
            (told,) = await seats(session)
        volumes = make_volumes(made, api, told.total + MORE)
        made.start(api, await manifest(made.values, {}), told.total + MORE, volumes)
        nodes = made.placed(api, told.total + MORE)
        for name in volumes:
            api.request("DELETE", f"/api/v1/persistentvolumes/{made.name}-{name}")
        for name in limited:
            api.request("DELETE", f"/apis/storage.k8s.io/v1/csinodes/{name}")

    by_node = {name: each.now for name, each in told.by_node.items() if each.now}
    assert Counter(nodes) == by_node, (seed, limited)
    assert not told.total or "volumes" in told.binds


def make_volumes(made: RandomCluster, api: Api, count: int) -> list[str]:
    """Volumes of the driver, each bound to the claim of one server."""
    claims = f"/api/v1/namespaces/{made.name}/persistentvolumeclaims"
    names = [f"claim-{number}" for number in range(count)]
    for name in names:
        size, modes = {"storage": "1Gi"}, ["ReadWriteOnce"]
        volume = f"{made.name}-{name}"
        spec = {
            "capacity": size,
            "accessModes": modes,
            "claimRef": {"namespace": made.name, "name": name},
            "csi": {"driver": DRIVER, "volumeHandle": volume},
            "storageClassName": "",
        }
        meta = {"name": volume}
        api.request("POST", "/api/v1/persistentvolumes", {"metadata": meta, "spec": spec})
        claim = {
            "accessModes": modes,
            "resources": {"requests": size},
            "volumeName": volume,
            "storageClassName": "",
        }
        api.request("POST", claims, {"metadata": {"name": name}, "spec": claim})
    api.wait_items(claims, lambda each: all(c["status"].get("phase") == "Bound" for c in each))
    return names


async def seats(session: Session) -> tuple[OfferSeats, ...]:
    """What is told to somebody who asks now."""
    await session.seats.fill()
    session.seats.update()
    assert session.seats.answer is not None, session.seats.missing
    return session.seats.answer.offers


async def taken(session: Session, told: OfferSeats) -> tuple[OfferSeats, ...]:
    """What is told once no seat of an offer is left: a quota counts a moment later."""
    found = await seats(session)
    async with asyncio.timeout(PATIENCE):
        while same_offer(found, told).total:
            await asyncio.sleep(0.05)
            found = await seats(session)
    return found


def same_offer(found: tuple[OfferSeats, ...], told: OfferSeats) -> OfferSeats:
    return next(each for each in found if each.offer.name == told.offer.name)


def numbers(found: tuple[OfferSeats, ...]) -> list[tuple[str, int]]:
    return [(each.offer.name, each.total) for each in found]


def followed(session: Session) -> list[tuple[str, int]]:
    """What somebody sees who has looked all the time."""
    session.seats.update()
    return numbers(session.seats.answer.offers) if session.seats.answer else []
