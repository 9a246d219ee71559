"""What pods use at this moment, as metrics.k8s.io tells it.

Source: k8s.io/metrics v1beta1, PodMetrics (facts.md §9.2). Memory is the working set.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from msgspec import field

from hubtui.model.kube import KubeStruct, Object
from hubtui.model.quantity import parse


@dataclass(frozen=True, slots=True)
class Usage:
    """Cores and bytes; None for what was not measured."""

    cpu: Decimal | None
    memory: int | None


class ContainerUsage(KubeStruct, frozen=True):
    name: str = ""
    usage: dict[str, str] = field(default_factory=dict)


class PodMetrics(Object, frozen=True):
    timestamp: datetime | None = None
    containers: tuple[ContainerUsage, ...] = ()


def usage_of(pod: PodMetrics) -> Usage:
    """The sum over a pod's containers: one that is missing makes the sum unknown."""
    memory = _sum(each.usage.get("memory") for each in pod.containers)
    cpu = _sum(each.usage.get("cpu") for each in pod.containers)
    return Usage(cpu, None if memory is None else int(memory))


def _sum(quantities: Iterable[str | None]) -> Decimal | None:
    total, found = Decimal(0), False
    for each in quantities:
        try:
            total += parse(each if each is not None else "")
        except ValueError:
            return None
        found = True
    return total if found else None
