"""What the join of claims costs, in this process alone: `python -m tests.bench.storage`.

5,000 claims of users with a volume each, 5,000 servers on 250 nodes that mount them, all decoded
from JSON as the apiserver writes it, and a shared home that each server mounts, too. The kubelets
and the Prometheus are stand-ins that answer at once, so what is left is hubtui's own. No cluster is
needed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import msgspec

from hubtui.clients.kube import KubeClient
from hubtui.errors import ConfigError
from hubtui.model import kube
from hubtui.model.kinds import PODS
from hubtui.model.kube_needs import Claim
from hubtui.model.prometheus import Sample, Series
from hubtui.model.promql import selector
from hubtui.model.volumes import Volume
from hubtui.services.disks import Disks
from hubtui.services.feeds import Feeds
from hubtui.services.hub_feed import HubFeed
from hubtui.services.hub_link import HubLink
from hubtui.services.storage import Storage
from hubtui.services.store import Store
from tests.bench.machine import percentile
from tests.testbed.kubelet_figures import summary, volume_metrics
from tests.testbed.load_claims import behind, bound, mounted
from tests.testbed.load_objects import NAMESPACE, Hub, Pods, node_name

NODES: Final = 250
CLAIMS: Final = 5_000
CHANGES: Final = 5_000
WITHIN: Final = 0.001
"""Seconds that one changed pod or claim may cost (issue 9)."""

ALL_WITHIN: Final = 2.0
FIGURES_WITHIN: Final = 5.0
"""Seconds until all claims are joined, and until all figures of all nodes are (issue 9)."""

SHARED: Final = "home-nfs"

Json = dict[str, Any]


class Kubelets:
    """A stand-in for an apiserver that answers for kubelets, at once."""

    def __init__(self) -> None:
        uses = mounted(CLAIMS, NODES)
        self._bodies = {node: json.dumps(summary(node, use)).encode() for node, use in uses.items()}
        self.asked = 0

    async def can_i(self, *_: object, **__: object) -> bool:
        return True

    async def request(self, call: Any, **_: object) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        return self._bodies[call.name]


class Metrics:
    """A stand-in for a Prometheus that has scraped them; with `away` for one that is not there."""

    def __init__(self, *, away: bool) -> None:
        self._away = away
        self._held: dict[str, list[Sample]] = {}
        for node, use in mounted(CLAIMS, NODES).items():
            for metric, namespace, claim, value in volume_metrics(use.pods):
                labels = {"__name__": metric, "instance": node, "job": "kubernetes-nodes"}
                labels |= {"namespace": namespace, "persistentvolumeclaim": claim}
                self._held.setdefault(metric, []).append(Sample(labels, time.time(), value))

    def selector(self, metric: str, /, **matchers: str) -> str:
        return selector(metric, **matchers)

    async def open(self) -> Metrics:
        if self._away:
            raise ConfigError("No Prometheus found")
        return self

    async def query(self, promql: str, at: object = None) -> list[Sample]:
        return self._held.get(promql.partition("{")[0], [])

    async def query_range(self, *_: object) -> list[Series]:
        return []


class Desk:
    """The stores, filled, and who joins them."""

    def __init__(self, *, prometheus: bool) -> None:
        client = cast(KubeClient, Kubelets())
        self.kubelets = cast(Kubelets, client)
        self.feeds = Feeds(client, live=False)
        self.pods: Store[kube.Pod] = self.feeds.add(PODS, NAMESPACE)
        self.disks = Disks(client, self.feeds, self.pods, Metrics(away=not prometheus), NAMESPACE)
        feed = HubFeed(cast(HubLink, _NoHub()))
        self.storage = Storage(self.feeds, self.pods, self.disks, feed, NAMESPACE, Hub().release)

    def fill(self, claims: list[Claim], volumes: list[Volume], pods: list[kube.Pod]) -> float:
        """The seconds that the first join takes."""
        for store, things in (
            (self.storage.claims, claims),
            (self.storage.volumes, volumes),
            (self.pods, pods),
        ):
            _fill(store, things)
        for other in (self.storage.classes, self.storage.attachments):
            _fill(other, [])
        gc.collect()
        gc.freeze()
        began = time.perf_counter()
        self.storage.update()
        self.storage.disks()
        return time.perf_counter() - began


class _NoHub:
    """The link to a hub that nobody asks."""

    time = None


def main() -> None:
    """Measures and prints; ends with an error where it takes longer than issue 9 allows."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.storage", description=__doc__)
    parser.add_argument("--changes", type=int, default=CHANGES)
    options = parser.parse_args()
    claims, volumes, pods = all_claims(), all_volumes(), all_pods()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{len(claims):,} claims, {len(pods):,} pods, {NODES} nodes; load average {load}")
    over = []
    desk = Desk(prometheus=True)
    joined = desk.fill(claims, volumes, pods)
    over += told("first join", joined, ALL_WITHIN)
    over += told("figures of Prometheus", asyncio.run(_timed(desk)), FIGURES_WITHIN)
    other = Desk(prometheus=False)
    other.fill(claims, volumes, pods)
    over += told(f"figures of {NODES} kubelets", asyncio.run(_timed(other)), FIGURES_WITHIN)
    assert other.kubelets.asked == NODES
    for one in (desk, other):
        measured = sum(1 for row in one.storage.rows() if row.figures is not None)
        assert measured == CLAIMS, measured
    chance = random.Random(9)
    turns: tuple[tuple[str, Callable[[], object]], ...] = (
        ("one pod changed", lambda: _turn(desk.pods, chance.choice(pods))),
        ("one claim changed", lambda: desk.storage.claims.put(_larger(chance.choice(claims)))),
    )
    for what, change in turns:
        over += told_each(what, [_changed(desk, change) for _ in range(options.changes)])
    if over:
        raise SystemExit(f"over what issue 9 allows: {', '.join(over)}")


