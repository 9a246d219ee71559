"""Credentials: which contexts there are, and how one of them is logged in to.

The library reads the kubeconfig; exec plugins run through our own process seam, without a
terminal, because a plugin that prompts behind a full-screen program can never be answered.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hubtui.clients import process
from hubtui.config import Settings
from hubtui.errors import ConfigError, DeniedError, HubtuiError, ToolError
from hubtui.model.text import one_line

log = logging.getLogger(__name__)

IN_CLUSTER = "in-cluster"
"""The name of the context that a pod's own service account gives."""

EXEC_TIMEOUT = 20.0
"""Seconds that a credential plugin may take."""

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

_TRUST = (
    "certificate-authority-data",
    "insecure-skip-tls-verify",
    "tls-server-name",
    "proxy-url",
)
"""What of a cluster's entry, besides its server, decides on who answers."""

_LOGIN_COMMANDS = {
    "gke-gcloud-auth-plugin": "gcloud auth login",
    "gcloud": "gcloud auth login",
    "aws": "aws sso login",
    "aws-iam-authenticator": "aws sso login",
    "kubelogin": "az login",
    "oci": "oci session authenticate",
    "doctl": "doctl auth init",
}


@dataclass(frozen=True, slots=True)
class Context:
    """A context of the kubeconfig; `namespace` is empty where it names none."""

    name: str
    cluster: str
    namespace: str
    server: str
    current: bool


@dataclass(frozen=True, slots=True)
class Credentials:
    """A context that is logged in to. `configuration` is the library's Configuration."""

    context: Context
    configuration: Any
    authorization: str
    tls: ssl.SSLContext | None = None


