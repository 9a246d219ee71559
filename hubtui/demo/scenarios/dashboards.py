"""Dashboards that Grafana's sidecar would load: two ConfigMaps, in the shape that grafonnet renders
(facts.md §8.5)."""

from __future__ import annotations

import json
from typing import Final

from hubtui.demo.prometheus import NAMESPACE
from hubtui.demo.resources import CONFIGMAPS
from hubtui.demo.storage import Json
from hubtui.demo.world import World

_SOURCE: Final = {"type": "prometheus", "uid": "$PROMETHEUS_DS"}
_HUB: Final = 'namespace=~"$hub"'


def install(world: World) -> None:
    """Puts them into the cluster."""
    for name, dashboard in (("hub-at-a-glance", _hub()), ("nodes-and-homes", _nodes())):
        labels = {"grafana_dashboard": "1"}
        head = {"name": f"dashboard-{name}", "namespace": NAMESPACE, "labels": labels}
        data = {f"{name}.json": json.dumps(dashboard)}
        world.objects.create(CONFIGMAPS, {"metadata": head, "data": data})


def _hub() -> Json:
    requests = f"jupyterhub_request_duration_seconds_count{{{_HUB}}}[$__rate_interval]"
    spawns = f"jupyterhub_server_spawn_duration_seconds_bucket{{{_HUB}}}"
    panels = [
        _row("Users", 0),
        _panel("stat", "Servers", (0, 1, 6, 5),
               f"max(jupyterhub_running_servers{{{_HUB}}})"),
        _panel("stat", "Active in a week", (6, 1, 6, 5),
               f'max(jupyterhub_active_users{{{_HUB}, period="7d"}})'),
        _panel("timeseries", "Servers that run", (12, 1, 12, 9),
               f"max by (namespace) (jupyterhub_running_servers{{{_HUB}}})", "{{ namespace }}"),
        _row("Hub", 10),
        _panel("timeseries", "Answers by status", (0, 11, 12, 8),
               f"sum by (code) (rate({requests}))", "{{ code }}", unit="reqps"),
        _panel("heatmap", "Time to start a server", (12, 11, 12, 8),
               f"sum by (le) (increase({spawns[:-1]}, "
               'status="success"}[$__rate_interval]))', "{{ le }}", unit="s", form="heatmap"),
        _panel("timeseries", "Memory of the hub", (0, 19, 12, 8),
               f'max by (pod) (container_memory_working_set_bytes{{{_HUB}, container="hub"}})',
               "{{ pod }}", unit="bytes"),
        _panel("timeseries", "Processor of the hub", (12, 19, 12, 8),
               "sum by (pod) (rate(container_cpu_usage_seconds_total"
               f'{{{_HUB}, container="hub"}}[5m]))', "{{ pod }}", unit="sishort"),
    ]  # fmt: skip
    return _dashboard("Hub at a glance", "demo-hub", panels)


def _nodes() -> Json:
    busy = 'sum by (node) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))'
    cores = 'sum by (node) (kube_node_status_capacity{resource="cpu"})'
    volume = 'mountpoint="/shared-volume"'
    free = f"min(node_filesystem_avail_bytes{{{volume}}} / node_filesystem_size_bytes{{{volume}}})"
    panels = [
        _panel("timeseries", "Processors that are busy", (0, 0, 12, 9),
               f"{busy} / {cores}", "{{ node }}", unit="percentunit"),
        _panel("bargauge", "Memory of nodes", (12, 0, 12, 9),
               "1 - sum by (node) (node_memory_MemAvailable_bytes)"
               " / sum by (node) (node_memory_MemTotal_bytes)",
               "{{ node }}", unit="percentunit", instant=True),
        _panel("gauge", "Shared homes: free", (0, 9, 6, 7), free, unit="percentunit"),
        _panel("timeseries", "Requests to the NFS server", (6, 9, 18, 7),
               "sum by (method) (rate(node_nfs_requests_total[5m]))", "{{ method }}",
               unit="reqps"),
        _homes((0, 16, 24, 10)),
    ]  # fmt: skip
    panels[2]["fieldConfig"]["defaults"] |= {
        "min": 0,
        "max": 1,
        "thresholds": {
            "mode": "absolute",
            "steps": [
                {"color": "red", "value": None},
                {"color": "yellow", "value": 0.1},
                {"color": "green", "value": 0.2},
            ],
        },
    }
    return _dashboard("Nodes and shared homes", "demo-nodes", panels)


def _homes(place: tuple[int, int, int, int]) -> Json:
    """The largest folders of the shared homes, as a table of two questions."""
    size = 'topk(20, max by (directory) (dirsize_total_size_bytes{namespace=~"$hub"}))'
    entries = 'max by (directory) (dirsize_entries_count{namespace=~"$hub"})'
    made = _panel("table", "Largest homes", place, size, unit="bytes", instant=True, form="table")
    second = {**made["targets"][0], "expr": entries, "refId": "B"}
    made["targets"].append(second)
    names = {"directory": "Directory", "Value #A": "Size", "Value #B": "Entries"}
    made["transformations"] = [
        {"id": "joinByField", "options": {"byField": "directory", "mode": "inner"}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {"Time": True, "Time 1": True, "Time 2": True},
                "renameByName": names,
            },
        },
        {"id": "sortBy", "options": {"sort": [{"field": "Size", "desc": True}]}},
    ]
    made["fieldConfig"]["overrides"] = [
        {
            "matcher": {"id": "byName", "options": "Entries"},
            "properties": [{"id": "unit", "value": "short"}],
        }
    ]
    return made


def _panel(
    kind: str,
    title: str,
    place: tuple[int, int, int, int],
    promql: str,
    legend: str = "",
    *,
    unit: str = "short",
    instant: bool = False,
    form: str = "time_series",
) -> Json:
    left, top, width, height = place
    target = {
        "datasource": _SOURCE,
        "expr": promql,
        "legendFormat": legend,
        "format": form,
        "instant": instant,
        "refId": "A",
    }
    return {
        "type": kind,
        "title": title,
        "datasource": _SOURCE,
        "gridPos": {"x": left, "y": top, "w": width, "h": height},
        "targets": [target],
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "options": {},
    }


def _row(title: str, top: int) -> Json:
    place = {"x": 0, "y": top, "w": 24, "h": 1}
    return {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": place}


def _dashboard(title: str, uid: str, panels: list[Json]) -> Json:
    question = 'label_values(kube_service_labels{service="hub"}, namespace)'
    source = {"name": "PROMETHEUS_DS", "type": "datasource", "query": "prometheus"}
    hub = {
        "name": "hub",
        "type": "query",
        "query": question,
        "datasource": _SOURCE,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
    }
    return {
        "title": title,
        "uid": uid,
        "tags": ["jupyterhub"],
        "editable": True,
        "schemaVersion": 39,
        "timezone": "utc",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source, hub]},
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, 1)],
    }
