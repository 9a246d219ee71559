"""Alerts of Prometheus and of an Alertmanager: whose they are, how bad, and what is quiet.

Sources: Prometheus 2.42, HTTP API, "Alerts" and "Rules"; Alertmanager 0.25, API v2. That the label
`severity` says how bad an alert is, and the annotations `summary`, `description` and `runbook_url`
what it means, is the custom of kube-prometheus and of all who follow it; no program asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from hubtui.model.podstate import Severity
from hubtui.model.problem import NODE, Problem
from hubtui.model.prometheus import Labels
from hubtui.model.text import one_line

NAME: Final = "alertname"
NAMESPACE: Final = "namespace"
SEVERITY: Final = "severity"

_NOW: Final = frozenset({"critical", "page", "emergency", "fatal", "disaster", "high"})
_NONE: Final = frozenset({"none", "info", "informational", "notice", "debug"})
"""Words of `severity` that ask nobody to act: the always firing Watchdog is `none`."""

_NAMED_BY: Final = {
    "pod": ("pod", "pod_name"),
    "node": ("node", "instance", "nodename"),
    "claim": ("persistentvolumeclaim",),
    "role": ("deployment", "container", "component", "service"),
}
"""Which labels name what a problem of hubtui's own may be about."""


class AlertState(StrEnum):
    """A pending alert has not lasted for its rule's `for` yet."""

    FIRING = "firing"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """What an alert is decided by: an expression that has to hold for `lasting`."""

    name: str
    expression: str
    lasting: timedelta = timedelta()
    group: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert. `since` is when its expression began to hold, None where that is not told.

    `value` is that of the expression then; None where it is not told. `silenced` and `inhibited`
    are ids of silences and of other alerts, as an Alertmanager has them; `rule` is None where the
    rules were not read.
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    state: AlertState = AlertState.FIRING
    since: datetime | None = None
    value: float | None = None
    silenced: tuple[str, ...] = ()
    inhibited: tuple[str, ...] = ()
    rule: AlertRule | None = None

    @property
    def name(self) -> str:
        """What its rule is called."""
        return one_line(self.labels.get(NAME, "")) or "?"

    @property
    def key(self) -> str:
        """What identifies it: all its labels."""
        return "\n".join(f"{name}={value}" for name, value in sorted(self.labels.items()))

    @property
    def severity(self) -> str:
        """The word of its rule; "" where it has none."""
        return one_line(self.labels.get(SEVERITY, ""))

    @property
    def is_quiet(self) -> bool:
        """Whether somebody silenced it, or a worse one tells the same."""
        return bool(self.silenced or self.inhibited)

    @property
    def is_urgent(self) -> bool:
        """Whether it asks somebody to act: it fires, and nothing keeps it quiet."""
        return self.level in (Severity.NOW, Severity.SOON)

    @property
    def level(self) -> Severity:
        """How much it asks for attention."""
        if self.is_quiet or self.severity.lower() in _NONE:
            return Severity.PAST
        if self.state is AlertState.PENDING:
            return Severity.WAITING
        return Severity.NOW if self.severity.lower() in _NOW else Severity.SOON

    @property
    def summary(self) -> str:
        """What it says in one line."""
        told = (self.annotations.get(name, "") for name in ("summary", "message", "description"))
        return next((one_line(each) for each in told if each.strip()), "")

    @property
    def description(self) -> str:
        """What it says beside the summary; "" where that is all."""
        found = one_line(self.annotations.get("description", ""))
        return "" if found == self.summary else found

    @property
    def runbook(self) -> str:
        """The address of its runbook; "" without one that a browser opens."""
        return web_address(self.annotations.get("runbook_url", ""))


@dataclass(frozen=True, slots=True)
class Alerts:
    """The alerts that concern a hub: its own, and those that name no namespace; `elsewhere` counts
    what other namespaces have."""

    own: tuple[Alert, ...] = ()
    wide: tuple[Alert, ...] = ()
    elsewhere: int = 0

    @property
    def shown(self) -> tuple[Alert, ...]:
        """All of them, the hub's own first."""
        return (*self.own, *self.wide)


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """Alerts of a hub's own that ask somebody to act: `now` of them are critical. `pending` may
    come, `quiet` are silenced or inhibited, or ask for nothing."""

    firing: int = 0
    now: int = 0
    pending: int = 0
    quiet: int = 0


