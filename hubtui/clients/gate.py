"""The one decision on reads and writes. It lies under all clients and denies by default.

A read is on the list below, by verb and resource; the HTTP method says nothing (an exec and a
port-forward are GETs). Everything else needs a WriteToken, which only the runner in
`services.operations` asks for, which names the verbs and objects of one plan, and which ends with
its operation. In read-only mode no token is ever granted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from hubtui.clients import helm_argv
from hubtui.errors import ReadOnlyError
from hubtui.model.origin import Origin
from hubtui.model.plan import Permit as Permit

LOOK: Final = frozenset({"get", "list", "watch"})

_READ_RESOURCES: Final = frozenset(
    {
        "pods",
        "events",
        "namespaces",
        "nodes",
        "services",
        "endpoints",
        "configmaps",
        "secrets",
        "serviceaccounts",
        "persistentvolumeclaims",
        "persistentvolumes",
        "resourcequotas",
        "limitranges",
        "deployments.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "replicasets.apps",
        "jobs.batch",
        "cronjobs.batch",
        "leases.coordination.k8s.io",
        "endpointslices.discovery.k8s.io",
        "networkpolicies.networking.k8s.io",
        "ingresses.networking.k8s.io",
        "httproutes.gateway.networking.k8s.io",
        "poddisruptionbudgets.policy",
        "roles.rbac.authorization.k8s.io",
        "rolebindings.rbac.authorization.k8s.io",
        "clusterroles.rbac.authorization.k8s.io",
        "clusterrolebindings.rbac.authorization.k8s.io",
        "priorityclasses.scheduling.k8s.io",
        "storageclasses.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
        "csinodes.storage.k8s.io",
        "pods.metrics.k8s.io",
        "nodes.metrics.k8s.io",
        "helmreleases.helm.toolkit.fluxcd.io",
        "applications.argoproj.io",
    }
)
_READ_SUBRESOURCES: Final = frozenset({("get", "pods", "log")})
_READ_CREATES: Final = frozenset({"selfsubjectaccessreviews.authorization.k8s.io"})
"""Created to ask, never stored (Kubernetes API reference, authorization.k8s.io/v1)."""
_READ_PATHS: Final = frozenset({"/version", "/readyz", "/api", "/apis", "/api/v1"})
_DISCOVERY: Final = re.compile(r"/apis/[a-z0-9.-]+/v[0-9a-z]+")
"""Which resources an API version has: `/apis/gateway.networking.k8s.io/v1`."""

HUB_SERVERS: Final = "servers.hub.jupyter.org"
HUB_ROUTES: Final = "routes.hub.jupyter.org"
"""What a plan permits to write through the hub's API: the servers of users, by `user/server`, and
the proxy's routes. No resources of Kubernetes."""

_HUB_READS: Final = re.compile(
    r"/(?:|info|user|users|groups|services|proxy|metrics)"
    r"|/users/[^/]+(?:/server/progress|/servers/[^/]+(?:/progress)?)?"
)
"""What of the hub's API is read: nothing that reaches into a user's server, which would count as
activity of theirs. Source: JupyterHub's REST API (facts.md §3)."""

_PROMETHEUS_READS: Final = re.compile(
    r"api/v1/(?:query|query_range|labels|label/[a-zA-Z_][a-zA-Z0-9_]*/values|series|metadata"
    r"|alerts|rules|targets|status/buildinfo)",
    re.ASCII,
)
"""What is asked of a Prometheus: nothing that reloads, ends or deletes (Prometheus 2.42, HTTP API
and "Management API")."""

_GRAFANA_READS: Final = re.compile(r"api/(?:search|dashboards/uid/[A-Za-z0-9_-]{1,64})", re.ASCII)
"""What is asked of a Grafana: its dashboards, and one of them (Grafana 11, HTTP API)."""

_ALERTMANAGER_READS: Final = re.compile(r"api/v2/alerts", re.ASCII)
"""What is asked of an Alertmanager: no silence is set or ended (Alertmanager 0.25, API v2)."""

_SERVICE_READS: Final = {"Prometheus": _PROMETHEUS_READS, "Alertmanager": _ALERTMANAGER_READS}

_HUB_SERVER: Final = re.compile(r"/users/(?P<user>[^/]+)/(?:server|servers/(?P<server>[^/]+))")
_HUB_VERBS: Final = {"POST": "create", "DELETE": "delete"}

