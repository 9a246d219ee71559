"""Alerts and the rules behind them, as Prometheus and an Alertmanager tell them.

Sources: Prometheus 2.42, HTTP API, "Alerts" and "Rules"; Alertmanager 0.25, API v2, "alerts".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from hubtui.clients import prometheus_answers as answers
from hubtui.model.alerts import Alert, AlertRule, AlertState

_FIRST_YEAR: Final = 1970
"""Go's zero time, the year 1, stands for one that is not known."""


class _Told(msgspec.Struct, rename="camel"):
    labels: dict[str, str] = {}
    annotations: dict[str, str] | None = None
    state: str = ""
    active_at: str | None = None
    value: str = ""


class _Alerts(msgspec.Struct):
    alerts: list[_Told] | None = None


class _Rule(msgspec.Struct):
    name: str = ""
    query: str = ""
    duration: float = 0.0
    labels: dict[str, str] | None = None
    type: str = ""


class _Group(msgspec.Struct):
    name: str = ""
    rules: list[_Rule] | None = None


class _Groups(msgspec.Struct):
    groups: list[_Group] | None = None


class _Status(msgspec.Struct, rename="camel"):
    state: str = ""
    silenced_by: list[str] | None = None
    inhibited_by: list[str] | None = None


class _Routed(msgspec.Struct, rename="camel"):
    labels: dict[str, str] = {}
    annotations: dict[str, str] | None = None
    starts_at: str | None = None
    status: _Status = msgspec.field(default_factory=_Status)


def alerts(body: bytes, where: str) -> list[Alert]:
    """What Prometheus answers to `/api/v1/alerts`. Raises DecodeError."""
    told: _Alerts = answers.data(body, _Alerts, where)
    return [
        Alert(
            labels=each.labels,
            annotations=each.annotations or {},
            state=AlertState.PENDING if each.state == "pending" else AlertState.FIRING,
            since=_moment(each.active_at),
            value=_number(each.value),
        )
        for each in told.alerts or ()
        if each.state != "inactive"
    ]


def rules(body: bytes, where: str) -> list[AlertRule]:
    """What Prometheus answers to `/api/v1/rules?type=alert`. Raises DecodeError."""
    told: _Groups = answers.data(body, _Groups, where)
    return [
        AlertRule(
            each.name, each.query, timedelta(seconds=each.duration), group.name, each.labels or {}
        )
        for group in told.groups or ()
        for each in group.rules or ()
        if each.type == "alerting"
    ]


def routed(body: bytes, where: str) -> list[Alert]:
    """What an Alertmanager answers to `/api/v2/alerts`: all of them fire. Raises DecodeError."""
    found: list[_Routed] = answers.decoded(body, list[_Routed], where)
    return [
        Alert(
            labels=each.labels,
            annotations=each.annotations or {},
            since=_moment(each.starts_at),
            silenced=tuple(each.status.silenced_by or ()),
            inhibited=tuple(each.status.inhibited_by or ()),
        )
        for each in found
    ]


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if found is None or found.year < _FIRST_YEAR:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