def counts_of(alerts: Iterable[Alert]) -> AlertCounts:
    """How many there are of each kind."""
    levels = [alert.level for alert in alerts]
    now = levels.count(Severity.NOW)
    return AlertCounts(
        firing=now + levels.count(Severity.SOON),
        now=now,
        pending=levels.count(Severity.WAITING),
        quiet=levels.count(Severity.PAST),
    )


def sorted_out(
    alerts: Iterable[Alert], namespace: str, matchers: Mapping[str, str] | None = None
) -> Alerts:
    """Which of all alerts concern the hub of a namespace, the worst first.

    An alert without the label `namespace` is the hub's where another label is its namespace. One
    that has a label of `matchers` with another value is of another cluster.
    """
    own: list[Alert] = []
    wide: list[Alert] = []
    elsewhere = 0
    for alert in alerts:
        if not _fits(alert.labels, matchers or {}):
            continue
        of = alert.labels.get(NAMESPACE)
        if of == namespace or (of is None and namespace in alert.labels.values()):
            own.append(alert)
        elif of is None:
            wide.append(alert)
        else:
            elsewhere += 1
    return Alerts(tuple(worst_first(own)), tuple(worst_first(wide)), elsewhere)


def _fits(labels: Labels, matchers: Mapping[str, str]) -> bool:
    return all(labels.get(name, value) == value for name, value in matchers.items())


def worst_first(alerts: Iterable[Alert]) -> list[Alert]:
    """Those that ask somebody to act before the others, the longest standing first."""
    return sorted(
        alerts,
        key=lambda a: (-a.level, a.since is None, a.since.timestamp() if a.since else 0.0, a.key),
    )


def joined(told: Sequence[Alert], routed: Iterable[Alert]) -> tuple[Alert, ...]:
    """The alerts of Prometheus with what the Alertmanager knows of them, and those that it has
    from others. It may have labels more: those that a Prometheus adds to all that leaves it."""
    found = list(told)
    for each in routed:
        at = next((n for n, alert in enumerate(told) if _is_same(alert, each)), None)
        if at is None:
            found.append(each)
        else:
            found[at] = replace(found[at], silenced=each.silenced, inhibited=each.inhibited)
    return tuple(found)


def _is_same(told: Alert, routed: Alert) -> bool:
    return told.labels.items() <= routed.labels.items()


def with_rules(alerts: Iterable[Alert], rules: Iterable[AlertRule]) -> tuple[Alert, ...]:
    """The alerts with the rules that made them, as far as these are among the given."""
    by_name: dict[str, list[AlertRule]] = {}
    for each in rules:
        by_name.setdefault(each.name, []).append(each)
    return tuple(replace(alert, rule=_rule_of(alert, by_name)) for alert in alerts)


def _rule_of(alert: Alert, rules: Mapping[str, Sequence[AlertRule]]) -> AlertRule | None:
    """The rule whose own labels an alert has: several rules of one name differ in the severity."""
    for rule in rules.get(alert.labels.get(NAME, ""), ()):
        plain = {name: value for name, value in rule.labels.items() if "{{" not in value}
        if plain.items() <= alert.labels.items():
            return rule
    return None


def same_as(alert: Alert, problems: Iterable[Problem]) -> Problem | None:
    """The problem of hubtui's own that is about the same thing, if there is one."""
    for problem in problems:
        for target in problem.targets:
            labels = _NAMED_BY.get(target.kind, ())
            named = {alert.labels.get(label, "").partition(":")[0] for label in labels}
            if target.name.removeprefix(NODE) in named - {""}:
                return problem
    return None


def web_address(text: str) -> str:
    """The address as it stands, where it is one of the web's; "" else."""
    found = one_line(text)
    try:
        parts = urlsplit(found)
    except ValueError:
        return ""
    return found if parts.scheme in ("http", "https") and parts.netloc and " " not in found else ""