_HUB_PATH: Final = re.compile(
    r"(?:/(?!\.{1,2}(?:/|\Z))(?:[\w.~@-]|%(?!2[EF])[0-9A-F]{2})*)+", re.ASCII
)
"""A path that means the same to all on the way: no dot segments (RFC 3986, 5.2.4), no coded dots
and slashes. Else the stop of a server named `..` could reach the hub as the removal of a user."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the apiserver, in the words of RBAC and of the audit log.

    `path` is what is asked for behind a proxy of the apiserver, without the slash in front.
    """

    verb: str
    resource: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    path: str = ""

    def __str__(self) -> str:
        resource = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        where = f" in namespace {self.namespace}" if self.namespace else ""
        name = f" {self.name}" if self.name else ""
        return f"{self.verb} {resource}{name}{where}"


@dataclass(frozen=True, slots=True, eq=False)
class WriteToken:
    """The right to write what one plan names, for as long as its operation runs."""

    plan: str
    permits: frozenset[Permit]


class Gate:
    """Decides, one for each session. `read_only` holds the reason; empty: writes are possible."""

    def __init__(self, read_only: str = "") -> None:
        self.read_only = read_only
        self._tokens: set[WriteToken] = set()
        self._forwards: set[tuple[str, str, int]] = set()
        self._services: dict[tuple[str, str], re.Pattern[str]] = {}
        self._objects: set[tuple[str, str, str]] = set()
        self._origins: set[Origin] = set()
        self._hubs: set[Origin] = set()

    @property
    def may_write(self) -> bool:
        """Whether a token can be had at all: what dims the keys of dangerous verbs."""
        return not self.read_only

    def grant(self, plan: str, permits: Iterable[Permit]) -> WriteToken:
        """A token for one plan. Only the runner calls this. Raises ReadOnlyError."""
        if self.read_only:
            raise ReadOnlyError(
                f"hubtui is read-only: {self.read_only}", meaning="Nothing was written."
            )
        token = WriteToken(plan, frozenset(permits))
        self._tokens.add(token)
        return token

    def end(self, token: WriteToken) -> None:
        """Ends a token: from here on it permits nothing."""
        self._tokens.discard(token)

    def allow_forward(self, namespace: str, pod: str, port: int) -> None:
        """Lets port-forwards to one port of one pod through: the hub's, or Prometheus'."""
        self._forwards.add((namespace, pod, port))

    def allow_service(self, namespace: str, name: str, port: int, whom: str = "Prometheus") -> None:
        """Lets the reads of whom it is through the apiserver to one port of one service through:
        Prometheus or an Alertmanager."""
        self._services[namespace, f"{name}:{port}"] = _SERVICE_READS[whom]

    def allow_object(self, resource: str, namespace: str, name: str) -> None:
        """Lets a GET of one object of any kind through: it is in the manifest of a release."""
        self._objects.add((resource, namespace, name))

    def allow_origin(self, origin: Origin) -> None:
        """Lets GETs to one host beyond the cluster through: an API or a registry that was asked
        for."""
        self._origins.add(origin)

    def allow_hub(self, origin: Origin) -> None:
        """Lets the requests of the hub's client through to the address that the hub has."""
        self._hubs.add(origin)

    def check(self, call: Call, token: WriteToken | None = None) -> None:
        """Lets a call through or raises ReadOnlyError."""
        if self._is_read(call) or self._is_forward(call) or self._is_dry_run(call):
            return
        self._need(
            token,
            Permit(call.verb, call.resource, call.namespace, call.name, call.subresource),
            str(call),
        )

    def check_path(self, path: str) -> None:
        """Lets a GET of a path that is no resource through (`/version`), or raises."""
        if path not in _READ_PATHS and not _DISCOVERY.fullmatch(path):
            raise ReadOnlyError(f"GET {path} is not on the list of reads")

    def check_http(self, method: str, origin: Origin, *, secret: bool) -> None:
        """Lets one request to a host beyond the cluster through or raises ReadOnlyError.

        `secret`: it carries a token, which is for nobody on the way to read.
        """
        if method != "GET" or origin not in self._origins:
            raise ReadOnlyError(f"{method} {origin} is not on the list of reads")
        if secret and not origin.safe:
            raise ReadOnlyError(
                f"No token is sent to {origin}: it would travel in the clear",
                remedy="Use an https:// address.",
            )

    def check_hub(
        self, method: str, path: str, namespace: str = "", token: WriteToken | None = None
    ) -> None:
        """Lets one request to the API of a namespace's hub through or raises ReadOnlyError.

        `path` is percent-encoded and begins below `/hub/api`, without the query. A write needs a
        token with the permit for the server that the path names, or for the routes.
        """
        words = f"{method} {path} of the hub"
        listed = _HUB_PATH.fullmatch(path) is not None
        if listed and method == "GET" and _HUB_READS.fullmatch(path):
            return
        permit = _hub_permit(method, path, namespace) if listed else None
        if permit is None:
            raise ReadOnlyError(f"{words} is not on the list of requests")
        self._need(token, permit, words)

    def check_prometheus(self, path: str) -> None:
        """Lets one GET to a Prometheus through or raises ReadOnlyError; `path` begins below its
        address, without the query."""
        if not _PROMETHEUS_READS.fullmatch(path.removeprefix("/")):
            raise ReadOnlyError(f"GET {path} of Prometheus is not on the list of reads")

    def check_grafana(self, path: str) -> None:
        """Lets one GET to a Grafana through or raises ReadOnlyError; `path` as in
        `check_prometheus`."""
        if not _GRAFANA_READS.fullmatch(path.removeprefix("/")):
            raise ReadOnlyError(f"GET {path} of Grafana is not on the list of reads")

    def check_alertmanager(self, path: str) -> None:
        """Lets one GET to an Alertmanager through or raises ReadOnlyError; `path` as in
        `check_prometheus`."""
        if not _ALERTMANAGER_READS.fullmatch(path.removeprefix("/")):
            raise ReadOnlyError(f"GET {path} of the Alertmanager is not on the list of reads")

    def check_hub_origin(self, method: str, origin: Origin) -> None:
        """Lets a request that `check_hub` has let through go to an address, or raises
        ReadOnlyError: it carries the hub's token."""
        if origin not in self._hubs or (self.read_only and method != "GET"):
            raise ReadOnlyError(f"{method} {origin} is not on the list of requests")
        if not origin.safe:
            raise ReadOnlyError(
                f"No token is sent to {origin}: it would travel in the clear",
                remedy="Use an https:// address.",
            )

    def check_helm(self, argv: Sequence[str], token: WriteToken | None = None) -> None:
        """Lets one helm command through or raises ReadOnlyError.

        `argv` starts with helm's sub-command; `helm_argv` holds the positive list.
        """
        call = helm_argv.parse(argv)
        if call.writes:
            permit = Permit(call.command, "helm", call.namespace, call.release)
            self._need(token, permit, str(call))

    def _need(self, token: WriteToken | None, permit: Permit, words: str) -> None:
        if self.read_only:
            raise ReadOnlyError(
                f"{words} was not sent: hubtui is read-only ({self.read_only})",
                meaning="Nothing was written.",
            )
        if token is None or token not in self._tokens or permit not in token.permits:
            raise ReadOnlyError(
                f"{words} was not sent: no plan permits it", meaning="Nothing was written."
            )

    def _is_read(self, call: Call) -> bool:
        if call.subresource:
            read = (call.verb, call.resource, call.subresource) in _READ_SUBRESOURCES
            return read or self._is_proxied_read(call)
        if call.verb in LOOK and call.resource in _READ_RESOURCES:
            return True
        if call.verb == "get":
            return (call.resource, call.namespace, call.name) in self._objects
        return call.verb == "create" and call.resource in _READ_CREATES

    def _is_proxied_read(self, call: Call) -> bool:
        if call.verb != "get" or call.subresource != "proxy":
            return False
        if call.resource == "nodes":
            return call.path == "stats/summary"
        reads = self._services.get((call.namespace, call.name))
        if call.resource != "services" or reads is None:
            return False
        return reads.fullmatch(call.path) is not None

    def _is_forward(self, call: Call) -> bool:
        if (call.resource, call.subresource) != ("pods", "portforward"):
            return False
        ports = call.query.get("ports", "")
        return ports.isdigit() and (call.namespace, call.name, int(ports)) in self._forwards

    def _is_dry_run(self, call: Call) -> bool:
        return (
            call.verb == "patch"
            and not call.subresource
            and not self.read_only
            and call.query.get("dryRun") == "All"
        )


def _hub_permit(method: str, path: str, namespace: str) -> Permit | None:
    """What a write to the hub's API needs; None for one that is not done."""
    if (method, path) == ("POST", "/proxy"):
        return Permit("update", HUB_ROUTES, namespace, "")
    found = _HUB_SERVER.fullmatch(path)
    if found is None or method not in _HUB_VERBS:
        return None
    name = f"{unquote(found['user'])}/{unquote(found['server'] or '')}"
    return Permit(_HUB_VERBS[method], HUB_SERVERS, namespace, name)
