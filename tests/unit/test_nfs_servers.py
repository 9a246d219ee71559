"""Who serves the shared disks: recognised by pods, drivers and addresses; and its clients."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, cast

import msgspec
import pytest

from hubtui.clients.kube import KubeClient
from hubtui.errors import DeniedError, HubtuiError
from hubtui.model.claims import Backing
from hubtui.model.kube import Object, Pod
from hubtui.model.kube_services import Service
from hubtui.model.nfs import (
    CALLS,
    REFRESHED,
    SENT_AGAIN,
    Client,
    clients,
    is_managed,
    kind_of_backing,
    kind_of_pod,
    service_of,
)
from hubtui.model.prometheus import Sample
from hubtui.services.nfs_servers import LENGTH, SERVICES_EVERY, NfsServers
from hubtui.services.prometheus import PrometheusLink
from tests.past import NO_PROMETHEUS, Past
from tests.storage_desk import GIB, HUB, START, Desk, claim, nfs, volume

Json = dict[str, Any]
NOW = START.timestamp()
HOME_NFS = {"app": "nfs-server", "app.kubernetes.io/component": "nfs-server"}


def server(labels: Json, image: str = "nfs", *, namespace: str = HUB, **status: Any) -> Pod:
    """A pod that may serve files; it mounts the claim `home-disk`."""
    return msgspec.convert(
        {
            "metadata": {"name": "server-0", "namespace": namespace, "labels": labels},
            "spec": {
                "nodeName": "core-1",
                "containers": [{"name": "nfs", "image": image}],
                "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "home-disk"}}],
            },
            "status": {"phase": "Running", **status},
        },
        Pod,
    )


@pytest.mark.parametrize(
    ("labels", "image", "kind"),
    [
        (HOME_NFS, "ghcr.io/2i2c-org/nfs-server:1", "jupyterhub-home-nfs"),
        ({"component": "shared-volume-metrics"}, "x", "jupyterhub-home-nfs"),
        ({"app": "nfs-server-provisioner"}, "x", "nfs-server-provisioner"),
        ({}, "registry.k8s.io/sig-storage/nfs-provisioner:v4.0.8", "nfs-server-provisioner"),
        ({"app": "nfs-ganesha"}, "x", "nfs-ganesha"),
        ({}, "quay.io/nfs-ganesha/ganesha:5.5@sha256:0", "nfs-ganesha"),
        ({"app": "rook-nfs"}, "rook/nfs", "Rook NFS"),
        ({"app": "nfs-server"}, "k8s.gcr.io/volume-nfs:0.8", "NFS server"),
        ({"app": "web"}, "nginx", ""),
        ({"component": "hub"}, "quay.io/jupyterhub/k8s-hub:4", ""),
        ({}, "registry.k8s.io/sig-storage/nfs-subdir-external-provisioner:v4", ""),
    ],
)
def test_a_pod_that_serves_files_is_recognised(labels: Json, image: str, kind: str) -> None:
    assert kind_of_pod(server(labels, image)) == kind


@pytest.mark.parametrize(
    ("driver", "address", "made_by", "kind", "managed"),
    [
        ("efs.csi.aws.com", "fs-1", "", "Amazon EFS", True),
        ("nfs", "fs-0a1b2c3d.efs.eu-central-1.amazonaws.com", "", "Amazon EFS", True),
        ("nfs", "svm-1.fs-2.fsx.us-west-2.amazonaws.com", "", "Amazon FSx", True),
        ("fsx.csi.aws.com", "", "", "Amazon FSx", True),
        ("filestore.csi.storage.gke.io", "10.1.2.3", "", "Google Filestore", True),
        ("file.csi.azure.com", "a.file.core.windows.net", "", "Azure Files", True),
        ("nfs", "a.file.core.windows.net", "", "Azure Files", True),
        ("rook-ceph.cephfs.csi.ceph.com", "rook-ceph", "", "CephFS", True),
        ("nfs.manila.csi.openstack.org", "", "", "OpenStack Manila", True),
        (
            "nfs",
            "10.0.0.2",
            "cluster.local/nfs-server-provisioner",
            "nfs-server-provisioner",
            False,
        ),
        ("nfs", "10.0.0.2", "", "NFS server", False),
    ],
)
def test_what_is_behind_a_volume_is_recognised(
    driver: str, address: str, made_by: str, kind: str, managed: bool
) -> None:
    found = kind_of_backing(Backing("pv", driver, provisioner=made_by), address, "")
    assert (found, is_managed(found)) == (kind, managed)


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("home-nfs.nfs.svc.cluster.local", ("nfs", "home-nfs")),
        ("home-nfs.nfs", ("nfs", "home-nfs")),
        ("home-nfs", (HUB, "home-nfs")),
        ("10.0.0.2", None),
        ("fd00::2", None),
        ("filer.storage.example.org", None),
        ("", None),
    ],
)
def test_an_address_may_name_a_service(address: str, service: tuple[str, str] | None) -> None:
    assert service_of(address, HUB) == service


def count(metric: str, node: str, value: float, **labels: str) -> Sample:
    return Sample({"__name__": metric, "node": node, **labels}, NOW, value)


def test_what_clients_did_is_the_difference_of_two_looks() -> None:
    before = {
        CALLS: [count(CALLS, "a", 1000), count(CALLS, "b", 9000), count(CALLS, "c", 5)],
        SENT_AGAIN: [count(SENT_AGAIN, "a", 10), count(SENT_AGAIN, "b", 7)],
    }
    after = {
        CALLS: [
            count(CALLS, "a", 3000),
            count(CALLS, "b", 400),
            count(CALLS, "c", 5),
            count(CALLS, "new", 10**6),
        ],
        SENT_AGAIN: [count(SENT_AGAIN, "a", 110), count(SENT_AGAIN, "b", 2)],
        REFRESHED: [count(REFRESHED, "a", 5)],
    }
    found = clients(before, after, LENGTH)
    assert found == (Client("a", 2000, 100, 0, LENGTH), Client("b", 400, 2, 0, LENGTH))
    assert [(each.share, each.suffers) for each in found] == [(0.05, True), (0.005, False)]


class Services:
    """An apiserver that knows services and pods only."""

    def __init__(self, *things: Object) -> None:
        self.things = things
        self.denied: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.hold: asyncio.Event | None = None
        """With one, it answers once that is set."""

    async def list(
        self, kind: Any, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> list[Object]:
        self.asked.append((kind.plural, namespace))
        if self.hold is not None:
            await self.hold.wait()
        if namespace in self.denied:
            raise DeniedError("services is forbidden", resource="services")
        wanted = dict(part.split("=") for part in labels.split(",") if part)
        return [
            each
            for each in self.things
            if isinstance(each, kind.struct)
            and namespace in ("", each.metadata.namespace)
            and wanted.items() <= each.metadata.labels.items()
        ]


def service(name: str, address: str, selects: Json, namespace: str = HUB) -> Service:
    meta = {"name": name, "namespace": namespace}
    spec = {"clusterIP": address, "selector": selects}
    return msgspec.convert({"metadata": meta, "spec": spec}, Service)


def watched(desk: Desk, *things: Object) -> tuple[NfsServers, Services, Past]:
    api, past = Services(*things), Past()
    found = NfsServers(
        cast(KubeClient, api),
        desk.storage,
        desk.disks,
        desk.pods,
        cast(PrometheusLink, past),
        HUB,
        now=desk.now,
        clock=lambda: desk.seconds,
    )
    return found, api, past


def on(desk: Desk, address: str) -> None:
    """A claim on an export of a server."""
    desk.put(claim("home", modes=("ReadWriteMany",)), volume("pv-home", nfs(address)))


async def test_the_pod_behind_an_export_is_told_with_its_restarts_and_its_own_disk() -> None:
    desk = Desk()
    on(desk, "10.0.0.2")
    ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-23T11:00:00Z"}
    statuses = [
        {"name": "nfs", "restartCount": 3, "lastState": {"terminated": ended}},
        {"name": "quota", "restartCount": 1},
    ]
    desk.put(server(HOME_NFS, containerStatuses=statuses), claim("home-disk"))
    desk.put(volume("pv-home-disk"))
    desk.prometheus.tell("home-disk", 80 * GIB, 100 * GIB)
    await desk.read()
    servers, api, _ = watched(desk, service("home-nfs", "10.0.0.2", HOME_NFS))
    await servers.fill()
    (found,) = servers.servers()
    assert (found.kind, found.address, found.managed) == ("jupyterhub-home-nfs", "10.0.0.2", False)
    assert (found.claims, found.why_no_pod, found.why_not) == (("home",), "", "")
    assert found.pod is not None
    assert found.restarts is not None
    assert (found.restarts.count, found.restarts.reason) == (4, "OOMKilled")
    assert found.restarts.at == START - timedelta(hours=1)
    assert found.figures is not None
    assert found.figures.share == pytest.approx(0.8)
    assert api.asked == [("services", HUB)]


async def test_a_server_of_another_namespace_is_found_where_it_may_be_read() -> None:
    desk = Desk()
    on(desk, "home-nfs.nfs.svc.cluster.local")
    desk.storage.update()
    away = server({"app": "nfs-server"}, namespace="nfs")
    servers, api, _ = watched(
        desk, service("home-nfs", "10.0.0.9", {"app": "nfs-server"}, "nfs"), away
    )
    await servers.fill()
    assert [each.pod for each in servers.servers()] == [away]
    assert api.asked == [("services", HUB), ("services", "nfs"), ("pods", "nfs")]
    await servers.fill()
    assert len(api.asked) == 3
    desk.seconds = SERVICES_EVERY
    await servers.fill()
    assert len(api.asked) == 6


async def test_an_address_is_looked_for_in_all_namespaces_where_the_own_has_it_not() -> None:
    desk = Desk()
    on(desk, "10.0.0.9")
    desk.storage.update()
    away = server({"app": "nfs-server"}, namespace="nfs")
    behind = service("home-nfs", "10.0.0.9", {"app": "nfs-server"}, "nfs")
    servers, api, _ = watched(desk, behind, away)
    await servers.fill()
    assert [each.pod for each in servers.servers()] == [away]
    assert api.asked == [("services", HUB), ("services", ""), ("pods", "nfs")]


async def test_services_that_nobody_waited_for_are_read_again() -> None:
    desk = Desk()
    on(desk, "10.0.0.2")
    desk.storage.update()
    servers, api, _ = watched(desk, service("home-nfs", "10.0.0.2", HOME_NFS), server(HOME_NFS))
    api.hold = asyncio.Event()
    reading = asyncio.create_task(servers.fill())
    for _ in range(50):
        await asyncio.sleep(0)
    assert api.asked
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    api.hold = None
    await servers.fill()
    assert len(api.asked) == 2
    assert servers.servers()[0].why_no_pod != "no service of this cluster has its address"


async def test_without_the_right_to_see_services_the_reason_stands_with_the_server() -> None:
    desk = Desk()
    on(desk, "10.0.0.2")
    desk.storage.update()
    servers, api, _ = watched(desk)
    api.denied = {HUB, ""}
    await servers.fill()
    (found,) = servers.servers()
    assert (found.kind, found.pod, found.restarts) == ("NFS server", None, None)
    assert found.why_no_pod == "services is forbidden"


async def test_a_managed_one_has_no_pod_and_a_pod_without_volumes_stands_alone() -> None:
    desk = Desk()
    on(desk, "fs-0a1b.efs.eu-central-1.amazonaws.com")
    desk.put(server({"app": "nfs-ganesha"}))
    desk.storage.update()
    servers, _, _ = watched(desk)
    await servers.fill()
    efs, ganesha = servers.servers()
    assert (efs.kind, efs.managed, efs.pod) == ("Amazon EFS", True, None)
    assert efs.why_no_pod == "it is no pod of this cluster"
    assert (ganesha.kind, ganesha.address, ganesha.claims) == ("nfs-ganesha", "", ())
    assert ganesha.why_not == "nothing measures its disk"


async def test_clients_are_asked_once_a_minute_and_their_absence_is_told() -> None:
    desk = Desk()
    servers, _, past = watched(desk)
    past.absent = NO_PROMETHEUS
    await servers.fill()
    assert servers.clients_missing == NO_PROMETHEUS.what
    past.absent, desk.seconds = None, 60
    await servers.fill()
    assert servers.clients_missing == f"Prometheus has no {CALLS} of node exporters"
    then = NOW - LENGTH.total_seconds() + 120
    for metric, was, value in ((CALLS, 100, 1100), (SENT_AGAIN, 0, 50)):
        past.tell(metric, [(then, was), (NOW + 120, value)], instance="user-1:9100")
    desk.seconds = 120
    await servers.fill()
    assert servers.clients == (Client("user-1", 1000, 50, 0, LENGTH),)
    assert (servers.clients_missing, servers.notes()) == ("", ())
    asked = len(past.queries)
    await servers.fill()
    assert len(past.queries) == asked
    error: HubtuiError = NO_PROMETHEUS
    past.failing, desk.seconds = (lambda _: error), 180
    await servers.fill()
    assert [note.reason for note in servers.notes()] == [NO_PROMETHEUS.what]
