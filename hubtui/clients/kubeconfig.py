"""Kubeconfigs: which contexts there are, and what a context's cluster and user say."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hubtui.config import Settings
from hubtui.errors import ConfigError
from hubtui.model.text import one_line

log = logging.getLogger(__name__)

IN_CLUSTER = "in-cluster"
"""The name of the context that a pod's own service account gives."""

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

_TRUST = (
    "certificate-authority-data",
    "insecure-skip-tls-verify",
    "tls-server-name",
    "proxy-url",
)
"""What of a cluster's entry, besides its server, decides on who answers."""

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Context:
    """A context of the kubeconfig; `namespace` is empty where it names none."""

    name: str
    cluster: str
    namespace: str
    server: str
    current: bool


def contexts(settings: Settings) -> list[Context]:
    """All contexts, the current one first. Raises ConfigError when there is none at all."""
    paths = kubeconfig_paths(settings)
    merged = _merge(paths)
    wanted = settings.context or merged.current
    found = [
        Context(
            name=name,
            cluster=one_line(str(entry.values.get("cluster", ""))),
            namespace=str(entry.values.get("namespace") or ""),
            server=_server(merged.clusters.get(str(entry.values.get("cluster")))),
            current=name == wanted,
        )
        for name, entry in merged.contexts.items()
    ]
    if not found and _in_cluster() and not settings.context:
        namespace = (SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
        return [Context(IN_CLUSTER, IN_CLUSTER, namespace, "kubernetes.default.svc", current=True)]
    if not found:
        raise ConfigError(
            f"No kubeconfig found: looked at {', '.join(str(p) for p in paths)}",
            remedy="Pass --kubeconfig FILE, set KUBECONFIG, or run your cloud's command that "
            "writes one.",
        )
    return sorted(found, key=lambda context: not context.current)


def _server(cluster: Entry | None) -> str:
    return str(cluster.values.get("server", "")) if cluster else ""


def current_context(settings: Settings) -> Context:
    """The context in force. Raises ConfigError when none is chosen or it is unknown."""
    found = contexts(settings)
    if found[0].current:
        return found[0]
    names = ", ".join(one_line(context.name) for context in found)
    if settings.context:
        raise ConfigError(
            f"There is no context {settings.context!r} in the kubeconfig",
            remedy=f"Contexts there are: {names}.",
        )
    raise ConfigError(
        "The kubeconfig names no current context",
        remedy=f"Pass --context with one of: {names}.",
    )


def kubeconfig_paths(settings: Settings) -> list[Path]:
    """The files that are looked at, in kubectl's order: flag, KUBECONFIG, ~/.kube/config."""
    if settings.kubeconfig:
        path = Path(settings.kubeconfig).expanduser()
        if not path.exists():
            raise ConfigError(f"The kubeconfig {path} does not exist", remedy="Check --kubeconfig.")
        return [path]
    named = [part for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    return [Path(part).expanduser() for part in named] or [Path.home() / ".kube" / "config"]


def identity(settings: Settings, context: Context) -> tuple[str, str]:
    """The server that a context names at present, and a digest of the authority that it trusts.

    A program that reads the kubeconfig by itself is started only while both are what a plan saw.
    """
    if context.name == IN_CLUSTER:
        host = os.environ.get("KUBERNETES_SERVICE_HOST", "")
        return f"https://{host}", _digest((SERVICE_ACCOUNT / "ca.crt").read_bytes())
    cluster, _ = entries(settings, context)
    trust = [str(cluster.values.get(name, "")) for name in _TRUST]
    if authority := str(cluster.values.get("certificate-authority") or ""):
        trust.append((cluster.folder / authority).read_text(encoding="utf-8", errors="replace"))
    return str(cluster.values.get("server", "")), _digest("\0".join(trust).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Server:
    """A server by its URL, and digests of the authorities that are trusted to vouch for it; none
    where those of the system are."""

    url: str
    authorities: frozenset[str] = frozenset()

    def is_another(self, other: Server) -> bool:
        """Whether these are two clusters: one that has two URLs has one authority under both."""
        return self.url != other.url and self.authorities.isdisjoint(other.authorities)


def server(settings: Settings, context: Context) -> Server:
    """The server of a context in force. Raises ConfigError, ValueError, OSError."""
    if context.name == IN_CLUSTER:
        host = os.environ.get("KUBERNETES_SERVICE_HOST", "")
        return Server(f"https://{host}", authorities((SERVICE_ACCOUNT / "ca.crt").read_bytes()))
    return server_in(kubeconfig_paths(settings), context.name)


def server_in(paths: Sequence[Path], context: str = "") -> Server:
    """The server of a context of these kubeconfigs, the current one when none is named.

    Raises ConfigError, ValueError when they do not say it, OSError.
    """
    merged = _merge(paths)
    cluster, _ = _named(merged, context or merged.current)
    url = str(cluster.values.get("server") or "").rstrip("/")
    if not url:
        raise ValueError("the cluster names no server")
    if inline := cluster.values.get("certificate-authority-data"):
        return Server(url, authorities(b64decode(str(inline))))
    file = cluster.values.get("certificate-authority")
    return Server(url, authorities((cluster.folder / str(file)).read_bytes() if file else b""))


def authorities(certificates: bytes) -> frozenset[str]:
    """Digests of the certificates of a PEM file, however its lines are broken."""
    found = _CERTIFICATE.findall(certificates)
    return frozenset(_digest(b"".join(each.split())) for each in found)


@dataclass(frozen=True, slots=True)
class Entry:
    """A cluster, user or context of a kubeconfig, and the folder its relative paths start from."""

    values: Mapping[str, Any]
    folder: Path


@dataclass(slots=True)
class _Merged:
    current: str
    contexts: dict[str, Entry]
    clusters: dict[str, Entry]
    users: dict[str, Entry]


def entries(settings: Settings, context: Context) -> tuple[Entry, Entry]:
    """The cluster and the user of a context; a user that is missing is nobody.

    Raises ConfigError, ValueError when the cluster is not there.
    """
    return _named(_merge(kubeconfig_paths(settings)), context.name)


def _named(merged: _Merged, context: str) -> tuple[Entry, Entry]:
    found = merged.contexts.get(context)
    names = found.values if found else {}
    cluster = merged.clusters.get(str(names.get("cluster")))
    if cluster is None:
        raise ValueError(f"there is no cluster {names.get('cluster')!r}")
    user = merged.users.get(str(names.get("user")))
    if user is None and names.get("user"):
        raise ValueError(f"there is no user {names.get('user')!r}")
    return cluster, user or Entry({}, cluster.folder)


def _merge(paths: Sequence[Path]) -> _Merged:
    """The entries of several files; the first file that names one wins, as in kubectl."""
    merged = _Merged("", {}, {}, {})
    for path in paths:
        try:
            document = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        except FileNotFoundError:
            continue
        except (OSError, yaml.YAMLError) as error:
            raise ConfigError(
                f"The kubeconfig {path} cannot be read: {one_line(str(error))}"
            ) from error
        if not isinstance(document, dict):
            raise ConfigError(f"The kubeconfig {path} is empty or no mapping")
        merged.current = merged.current or str(document.get("current-context") or "")
        for section, inner, into in (
            ("contexts", "context", merged.contexts),
            ("clusters", "cluster", merged.clusters),
            ("users", "user", merged.users),
        ):
            _take(document.get(section), inner, path.parent, into)
    return merged


def _take(section: object, inner: str, folder: Path, into: dict[str, Entry]) -> None:
    for entry in section if isinstance(section, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get(inner), dict):
            into.setdefault(str(entry.get("name")), Entry(entry[inner], folder))


def _in_cluster() -> bool:
    return "KUBERNETES_SERVICE_HOST" in os.environ and (SERVICE_ACCOUNT / "token").exists()
