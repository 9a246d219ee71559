"""How much compute a user has used of what they may, where jupyterhub-usage-quotas counts it.

Source: jupyterhub-usage-quotas 0.2, `metrics.py`: gauges in the hub's own metrics, for each policy
that applies to a user, in hours of bytes or of cpus over the last `window` days.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

SERIES: Final = re.compile(
    r"\w+?_(?P<resource>memory|cpu)_(?P<what>usage|limit)_(?:byte|cpu)_hours_total"
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of a metrics page."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class ComputeQuota:
    """A policy that applies to a user; byte-hours for `memory`, cpu-hours for `cpu`.

    `group` is the policy's. `exact` is False where the page holds older numbers of the same beside
    `used`: its last one is taken for the newest. When a user may start again is in no metric: it
    is computed from a history that only Prometheus has, and is in `window` days at the latest.
    """

    resource: str
    window: int
    group: str
    used: float | None
    limit: float | None
    exact: bool = True

    @property
    def exceeded(self) -> bool:
        """Whether no server may be started: the rule of `UsageQuotaManager.get_output`."""
        return self.used is not None and self.limit is not None and self.used >= self.limit


def quotas_of(samples: Iterable[Sample], user: str, namespace: str) -> tuple[ComputeQuota, ...]:
    """The quotas of one user of the hub in a namespace, the one nearest to its limit first."""
    found: dict[tuple[str, int, str], dict[str, list[float]]] = {}
    for sample in samples:
        series, labels = SERIES.fullmatch(sample.name), sample.labels
        if series is None or labels.get("username") != user:
            continue
        window = labels.get("window", "")
        if labels.get("namespace", namespace) != namespace or not window.isdecimal():
            continue
        key = (series["resource"], int(window), labels.get("policy_group", ""))
        found.setdefault(key, {}).setdefault(series["what"], []).append(sample.value)
    quotas = [
        ComputeQuota(
            resource, window, group, _last(values, "usage"), _last(values, "limit"),
            exact=all(len(set(each)) == 1 for each in values.values()),
        )
        for (resource, window, group), values in found.items()
    ]  # fmt: skip
    return tuple(sorted(quotas, key=lambda each: (-_share(each), each.window)))


def _last(values: Mapping[str, list[float]], what: str) -> float | None:
    return values[what][-1] if what in values else None


def _share(quota: ComputeQuota) -> float:
    return quota.used / quota.limit if quota.used is not None and quota.limit else 0.0
