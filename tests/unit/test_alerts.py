"""Whose an alert is, how bad, which rule made it, and what an Alertmanager knows beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hubtui.clients import alert_answers
from hubtui.clients.gate import Call, Gate
from hubtui.config import load
from hubtui.errors import ConfigError, DecodeError, ReadOnlyError
from hubtui.model.alerts import (
    Alert,
    AlertRule,
    AlertState,
    counts_of,
    joined,
    same_as,
    sorted_out,
    web_address,
    with_rules,
)
from hubtui.model.podstate import Severity
from hubtui.model.problem import Incident, Level, Problem, Target
from hubtui.views import alerts as views
from hubtui.views.cells import plain
from hubtui.views.document import Hung

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def alert(name: str, state: AlertState = AlertState.FIRING, **labels: str) -> Alert:
    return Alert(labels={"alertname": name, **labels}, state=state, since=NOW)


def body(data: Any) -> bytes:
    return json.dumps({"status": "success", "data": data}).encode()


def test_prometheus_tells_alerts_and_the_rules_behind_them() -> None:
    told = {
        "labels": {"alertname": "HubSlow", "severity": "critical", "namespace": "hub"},
        "annotations": {"summary": "Slow \u202eevil\nsecond", "runbook_url": "https://r.example/a"},
        "state": "pending",
        "activeAt": "2026-11-27T11:59:00.123456789Z",
        "value": "1.5e+00",
    }
    rule = {"name": "HubSlow", "query": "up == 0", "duration": 300, "type": "alerting"}
    other = {"name": "HubSlow", "query": "x", "labels": {"severity": "warning"}, "type": "alerting"}
    groups = [{"name": "hub", "rules": [other, rule, {"name": "rec", "type": "recording"}]}]
    found = alert_answers.alerts(body({"alerts": [told]}), "Prometheus")
    rules = alert_answers.rules(body({"groups": groups}), "Prometheus")
    (one,) = with_rules(found, rules)
    assert (one.state, one.value, one.severity) == (AlertState.PENDING, 1.5, "critical")
    assert one.since == datetime(2026, 11, 27, 11, 59, 0, 123456, tzinfo=UTC)
    assert one.summary == "Slow \\u202eevil second"
    assert one.rule == AlertRule("HubSlow", "up == 0", timedelta(minutes=5), "hub")
    assert [rule.name for rule in rules] == ["HubSlow", "HubSlow"]


def test_an_alertmanager_tells_who_is_silenced() -> None:
    labels = {"alertname": "HubSlow", "namespace": "hub"}
    routed = [
        {
            "labels": {**labels, "prometheus": "support/one"},
            "startsAt": "2026-11-27T11:00:00Z",
            "status": {"state": "suppressed", "silencedBy": ["id-1"], "inhibitedBy": []},
        },
        {"labels": {"alertname": "FromLoki", "namespace": "hub"}, "status": {"state": "active"}},
    ]
    told = alert_answers.routed(json.dumps(routed).encode(), "Alertmanager")
    found = joined([Alert(labels=labels, value=3.0)], told)
    assert [(each.name, each.silenced, each.value) for each in found] == [
        ("HubSlow", ("id-1",), 3.0),
        ("FromLoki", (), None),
    ]
    assert [each.level for each in found] == [Severity.PAST, Severity.SOON]


@pytest.mark.parametrize("body_", [b"{", b"[]", b'{"status": "error"}', body({"alerts": 3})])
def test_what_is_no_answer_is_an_error(body_: bytes) -> None:
    with pytest.raises(DecodeError):
        alert_answers.alerts(body_, "Prometheus")


def test_the_hubs_own_alerts_and_those_of_the_cluster_are_told_apart() -> None:
    found = sorted_out(
        [
            alert("Elsewhere", namespace="other"),
            alert("Node", severity="critical"),
            alert("Late", AlertState.PENDING, namespace="hub"),
            alert("Down", namespace="hub", severity="critical"),
            alert("Quota", exported_namespace="hub"),
            alert("OtherCluster", namespace="hub", cluster="two"),
        ],
        "hub",
        {"cluster": "one"},
    )
    assert [each.name for each in found.own] == ["Down", "Quota", "Late"]
    assert ([each.name for each in found.wide], found.elsewhere) == (["Node"], 1)
    counts = counts_of(found.own)
    assert (counts.firing, counts.now, counts.pending) == (2, 1, 1)


@pytest.mark.parametrize("severity", ["none", "info", "Info"])
def test_what_asks_nobody_to_act_is_not_counted(severity: str) -> None:
    assert counts_of([alert("Watchdog", severity=severity)]).firing == 0


@pytest.mark.parametrize(
    ("target", "labels"),
    [
        (Target("pod", "hub-1"), {"pod": "hub-1"}),
        (Target("node", "node/user-1"), {"instance": "user-1:9100"}),
        (Target("claim", "hub-db-dir"), {"persistentvolumeclaim": "hub-db-dir"}),
        (Target("role", "proxy"), {"deployment": "proxy"}),
    ],
)
def test_an_alert_leads_to_the_problem_about_the_same(
    target: Target, labels: Mapping[str, str]
) -> None:
    other = Problem(incident=Incident.PROXY, level=Level.NOW, title="?", effect="?")
    same = Problem(
        incident=Incident.CORE, level=Level.NOW, title="?", effect="?", targets=(target,)
    )
    told = Alert(labels={"alertname": "A", **labels})
    assert same_as(told, [other, same]) is same
    assert same_as(alert("A", pod="x"), [other, same]) is None


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://runbooks.example/a?b=c", "https://runbooks.example/a?b=c"),
        ("javascript:alert(1)", ""),
        ("https://a b", ""),
        ("http://[", ""),
        ("see the wiki", ""),
    ],
)
def test_only_an_address_of_the_web_is_a_runbook(text: str, link: str) -> None:
    assert web_address(text) == link


def test_an_alert_in_full_shows_its_labels_its_rule_and_its_value() -> None:
    rule = AlertRule("HubSlow", "up == 0", timedelta(minutes=5))
    one = Alert(labels={"alertname": "HubSlow", "pod": "hub-1"}, since=NOW, value=2.0, rule=rule)
    shown = "\n".join(
        plain(line.cell if isinstance(line, Hung) else line) for line in views.lines(one, NOW)
    )
    for words in ("HubSlow: firing", "up == 0", "5 m", "hub-1", "none is linked"):
        assert words in shown
    without = views.lines(Alert(labels={}), NOW)
    told = "\n".join(plain(line.cell if isinstance(line, Hung) else line) for line in without)
    assert "not told" in told
    assert "was not read" in told


def test_an_alertmanager_is_asked_for_its_alerts_and_for_nothing_else() -> None:
    gate = Gate()
    gate.check_alertmanager("/api/v2/alerts")
    for path in ("/api/v2/silences", "/api/v2/alerts/groups", "/-/reload", "/api/v2/alerts/"):
        with pytest.raises(ReadOnlyError):
            gate.check_alertmanager(path)


def test_through_the_apiserver_each_service_is_asked_for_its_own_alone() -> None:
    gate = Gate()
    gate.allow_service("support", "alertmanager", 9093, "Alertmanager")
    gate.allow_service("support", "prometheus", 80)

    def proxied(service: str, path: str) -> Call:
        return Call("get", "services", "support", service, "proxy", path=path)

    gate.check(proxied("alertmanager:9093", "api/v2/alerts"))
    gate.check(proxied("prometheus:80", "api/v1/alerts"))
    for service, path in (
        ("alertmanager:9093", "api/v2/silences"),
        ("alertmanager:9093", "api/v1/query"),
        ("prometheus:80", "api/v2/alerts"),
    ):
        with pytest.raises(ReadOnlyError):
            gate.check(proxied(service, path))


@pytest.mark.parametrize(
    ("named", "fault"),
    [
        ("https://am.example.org/prefix", ""),
        ("support/alertmanager:9093", ""),
        ("https://am.example.org/api/v2", "no address of an Alertmanager"),
        ("ftp://am.example.org", "cannot be asked"),
        ("nonsense", "cannot be asked"),
    ],
)
def test_the_alertmanager_is_named_by_address_or_service(
    named: str, fault: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[metrics]\nalertmanager = "{named}"\n')
    with pytest.raises(ConfigError, match=fault) if fault else nullcontext():
        settings, _ = load({}, {"HUBTUI_CONFIG": str(file)})
        assert settings.metrics.alertmanager == named
