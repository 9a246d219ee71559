"""A hub whose numbers are in Prometheus: its event loop is late, and gets later."""

from __future__ import annotations

from tests.tui.world import NAMESPACE, Measure, World

MIB = 2.0**20


def with_metrics(known: World) -> World:
    """The same world with a Prometheus that has the hub's metrics and those of its pods."""
    hub = "jupyterhub_"
    for name, value, per_day, labels in (
        (f"{hub}running_servers", 6, 0.8, {}),
        (f"{hub}active_users", 41, 8, {"period": "24h"}),
        (f"{hub}active_users", 96, 2, {"period": "7d"}),
        (f"{hub}active_users", 142, 1, {"period": "30d"}),
        (f"{hub}server_spawn_duration_seconds_bucket", 21.5, 0, {}),
        (f"{hub}server_spawn_duration_seconds_count", 2, 0, {"why": "timeout"}),
        (f"{hub}request_duration_seconds_bucket", 0.38, 1.2, {}),
        (f"{hub}request_duration_seconds_count", 0.002, 0, {"code": "500"}),
        (f"{hub}event_loop_interval_seconds_bucket", 0.24, 3, {}),
        ("container_memory_working_set_bytes", 410 * MIB, 40 * MIB, {"pod": "hub-7d9f-x"}),
    ):
        where = {"namespace": NAMESPACE, **labels}
        if name.startswith("container"):
            where["container"] = "hub"
        known.measures.append(Measure(name, where, value, per_day))
    for pod, node, users in (("jupyter-ana", "users-1", 4), ("jupyter-bo", "users-2", 2)):
        labels = {"namespace": NAMESPACE, "pod": pod, "node": node}
        known.measures.append(Measure("kube_pod_info", labels, users))
    return known
