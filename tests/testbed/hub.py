"""The real JupyterHub: a process on loopback, reached through a port-forward to the hub's pod."""

import base64
import contextlib
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from tests.testbed import places, release
from tests.testbed.api import Api
from tests.testbed.build import Tools, say
from tests.testbed.errors import MissingToolError, TestbedError
from tests.testbed.processes import Part, wait_for
from tests.testbed.site import Site
from tests.testbed.state import Parts
from tests.testbed.users import NAMESPACE, RELEASE


@dataclass(frozen=True)
class Person:
    """A user of the hub, and the server that runs for them: a name, "" for the default, or None."""

    name: str
    server: str | None = None


PEOPLE = (
    Person("alice", ""),
    Person("bob", ""),
    Person("Carol.Nguyen@Example.edu", ""),
    Person("dan@example.org", ""),
    Person("eve", "gpu"),
    Person("frank_o"),
    Person("grace.h"),
    Person("1st-Heidi"),
)
# Their server was started before the release's last chart: its labels say the older one.
EARLY = ("bob",)
SERVERS = sum(person.server is not None for person in PEOPLE)


def secret(api: Api) -> dict[str, str]:
    """The Secret `hub` of the chart, decoded."""
    data = api.get(f"/api/v1/namespaces/{NAMESPACE}/secrets/hub")["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def start(site: Site, tools: Tools, parts: Parts, api: Api) -> None:
    """Starts the proxy and the hub, makes the users and starts their servers."""
    say(f"{site.name}: starting JupyterHub, its proxy and {SERVERS} servers")
    values = secret(api)
    settings = site.file("hub.json")
    settings.touch(0o600)
    settings.write_text(json.dumps(_settings(site, values)))
    proxy, hub = _proxy(site, tools, values), _hub(site)
    parts.start(proxy, lambda: answers(site.url("proxy", "http") + "/_chp_healthz"))
    parts.start(hub, lambda: answers(health(site)))
    token = values["hub.services.testbed.apiToken"]
    with client(site, token) as connection:
        people(connection)


def health(site: Site) -> str:
    """The hub's health URL on loopback."""
    return site.url("hub", "http") + "/hub/health"


def answers(url: str) -> bool:
    """Whether a URL answers 200."""
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url, timeout=2).status_code == httpx.codes.OK
    return False


def client(site: Site, token: str) -> httpx.Client:
    """A client of the hub's API on loopback; for the testbed's own use."""
    base = site.url("hub", "http") + "/hub/api"
    return httpx.Client(base_url=base, headers={"Authorization": f"token {token}"}, timeout=30)


def _settings(site: Site, values: dict[str, str]) -> dict[str, object]:
    last = release.REVISIONS[-1]
    image = last.values["singleuser"]["image"]
    return {
        "hub": site.url("hub", "http"),
        "proxy": site.url("proxy", "http"),
        "proxy_api": site.url("proxy-api", "http"),
        "proxy_token": values["hub.config.ConfigurableHTTPProxy.auth_token"],
        "cookie_secret": values["hub.config.JupyterHub.cookie_secret"],
        "token": values["hub.services.hubtui.apiToken"],
        "admin_token": values["hub.services.testbed.apiToken"],
        "database": str(site.file("jupyterhub.sqlite")),
        "namespace": NAMESPACE,
        "release": RELEASE,
        "chart": f"jupyterhub-{last.chart}",
        "early_chart": f"jupyterhub-{release.REVISIONS[0].chart}",
        "early": list(EARLY),
        "image": f"{image['name']}:{image['tag']}",
        "memory": last.values["singleuser"]["memory"],
        "port": site.port("singleuser"),
    }


def _proxy(site: Site, tools: Tools, values: dict[str, str]) -> Part:
    """CHP as a part of its own: started by the hub, it would be in a session of its own."""
    node = shutil.which("node")
    if node is None:
        raise MissingToolError(
            "node is not on PATH: the hub's proxy (configurable-http-proxy) needs it."
        )
    script = tools.path("proxy", "node_modules/configurable-http-proxy/bin")
    argv = (
        node,
        str(script / "configurable-http-proxy"),
        "--ip=127.0.0.1",
        f"--port={site.port('proxy')}",
        "--api-ip=127.0.0.1",
        f"--api-port={site.port('proxy-api')}",
        f"--default-target={site.url('hub', 'http')}",
        f"--error-target={site.url('hub', 'http')}/hub/error",
    )
    token = values["hub.config.ConfigurableHTTPProxy.auth_token"]
    env = {"HUBTUI_TESTBED": site.name, "CONFIGPROXY_AUTH_TOKEN": token}
    return Part("proxy", argv, site.log("proxy"), env)


