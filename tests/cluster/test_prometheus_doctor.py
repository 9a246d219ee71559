"""What doctor says of Prometheus, of the volumes that it knows, and of the kubelets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from hubtui.config import MetricsSource, Settings
from hubtui.services.discovery import Hub
from hubtui.services.doctor_finding import Finding, Verdict
from hubtui.services.doctor_prometheus import findings
from tests.cluster.opened import client_of
from tests.cluster.readers import LOOK, NAMED, PROXY, Rights
from tests.testbed import Testbed
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.kubelet_figures import VolumeUse
from tests.testbed.prometheus import Prometheus
from tests.testbed.scraped import Kubelets
from tests.testbed.users import NAMESPACE


async def doctor(kubeconfig: Path, named: str = "", **metrics: Any) -> dict[str, Finding]:
    settings = Settings(metrics=MetricsSource(prometheus=named, **metrics))
    async with client_of(kubeconfig) as client:
        hub = Hub(NAMESPACE, "hub")
        return {each.name: each async for each in findings(settings, client, hub)}


async def test_doctor_says_which_one_answers_and_which_volumes_it_knows(
    testbed: Testbed, prometheus: Prometheus, kubelets: Kubelets
) -> None:
    kubelets.tell("user-1", VolumeUse("claim-for-doctor", used=1 << 30, capacity=1 << 31))
    found = await doctor(testbed.kubeconfig)
    assert "answers: version 2.42" in found["prometheus"].evidence
    assert "kubelet_volume_stats_used_bytes of " in found["volumes"].evidence
    assert "summaries may be read" in found["kubelets"].evidence
    assert {each.verdict for each in found.values()} == {Verdict.OK}


async def test_doctor_has_the_cure_where_the_volumes_are_not_known(
    testbed: Testbed, somebody: Rights, kubelets: Kubelets
) -> None:
    somebody.give(LOOK, PROXY)
    found = await doctor(somebody.kubeconfig, NAMED, matchers={"cluster": "another"})
    assert found["prometheus"].verdict is Verdict.OK
    assert "for namespace hub and cluster='another'" in found["volumes"].evidence
    assert "Look at metrics.matchers." in found["volumes"].remedy
    assert "kubernetes-nodes" in found["volumes"].remedy
    assert "nothing tells how full volumes are" in found["kubelets"].evidence
    assert "commands in all pods" in found["kubelets"].remedy


async def test_doctor_tells_a_clock_that_goes_wrong(testbed: Testbed, between: FaultProxy) -> None:
    body = b'{"status": "success", "data": {"version": "2.42.0"}}'
    ahead = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    between.answer(Match(r"/buildinfo$"), 200, body=body, headers={"Date": ahead})
    found = await doctor(testbed.kubeconfig, between.url, ca_file=str(between.ca_file))
    assert "s ahead of that of this machine" in found["prometheus"].evidence
    assert found["prometheus"].verdict is Verdict.WARN


async def test_doctor_goes_on_without_one(testbed: Testbed, prometheus: Prometheus) -> None:
    found = await doctor(testbed.kubeconfig_for("nobody"))
    assert {each.verdict for each in found.values()} == {Verdict.WARN}
    assert found["volumes"].evidence == "not looked at: a Prometheus that answers comes first"
