"""Contexts and credentials: from files as they are found on real machines, broken ones too."""

from __future__ import annotations

import base64
import json
import os
import ssl
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from hubtui.clients import exec_plugin, kubeconfig
from hubtui.clients.credentials import login
from hubtui.clients.kubeconfig import contexts, current_context
from hubtui.config import Settings
from hubtui.errors import ConfigError, DeniedError


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "memory"))
    (tmp_path / "memory").mkdir()
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


def document(user: Any = None, **changes: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": user or {"token": "abc"}}],
        "contexts": [
            {"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "hub"}},
            {"name": "two", "context": {"cluster": "c", "user": "u"}},
        ],
        **changes,
    }


def written(tmp_path: Path, content: dict[str, Any] | str, name: str = "kubeconfig") -> Settings:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return Settings(kubeconfig=str(path))


def plugin(tmp_path: Path, script: str, name: str = "plugin", **entry: Any) -> Settings:
    """A kubeconfig whose user is an exec plugin with this script."""
    path = tmp_path / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    call = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(path), **entry}
    return written(tmp_path, document({"exec": call}))


def credential(**status: str) -> str:
    return "echo '" + json.dumps({"kind": "ExecCredential", "status": status}) + "'"


def test_the_current_context_comes_first(tmp_path: Path) -> None:
    settings = written(tmp_path, document(**{"current-context": "two"}))
    found = contexts(settings)
    assert [(c.name, c.namespace, c.current) for c in found] == [
        ("two", "", True),
        ("one", "hub", False),
    ]
    assert found[0].server == "http://127.0.0.1:1"


def test_files_of_kubeconfig_are_merged_and_the_first_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, document(), "a")
    written(
        tmp_path,
        document(
            **{
                "current-context": "three",
                "contexts": [
                    {"name": "one", "context": {"cluster": "c", "namespace": "other"}},
                    {"name": "three", "context": {"cluster": "c"}},
                ],
            }
        ),
        "b",
    )
    paths = [tmp_path / name for name in ("a", "missing", "b")]
    monkeypatch.setenv("KUBECONFIG", ":".join(map(str, paths)))
    found = contexts(Settings())
    assert [(c.name, c.namespace) for c in found] == [("one", "hub"), ("two", ""), ("three", "")]


def test_an_unknown_context_names_those_there_are(tmp_path: Path) -> None:
    settings = written(tmp_path, document())
    with pytest.raises(ConfigError) as raised:
        current_context(Settings(kubeconfig=settings.kubeconfig, context="three"))
    assert "no context 'three'" in raised.value.what
    assert "one, two" in raised.value.remedy


def test_no_current_context(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="names no current context") as raised:
        current_context(written(tmp_path, document(**{"current-context": ""})))
    assert "one, two" in raised.value.remedy


