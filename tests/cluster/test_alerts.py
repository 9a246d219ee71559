"""Alerts of a real Prometheus with rules of its own, and which a real Alertmanager keeps quiet."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from hubtui.cli import run
from hubtui.config import MetricsSource
from hubtui.model.alerts import AlertState
from hubtui.services.session import Session
from tests.cluster.opened import session_of, until
from tests.cluster.readers import NAMED
from tests.testbed import Testbed, alertmanager
from tests.testbed import prometheus as started
from tests.testbed.alertmanager import Alertmanager
from tests.testbed.prometheus import Prometheus
from tests.testbed.site import free_port

pytestmark = pytest.mark.usefixtures("own_state")

RUNBOOK = "https://runbooks.example.org/slow"


def rule(name: str, value: float = 1, lasts: str = "", **labels: str) -> dict[str, Any]:
    """A rule that holds from the beginning on."""
    found = {
        "alert": name,
        "expr": f"vector({value}) > 0",
        "labels": labels,
        "annotations": {
            "summary": "It is\nat {{ $value }}",
            "runbook_url": RUNBOOK,
        },
    }
    return {**found, "for": lasts} if lasts else found


RULES = [
    rule("Slow", 7.5, namespace="hub", severity="critical"),
    rule("Slow", 3.5, namespace="hub", severity="warning", step="early"),
    rule("Filling", lasts="1h", namespace="hub", severity="warning"),
    rule("NodeGone", node="user-1"),
    rule("Elsewhere", namespace="other"),
    rule("Watchdog", severity="none"),
]


@contextmanager
def ruled(folder: Path, keeper: str = "") -> Iterator[Prometheus]:
    """A real Prometheus with the rules, which has evaluated them."""
    folder.mkdir()
    rules = folder / "rules.yml"
    group = {"name": "hub", "interval": "1s", "rules": RULES}
    rules.write_text(yaml.safe_dump({"groups": [group]}))
    found = Prometheus(folder, free_port())
    plain = started.part(folder, found.port)
    # What it sends before it knows of an Alertmanager is lost, and sent again after a minute.
    wanted = replace(plain, argv=(*plain.argv, "--rules.alert.resend-delay=1s"))
    config = yaml.safe_load((folder / "prometheus.yml").read_text())
    config["rule_files"] = [str(rules)]
    config["global"]["external_labels"] = {"replica": "a"}
    if keeper:
        host = keeper.removeprefix("http://")
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [host]}]}]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))

    def evaluated() -> bool:
        if not found.ready():
            return False
        told = httpx.get(f"{found.url}/api/v1/alerts", timeout=5).json()["data"]["alerts"]
        return len(told) == len(RULES)

    with started.running(wanted, evaluated):
        yield found


@asynccontextmanager
async def looking(testbed: Testbed, **metrics: str) -> AsyncIterator[Session]:
    """A session on which somebody looks at alerts, after the first reading."""
    source = MetricsSource(**metrics)  # type: ignore[arg-type]
    async with session_of(testbed.kubeconfig, metrics=source) as session:
        session.alerts.start("test")
        session.alerts.look()
        await until(lambda: session.alerts.version, "a reading of the alerts")
        yield session


async def test_alerts_of_the_hub_come_with_their_rules(testbed: Testbed, tmp_path: Path) -> None:
    with ruled(tmp_path / "prometheus") as prometheus:
        async with looking(testbed, prometheus=prometheus.url) as session:
            found, counts = session.alerts.found, session.alerts.counts
            assert (found is not None, counts is not None) == (True, True)
            assert found is not None
            assert counts is not None
            own = [(each.name, each.severity, each.state) for each in found.own]
            assert own == [
                ("Slow", "critical", AlertState.FIRING),
                ("Slow", "warning", AlertState.FIRING),
                ("Filling", "warning", AlertState.PENDING),
            ]
            assert (counts.firing, counts.now, counts.pending) == (2, 1, 1)
            assert sorted(each.name for each in found.wide) == ["NodeGone", "Watchdog"]
            assert found.elsewhere == 1
            worst, early, filling = found.own
            assert (worst.value, worst.runbook) == (7.5, RUNBOOK)
            assert worst.summary == "It is at 7.5"
            assert [each.rule and each.rule.expression for each in (worst, early)] == [
                "vector(7.5) > 0",
                "vector(3.5) > 0",
            ]
            assert filling.rule is not None
            assert filling.rule.lasting == timedelta(hours=1)
            assert worst.since is not None
            assert timedelta(0) <= datetime.now(UTC) - worst.since < timedelta(minutes=5)
            assert session.alerts.notes() == ()


async def test_what_an_alertmanager_keeps_quiet_is_not_counted(
    testbed: Testbed, tmp_path: Path
) -> None:
    with alertmanager.alone(tmp_path / "alertmanager") as keeper:
        silence = keeper.silence(alertname="Slow")
        with ruled(tmp_path / "prometheus", keeper.url) as prometheus:
            await until(lambda: {"Slow", "NodeGone"} <= names(keeper), "what Prometheus sends")
            async with looking(
                testbed, prometheus=prometheus.url, alertmanager=keeper.url
            ) as session:
                found, counts = session.alerts.found, session.alerts.counts
                assert found is not None
                assert counts is not None
                assert (counts.firing, counts.pending, counts.quiet) == (0, 1, 2)
                slow = [each for each in found.own if each.name == "Slow"]
                assert [each.silenced for each in slow] == [(silence,)] * 2
                assert [each.value for each in slow] == [7.5, 3.5]
                assert len(found.shown) == len(RULES) - found.elsewhere
        async with looking(testbed, prometheus="hub/none", alertmanager=keeper.url) as session:
            assert session.alerts.found is not None
            assert "Slow" in [each.name for each in session.alerts.found.own]
            assert [each.source for each in session.alerts.notes()] == ["Prometheus"]


def names(keeper: Alertmanager) -> set[str]:
    """The alerts that it has."""
    return {each["labels"]["alertname"] for each in keeper.alerts()}


async def test_what_is_no_alertmanager_says_so(testbed: Testbed, prometheus: Prometheus) -> None:
    async with looking(testbed, prometheus=prometheus.url, alertmanager=NAMED) as session:
        (missing,) = session.alerts.notes()
        assert missing.source == "Alertmanager"
        assert "has no such API" in missing.reason
        assert session.alerts.found is not None


def test_metrics_print_the_alerts_below_the_numbers(
    testbed: Testbed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ruled(tmp_path / "prometheus") as prometheus:
        config = tmp_path / "config.toml"
        config.write_text(f'[metrics]\nprometheus = "{prometheus.url}"\n')
        monkeypatch.setenv("HUBTUI_CONFIG", str(config))
        where = ["--kubeconfig", str(testbed.kubeconfig), "--namespace", "hub"]
        assert run([*where, "metrics", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert {each["id"] for each in told["items"]} >= {"hub-memory", "running-servers"}
        assert all(each["value"] is not None or each["missing"] for each in told["items"])
        alerts = {(each["name"], each["severity"]): each for each in told["alerts"]}
        assert alerts["Slow", "critical"]["expression"] == "vector(7.5) > 0"
        assert alerts["NodeGone", None]["of_the_cluster"]
        assert run([*where, "metrics", "no-such-metric"]) == 2
        assert "hub-memory" in capsys.readouterr().err
