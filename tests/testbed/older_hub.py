"""A second hub on a testbed: the JupyterHub and the KubeSpawner of z2jh 4.4, below a base URL.

It has a proxy, a database and tokens of its own and starts its servers in the hub's namespace; no
pod stands for it, so it is reached by its address alone.
"""

from __future__ import annotations

import json
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.testbed import Testbed, hub, places
from tests.testbed.build import older_hub, proxy
from tests.testbed.errors import MissingToolError, TestbedError
from tests.testbed.processes import Part, end, spawn, tail, wait_for
from tests.testbed.site import free_port

VERSION = "5.5.4"
BASE = "/classes/biology/"


@dataclass(frozen=True)
class OlderHub:
    """Where it is, and the tokens of its services `hubtui` and `testbed`."""

    url: str
    token: str
    admin_token: str

    def client(self) -> httpx.Client:
        """An administrator's client of its API."""
        headers = {"Authorization": f"token {self.admin_token}"}
        return httpx.Client(base_url=f"{self.url}hub/api", headers=headers, timeout=30)


@contextmanager
def running(testbed: Testbed, folder: Path) -> Iterator[OlderHub]:
    """The hub, until the block ends; its servers have to be stopped by then."""
    ports = {part: free_port() for part in ("hub", "proxy", "proxy-api")}
    urls = {part: f"http://127.0.0.1:{port}" for part, port in ports.items()}
    found = OlderHub(f"{urls['hub']}{BASE}", secrets.token_hex(32), secrets.token_hex(32))
    known = _settings(testbed, folder, urls, found)
    settings = folder / "hub.json"
    settings.touch(0o600)
    settings.write_text(json.dumps(known))
    parts = []
    try:
        parts.append(spawn(_proxy(folder, ports, str(known["proxy_token"]))))
        parts.append(spawn(_hub(testbed, folder, settings)))
        if not wait_for(lambda: hub.answers(f"{found.url}hub/health"), 60, every=0.2):
            raise TestbedError(f"JupyterHub {VERSION} does not answer:\n{tail(parts[-1].log)}")
        yield found
    finally:
        end(parts)


def _settings(
    testbed: Testbed, folder: Path, urls: dict[str, str], found: OlderHub
) -> dict[str, object]:
    """What the testbed's own hub is told, with other addresses, tokens and another database."""
    usual = json.loads(testbed.site.file("hub.json").read_text())
    return {
        **usual,
        "hub": urls["hub"],
        "proxy": urls["proxy"],
        "proxy_api": urls["proxy-api"],
        "base_url": BASE,
        "proxy_token": secrets.token_hex(32),
        "cookie_secret": secrets.token_hex(32),
        "token": found.token,
        "admin_token": found.admin_token,
        "database": str(folder / "jupyterhub.sqlite"),
    }


def _proxy(folder: Path, ports: dict[str, int], token: str) -> Part:
    node = shutil.which("node")
    if node is None:
        raise MissingToolError("node is not on PATH: the hub's proxy needs it.")
    argv = (
        node,
        str(proxy() / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"),
        "--ip=127.0.0.1",
        f"--port={ports['proxy']}",
        "--api-ip=127.0.0.1",
        f"--api-port={ports['proxy-api']}",
    )
    return Part("older-proxy", argv, str(folder / "proxy.log"), {"CONFIGPROXY_AUTH_TOKEN": token})


def _hub(testbed: Testbed, folder: Path, settings: Path) -> Part:
    argv = (sys.executable, "-m", "jupyterhub", "--config", str(places.HERE / "hub_config.py"))
    env = {
        "PYTHONPATH": str(older_hub()),
        "TESTBED_HUB_SETTINGS": str(settings),
        "KUBECONFIG": str(testbed.kubeconfig_for("sa-hub")),
    }
    return Part("older-hub", argv, str(folder / "hub.log"), env)
