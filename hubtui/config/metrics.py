"""The settings of `[metrics]`, and what is wrong with them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec

from hubtui.config.addresses import ADDRESS, never_in_the_clear, origin_at
from hubtui.errors import ConfigError
from hubtui.model.metric import Metric, fault_of
from hubtui.model.prometheus_place import place_of
from hubtui.model.promql import LABEL

_SECRET_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)


class MetricsSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Prometheus that is asked; without one it is looked for in the cluster.

    `prometheus` is its address, with the path in front of `/api/v1` where it has one
    (`https://mimir.example.org/prometheus`), or `NAMESPACE/SERVICE[:PORT]` for one in the cluster.
    `headers` are sent with each request (`X-Scope-OrgID` of Mimir) and hold no secrets. It is
    asked with a token, that of the environment variable HUBTUI_PROMETHEUS_TOKEN, else the content
    of `token_file`, else what `token_command` prints; or as `username`, with the password that is
    had the same way. `ca_file` names the certificates of an authority of your own,
    `certificate_file` the one that says who asks, with its key in the same file or in `key_file`.
    `matchers` are added to every selector of hubtui's own queries (`cluster="hub-prod"`) where one
    Prometheus holds several clusters. `queries` are the user's own questions, shown in the metrics
    pane.

    `dashboards` is a folder with dashboards of Grafana's as JSON. `grafana` is the address of a
    Grafana whose dashboards are read, with the token of the environment variable
    HUBTUI_GRAFANA_TOKEN, else the content of `grafana_token_file`, else what
    `grafana_token_command` prints.

    `alertmanager` is the address of an Alertmanager, or `NAMESPACE/SERVICE[:PORT]`: it tells which
    alerts are silenced. On the same server as `prometheus` it is asked with the same headers and
    credentials, else with none.
    """

    prometheus: str = ""
    alertmanager: str = ""
    headers: dict[str, str] = {}
    username: str = ""
    token_file: str = ""
    token_command: str = ""
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    matchers: dict[str, str] = {}
    queries: tuple[Metric, ...] = ()
    dashboards: str = ""
    grafana: str = ""
    grafana_token_file: str = ""
    grafana_token_command: str = ""


def check(metrics: MetricsSource, source: str) -> None:
    """Raises ConfigError, with the setting that is wrong; `source` is where it was read."""
    _check_asked(metrics, source)
    _check_certificate(metrics, source)
    _check_grafana(metrics, source)
    _check_alertmanager(metrics.alertmanager, source)


def _check_asked(metrics: MetricsSource, source: str) -> None:
    alone = () if metrics.grafana else ("ca_file",)
    for name in ("headers", "username", "token_file", "token_command", *alone):
        if getattr(metrics, name) and not metrics.prometheus:
            raise ConfigError(
                f"{source}: metrics.{name} has no metrics.prometheus beside it",
                meaning="What is found in the cluster by its labels is sent no secret.",
                remedy="Name the Prometheus: its address, or NAMESPACE/SERVICE.",
            )
    for name, value in metrics.headers.items():
        if name.lower() in _SECRET_HEADERS:
            raise ConfigError(
                f"{source}: metrics.headers holds {name}, which is a secret",
                remedy="metrics.token_file or metrics.token_command names it.",
            )
        if not _HEADER.fullmatch(name) or not value.isascii() or not value.isprintable():
            raise ConfigError(f"{source}: metrics.headers has {name!r}, which is no header")
    for label in metrics.matchers:
        if not LABEL.fullmatch(label):
            raise ConfigError(f"{source}: metrics.matchers has {label!r}, which is no label")
    if fault := fault_of(metrics.queries):
        raise ConfigError(
            f"{source}: metrics.queries: {fault}",
            remedy='The README tells their keys, under "Questions of your own".',
        )
    if metrics.prometheus and place_of(metrics.prometheus) is None:
        _check_prometheus(metrics, source)


def _check_certificate(metrics: MetricsSource, source: str) -> None:
    if metrics.key_file and not metrics.certificate_file:
        raise ConfigError(f"{source}: metrics.key_file has no metrics.certificate_file beside it")
    if metrics.certificate_file and not metrics.prometheus.lower().startswith("https://"):
        raise ConfigError(
            f"{source}: metrics.certificate_file needs a metrics.prometheus at https://",
            meaning="Only a connection with TLS shows a certificate.",
        )


def _check_prometheus(metrics: MetricsSource, source: str) -> None:
    remedy = "Write https://prometheus.example.org, or NAMESPACE/SERVICE for a service."
    origin = origin_at(metrics.prometheus, "metrics.prometheus", source, remedy)
    path = urlsplit(metrics.prometheus).path.rstrip("/")
    if not ADDRESS.fullmatch(metrics.prometheus) or path.endswith("/api/v1"):
        raise ConfigError(
            f"{source}: metrics.prometheus is no address of a Prometheus",
            remedy="Write it as https://prometheus.example.org, with the path before /api/v1.",
        )
    if metrics.token_file or metrics.token_command:
        remedy = "Use its https:// address, or NAMESPACE/SERVICE of one in the cluster."
        never_in_the_clear(origin, "metrics.prometheus", source, remedy)


def _check_alertmanager(named: str, source: str) -> None:
    if not named or place_of(named) is not None:
        return
    origin_at(named, "metrics.alertmanager", source)
    if not ADDRESS.fullmatch(named) or urlsplit(named).path.rstrip("/").endswith("/api/v2"):
        raise ConfigError(
            f"{source}: metrics.alertmanager is no address of an Alertmanager",
            remedy="Write https://alertmanager.example.org, with the path before /api/v2, or"
            " NAMESPACE/SERVICE.",
        )


def _check_grafana(metrics: MetricsSource, source: str) -> None:
    named = metrics.grafana_token_file or metrics.grafana_token_command
    if not metrics.grafana:
        if named:
            raise ConfigError(
                f"{source}: a token for Grafana has no metrics.grafana beside it",
                remedy='Name the Grafana: grafana = "https://grafana.example.org".',
            )
        return
    origin = origin_at(metrics.grafana, "metrics.grafana", source)
    if not ADDRESS.fullmatch(metrics.grafana):
        raise ConfigError(
            f"{source}: metrics.grafana is no address of a Grafana",
            remedy="Write it as https://grafana.example.org, with the path before /api.",
        )
    if named:
        never_in_the_clear(origin, "metrics.grafana", source)
