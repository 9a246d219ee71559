"""Logging in to a context: its authority, and the token or certificate that it takes.

Tokens, certificates and exec plugins are read here, because importing the `kubernetes` package
costs 0.4 s before the first request; a user with an auth-provider (OIDC, GCP) goes through it.
Source of the fields: Kubernetes docs, "kubeconfig (v1)".
"""

from __future__ import annotations

import base64
import binascii
import os
import shutil
import ssl
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubtui.clients import exec_plugin
from hubtui.clients.kubeconfig import (
    IN_CLUSTER,
    SERVICE_ACCOUNT,
    Context,
    Entry,
    entries,
    kubeconfig_paths,
)
from hubtui.config import Settings
from hubtui.errors import ConfigError
from hubtui.model.text import one_line

TOKEN_FILE_AGE = 60.0
"""Seconds after which a token's file is read again: the kubelet renews a pod's own."""


@dataclass(slots=True)
class Credentials:
    """A context that is logged in to; `server_name` is what TLS checks instead of the host."""

    context: Context
    server: str
    tls: ssl.SSLContext | None = None
    proxy: str = ""
    server_name: str = ""
    _authorization: str = field(default="", repr=False)
    _token_file: Path | None = None
    _read_at: float = 0.0

    @property
    def authorization(self) -> str:
        """The value of the Authorization header; empty when a certificate says who we are."""
        if self._token_file is not None and time.monotonic() - self._read_at > TOKEN_FILE_AGE:
            self._authorization = f"Bearer {self._token_file.read_text(encoding='utf-8').strip()}"
            self._read_at = time.monotonic()
        return self._authorization


async def login(settings: Settings, context: Context) -> Credentials:
    """Loads the credentials of a context, running its exec plugin if it has one.

    Raises ConfigError for a broken kubeconfig, DeniedError when a plugin gives no credentials.
    """
    try:
        if context.name == IN_CLUSTER:
            return _service_account(context)
        cluster, user = entries(settings, context)
        if "auth-provider" in user.values:
            return await _with_library(settings, context)
        return await _direct(context, cluster, user)
    except (ValueError, TypeError, AttributeError, OSError) as error:
        raise ConfigError(
            f"The kubeconfig's entry for context {context.name} cannot be used: "
            f"{one_line(str(error))}",
        ) from error


def _service_account(context: Context) -> Credentials:
    """A pod's own account. Source: Kubernetes docs, "Accessing the API from a Pod"."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    host = f"[{host}]" if ":" in host else host
    return Credentials(
        context,
        f"https://{host}:{port}",
        tls=_tls(SERVICE_ACCOUNT / "ca.crt"),
        _token_file=SERVICE_ACCOUNT / "token",
        _read_at=-TOKEN_FILE_AGE,
    )


async def _direct(context: Context, cluster: Entry, user: Entry) -> Credentials:
    values: dict[str, Any] = dict(user.values)
    if isinstance(values.get("exec"), Mapping):
        values |= _from_plugin(await exec_plugin.credential(values["exec"]))
    server = str(cluster.values.get("server") or "").rstrip("/")
    if not server:
        raise ValueError(f"cluster {context.cluster} names no server")
    folder = tempfile.mkdtemp(prefix="hubtui-", dir=_memory_folder())
    try:
        tls = None
        if server.startswith("https"):
            tls = _tls(
                _file(cluster, "certificate-authority", folder),
                _file(Entry(values, user.folder), "client-certificate", folder),
                _file(Entry(values, user.folder), "client-key", folder),
                verify=cluster.values.get("insecure-skip-tls-verify") is not True,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    token_file = values.get("tokenFile") if not values.get("token") else None
    return Credentials(
        context,
        server,
        tls=tls,
        proxy=str(cluster.values.get("proxy-url") or ""),
        server_name=str(cluster.values.get("tls-server-name") or ""),
        _authorization=_authorization(values),
        _token_file=user.folder / str(token_file) if token_file else None,
        _read_at=-TOKEN_FILE_AGE,
    )


def _from_plugin(status: Mapping[str, Any]) -> dict[str, Any]:
    """What a plugin gives, in the words of a kubeconfig's user."""
    found: dict[str, Any] = {}
    if "token" in status:
        found["token"] = status["token"]
    if "clientCertificateData" in status and "clientKeyData" in status:
        for name, key in (("certificate", "clientCertificateData"), ("key", "clientKeyData")):
            found[f"client-{name}-data"] = base64.b64encode(str(status[key]).encode()).decode()
    return found


def _authorization(user: Mapping[str, Any]) -> str:
    if user.get("token"):
        return f"Bearer {user['token']}"
    if user.get("username") and user.get("password"):
        pair = f"{user['username']}:{user['password']}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    return ""


def _file(entry: Entry, name: str, folder: str) -> Path | None:
    """A file that an entry names, or its inline data written to `folder`, which is in memory."""
    if inline := entry.values.get(f"{name}-data"):
        path = Path(folder) / name
        path.touch(0o600)
        try:
            path.write_bytes(base64.b64decode(str(inline), validate=True))
        except binascii.Error as error:
            raise ValueError(f"{name}-data is no base64") from error
        return path
    named = entry.values.get(name)
    return entry.folder / str(named) if named else None


def _tls(
    authority: Path | None,
    certificate: Path | None = None,
    key: Path | None = None,
    *,
    verify: bool = True,
) -> ssl.SSLContext:
    """The TLS context, made while the key's file exists: ssl takes no key from memory.

    Python 3.13 refuses certificates without an authority key identifier, which many clusters have
    and every other client of theirs takes.
    """
    context = ssl.create_default_context(cafile=authority)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _memory_folder() -> str | None:
    """A folder in memory, so that a client key never reaches a disk; else the system's own."""
    for candidate in (os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm"):  # noqa: S108
        if candidate and os.access(candidate, os.W_OK):
            return candidate
    return None


async def _with_library(settings: Settings, context: Context) -> Credentials:
    """OIDC and GCP auth-providers, whose tokens the kubernetes package knows to renew."""
    from kubernetes.aio.client import Configuration
    from kubernetes.aio.client.rest import RESTClientObject
    from kubernetes.aio.config import ConfigException, kube_config

    configuration = Configuration()
    paths = os.pathsep.join(str(path) for path in kubeconfig_paths(settings))
    folder = tempfile.mkdtemp(prefix="hubtui-", dir=_memory_folder())
    try:
        await kube_config.KubeConfigLoader(
            kube_config.KubeConfigMerger(paths).config,
            active_context=context.name,
            config_base_path=None,
            temp_file_path=folder,
        ).load_and_set(configuration)
        configuration.disable_strict_ssl_verification = True
        tls = RESTClientObject(configuration).ssl_context
    except ConfigException as error:
        raise ValueError(str(error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        # The library remembers the files that it wrote; the next login must write its own.
        for content, path in list(kube_config._temp_files.items()):
            if path.startswith(folder):
                del kube_config._temp_files[content]
    return Credentials(
        context,
        configuration.host,
        tls=tls,
        proxy=configuration.proxy or "",
        server_name=configuration.tls_server_name or "",
        _authorization=configuration.api_key.get("BearerToken", ""),
    )
