"""What a user of hubtui has asked for, from the logs of those who were asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.cluster.clusters import Cluster
from tests.testbed import Testbed
from tests.testbed.monitoring import PORT, SERVICE, SUPPORT

READS = frozenset({"get", "list", "watch"})
HUB_PORT = "8081"

_REVIEWS = re.compile(r"selfsubject\w*reviews")
_REQUEST = re.compile(
    r"\] (?P<status>\d{3}) (?P<method>[A-Z]+) (?P<path>/\S*).*?\((?P<who>[^@)]*)@"
)
_PROXIED = re.compile(
    rf"/api/v1/namespaces/{SUPPORT}/services/{SERVICE}:80/proxy/api/v1/"
    r"(?:query|query_range|labels|label/\w+/values|series|metadata|alerts|rules|targets"
    r"|status/buildinfo)"
    r"|/api/v1/nodes/[a-z0-9.-]+/proxy/stats/summary"
)
_OURS = "testbed"
"""The service with which the tests themselves speak to the hub."""


@dataclass
class Asked:
    """All that an apiserver was asked since this was made, as `user`."""

    cluster: Cluster
    user: str
    _audit: int = field(init=False)

    def __post_init__(self) -> None:
        self._audit = len(self.cluster.audit_entries(self.user))

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The apiserver's audit log."""
        return self.cluster.audit_entries(self.user)[self._audit :]

    def writes(self) -> list[str]:
        """Every verb that is no read, dry runs too; access reviews only ask."""
        return [
            _words(entry)
            for entry in self.entries
            if entry["verb"] not in READS and not _is_review(entry)
        ]

    def intrusions(self) -> list[str]:
        """Subresources that are audited as reads and are none, but for the ports of the hub and of
        Prometheus, the reads of Prometheus, and the summaries of kubelets."""
        return [
            _words(entry)
            for entry in self.entries
            if _subresource(entry) in ("exec", "attach")
            or (_subresource(entry) == "proxy" and not is_proxied_read(entry))
            or (_subresource(entry) == "portforward" and not _is_known_port(entry))
        ]

    def forwards(self) -> list[str]:
        """The port-forwards that were opened."""
        return [_words(entry) for entry in self.entries if _subresource(entry) == "portforward"]


@dataclass
class Evidence(Asked):
    """And what the hub of the real control plane was asked."""

    cluster: Testbed
    _hub: int = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._hub = len(self._hub_log())

    def hub_requests(self) -> list[str]:
        """What others than the tests themselves asked the hub for."""
        lines = self._hub_log()[self._hub :]
        return [
            f"{found['method']} {found['path']}"
            for line in lines
            if (found := _REQUEST.search(line)) and found["who"] != _OURS
        ]

    def hub_writes(self) -> list[str]:
        """What the hub was asked with another method than GET."""
        return [each for each in self.hub_requests() if each.split()[0] not in ("GET", "HEAD")]

    def _hub_log(self) -> list[str]:
        return (self.cluster.directory / "logs" / "hub.log").read_text().splitlines()


def _subresource(entry: dict[str, Any]) -> str:
    return str(entry.get("objectRef", {}).get("subresource", ""))


def _is_known_port(entry: dict[str, Any]) -> bool:
    asked = entry["objectRef"]
    ports = parse_qs(urlsplit(entry["requestURI"]).query).get("ports")
    if ports == [HUB_PORT]:
        return str(asked["name"]).startswith("hub-")
    of_prometheus = str(asked["name"]).startswith(f"{SERVICE}-") and asked["namespace"] == SUPPORT
    return of_prometheus and ports == [str(PORT)]


def is_proxied_read(entry: dict[str, Any]) -> bool:
    path = urlsplit(entry["requestURI"]).path
    return entry["verb"] == "get" and _PROXIED.fullmatch(path) is not None


def _is_review(entry: dict[str, Any]) -> bool:
    resource = str(entry.get("objectRef", {}).get("resource", ""))
    return entry["verb"] == "create" and _REVIEWS.fullmatch(resource) is not None


def _words(entry: dict[str, Any]) -> str:
    return f"{entry['verb']} {entry['requestURI']}"
