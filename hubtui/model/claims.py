"""What a claim is for, whose it is, and what is behind it.

Source: the chart's labels (facts.md §1.1), KubeSpawner's claims and names (§2.2), the volume
handles of the drivers' own documentation (csi-driver-nfs, aws-efs-csi-driver, GKE Filestore,
azurefile-csi-driver, ceph-csi).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final

from hubtui.model.kube import Pod
from hubtui.model.kube_needs import Claim
from hubtui.model.quantity import parse
from hubtui.model.roles import component_of
from hubtui.model.volumes import CsiSource, StorageClass, Volume


class ClaimKind(StrEnum):
    """What a claim is for. The order is the order on the screen."""

    HUB_DB = "hub database"
    HOME_SHARED = "home shared"
    USER = "user"
    OTHER = "other"


KIND_ORDER: Final = {kind: index for index, kind in enumerate(ClaimKind)}

USER_COMPONENT: Final = "singleuser-storage"
"""The label `component` of what KubeSpawner makes; its modern twin says `singleuser-server`."""

_LEGACY: Final = re.compile(r"claim-(?P<user>.+)")
_HUB_DB: Final = re.compile(r"(?:.+-)?hub-db-dir")
_HOMES: Final = re.compile(
    r"(?:.+-)?(?:homes?|home-?nfs|nfs-?homes?|home-dirs?|shared-?homes?)(?:-(?:v?\d+|pvc|data|nfs))?"
)
MANY: Final = "ReadWriteMany"

_MADE: Final = "pvc-"
"""How the names begin that provisioners give to volumes."""
_STORAGE: Final = "storage"


def kind_of(claim: Claim, release: str = "", *, mounted_by_users: bool = False) -> ClaimKind:
    """What a claim is for; with a release given, the database of another hub is OTHER.

    `mounted_by_users`: servers of users mount it, which makes one that many may write to a shared
    home.
    """
    labels, name = claim.metadata.labels, claim.metadata.name
    component = component_of(labels)
    if component == USER_COMPONENT or claim.metadata.annotations.username:
        return ClaimKind.USER
    owner = labels.get("release", "") or labels.get("app.kubernetes.io/instance", "")
    if component == "hub" or _HUB_DB.fullmatch(name):
        return ClaimKind.OTHER if release and owner and owner != release else ClaimKind.HUB_DB
    if (mounted_by_users and MANY in claim.spec.access_modes) or _HOMES.fullmatch(name):
        return ClaimKind.HOME_SHARED
    return ClaimKind.USER if _LEGACY.fullmatch(name) else ClaimKind.OTHER


def claimant_of(claim: Claim) -> str:
    """The user of a user's claim: by the annotation, else the label, which is only a slug, else
    what its name says; empty where nothing tells one."""
    named = claim.metadata.annotations.username or claim.metadata.labels.get(
        "hub.jupyter.org/username", ""
    )
    if named:
        return named
    legacy = _LEGACY.fullmatch(claim.metadata.name)
    return _unescaped(legacy["user"]) if legacy is not None else ""


def claimed_server(claim: Claim) -> str:
    """The name of the named server that a claim was made for; empty for the default server."""
    return claim.metadata.annotations.servername or ""


def _unescaped(name: str) -> str:
    """A name that KubeSpawner escaped before version 7: `alice-2eb` was `alice.b`."""
    try:
        raw = re.sub(rb"-([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), name.encode())
        text = raw.decode()
    except UnicodeDecodeError:
        return name
    return text if text.isprintable() else name


@lru_cache(maxsize=4096)
def bytes_of(quantity: str) -> int | None:
    """The bytes of a written size, rounded up; None where it is no number of bytes."""
    try:
        size = parse(quantity)
    except ValueError:
        return None
    return int(size.to_integral_value(rounding="ROUND_CEILING")) if size >= Decimal(0) else None


def size_of(claim: Claim) -> int | None:
    """The bytes that a claim has; None before it is bound."""
    return bytes_of(claim.status.capacity.get(_STORAGE, ""))


def asked_of(claim: Claim) -> int | None:
    """The bytes that a claim asks for."""
    return bytes_of(claim.spec.resources.requests.get(_STORAGE, ""))


@dataclass(frozen=True, slots=True)
class Export:
    """A shared file system, its identity, and where it is."""

    disk: str
    server: str
    path: str

    @classmethod
    def of(cls, server: str, path: str) -> Export:
        """What an NFS server exports."""
        host, folder = _host(server), _tidy(path)
        return cls(f"nfs:{host}:{folder}", host, folder)


@dataclass(frozen=True, slots=True)
class Backing:
    """The volume behind a claim.

    `driver` is `nfs`, `hostPath`, `local`, or the name of the CSI driver; `server` and `path` say
    where a network file system is, `where` in words from where it can be reached (its zone).
    `expandable` is None where its class is not known. `shared`: one file system may be behind many
    volumes, and may be mounted on many nodes at once.
    """

    volume: str
    driver: str
    server: str = ""
    path: str = ""
    handle: str = ""
    where: str = ""
    reclaim: str = ""
    phase: str = ""
    provisioner: str = ""
    expandable: bool | None = None
    shared: bool = False


def backing_of(volume: Volume, made_by: StorageClass | None) -> Backing:
    """What is behind a volume; `made_by` is its class, None where that is not known."""
    spec = volume.spec
    driver, server, path = _place(volume)
    return Backing(
        volume=volume.metadata.name,
        driver=driver,
        server=server,
        path=path,
        handle=spec.csi.volume_handle if spec.csi is not None else "",
        where=volume.where,
        reclaim=spec.persistent_volume_reclaim_policy,
        phase=volume.status.phase,
        provisioner=made_by.provisioner if made_by is not None else "",
        expandable=made_by.allow_volume_expansion if made_by is not None else None,
        shared=_is_shared(driver),
    )


def disk_of(volume: Volume) -> str:
    """The identity of the file system behind a volume: two volumes of one export are one disk.

    Provisioners that give each claim a folder of one export have it in the folder's name.
    """
    driver, server, path = _place(volume)
    if driver == "nfs":
        return Export.of(server, _export(path, volume)).disk
    csi = volume.spec.csi
    if csi is not None and driver.startswith("efs."):
        return f"efs:{server}"
    if csi is not None and server:
        kind = "nfs" if driver.startswith("nfs.") else driver
        shown = csi.volume_attributes.get("share", path) if kind == "nfs" else path
        return f"{kind}:{server}:{_tidy(shown)}"
    if csi is not None:
        return f"{driver}:{csi.volume_handle or volume.metadata.name}"
    return f"{driver or 'volume'}:{volume.where}:{path or volume.metadata.name}"


def exports_of(pod: Pod) -> tuple[Export, ...]:
    """What a pod mounts of NFS servers by itself, without a claim."""
    sources = (volume.nfs for volume in pod.spec.volumes if volume.nfs is not None)
    return tuple(Export.of(source.server, source.path) for source in sources)


def _export(path: str, volume: Volume) -> str:
    """The export that a path is in: nfs-subdir-external-provisioner and nfs-ganesha make a folder
    for each volume, which ends with the volume's name. One that somebody made by hand is named
    after its export at the most."""
    meta = volume.metadata
    above, _, folder = path.rpartition("/")
    made = meta.name.startswith(_MADE) or meta.annotations.provisioned_by is not None
    return above or "/" if made and folder.endswith(meta.name) else path


def _place(volume: Volume) -> tuple[str, str, str]:
    """Driver, server and path."""
    spec = volume.spec
    if spec.nfs is not None:
        return "nfs", _host(spec.nfs.server), _tidy(spec.nfs.path)
    if spec.csi is not None:
        return (spec.csi.driver, *_csi_place(spec.csi))
    if spec.host_path is not None:
        return "hostPath", "", _tidy(spec.host_path.path)
    if spec.local is not None:
        return "local", "", _tidy(spec.local.path)
    return "", "", ""


def _csi_place(csi: CsiSource) -> tuple[str, str]:
    """Server and path of a network file system; empty for a disk, or where it is not told."""
    told = csi.volume_attributes
    family = _family(csi.driver)
    if family == "nfs":
        folder = "/".join(part for part in (told.get("share", ""), told.get("subDir", "")) if part)
        return _host(told.get("server", "")), _tidy(folder)
    if family == "efs":
        server, _, path = csi.volume_handle.partition(":")
        return server, path.split(":")[0] or "/"
    if family == "filestore":
        return told.get("ip", ""), _tidy(told.get("volume", ""))
    if family == "azurefile":
        return _azure_place(csi)
    if family == "smb":
        server, _, path = told.get("source", "").strip("/").partition("/")
        return server.lower(), _tidy(path)
    if family == "fsx":
        return told.get("dnsname", told.get("DNSName", "")), _tidy(told.get("mountname", ""))
    if family == "cephfs" and told.get("rootPath"):
        return told.get("clusterID", ""), _tidy(told["rootPath"])
    return "", ""


def _azure_place(csi: CsiSource) -> tuple[str, str]:
    told = csi.volume_attributes
    # The handle is {resource group}#{account}#{share}#…
    parts = [*csi.volume_handle.split("#"), "", "", ""]
    account = told.get("storageAccount") or parts[1]
    server = told.get("server") or (f"{account}.file.core.windows.net" if account else "")
    return server, _tidy(told.get("shareName") or parts[2])


_FAMILIES: Final = (
    ("nfs.csi.k8s.io", "nfs"),
    ("efs.csi.aws.com", "efs"),
    ("filestore.csi.storage.gke.io", "filestore"),
    ("file.csi.azure.com", "azurefile"),
    ("smb.csi.k8s.io", "smb"),
    ("fsx.csi.aws.com", "fsx"),
    ("fsx.openzfs.csi.aws.com", "fsx"),
    ("cephfs.csi.ceph.com", "cephfs"),
    ("cephfs.manila.csi.openstack.org", "cephfs"),
    ("nfs.manila.csi.openstack.org", "manila"),
    ("csi.juicefs.com", "juicefs"),
)


@lru_cache(maxsize=256)
def _family(driver: str) -> str:
    """The kind of network file system that a driver serves; Rook's names have a prefix."""
    return next((name for end, name in _FAMILIES if driver.endswith(end)), "")


def _is_shared(driver: str) -> bool:
    return driver == "nfs" or bool(_family(driver))


def _host(server: str) -> str:
    """A server's name as all who write it mean it."""
    return server.lower().rstrip(".")


def _tidy(path: str) -> str:
    """A path with one slash in front, and none behind."""
    return "/" + path.strip("/") if path else ""
