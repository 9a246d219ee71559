"""Requests to the apiserver: credentials, refusals, pages, and what is said when it fails."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from hubtui.clients import credentials as credentials_module
from hubtui.clients import exec_plugin
from hubtui.clients import kube as kube_module
from hubtui.clients.gate import Call, Permit
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import contexts, current_context
from hubtui.config import Settings
from hubtui.errors import (
    ApiError,
    ConfigError,
    DecodeError,
    DeniedError,
    GoneError,
    NotFoundError,
    ReadOnlyError,
    UnreachableError,
)
from hubtui.model.kinds import DEPLOYMENTS, PODS
from tests.scripted import Says, Scripted, client_for, kubeconfig, page, pod, serving, status


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    async with serving(Scripted([Says(page(pod("ada")))])) as server:
        yield server


@pytest.fixture
def config(server: Scripted, tmp_path: Path) -> Path:
    return kubeconfig(tmp_path / "kubeconfig", server.url, {"token": "old"})


@pytest.fixture
async def client(config: Path) -> AsyncIterator[KubeClient]:
    client = client_for(config)
    yield client
    await client.close()


@pytest.mark.parametrize(
    ("code", "body", "kind", "words"),
    [
        (401, status(401, "Unauthorized"), DeniedError, "does not accept these credentials (401)"),
        (403, status(403, "pods is forbidden"), DeniedError, "no right to list pods in namespace"),
        (404, status(404, "not found"), NotFoundError, "not found"),
        (410, status(410, "too old"), GoneError, "too old"),
        (429, b"Too many requests\n", ApiError, "Too many requests"),
        (500, b"<html>\x1b[31mproxy error</html>", ApiError, r"\x1b[31mproxy error"),
        (503, b"\xff\xfe", ApiError, "list pods in namespace hub"),
        (502, b"", ApiError, "HTTP 502"),
    ],
)
async def test_a_refusal_is_one_sentence(
    server: Scripted, client: KubeClient, code: int, body: bytes, kind: type, words: str
) -> None:
    server.answers = [Says(body, code)]
    with pytest.raises(kind) as caught:
        await client.list(PODS, "hub")
    assert words in caught.value.what  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>login</html>",
        b'{"items":{}}',
        b'{"metadata":{},"items":[{"metadata":{"name":"\xff"}}]}',
    ],
)
async def test_an_answer_that_is_no_list_is_told(
    server: Scripted, client: KubeClient, body: bytes
) -> None:
    server.answers = [Says(body)]
    with pytest.raises(DecodeError, match="list of pods cannot be read"):
        await client.list(PODS, "hub")


async def test_new_credentials_in_the_file_are_taken_up_by_all_requests_at_once(
    server: Scripted, client: KubeClient, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.token = "old"
    assert len(await client.list(PODS, "hub")) == 1
    server.token = "new"
    kubeconfig(config, server.url, {"token": "new"})
    logins = _count_logins(monkeypatch)
    found = await asyncio.gather(*(client.list(PODS, "hub") for _ in range(6)))
    assert [len(pods) for pods in found] == [1] * 6
    assert len(logins) == 1


@pytest.mark.parametrize("proxy", ["HTTP_PROXY", "http_proxy"])
async def test_a_server_on_this_machine_is_asked_without_the_environments_proxy(
    server: Scripted, client: KubeClient, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    async with serving(Scripted([Says(b"", 502)])) as other:
        monkeypatch.setenv(proxy, other.url)
        assert len(await client.list(PODS, "hub")) == 1


def _count_logins(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    logins: list[str] = []
    login = credentials_module.login

    async def counted(*arguments: object) -> object:
        logins.append("login")
        return await login(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(kube_module, "login", counted)
    return logins


async def test_credentials_that_stay_expired_are_refused_in_words(
    server: Scripted, client: KubeClient
) -> None:
    server.token = "another"
    with pytest.raises(DeniedError, match="Log in again") as caught:
        await client.list(PODS, "hub")
    assert caught.value.status == 401
    assert len(server.asked) == 2


async def test_a_closed_client_opens_nothing_again(client: KubeClient) -> None:
    """What still asks after another hub was chosen gets no answer, and no connection."""
    await client.list(PODS, "hub")
    await client.close()
    with pytest.raises(UnreachableError, match="is closed"):
        await client.list(PODS, "hub")


async def test_a_client_that_is_closed_during_its_login_stays_closed(
    client: KubeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    login, entered, leave = credentials_module.login, asyncio.Event(), asyncio.Event()

    async def slow(*arguments: object) -> object:
        entered.set()
        await leave.wait()
        return await login(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(kube_module, "login", slow)
    asking = asyncio.create_task(client.list(PODS, "hub"))
    await entered.wait()
    await client.close()
    leave.set()
    with pytest.raises(UnreachableError, match="is closed"):
        await asking


async def test_a_list_that_is_not_read_to_its_end_leaves_nothing_behind(
    server: Scripted, client: KubeClient
) -> None:
    server.answers = [Says(page(pod("ada"), continue_="more")), Says(b"broken", 500)]
    pages = client.pages(PODS, "hub")
    async for one in pages:
        assert one.items[0].metadata.name == "ada"
        break
    await pages.aclose()  # type: ignore[attr-defined]
    assert not [task for task in asyncio.all_tasks() if "KubeClient.page" in repr(task)]


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        (Says(status(403, "forbidden"), 403), DeniedError),
        (Says(b"bad gateway", 502), ApiError),
        (Says(b"<html>please log in to the hotel</html>"), DecodeError),
    ],
)
async def test_the_version_is_an_answer_or_an_error(
    server: Scripted, client: KubeClient, says: Says, kind: type[Exception]
) -> None:
    assert await client.version() == "v1.36.3"
    server.version = says
    with pytest.raises(kind):
        await client.version()


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    client = client_for(kubeconfig(tmp_path / "k", "http://127.0.0.1:9", {"token": "t"}))
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:9 does not answer") as caught:
        await client.list(PODS, "hub")
    await client.close()
    assert "VPN" in caught.value.remedy


async def test_nothing_is_sent_that_the_gate_does_not_know(
    server: Scripted, client: KubeClient
) -> None:
    with pytest.raises(ReadOnlyError):
        await client.request(Call("delete", "pods", "hub", "hub-0"), kind=PODS)
    with pytest.raises(ReadOnlyError):
        await client.request(Call("patch", "deployments.apps", "hub", "hub"), kind=DEPLOYMENTS)
    assert server.asked == []


# Kubeconfigs


def _plugin(tmp_path: Path, script: str) -> dict[str, object]:
    """A credential plugin, as a kubeconfig names it."""
    path = tmp_path / "plugin.py"
    path.write_text(script)
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": [str(path)],
            "interactiveMode": "IfAvailable",
            "installHint": "Get it from your cloud.",
        }
    }


async def test_an_exec_plugin_gives_the_token(server: Scripted, tmp_path: Path) -> None:
    server.token = "from-the-plugin"
    answer = {"apiVersion": "v1", "kind": "ExecCredential", "status": {"token": server.token}}
    user = _plugin(tmp_path, f"print({json.dumps(json.dumps(answer))})")
    client = client_for(kubeconfig(tmp_path / "k", server.url, user))
    assert len(await client.list(PODS, "hub")) == 1
    await client.close()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("input('Password: ')", "EOFError"),
        ("open('/dev/tty').read()", "it ended with 1"),
        ("import time; time.sleep(3600)", "did not end within 0.2 s"),
        ("print('not json')", "its answer is no ExecCredential"),
        ("print('{\"status\": {}}')", "neither token nor certificate"),
        ("import sys; sys.exit('\\x1b[31mplease run login')", r"\x1b[31mplease run login"),
    ],
)
async def test_an_exec_plugin_that_prompts_hangs_or_fails_is_told(
    server: Scripted,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    words: str,
) -> None:
    if "sleep" in script:
        monkeypatch.setattr(exec_plugin, "EXEC_TIMEOUT", 0.2)
    client = client_for(kubeconfig(tmp_path / "k", server.url, _plugin(tmp_path, script)))
    with pytest.raises(DeniedError) as caught:
        await client.list(PODS, "hub")
    await client.close()
    assert words in caught.value.what
    assert caught.value.remedy == "Get it from your cloud."
    assert server.asked == []


async def test_a_plugin_that_is_not_installed_is_named(server: Scripted, tmp_path: Path) -> None:
    user = {"exec": {"apiVersion": "v1", "command": "gke-gcloud-auth-plugin-missing"}}
    client = client_for(kubeconfig(tmp_path / "k", server.url, user))
    with pytest.raises(DeniedError, match="gke-gcloud-auth-plugin-missing cannot be started"):
        await client.list(PODS, "hub")
    await client.close()


@pytest.mark.parametrize("text", ["", "just words", "contexts: [", "\x00\x01"])
def test_a_kubeconfig_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(ConfigError, match=str(path)):
        contexts(Settings(kubeconfig=str(path)))


@pytest.mark.parametrize(
    "text",
    [
        "contexts: 7",
        "contexts: [7, {name: a}]",
        "{contexts: [{name: a, context: 7}], current-context: a}",
    ],
)
def test_a_kubeconfig_without_a_context_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(ConfigError, match="No kubeconfig found"):
        contexts(Settings(kubeconfig=str(path)))


@pytest.mark.parametrize(
    ("cluster", "user"),
    [
        ({}, {"token": "t"}),
        ({"server": "https://127.0.0.1:9", "certificate-authority": "/missing.crt"}, {}),
        ({"server": "https://127.0.0.1:9", "certificate-authority-data": "?"}, {}),
        ({"server": "https://127.0.0.1:9"}, {"client-certificate": "/missing.crt"}),
        ({"server": "not a url"}, {"token": "t"}),
        ({"server": "https://127.0.0.1:9"}, {"exec": {}}),
        ({"server": "https://127.0.0.1:9"}, {"exec": 7}),
        ({"server": "https://127.0.0.1:9"}, {"token": "line\nbreak"}),
    ],
)
async def test_an_entry_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, cluster: dict[str, object], user: dict[str, object]
) -> None:
    path = tmp_path / "kubeconfig"
    document = yaml.safe_load(kubeconfig(path, "", user).read_text())
    document["clusters"] = [{"name": "scripted", "cluster": cluster}]
    path.write_text(yaml.safe_dump(document))
    client = client_for(path)
    with pytest.raises((ConfigError, DeniedError, UnreachableError)):
        await client.list(PODS, "hub")
    await client.close()


async def test_what_is_made_is_permitted_by_the_name_that_its_body_has(
    client: KubeClient, server: Scripted
) -> None:
    call = Call("create", PODS.resource, "hub", "ada")
    token = client.gate.grant("plan", [Permit("create", PODS.resource, "hub", "ada")])
    body = {"metadata": {"name": "ada"}}
    await client.request(call, kind=PODS, body=body, token=token)
    assert server.asked[-1].path == "/api/v1/namespaces/hub/pods"
    with pytest.raises(ValueError, match="another name"):
        await client.request(call, kind=PODS, body={"metadata": {"name": "eve"}}, token=token)
    other = Call("create", PODS.resource, "hub", "eve")
    with pytest.raises(ReadOnlyError):
        await client.request(other, kind=PODS, body={"metadata": {"name": "eve"}}, token=token)


def test_an_unknown_context_names_the_ones_there_are(config: Path) -> None:
    with pytest.raises(ConfigError, match="no context 'prod'") as caught:
        current_context(Settings(kubeconfig=str(config), context="prod"))
    assert caught.value.remedy == "Contexts there are: scripted."


def test_without_a_kubeconfig_it_says_where_was_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ConfigError) as caught:
        current_context(Settings())
    assert f"{tmp_path / 'a'}, {tmp_path / 'b'}" in caught.value.what
    assert "--kubeconfig" in caught.value.remedy
