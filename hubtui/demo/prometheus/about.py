"""What the demo's small Prometheus tells of itself: what it scrapes, and what metrics are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from hubtui.demo.history import EVERY
from hubtui.demo.prometheus.node_series import targets
from hubtui.demo.prometheus.scraped import names
from hubtui.demo.prometheus.stored import Stored
from hubtui.demo.world import World

_HELP: Final = {
    "jupyterhub_active_users": "number of users who were active in the given time period",
    "jupyterhub_event_loop_interval_seconds": "Distribution of measured event loop intervals",
    "jupyterhub_proxy_add_duration_seconds": "duration for adding user routes to proxy",
    "jupyterhub_request_duration_seconds": "request duration for all HTTP requests",
    "jupyterhub_running_servers": "the number of user servers currently running",
    "jupyterhub_server_spawn_duration_seconds": "time taken for server spawning operation",
    "jupyterhub_total_users": "total number of users",
    "process_cpu_seconds_total": "Total user and system CPU time spent in seconds.",
    "process_resident_memory_bytes": "Resident memory size in bytes.",
    "container_cpu_usage_seconds_total": "Cumulative cpu time consumed in seconds.",
    "container_memory_working_set_bytes": "Current working set in bytes.",
    "container_network_receive_bytes_total": "Cumulative count of bytes received",
    "container_network_transmit_bytes_total": "Cumulative count of bytes transmitted",
    "kube_node_labels": "Kubernetes labels converted to Prometheus labels.",
    "kube_pod_annotations": "Kubernetes annotations converted to Prometheus labels.",
    "kube_pod_info": "Information about pod.",
    "kube_pod_labels": "Kubernetes labels converted to Prometheus labels.",
    "kube_pod_status_phase": "The pods current phase.",
    "kubelet_volume_stats_available_bytes": "Number of available bytes in the volume",
    "kubelet_volume_stats_capacity_bytes": "Capacity in bytes of the volume",
    "kubelet_volume_stats_used_bytes": "Number of used bytes in the volume",
    "node_cpu_seconds_total": "Seconds the CPUs spent in each mode.",
    "node_filesystem_avail_bytes": "Filesystem space available to non-root users in bytes.",
    "node_filesystem_size_bytes": "Filesystem size in bytes.",
    "node_nfs_requests_total": "Number of NFS procedures invoked.",
}
_PARTS: Final = ("_bucket", "_count", "_sum")


def metadata(metric: str = "") -> Any:
    """The type and the meaning of each metric, as `/api/v1/metadata` answers."""
    found: dict[str, Any] = {}
    for name in sorted(names()):
        base = next((name.removesuffix(end) for end in _PARTS if name.endswith(end)), name)
        is_histogram = base != name and f"{base}_bucket" in names()
        known = base if is_histogram else name
        kind = "histogram" if is_histogram else "counter" if name.endswith("_total") else "gauge"
        if metric in ("", known):
            found[known] = [{"type": kind, "help": _HELP.get(known, ""), "unit": ""}]
    return found


def active_targets(world: World) -> Any:
    """What it scrapes, as `/api/v1/targets` answers."""
    stored = Stored(world)
    looked = datetime.fromtimestamp(stored.latest, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = []
    for labels, is_up in targets(world):
        url = f"http://{labels['instance']}/metrics"
        error = "" if is_up else f'Get "{url}": context deadline exceeded'
        found.append(
            {
                "discoveredLabels": {},
                "labels": labels,
                "scrapePool": labels["job"],
                "scrapeUrl": url,
                "globalUrl": url,
                "lastError": error,
                "lastScrape": looked,
                "lastScrapeDuration": 0.02,
                "health": "up" if is_up else "down",
                "scrapeInterval": f"{EVERY / 60:.0f}m",
                "scrapeTimeout": "10s",
            }
        )
    return {"activeTargets": found, "droppedTargets": []}
