"""Claims with what is behind them, who mounts them and how full they are, whoever is silent."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hubtui.config import MetricsSource
from hubtui.model.claims import ClaimKind
from hubtui.model.disk import Source
from hubtui.services.kubelets import DENIED
from hubtui.services.session import Session
from hubtui.services.storage import MOUNTED_NOW, ClaimRow
from tests.cluster.claims import Claims
from tests.cluster.clusters import Cluster
from tests.cluster.opened import session_of, until
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.kubelet_figures import NodeUse, PodUse, VolumeUse
from tests.testbed.users import NAMESPACE

Json = dict[str, Any]

GIB = 2**30
NO_PROMETHEUS = MetricsSource(prometheus=f"{NAMESPACE}/no-such-service")
SUMMARY = "/proxy/stats/summary"


@asynccontextmanager
async def looking(kubeconfig: Path, metrics: MetricsSource) -> AsyncIterator[Session]:
    """Somebody looks at storage, and has seen what there is."""
    async with session_of(kubeconfig, namespace=NAMESPACE, metrics=metrics) as session:
        session.storage.start("test")
        await session.storage.fill()
        session.storage.update()
        yield session


@pytest.fixture
async def session(cluster: Cluster, reads_all: Path) -> AsyncIterator[Session]:
    async with looking(reads_all, NO_PROMETHEUS) as found:
        yield found


def row_of(session: Session, name: str) -> ClaimRow:
    session.storage.update()
    row = session.storage.row(name)
    assert row is not None, name
    return row


def listed(cluster: Cluster, kind: str) -> list[Json]:
    """What kubectl lists of a kind in the hub's namespace."""
    command = [str(cluster.kubectl), "--kubeconfig", str(cluster.kubeconfig)]
    command += ["-n", NAMESPACE, "get", kind, "-o", "json"]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    found: list[Json] = json.loads(said)["items"]
    return found


def mounts(pod: Json) -> set[str]:
    """The claims that a pod mounts."""
    claims = (volume.get("persistentVolumeClaim") for volume in pod["spec"].get("volumes", ()))
    return {claim["claimName"] for claim in claims if claim}


async def test_claims_and_who_mounts_them_are_those_of_kubectl(
    cluster: Cluster, session: Session
) -> None:
    session.storage.update()
    pods = listed(cluster, "pods")
    for claim in listed(cluster, "persistentvolumeclaims"):
        name = claim["metadata"]["name"]
        row = row_of(session, name)
        assert row.phase == claim["status"]["phase"]
        assert row.claim.spec.volume_name == claim["spec"].get("volumeName", "")
        holders = {pod["metadata"]["name"] for pod in pods if name in mounts(pod)}
        assert set(row.mounted_by) == holders
    database = [row for row in session.storage.rows() if row.kind is ClaimKind.HUB_DB]
    assert [row.name for row in database] == ["hub-db-dir"]


async def test_a_claim_is_followed_from_its_first_day_to_its_last(
    session: Session, claims: Claims
) -> None:
    claims.make_user("claim-c-ada--gpu", "c-ada", "2Gi")
    claims.bound("claim-c-ada--gpu")
    await until(lambda: session.storage.update() or session.storage.row("claim-c-ada--gpu"))
    await until(lambda: row_of(session, "claim-c-ada--gpu").phase == "Bound", "bound")
    row = row_of(session, "claim-c-ada--gpu")
    assert (row.kind, row.user, row.size, row.mounted_by) == (
        ClaimKind.USER,
        "c-ada",
        2 * GIB,
        (),
    )
    assert row.last_used is None
    assert row.last_used_words.startswith("not known: ")
    claims.mount("c-holds", "claim-c-ada--gpu")
    await until(lambda: row_of(session, "claim-c-ada--gpu").mounted_by == ("c-holds",), "mounted")
    assert row_of(session, "claim-c-ada--gpu").last_used_words == MOUNTED_NOW
    claims.end("c-holds")
    await until(lambda: row_of(session, "claim-c-ada--gpu").mounted_by == (), "let go")
    assert row_of(session, "claim-c-ada--gpu").last_used_words == "pod c-holds mounted it last"
    claims.delete("claim-c-ada--gpu")
    await until(
        lambda: session.storage.update() and session.storage.row("claim-c-ada--gpu") is None,
        "gone",
    )