async def _timed(desk: Desk) -> float:
    read: Callable[[], Awaitable[None]] = desk.disks.fill
    began = time.perf_counter()
    await read()
    desk.storage.update()
    return time.perf_counter() - began


def _changed(desk: Desk, change: Callable[[], object]) -> float:
    """The seconds that it takes when something has changed, with the shared disks."""
    change()
    began = time.perf_counter()
    desk.storage.update()
    desk.storage.disks()
    return time.perf_counter() - began


def told(what: str, took: float, within: float) -> list[str]:
    """Prints how long it took; names it where that is too long."""
    print(f"{what:<24} {took * 1000:9.1f} ms")
    return [what] if took > within else []


def told_each(what: str, took: list[float]) -> list[str]:
    """The same of many turns."""
    median, most = percentile(took, 0.50), percentile(took, 0.99)
    print(f"{what:<24} {median * 1000:9.3f} ms, {most * 1000:.3f} ms at the 99th percentile")
    return [what] if median > WITHIN else []


def all_claims() -> list[Claim]:
    """The users' claims, and the home that they share."""
    of_users = [_decoded(bound(number), Claim) for number in range(CLAIMS)]
    spec = {"accessModes": ["ReadWriteMany"], "volumeName": SHARED, "storageClassName": ""}
    body = {"metadata": {"name": SHARED}, "spec": spec, "status": {"phase": "Bound"}}
    return [*of_users, _decoded(body, Claim)]


def all_volumes() -> list[Volume]:
    """What is behind them."""
    of_users = [_decoded(behind(number), Volume) for number in range(CLAIMS)]
    nfs = {"nfs": {"server": "10.0.0.2", "path": "/export/home"}}
    return [*of_users, _decoded({"metadata": {"name": SHARED}, "spec": nfs}, Volume)]


def all_pods() -> list[kube.Pod]:
    """The servers: each mounts its user's claim and the shared home."""
    made = Pods()
    return [_pod(made.pod(number, node_name(number % NODES)), number) for number in range(CLAIMS)]


def _pod(body: Json, number: int) -> kube.Pod:
    for container in body["spec"]["containers"]:
        asked = container["resources"]["requests"]
        asked |= {name: str(value) for name, value in asked.items()}  # as the apiserver answers
    names = (bound(number)["metadata"]["name"], SHARED)
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names]
    spec = body["spec"] | {"volumes": volumes}
    return cast(kube.Pod, _decoded(body | {"spec": spec, "status": {"phase": "Running"}}, kube.Pod))


def _turn(store: Store[kube.Pod], pod: kube.Pod) -> None:
    """A server ends, or one that has ended comes again."""
    now = store.get(pod.key) or pod
    phase = "Succeeded" if now.status.phase == "Running" else "Running"
    store.put(msgspec.structs.replace(now, status=msgspec.structs.replace(now.status, phase=phase)))


def _larger(claim: Claim) -> Claim:
    """A claim that was expanded."""
    size = {"storage": f"{random.randrange(11, 999)}Gi"}
    return msgspec.structs.replace(
        claim, status=msgspec.structs.replace(claim.status, capacity=size)
    )


def _fill(store: Store[Any], things: list[Any]) -> None:
    store.listing()
    store.page(things)
    store.listed()
    store.live()


def _decoded(body: Json, struct: type[Any]) -> Any:
    metadata: Json = {"namespace": "" if struct is Volume else NAMESPACE} | body["metadata"]
    return msgspec.json.decode(json.dumps(body | {"metadata": metadata}), type=struct)


if __name__ == "__main__":
    main()
