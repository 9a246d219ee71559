"""What pods and nodes use at this moment, as metrics.k8s.io tells it.

Source: k8s.io/metrics v1beta1, PodMetrics and NodeMetrics (facts.md §9.2). Memory is the working
set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


class Metrics(Object, frozen=True):
    """What was measured of a pod or node."""

    timestamp: datetime | None = None

    @property
    def total(self) -> Usage:
        """What it uses in all."""
        raise NotImplementedError


class PodMetrics(Metrics, frozen=True):
    containers: tuple[ContainerUsage, ...] = ()

    @property
    def total(self) -> Usage:
        """The sum over its containers: one that is missing makes the sum unknown."""
        return _usage([each.usage for each in self.containers])


class NodeMetrics(Metrics, frozen=True):
    usage: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> Usage:
        """What a node uses, its system included."""
        return _usage([self.usage])


def _usage(measured: Sequence[Mapping[str, str]]) -> Usage:
    memory = _sum(each.get("memory") for each in measured)
    cpu = _sum(each.get("cpu") for each in measured)
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
