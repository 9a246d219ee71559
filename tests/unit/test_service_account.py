"""A pod's own credentials: its service account's token, authority and namespace."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from hubtui.clients import credentials, kubeconfig
from hubtui.clients.credentials import login
from hubtui.clients.gate import Gate
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import current_context
from hubtui.config import Settings
from hubtui.errors import DeniedError, UnreachableError
from tests.scripted import status
from tests.testbed.pki import Authority

IN_A_POD = Settings()


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the kubelet mounts."""
    folder = tmp_path / "serviceaccount"
    Authority(folder)
    (folder / "namespace").write_text("hub")
    (folder / "token").write_text("first\n")
    for module in (credentials, kubeconfig):
        monkeypatch.setattr(module, "SERVICE_ACCOUNT", folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return folder


class Server:
    """An apiserver that takes one token; `seen` are the Authorization headers that came."""

    def __init__(self) -> None:
        self.takes = "first"
        self.seen: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "")
        self.seen.append(given)
        if given != f"Bearer {self.takes}":
            return web.Response(status=401, body=status(401, "Unauthorized"))
        return web.json_response({"gitVersion": "v1.36.3"})


@pytest.fixture
async def server(account: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """It is signed by the authority of the account, and named by the pod's environment."""
    found = Server()
    app = web.Application()
    app.router.add_get("/version", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*Authority(account).server("apiserver", ()))
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(runner.addresses[0][1]))
    yield found
    await runner.cleanup()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[KubeClient]:
    found = KubeClient(IN_A_POD, current_context(IN_A_POD), Gate())
    yield found
    await found.close()


def test_the_namespace_is_the_pods_own(account: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert current_context(IN_A_POD).namespace == "hub"


async def test_its_token_and_its_authority_are_used(client: KubeClient, server: Server) -> None:
    assert await client.version() == "v1.36.3"
    assert server.seen == ["Bearer first"]


async def test_a_server_of_another_authority_is_not_trusted(
    client: KubeClient, server: Server, account: Path, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other").certificate_file
    (account / "ca.crt").write_bytes(other.read_bytes())
    with pytest.raises(UnreachableError, match="certificate"):
        await client.version()
    assert server.seen == []


async def test_a_token_that_the_kubelet_renewed_is_read_once_it_is_due(
    client: KubeClient, server: Server, account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.version()
    (account / "token").write_text("second")
    await client.version()
    assert server.seen == ["Bearer first", "Bearer first"]  # not a read of the file each time
    server.takes = "second"
    monkeypatch.setattr(credentials, "TOKEN_FILE_AGE", 0.0)
    assert await client.version() == "v1.36.3"
    assert server.seen[2:] == ["Bearer second"]


async def test_a_token_that_ran_out_early_is_read_at_once(
    client: KubeClient, server: Server, account: Path
) -> None:
    await client.version()
    (account / "token").write_text("second")
    server.takes = "second"
    assert await client.version() == "v1.36.3"
    assert server.seen == ["Bearer first", "Bearer first", "Bearer second"]
    server.takes = "third"
    with pytest.raises(DeniedError, match="does not accept these credentials"):
        await client.version()


async def test_an_address_of_six_is_in_brackets(
    account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    found = await login(IN_A_POD, current_context(IN_A_POD))
    assert found.server == "https://[fd00::1]:443"
    assert "first" not in repr(found)
