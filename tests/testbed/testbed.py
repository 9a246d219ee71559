"""The testbed as tests see it."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from tests.testbed import hub, kubelets, launch, leases, monitoring, pki, release, users
from tests.testbed.api import Api, wait_for_pods
from tests.testbed.build import Tools
from tests.testbed.prometheus import Prometheus
from tests.testbed.release import Revision
from tests.testbed.site import Site
from tests.testbed.state import Parts
from tests.testbed.trouble import trouble


class Testbed:
    """A running control plane with a hub: where it is, who may speak to it, how to break it."""

    __test__ = False  # not a test class, whatever its name says to pytest

    def __init__(self, site: Site) -> None:
        """Use `up` or `find`."""
        self.site = site
        self.parts = Parts(site)
        folders = json.loads(site.file("tools.json").read_text())
        self._tools = Tools({key: Path(path) for key, path in folders.items()})

    @classmethod
    def up(
        cls, name: str = "default", *, with_hub: bool = True, helm: int = 4, load: bool = False
    ) -> Self:
        """Starts the testbed of this name, or takes the one that runs. Builds what is missing."""
        return cls(launch.up(name, with_hub=with_hub, helm=helm, load=load))

    @classmethod
    def find(cls, name: str = "default") -> Self | None:
        """The testbed of this name, if there is one."""
        site = launch.find(name)
        return cls(site) if site else None

    def down(self) -> None:
        """Ends exactly what was started, and removes the folder."""
        launch.down(self.name)

    @property
    def name(self) -> str:
        """The name that `up` was given."""
        return self.site.name

    @property
    def directory(self) -> Path:
        """Everything that the testbed wrote: logs, kubeconfigs, the audit log."""
        return self.site.directory

    @property
    def server(self) -> str:
        """The apiserver's URL."""
        return self.site.server

    @property
    def ca_file(self) -> Path:
        """The authority that signed the apiserver's certificate."""
        return self.site.file("pki", "ca.crt")

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of `admin`."""
        return self.kubeconfig_for("admin")

    def kubeconfig_for(self, user: str, *, server: str | None = None) -> Path:
        """A user's kubeconfig; `server` leads it elsewhere, for example to a fault proxy."""
        if server is None:
            return self.site.file("kubeconfigs", f"{user}.yaml")
        known = next(item for item in users.ALL if item.name == user)
        namespace = users.NAMESPACE if known.namespaced else None
        port = server.rpartition(":")[2].strip("/")
        credentials: dict[str, object] = {"token": self.token(user)}
        return users.kubeconfig(self.site, f"{user}-{port}", credentials, namespace, server)

    def kubeconfig_with(self, name: str, credentials: dict[str, object]) -> Path:
        """A kubeconfig with credentials of a test's own, such as an exec plugin."""
        return users.kubeconfig(self.site, name, credentials, users.NAMESPACE)

    def kubeconfig_invalid(self) -> Path:
        """A kubeconfig whose token no apiserver knows: 401."""
        return self.kubeconfig_with("invalid", {"token": "expired-or-never-valid"})

    def kubeconfig_certificate(self, user: str, *groups: str) -> Path:
        """A kubeconfig that proves who it is by a client certificate."""
        certificate, key = pki.Authority(self.site.file("pki")).client(user, *groups)
        credentials: dict[str, object] = {
            "client-certificate": str(certificate),
            "client-key": str(key),
        }
        return self.kubeconfig_with(f"certificate-{user}", credentials)

    def token(self, user: str) -> str:
        """A user's bearer token."""
        return users.token(self.site, user)

    def api(self, user: str = "testbed-setup") -> Api:
        """A small client for what a test sets up or looks up; its default user is not audited."""
        return Api.of(self.site, user)

    # Tools

    def helm(self, major: int = 4) -> Path:
        """The helm binary of a major version."""
        return self._tools.helm(major)

    @property
    def kubectl(self) -> Path:
        """The kubectl binary."""
        return self._tools.path("helm4", "kubectl")

    @property
    def sops(self) -> Path:
        """The sops binary."""
        return self._tools.path("sops", "sops")

    def run_helm(
        self,
        *arguments: str,
        major: int = 4,
        user: str = "admin",
        values: Mapping[str, Any] | None = None,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Runs helm in the hub's namespace."""
        return release.helm(
            self.site, self._tools, *arguments, major=major, user=user, values=values, check=check
        )

    def helm_environment(self, user: str = "admin") -> dict[str, str]:
        """The environment of a helm that a test starts by itself."""
        return release.helm_environment(self.site, user)

    def upgrade(self, revision: Revision, major: int = 4) -> None:
        """Makes a further revision of the hub's release."""
        release.upgrade(self.site, self._tools, revision, major)

    def reset(self) -> None:
        """Brings the release to its three revisions, the hub to its users and servers."""
        release.reset(self.site, self._tools)
        with self.hub_client() as client:
            hub.people(client)

    def chart(self, version: str = "4.4.0", app: str = "5.5.0") -> Path:
        """The chart's folder under a version."""
        return release.chart_version(version, app)

    def umbrella(self) -> Path:
        """A parent chart with jupyterhub as its sub-chart."""
        return release.umbrella(self.directory)

    # The hub

    @property
    def hub_url(self) -> str:
        """The real hub on loopback, where a port-forward to the hub's pod ends."""
        return self.site.url("hub", "http")

    @property
    def hub_token(self) -> str:
        """The token of the service `hubtui`, from the chart's Secret."""
        return self._secret("hub.services.hubtui.apiToken")

    def add_user(self, name: str, *, admin: bool = False) -> None:
        """Somebody more in the hub's database, without a server."""
        with self.hub_client() as client:
            hub.add_user(client, name, admin=admin)

    def work(self, name: str) -> None:
        """A user does something on their default server, and the hub hears of it."""
        with self.hub_client() as client:
            hub.work(client, name)

    def remove_user(self, name: str) -> None:
        """Stops the servers of a user, and takes them out of the hub's database. Returns when the
        claims that the hub deletes with them are gone: a new server would take one that ends."""
        with self.hub_client() as client, self.api() as api:
            hub.remove_user(client, name)
            hub.wait_for_claims(api, name)

    def lose_route(self, name: str) -> None:
        """The proxy forgets the route of a user's default server."""
        hub.lose_route(self.site, self._secret("hub.config.ConfigurableHTTPProxy.auth_token"), name)

    @contextmanager
    def trouble(self, user: str, stage: str) -> Iterator[None]:
        """The servers of a user go wrong from the start, as a stage tells."""
        with self.api() as api, trouble(api, user, stage):
            yield

    def prometheus(self) -> Prometheus:
        """The real Prometheus, which scrapes the hub; who first asks starts it. The cluster has no
        trace of it but `monitoring.in_cluster`."""
        return monitoring.of(self.site, self.hub_token)

    def hub_client(self) -> httpx.Client:
        """An administrator's client of the hub's API, for what a test sets up or looks up."""
        return hub.client(self.site, self._secret("hub.services.testbed.apiToken"))

    def _secret(self, key: str) -> str:
        with self.api() as api:
            return hub.secret(api)[key]

    # What was asked of the apiserver

    @property
    def audit_log(self) -> Path:
        """One JSON document a line; without the requests of the testbed's own parts."""
        return self.site.file("audit.log")

    def audit_entries(self, user: str) -> list[dict[str, Any]]:
        """What a user asked for, oldest first."""
        with self.audit_log.open() as lines:
            entries = [json.loads(line) for line in lines if line.endswith("\n")]
        return [entry for entry in entries if entry["user"].get("username") == user]

    # Pods and nodes

    def log_file(self, container: str, *, previous: bool = False) -> Path:
        """The log of all containers of this name; write to it with `write_log`."""
        return kubelets.log_file(self.site, container, previous)

    def log_file_for(self, pod: Mapping[str, Any], container: str | None = None) -> Path:
        """The log of a pod's container; its first one unless named."""
        return self.log_file(container or pod["spec"]["containers"][0]["name"])

    def write_log(self, container: str, *lines: str, previous: bool = False) -> None:
        """Adds lines to a container log in the format of a container runtime."""
        with self.log_file(container, previous=previous).open("a") as file:
            file.writelines(f"{kubelets.log_time()} stdout F {line}\n" for line in lines)

    def clear_log(self, container: str) -> None:
        """Takes away what was written to a container log."""
        self.log_file(container).write_text("")

    def lose_node(self, name: str) -> None:
        """The node's kubelet falls silent: NotReady after the grace time of some 15 seconds."""
        with self.api() as api:
            leases.take(api, name)

    def find_node(self, name: str) -> None:
        """The node's kubelet is back; returns when the node is Ready."""
        with self.api() as api:
            leases.give_back(api, name)

    # Breaking it

    def restart_apiserver(self) -> None:
        """Kills the apiserver and starts it again: watches end, the data stays."""
        self.kill("apiserver")
        self.start("apiserver")

    def stop(self, part: str) -> None:
        """Ends one part: etcd, apiserver, controller-manager, scheduler, user-scheduler, kwok,
        backstage, proxy, hub or prometheus."""
        self.parts.stop(part)

    def kill(self, part: str) -> None:
        """Kills one part."""
        self.parts.kill(part)

    def start(self, part: str) -> None:
        """Starts one part again and waits until it answers."""
        if part == "apiserver":
            with self.api() as api:
                self.parts.again(part, api.ready)
        elif part == "hub":
            self.parts.again(part, lambda: hub.answers(hub.health(self.site)))
        else:
            port = {"backstage": "metrics"}.get(part, part)
            self.parts.again(part, lambda: launch.listens(self.site.port(port)))

    def wait_for_pods(self, selector: str, count: int = 1, seconds: float = 60) -> None:
        """Waits until exactly so many pods are there and Ready."""
        with self.api() as api:
            wait_for_pods(api, selector, count, seconds)
