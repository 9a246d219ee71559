"""Compute quotas as jupyterhub-usage-quotas 0.2 writes them into the hub's metrics."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from hubtui.clients.hub_metrics import label, samples
from hubtui.errors import DecodeError
from hubtui.model.compute_quota import SERIES, ComputeQuota, quotas_of

LABELS = ("namespace", "policy_group", "username", "window", "value", "unit")
GIB_HOUR = 2**30


def page(*rows: tuple[str, str, str, str, float, str]) -> str:
    """A metrics page; rows are metric, user, group, window, value, and the label `value`."""
    registry = CollectorRegistry()
    Gauge("jupyterhub_running_servers", "servers", registry=registry).set(3)
    gauges: dict[str, Gauge] = {}
    for metric, user, group, window, value, shown in rows:
        if metric not in gauges:
            name = f"jupyterhub_{metric}_hours_total"
            gauges[metric] = Gauge(name, "quota", LABELS, registry=registry)
        gauges[metric].labels("hub", group, user, window, shown, "GiB-hours").set(value)
    return generate_latest(registry).decode()


def of(text: str, user: str) -> tuple[ComputeQuota, ...]:
    return quotas_of(samples(text, SERIES, label("username", user)), user, "hub")


def test_use_and_limit_of_each_policy_the_one_nearest_to_its_limit_first() -> None:
    text = page(
        ("memory_usage_byte", "alice", "class", "30", 450.0 * GIB_HOUR, "450"),
        ("memory_limit_byte", "alice", "class", "30", 500.0 * GIB_HOUR, "500"),
        ("cpu_usage_cpu", "alice", "class", "7", 12.0, "12"),
        ("cpu_limit_cpu", "alice", "class", "7", 10.0, "10"),
        ("memory_usage_byte", "bob", "class", "30", 1.0, "0"),
    )
    assert of(text, "alice") == (
        ComputeQuota("cpu", 7, "class", 12.0, 10.0),
        ComputeQuota("memory", 30, "class", 450.0 * GIB_HOUR, 500.0 * GIB_HOUR),
    )
    assert [quota.exceeded for quota in of(text, "alice")] == [True, False]
    assert of(text, "carol") == ()


@pytest.mark.parametrize("user", ['o"brien', "a\\b", "Alice.B@example.org", "zoë"])
def test_users_are_told_apart_by_their_raw_names(user: str) -> None:
    text = page(
        ("memory_usage_byte", user, "none", "30", 5.0, "0"),
        ("memory_usage_byte", f"{user}x", "none", "30", 7.0, "0"),
    )
    assert of(text, user) == (ComputeQuota("memory", 30, "none", 5.0, None),)


def test_older_numbers_of_the_same_policy_make_it_inexact() -> None:
    # the readable value is a label of its own, so each new one is one more line of the page
    text = page(
        ("memory_usage_byte", "alice", "class", "30", 1.0, "1"),
        ("memory_usage_byte", "alice", "class", "30", 2.0, "2"),
        ("memory_limit_byte", "alice", "class", "30", 9.0, "9"),
    )
    assert of(text, "alice") == (ComputeQuota("memory", 30, "class", 2.0, 9.0, exact=False),)


def test_a_hub_without_quotas_has_none_and_a_broken_page_is_said() -> None:
    assert of(page(), "alice") == ()
    with pytest.raises(DecodeError, match="metrics cannot be read"):
        of('jupyterhub_memory_usage_byte_hours_total{username="alice"} many\n', "alice")
