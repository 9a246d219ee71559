"""What hubtui knows as OpenMetrics: the official parser and a real Prometheus take it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from prometheus_client.openmetrics import parser

from hubtui.cli import run
from tests.cluster.clusters import Cluster
from tests.cluster.read_only import USER
from tests.testbed import Testbed
from tests.testbed.prometheus import alone, program
from tests.testbed.scraped import Target
from tests.webserver import serving

pytestmark = pytest.mark.usefixtures("own_state")

TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"

Captured = pytest.CaptureFixture[str]


def exported(cluster: Cluster, capsys: Captured, *words: str) -> str:
    """What the command prints, for somebody who may read."""
    where = ["--kubeconfig", str(cluster.kubeconfig_for(USER)), "--namespace", "hub"]
    assert run([*where, "--read-only", "export-metrics", *words]) == 0
    return capsys.readouterr().out


def families(written: str) -> dict[str, Any]:
    read: Any = parser.text_string_to_metric_families
    return {family.name: family for family in read(written)}


def test_it_is_open_metrics_of_what_is_known(cluster: Cluster, capsys: Captured) -> None:
    written = exported(cluster, capsys, "--once")
    assert written.endswith("# EOF\n")
    found = families(written)
    assert {"hubtui_seats", "hubtui_node_users", "hubtui_problems", "hubtui_servers"} <= set(found)
    for family in found.values():
        assert family.name.startswith("hubtui_")
        assert (family.type, bool(family.documentation)) == ("gauge", True)
        for sample in family.samples:
            assert (sample.labels["namespace"], sample.labels["release"]) == ("hub", "hub")
    told = json.loads(exported(cluster, capsys, "--json"))
    assert {each["name"] for each in told["items"]} == set(found)
    unread = found["hubtui_unread_sources"].samples if told["notes"] else ()
    assert {each.labels["source"] for each in unread} == {each["source"] for each in told["notes"]}


def test_what_cannot_be_read_is_absent_and_named(
    testbed: Testbed, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBTUI_HUB_TOKEN", "nobody-knows-it")
    where = ["--kubeconfig", str(testbed.kubeconfig_for(USER)), "--namespace", "hub"]
    assert run([*where, "export-metrics", "--once"]) == 0
    said = capsys.readouterr()
    found = families(said.out)
    assert "hubtui_servers" not in found
    unread = {each.labels["source"] for each in found["hubtui_unread_sources"].samples}
    assert "hub" in unread
    assert "hub: The hub does not know this token" in said.err
    told = {each.labels["incident"] for each in found["hubtui_problems"].samples}
    assert "core" in told
    assert "orphans" not in told


def test_promtool_and_prometheus_take_it(
    testbed: Testbed, capsys: Captured, tmp_path: Path
) -> None:
    written = exported(testbed, capsys, "--once")
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=written,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=written.encode(), headers={"content-type": TYPE})

    app = web.Application()
    app.router.add_get("/metrics", answer)
    with serving(app) as url, alone(tmp_path / "prometheus") as prometheus:
        target = Target(url.removeprefix("http://"), "hubtui", "hubtui")
        with prometheus.scraping(target):
            seats = prometheus.until('hubtui_seats{namespace="hub",release="hub"}')
            # A label without a value is none: a hub without profiles has one kind of server.
            stored = {labels.get("profile", ""): value for labels, value in seats}
            samples = families(written)["hubtui_seats"].samples
            assert stored == {each.labels["profile"]: each.value for each in samples}