def _hub(site: Site) -> Part:
    config = places.HERE / "hub_config.py"
    argv = (sys.executable, "-m", "jupyterhub", "--config", str(config))
    env = {
        "HUBTUI_TESTBED": site.name,
        "TESTBED_HUB_SETTINGS": str(site.file("hub.json")),
        # The chart's own service account: the hub may do what the chart's Role says.
        "KUBECONFIG": str(site.file("kubeconfigs", "sa-hub.yaml")),
    }
    return Part("hub", argv, site.log("hub"), env)


def people(connection: httpx.Client) -> None:
    """Makes the users that are not there, and starts and stops servers until these run."""
    names = [person.name for person in PEOPLE]
    answer = connection.post("/users", json={"usernames": names})
    if answer.status_code != httpx.codes.CONFLICT:  # all of them are there
        answer.raise_for_status()
    wanted = {f"{p.name}/{p.server}" for p in PEOPLE if p.server is not None}
    running = set(ready_servers(connection))
    for server in wanted - running:
        connection.post(_server_path(server)).raise_for_status()
    for server in running - wanted:
        connection.delete(_server_path(server)).raise_for_status()
    if not wait_for(lambda: set(ready_servers(connection)) == wanted, 60, every=0.2):
        raise TestbedError(f"servers that became ready: {ready_servers(connection)}")


def add_user(connection: httpx.Client, name: str, *, admin: bool = False) -> None:
    """Makes a user; one that is there already stays."""
    answer = connection.post("/users", json={"usernames": [name], "admin": admin})
    if answer.status_code != httpx.codes.CONFLICT:
        answer.raise_for_status()


def work(connection: httpx.Client, name: str) -> None:
    """Tells the hub of activity on a user's default server, as that server would."""
    now = datetime.now(UTC).isoformat()
    seen = {"servers": {"": {"last_activity": now}}, "last_activity": now}
    path = f"/users/{quote(name, safe='')}/activity"
    connection.post(path, json=seen).raise_for_status()


def remove_user(connection: httpx.Client, name: str) -> None:
    """Stops the servers of a user, and deletes the user."""
    path = f"/users/{quote(name, safe='')}"

    def gone() -> bool:
        """Whether no server is left; each that is there is told to stop."""
        servers = connection.get(path).json()["servers"]
        for server in servers:
            connection.delete(_server_path(f"{name}/{server}"))
        return not servers

    if not wait_for(gone, 60, every=0.2):
        raise TestbedError(f"{name} has servers still")
    connection.delete(path).raise_for_status()


def wait_for_claims(api: Api, user: str) -> None:
    """Waits until no claim of a user is about to end; one whose pod stays keeps nobody waiting for
    long."""
    path = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims"

    def ends(claim: Mapping[str, Any]) -> bool:
        meta = claim["metadata"]
        owner = meta.get("annotations", {}).get("hub.jupyter.org/username")
        return owner == user and "deletionTimestamp" in meta

    wait_for(lambda: not any(map(ends, api.items(path))), 30, every=0.1)


def _server_path(server: str) -> str:
    """The API's path of a server that is given as `user/name`; the name is "" for the default."""
    user, _, name = server.partition("/")
    path = f"/users/{quote(user, safe='')}"
    return f"{path}/servers/{quote(name, safe='')}" if name else f"{path}/server"


def lose_route(site: Site, token: str, user: str) -> None:
    """The proxy forgets the route of a user's default server; the hub is not told."""
    url = f"{site.url('proxy-api', 'http')}/api/routes/user/{quote(user, safe='@~')}"
    httpx.delete(url, headers={"Authorization": f"token {token}"}).raise_for_status()


def ready_servers(connection: httpx.Client) -> list[str]:
    """`user/server` of each server that is ready."""
    answer = connection.get("/users", params={"limit": "200"})
    answer.raise_for_status()
    return [
        f"{user['name']}/{name}"
        for user in answer.json()
        for name, server in user["servers"].items()
        if server["ready"]
    ]