def contexts(settings: Settings) -> list[Context]:
    """All contexts, the current one first. Raises ConfigError when there is none at all."""
    paths = kubeconfig_paths(settings)
    merged = _merge(paths)
    wanted = settings.context or merged.current
    found = [
        Context(
            name=name,
            cluster=one_line(str(entry.get("cluster", ""))),
            namespace=str(entry.get("namespace") or ""),
            server=str(merged.clusters.get(str(entry.get("cluster")), {}).get("server", "")),
            current=name == wanted,
        )
        for name, entry in merged.contexts.items()
    ]
    if not found and _in_cluster() and not settings.context:
        namespace = (_SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
        return [Context(IN_CLUSTER, IN_CLUSTER, namespace, "kubernetes.default.svc", current=True)]
    if not found:
        raise ConfigError(
            f"No kubeconfig found: looked at {', '.join(str(p) for p in paths)}",
            remedy="Pass --kubeconfig FILE, set KUBECONFIG, or run your cloud's command that "
            "writes one.",
        )
    return sorted(found, key=lambda context: not context.current)


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
        return f"https://{host}", _digest((_SERVICE_ACCOUNT / "ca.crt").read_bytes())
    merged = _merge(kubeconfig_paths(settings))
    entry = merged.contexts.get(context.name, {})
    cluster = merged.clusters.get(str(entry.get("cluster")), {})
    trust = [str(cluster.get(name, "")) for name in _TRUST]
    if authority := str(cluster.get("certificate-authority") or ""):
        trust.append(_authority(kubeconfig_paths(settings), authority))
    return str(cluster.get("server", "")), _digest("\0".join(trust).encode())


def _authority(files: list[Path], written: str) -> str:
    """The content of an authority's file; a relative path is relative to its kubeconfig."""
    for file in files:
        try:
            return (file.parent / written).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
    return ""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


async def login(settings: Settings, context: Context) -> Credentials:
    """Loads the credentials of a context, running its exec plugin if it has one.

    Raises ConfigError for a broken kubeconfig, DeniedError when a plugin gives no credentials.
    """
    from kubernetes.aio.client import Configuration
    from kubernetes.aio.config import ConfigException

    configuration = Configuration()
    try:
        if context.name == IN_CLUSTER:
            from kubernetes.aio.config.incluster_config import load_incluster_config

            load_incluster_config(configuration)
            tls = _tls(configuration)
        else:
            tls = await _load(settings, context, configuration)
    except (ConfigException, ValueError, TypeError, AttributeError, OSError) as error:
        raise ConfigError(
            f"The kubeconfig's entry for context {context.name} cannot be used: "
            f"{one_line(str(error))}",
        ) from error
    key = configuration.api_key.get("BearerToken", "")
    return Credentials(context, configuration, key, tls)


async def _load(settings: Settings, context: Context, configuration: Any) -> ssl.SSLContext:
    from kubernetes.aio.config.kube_config import KubeConfigLoader, KubeConfigMerger

    class Loader(KubeConfigLoader):  # type: ignore[misc]
        async def load_from_exec_plugin(self) -> bool:
            status = await _exec_plugin(self._user["exec"].value)
            if "token" in status:
                self.token = f"Bearer {status['token']}"
            if "clientCertificateData" in status and "clientKeyData" in status:
                folder = Path(self._temp_file_path)
                for name, field in (("cert", "clientCertificateData"), ("key", "clientKeyData")):
                    path = folder / name
                    path.write_text(status[field], encoding="utf-8")
                    setattr(self, f"{name}_file", str(path))
            return True

    paths = os.pathsep.join(str(path) for path in kubeconfig_paths(settings))
    folder = tempfile.mkdtemp(prefix="hubtui-", dir=_memory_folder())
    try:
        loader = Loader(
            KubeConfigMerger(paths).config,
            active_context=context.name,
            config_base_path=None,
            temp_file_path=folder,
        )
        await loader.load_and_set(configuration)
        return _tls(configuration)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _forget_library_files(folder)


def _tls(configuration: Any) -> ssl.SSLContext:
    """The TLS context, made while the key files exist: ssl takes no key from memory.

    Python 3.13 refuses certificates without an authority key identifier, which many clusters have
    and every other client of theirs takes.
    """
    from kubernetes.aio.client.rest import RESTClientObject

    configuration.disable_strict_ssl_verification = True
    context: ssl.SSLContext = RESTClientObject(configuration).ssl_context
    return context


def _forget_library_files(folder: str) -> None:
    """The library remembers the files that it wrote; the next login must write its own."""
    from kubernetes.aio.config import kube_config

    remembered = kube_config._temp_files
    for content in [c for c, path in remembered.items() if path.startswith(folder)]:
        del remembered[content]


def _memory_folder() -> str | None:
    """A folder in memory, so that a client key never reaches a disk; else the system's own."""
    for candidate in (os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm"):  # noqa: S108
        if candidate and os.access(candidate, os.W_OK):
            return candidate
    return None


async def _exec_plugin(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Runs a credential plugin. Source: Kubernetes docs, "client-go credential plugins"."""
    command = str(entry.get("command", ""))
    argv = [command, *(str(arg) for arg in entry.get("args") or [])]
    env = dict(os.environ)
    env.update({str(e["name"]): str(e["value"]) for e in entry.get("env") or []})
    env["KUBERNETES_EXEC_INFO"] = json.dumps(
        {
            "apiVersion": entry.get("apiVersion", "client.authentication.k8s.io/v1"),
            "kind": "ExecCredential",
            "spec": {"interactive": False},
        }
    )
    try:
        finished = await process.run(argv, env=env, timeout=EXEC_TIMEOUT)
    except ToolError as error:
        raise _no_login(command, entry, error.what) from error
    if finished.returncode:
        raise _no_login(
            command, entry, f"it ended with {finished.returncode}: {one_line(finished.words)}"
        )
    try:
        status = json.loads(finished.stdout)["status"]
    except (ValueError, KeyError, TypeError) as error:
        raise _no_login(command, entry, "its answer is no ExecCredential") from error
    if not isinstance(status, dict) or not ({"token", "clientCertificateData"} & status.keys()):
        raise _no_login(command, entry, "its answer holds neither token nor certificate")
    return status


def _no_login(command: str, entry: Mapping[str, Any], why: str) -> HubtuiError:
    login = _LOGIN_COMMANDS.get(Path(command).name)
    remedy = (
        f"Log in in another terminal: {login}."
        if login
        else (
            one_line(str(entry.get("installHint") or ""))
            or f"Run it in another terminal and log in: {command}."
        )
    )
    return DeniedError(
        f"The credential plugin {command} gave no credentials: {why}", status=401, remedy=remedy
    )


@dataclass(slots=True)
class _Merged:
    current: str
    contexts: dict[str, dict[str, Any]]
    clusters: dict[str, dict[str, Any]]


def _merge(paths: list[Path]) -> _Merged:
    """Contexts and clusters of several files; the first file that names one wins, as in kubectl."""
    merged = _Merged("", {}, {})
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
        ):
            entries = document.get(section)
            for entry in entries if isinstance(entries, list) else []:
                if isinstance(entry, dict) and isinstance(entry.get(inner), dict):
                    into.setdefault(str(entry.get("name")), entry[inner])
    return merged


def _in_cluster() -> bool:
    return "KUBERNETES_SERVICE_HOST" in os.environ and (_SERVICE_ACCOUNT / "token").exists()
