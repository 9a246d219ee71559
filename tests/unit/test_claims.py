"""What a claim is for and whose, and which file system is behind a volume."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hubtui.model.claims import (
    ClaimKind,
    backing_of,
    bytes_of,
    claimant_of,
    claimed_server,
    disk_of,
    kind_of,
)
from hubtui.model.volumes import Volume
from tests.storage_desk import claim, nfs, storage_class, volume

Json = dict[str, Any]

DATABASE: Json = {"component": "hub", "app": "jupyterhub", "release": "hub"}
MODERN: Json = {"app.kubernetes.io/component": "hub", "app.kubernetes.io/instance": "hub"}
SHARED = ("ReadWriteMany",)


def csi(driver: str, handle: str, **told: str) -> Json:
    source = {"driver": driver, "volumeHandle": handle, "volumeAttributes": told}
    return {"csi": source}


@pytest.mark.parametrize(
    ("name", "labels", "kind"),
    [
        ("hub-db-dir", DATABASE, ClaimKind.HUB_DB),
        ("hub-db-dir", {}, ClaimKind.HUB_DB),
        ("staging-jupyterhub-hub-db-dir", {}, ClaimKind.HUB_DB),
        ("database", MODERN, ClaimKind.HUB_DB),
        ("hub-db-dir", DATABASE | {"release": "other"}, ClaimKind.OTHER),
        ("claim-alice", {"component": "singleuser-storage"}, ClaimKind.USER),
        ("home-of-alice", {"component": "singleuser-storage"}, ClaimKind.USER),
        ("claim-alice", {}, ClaimKind.USER),
        ("home-nfs", {}, ClaimKind.HOME_SHARED),
        ("storage-quota-home-nfs", {}, ClaimKind.HOME_SHARED),
        ("home-nfs-v3", {}, ClaimKind.HOME_SHARED),
        ("nfs-home", {}, ClaimKind.HOME_SHARED),
        ("homes", {}, ClaimKind.HOME_SHARED),
        ("shared-home", {}, ClaimKind.HOME_SHARED),
        ("support-prometheus-server", {"component": "server"}, ClaimKind.OTHER),
        ("support-grafana", {}, ClaimKind.OTHER),
        ("chrome-data", {}, ClaimKind.OTHER),
    ],
)
def test_the_kind_is_told_by_labels_else_by_the_name(
    name: str, labels: Json, kind: ClaimKind
) -> None:
    assert kind_of(claim(name, labels=labels), "hub") is kind


def test_what_many_users_may_write_to_is_a_shared_home_and_what_one_may_is_not() -> None:
    many, one = claim("data", modes=SHARED), claim("data")
    assert kind_of(many, mounted_by_users=True) is ClaimKind.HOME_SHARED
    assert kind_of(many) is ClaimKind.OTHER
    assert kind_of(one, mounted_by_users=True) is ClaimKind.OTHER


@pytest.mark.parametrize(
    ("name", "user", "labels", "whose"),
    [
        ("claim-alice-b---1a2b", "Alice.B", None, "Alice.B"),
        ("claim-alice-2eb", "", {"hub.jupyter.org/username": "alice-2eb"}, "alice-2eb"),
        ("claim-alice-2eb-40example-2eorg", "", {}, "alice.b@example.org"),
        ("claim-alice", "", {}, "alice"),
        ("claim-x-ff", "", {}, "x-ff"),
        ("claim-x-1b", "", {}, "x-1b"),
        ("grafana", "", {}, ""),
    ],
)
def test_whose_a_claim_is(name: str, user: str, labels: Json | None, whose: str) -> None:
    assert claimant_of(claim(name, user, labels=labels)) == whose


def test_a_named_server_is_told_by_its_annotation() -> None:
    assert claimed_server(claim("claim-alice--gpu", "alice", "gpu")) == "gpu"
    assert claimed_server(claim("claim-alice", "alice")) == ""


@pytest.mark.parametrize(
    ("source", "server", "path", "disk"),
    [
        (nfs("10.0.0.2", "/export/home/"), "10.0.0.2", "/export/home", "nfs:10.0.0.2:/export/home"),
        (nfs("NFS.example.org.", "/"), "nfs.example.org", "/", "nfs:nfs.example.org:/"),
        (
            csi("nfs.csi.k8s.io", "x#y", server="10.0.0.2", share="/export", subDir="pv-1"),
            *("10.0.0.2", "/export/pv-1", "nfs:10.0.0.2:/export"),
        ),
        (csi("efs.csi.aws.com", "fs-12"), "fs-12", "/", "efs:fs-12"),
        (csi("efs.csi.aws.com", "fs-12:/homes"), "fs-12", "/homes", "efs:fs-12"),
        (csi("efs.csi.aws.com", "fs-12::fsap-9"), "fs-12", "/", "efs:fs-12"),
        (
            csi("filestore.csi.storage.gke.io", "modeInstance/z/i/v", ip="10.1.1.2", volume="vol1"),
            *("10.1.1.2", "/vol1", "filestore.csi.storage.gke.io:10.1.1.2:/vol1"),
        ),
        (
            csi("file.csi.azure.com", "rg#account#homes###"),
            *("account.file.core.windows.net", "/homes"),
            "file.csi.azure.com:account.file.core.windows.net:/homes",
        ),
        (
            csi("rook-ceph.cephfs.csi.ceph.com", "0001-a", clusterID="c1", rootPath="/volumes/h"),
            *("c1", "/volumes/h", "rook-ceph.cephfs.csi.ceph.com:c1:/volumes/h"),
        ),
        (csi("cephfs.csi.ceph.com", "0001-a"), "", "", "cephfs.csi.ceph.com:0001-a"),
        (
            csi("smb.csi.k8s.io", "x", source="//Files.example.org/homes"),
            *("files.example.org", "/homes", "smb.csi.k8s.io:files.example.org:/homes"),
        ),
    ],
)
def test_network_file_systems_are_told_apart_by_server_and_export(
    source: Json, server: str, path: str, disk: str
) -> None:
    found = volume("pv-1", source)
    backing = backing_of(found, None)
    assert (backing.server, backing.path, backing.shared) == (server, path, True)
    assert backing.expandable is None
    assert disk_of(found) == disk


@pytest.mark.parametrize(
    ("name", "provisioner", "path", "export"),
    [
        ("pvc-1", None, "/export/hub-x-pvc-1", "/export"),
        ("pvc-1", None, "/pvc-1", "/"),
        ("homes-1", "cluster.local/nfs", "/export/hub-x-homes-1", "/export"),
        ("home", None, "/home", "/home"),
        ("home", None, "/export/home", "/export/home"),
    ],
)
def test_the_folder_of_a_volume_is_cut_where_a_provisioner_made_it(
    name: str, provisioner: str | None, path: str, export: str
) -> None:
    made = volume(name, nfs("10.0.0.2", path))
    notes = msgspec.structs.replace(made.metadata.annotations, provisioned_by=provisioner)
    meta = msgspec.structs.replace(made.metadata, annotations=notes)
    assert disk_of(msgspec.structs.replace(made, metadata=meta)) == f"nfs:10.0.0.2:{export}"


@pytest.mark.parametrize(
    ("source", "driver", "disk"),
    [
        (csi("ebs.csi.aws.com", "vol-1"), "ebs.csi.aws.com", "ebs.csi.aws.com:vol-1"),
        (csi("ebs.csi.aws.com", ""), "ebs.csi.aws.com", "ebs.csi.aws.com:pv-1"),
        ({"hostPath": {"path": "/srv/a"}}, "hostPath", "hostPath::/srv/a"),
        ({"local": {"path": "/mnt/a"}}, "local", "local::/mnt/a"),
        ({}, "", "volume::pv-1"),
    ],
)
def test_a_disk_of_its_own_is_nobody_elses(source: Json, driver: str, disk: str) -> None:
    found = volume("pv-1", source)
    backing = backing_of(found, storage_class(expands=False))
    assert (backing.driver, backing.server, backing.shared) == (driver, "", False)
    assert (backing.expandable, backing.reclaim) == (False, "Delete")
    assert disk_of(found) == disk


@pytest.mark.parametrize(
    "key",
    [
        "topology.kubernetes.io/zone",
        "topology.gke.io/zone",
        "topology.ebs.csi.aws.com/zone",
        "failure-domain.beta.kubernetes.io/zone",
    ],
)
def test_the_zone_of_a_volume_is_told_by_each_drivers_label(key: str) -> None:
    match = {"key": key, "operator": "In", "values": ["b", "b"]}
    terms = [{"matchExpressions": [match]}]
    found = msgspec.convert(
        {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}}}, Volume
    )
    assert backing_of(found, None).where == "b"


@pytest.mark.parametrize(
    ("written", "size"),
    [
        *(("10Gi", 10 * 2**30), ("10G", 10**10), ("1e3", 1000), ("1.5Ki", 1536), ("0", 0)),
        *(("1500m", 2), ("", None), ("ten", None), ("-1", None)),
    ],
)
def test_sizes_are_read_in_every_unit(written: str, size: int | None) -> None:
    assert bytes_of(written) == size
