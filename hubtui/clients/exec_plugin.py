"""Credential plugins of a kubeconfig, run without a terminal.

A plugin that prompts behind a full-screen program can never be answered, so it finds neither a
terminal nor an input, and its failure names the command that logs in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hubtui.clients import process
from hubtui.errors import DeniedError, HubtuiError, ToolError
from hubtui.model.text import one_line

EXEC_TIMEOUT = 20.0
"""Seconds that a credential plugin may take."""

_LOGIN_COMMANDS = {
    "gke-gcloud-auth-plugin": "gcloud auth login",
    "gcloud": "gcloud auth login",
    "aws": "aws sso login",
    "aws-iam-authenticator": "aws sso login",
    "kubelogin": "az login",
    "oci": "oci session authenticate",
    "doctl": "doctl auth init",
}


async def credential(entry: Mapping[str, Any]) -> dict[str, Any]:
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