def test_no_kubeconfig_and_not_in_a_cluster(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        contexts(Settings())
    assert str(tmp_path / ".kube" / "config") in raised.value.what


def test_a_service_without_its_account_is_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    with pytest.raises(ConfigError, match="No kubeconfig found"):
        contexts(Settings())


def test_a_pods_own_account_is_a_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("abc")
    (tmp_path / "namespace").write_text("hub\n")
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    context = current_context(Settings())
    assert (context.name, context.namespace) == (kubeconfig.IN_CLUSTER, "hub")


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        contexts(Settings(kubeconfig=str(tmp_path / "none")))


@pytest.mark.parametrize("text", ["a: [", "", "- a\n- b", "\x00", "just words"])
def test_broken_yaml_names_the_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        contexts(written(tmp_path, text))
    assert str(tmp_path / "kubeconfig") in raised.value.what


@pytest.mark.parametrize(
    "changes",
    [
        {"clusters": []},
        {"users": [{"name": "u", "user": {"client-certificate": "/nowhere", "client-key": "/x"}}]},
        {
            "users": [
                {"name": "u", "user": {"client-certificate-data": "%%", "client-key-data": "%"}}
            ]
        },
    ],
)
async def test_an_entry_that_cannot_be_used(tmp_path: Path, changes: dict[str, Any]) -> None:
    secure = {"clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}]}
    settings = written(tmp_path, document(**{**secure, **changes}))
    with pytest.raises(ConfigError, match="context one cannot be used"):
        await login(settings, current_context(settings))


async def test_a_token_becomes_the_authorization(tmp_path: Path) -> None:
    settings = written(tmp_path, document())
    found = await login(settings, current_context(settings))
    assert found.authorization == "Bearer abc"
    assert found.server == "http://127.0.0.1:1"


async def test_a_certificate_that_other_clients_take_is_taken(tmp_path: Path) -> None:
    """Python 3.13 alone refuses those without an authority key identifier."""
    secure = [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}]
    settings = written(tmp_path, document(clusters=secure))
    tls = (await login(settings, current_context(settings))).tls
    assert tls is not None
    assert tls.verify_mode is ssl.CERT_REQUIRED
    assert tls.check_hostname
    assert not tls.verify_flags & ssl.VERIFY_X509_STRICT


@pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")
async def test_an_oidc_user_is_logged_in_by_the_library(tmp_path: Path) -> None:
    claims = base64.urlsafe_b64encode(b'{"exp": 4102444800}').decode().rstrip("=")
    token = f"e30.{claims}.c2ln"
    provider = {"name": "oidc", "config": {"id-token": token, "client-id": "x"}}
    settings = written(tmp_path, document({"auth-provider": provider}))
    found = await login(settings, current_context(settings))
    assert found.authorization == f"Bearer {token}"
    assert found.server == "http://127.0.0.1:1"


async def test_a_token_file_is_read_relative_to_its_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    settings = written(tmp_path, document({"tokenFile": "token"}))
    found = await login(settings, current_context(settings))
    assert found.authorization == "Bearer from-a-file"


async def test_a_user_that_is_missing_is_said(tmp_path: Path) -> None:
    settings = written(tmp_path, document(users=[]))
    with pytest.raises(ConfigError, match="there is no user 'u'"):
        await login(settings, current_context(settings))


async def test_a_plugin_gives_a_token_and_leaves_no_file(tmp_path: Path) -> None:
    settings = plugin(tmp_path, credential(token="from-the-plugin"))
    found = await login(settings, current_context(settings))
    assert found.authorization == "Bearer from-the-plugin"
    assert list((tmp_path / "memory").iterdir()) == []


async def test_a_plugin_is_told_that_it_cannot_ask(tmp_path: Path) -> None:
    script = (
        f'echo "$KUBERNETES_EXEC_INFO" > {tmp_path}/info; echo "$NAME $1" > {tmp_path}/called\n'
    )
    settings = plugin(
        tmp_path,
        script + credential(token="t"),
        args=["get-token"],
        env=[{"name": "NAME", "value": "value"}],
    )
    await login(settings, current_context(settings))
    assert json.loads((tmp_path / "info").read_text())["spec"] == {"interactive": False}
    assert (tmp_path / "called").read_text() == "value get-token\n"


async def test_a_plugin_that_prompts_gets_no_answer(tmp_path: Path) -> None:
    script = 'read -r answer || { echo "no terminal to log in" >&2; exit 3; }'
    settings = plugin(tmp_path, script, "gke-gcloud-auth-plugin")
    with pytest.raises(DeniedError) as raised:
        await login(settings, current_context(settings))
    assert raised.value.status == 401
    assert "ended with 3: no terminal to log in" in raised.value.what
    assert "gcloud auth login" in raised.value.remedy


async def test_a_plugin_that_fails_says_why_and_how_to_install(tmp_path: Path) -> None:
    settings = plugin(tmp_path, "echo expired >&2; exit 1", installHint="Install it from here.")
    with pytest.raises(DeniedError, match="ended with 1: expired") as raised:
        await login(settings, current_context(settings))
    assert raised.value.remedy == "Install it from here."


async def test_a_plugin_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exec_plugin, "EXEC_TIMEOUT", 0.5)
    settings = plugin(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 600")
    with pytest.raises(DeniedError, match=r"did not end within 0\.5 s"):
        await login(settings, current_context(settings))
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_plugin_that_is_not_there(tmp_path: Path) -> None:
    settings = written(tmp_path, document({"exec": {"command": str(tmp_path / "none")}}))
    with pytest.raises(DeniedError, match="cannot be started"):
        await login(settings, current_context(settings))


@pytest.mark.parametrize(
    "script", ["echo no json", "echo '{}'", "echo '{\"status\": {}}'", "echo '{\"status\": 1}'"]
)
async def test_a_plugin_that_answers_something_else(tmp_path: Path, script: str) -> None:
    settings = plugin(tmp_path, script)
    with pytest.raises(DeniedError, match="its answer"):
        await login(settings, current_context(settings))


def test_the_identity_of_a_server_is_its_address_and_its_authority(tmp_path: Path) -> None:
    authority = base64.b64encode(b"an authority").decode()
    cluster = {"server": "https://a", "certificate-authority-data": authority}
    settings = written(tmp_path, document(clusters=[{"name": "c", "cluster": cluster}]))
    first = kubeconfig.identity(settings, current_context(settings))
    assert first == kubeconfig.identity(settings, current_context(settings))
    other = {**cluster, "certificate-authority-data": authority[::-1]}
    settings = written(tmp_path, document(clusters=[{"name": "c", "cluster": other}]))
    second = kubeconfig.identity(settings, current_context(settings))
    assert (first[0], second[0]) == ("https://a", "https://a")
    assert first[1] != second[1]