async def test_two_claims_on_one_export_are_one_disk(session: Session, claims: Claims) -> None:
    claims.make_nfs("c-homes", "10.9.8.7", "/export/c")
    claims.make_nfs("c-course", "10.9.8.7", "/export/c/")
    claims.mount("c-reader", "c-homes", "c-course")

    def one_disk() -> bool:
        session.storage.update()
        disks = [disk for disk in session.storage.disks() if disk.server == "10.9.8.7"]
        return [(disk.claims, disk.pods) for disk in disks] == [
            (("c-course", "c-homes"), ("c-reader",))
        ]

    await until(one_disk, "one disk with both claims and the pod")


async def test_the_kubelets_tell_where_no_prometheus_does_and_a_dead_node_costs_its_own_cells(
    cluster: Cluster, reads_all: Path, proxy: FaultProxy, claims: Claims
) -> None:
    nodes = sorted(node["metadata"]["name"] for node in listed(cluster, "nodes"))[:2]
    names = [f"claim-c-user-{number}" for number in range(2)]
    for name, node in zip(names, nodes, strict=True):
        claims.make_user(name, name.removeprefix("claim-"))
        claims.bound(name)
        claims.mount(f"c-pod-{name[-1]}", name, node=node)
        volume = VolumeUse(name, used=GIB // 2, capacity=GIB, inodes=1000, inodes_used=10)
        proxy.stats[node] = NodeUse(pods=(PodUse("p", namespace=NAMESPACE, volumes=(volume,)),))
    proxy.answer(Match(f"/nodes/{nodes[1]}{SUMMARY}"), 503)
    async with looking(proxy.kubeconfig_from(reads_all), NO_PROMETHEUS) as session:
        await until(lambda: row_of(session, names[0]).figures, "figures of the node that answers")
        figures = row_of(session, names[0]).figures
        assert figures is not None
        assert (figures.source, figures.by) == (Source.KUBELET, f"node {nodes[0]}")
        assert (figures.share, figures.inode_share) == (0.5, 0.01)
        await session.disks.fill()
        dead = row_of(session, names[1])
        assert dead.figures is None
        assert f"node {nodes[1]}: " in dead.why_not
        assert "no-such-service" in dead.why_not
        asked = [seen.path for seen in proxy.requests if SUMMARY in seen.path]
        session.disks.retry()
        session.disks.pause("test")
        await session.disks.fill()
        assert [seen.path for seen in proxy.requests if SUMMARY in seen.path] == asked


async def test_without_rights_to_volumes_and_kubelets_the_claims_are_there_and_it_is_said(
    reads_all: Path, proxy: FaultProxy, claims: Claims
) -> None:
    claims.make_user("claim-c-eve", "c-eve")
    claims.bound("claim-c-eve")
    claims.mount("c-eve-pod", "claim-c-eve")
    for path in ("persistentvolumes", "storageclasses", "volumeattachments"):
        proxy.answer(Match(f"/{path}$"), 403)
    proxy.answer(Match(SUMMARY), 403)
    async with looking(proxy.kubeconfig_from(reads_all), NO_PROMETHEUS) as session:
        await until(lambda: row_of(session, "claim-c-eve").mounted_by == ("c-eve-pod",))
        row = row_of(session, "claim-c-eve")
        assert (row.backing, row.disk, row.size) == (None, "", GIB)
        assert row.why_not.endswith(DENIED)
        told = {note.source for note in session.storage.notes()}
        assert told >= {"volumes", "storage classes", "volume attachments"}
