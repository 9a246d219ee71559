"""The rules for alerts of the demo's small Prometheus, and what they find at this moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, cast

from hubtui.demo.prometheus.promql.evaluating import Evaluation
from hubtui.demo.prometheus.promql.parsing import parsed
from hubtui.demo.prometheus.promql.series import Column, unnamed
from hubtui.demo.prometheus.stored import Stored
from hubtui.demo.world import World

GROUP: Final = "hub"
EVERY: Final = 60
_LOOKS: Final = 300
"""Seconds between two looks at the past, to see since when an alert is active."""
_BACK: Final = 86400


@dataclass(frozen=True, slots=True)
class Rule:
    """When something is to be told: `promql` has had an answer for `lasting` seconds."""

    name: str
    promql: str
    lasting: int
    severity: str
    summary: str
    description: str

    @property
    def annotations(self) -> dict[str, str]:
        """What is said about it."""
        return {"summary": self.summary, "description": self.description}


RULES: Final = (
    Rule(
        "SharedHomesFillingUp",
        'min by (namespace) (node_filesystem_avail_bytes{mountpoint="/shared-volume"}'
        ' / node_filesystem_size_bytes{mountpoint="/shared-volume"}) < 0.3',
        1800,
        "warning",
        "The disk of the shared homes is filling up",
        "Less than 30 % of the disk of the shared homes is free.",
    ),
    Rule(
        "ServersFailToStart",
        "sum by (namespace) (increase(jupyterhub_server_spawn_duration_seconds_count"
        '{status!="success"}[30m])) > 5',
        300,
        "critical",
        "Servers of users fail to start",
        "More than 5 servers did not start within half an hour.",
    ),
    Rule(
        "TargetDown",
        "up == 0",
        300,
        "warning",
        "Something that is scraped does not answer",
        "Its metrics have been missing for five minutes.",
    ),
)


def rules(world: World) -> Any:
    """What `/api/v1/rules` answers."""
    now = _written(world.timeline.now)
    told = []
    for rule in RULES:
        found = [_alert(rule, *each) for each in _active(world, rule)]
        states = {each["state"] for each in found}
        told.append(
            {
                "state": next((s for s in ("firing", "pending") if s in states), "inactive"),
                "name": rule.name,
                "query": rule.promql,
                "duration": rule.lasting,
                "labels": {"severity": rule.severity},
                "annotations": rule.annotations,
                "alerts": found,
                "health": "ok",
                "evaluationTime": 0.001,
                "lastEvaluation": now,
                "type": "alerting",
            }
        )
    group = {"name": GROUP, "file": "/etc/config/alerting_rules.yml", "interval": EVERY}
    return {"groups": [{**group, "rules": told, "evaluationTime": 0.003, "lastEvaluation": now}]}


def alerts(world: World) -> Any:
    """What `/api/v1/alerts` answers."""
    return {"alerts": [_alert(rule, *each) for rule in RULES for each in _active(world, rule)]}


def _active(world: World, rule: Rule) -> Iterator[tuple[dict[str, str], float, float, float]]:
    """Labels and value of each alert that is active now, since when it is, and the time."""
    stored = Stored(world)
    last = int(stored.now * 1000)
    times = list(range(last - _BACK * 1000, last + 1, _LOOKS * 1000))
    columns = cast("list[Column]", Evaluation(stored, times).of(parsed(rule.promql)))
    for column in columns:
        value, since = column.cells[-1], times[-1]
        if value is None:
            continue
        for when, cell in zip(reversed(times), reversed(column.cells), strict=True):
            if cell is None:
                break
            since = when
        yield dict(unnamed(column.labels)), value, since / 1000, last / 1000


def _alert(rule: Rule, labels: dict[str, str], value: float, since: float, now: float) -> Any:
    return {
        "labels": {**labels, "alertname": rule.name, "severity": rule.severity},
        "annotations": rule.annotations,
        "state": "firing" if now - since >= rule.lasting else "pending",
        "activeAt": _written(datetime.fromtimestamp(since, UTC)),
        "value": _exponential(value),
    }


def _written(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _exponential(value: float) -> str:
    """A number as Go writes it with an exponent of two digits."""
    if value == 0:
        return "0e+00"
    mantissa, _, exponent = f"{Decimal(repr(value)).normalize():e}".partition("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:]:0>2}"
