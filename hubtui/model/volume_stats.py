"""Figures of file systems from what Prometheus has of kubelets and node exporters.

Source: the kubelet's metrics `kubelet_volume_stats_*`, node exporter's filesystem collector
(facts.md §8.4). The same file system is in several series: a volume on each node that mounts it,
each series from each scraper. The fullest series counts, and none are added up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from hubtui.model.disk import Figures, Source
from hubtui.model.prometheus import Labels, Sample, Series

OF_CLAIMS: Final = {
    "kubelet_volume_stats_capacity_bytes": "capacity",
    "kubelet_volume_stats_used_bytes": "used",
    "kubelet_volume_stats_available_bytes": "available",
    "kubelet_volume_stats_inodes": "inodes",
    "kubelet_volume_stats_inodes_used": "inodes_used",
    "kubelet_volume_stats_inodes_free": "inodes_free",
}
IN_THE_PAST: Final = tuple(name for name in OF_CLAIMS if name.endswith("_bytes"))
"""What is looked for of claims that nobody mounts now."""

OF_FILESYSTEMS: Final = {
    "node_filesystem_size_bytes": "capacity",
    "node_filesystem_free_bytes": "free",
    "node_filesystem_avail_bytes": "available",
    "node_filesystem_files": "inodes",
    "node_filesystem_files_free": "inodes_free",
}
"""Metrics by name, and what each tells. `free` holds what only root may take, `available` not."""

SHARED_VOLUME: Final = "/shared-volume"
"""Where jupyterhub-home-nfs mounts its disk for its node exporter."""

CLAIM: Final = "persistentvolumeclaim"

_Series = tuple[str, ...]
_Told = tuple[dict[str, int], float, Labels]


def last_of(series: Iterable[Series]) -> list[Sample]:
    """The last point of each series."""
    return [Sample(each.labels, *each.points[-1]) for each in series if each.points]


class Reckoning:
    """Figures of file systems out of samples, which come metric by metric."""

    def __init__(
        self, fields: Mapping[str, str], name_of: Callable[[Labels], str], source: Source
    ) -> None:
        """`name_of` gives the file system of a series; "" leaves it out."""
        self._fields = fields
        self._name_of = name_of
        self._source = source
        self._found: dict[str, dict[_Series, _Told]] = {}

    def take(self, metric: str, samples: Iterable[Sample]) -> None:
        """The samples of one of the metrics."""
        field = self._fields[metric]
        for sample in samples:
            name = self._name_of(sample.labels)
            if not name or not math.isfinite(sample.value):
                continue
            # Prometheus gives the labels of all series in the order of their names.
            series = tuple(v for k, v in sample.labels.items() if k != "__name__")
            by_series = self._found.setdefault(name, {})
            told = by_series.get(series)
            if told is None:
                told = by_series[series] = ({}, sample.at, sample.labels)
            told[0][field] = int(sample.value)

    def figures(self) -> dict[str, Figures]:
        """The figures by file system."""
        return {
            name: _fullest(by_series.values(), self._source)
            for name, by_series in self._found.items()
        }


def of_claims() -> Reckoning:
    """A reckoning of volumes by the name of the claim."""
    return Reckoning(OF_CLAIMS, lambda labels: labels.get(CLAIM, ""), Source.PROMETHEUS)


def of_filesystems(name_of: Callable[[Labels], str]) -> Reckoning:
    """A reckoning of what node exporters tell."""
    return Reckoning(OF_FILESYSTEMS, name_of, Source.NODE_EXPORTER)


def _fullest(series: Iterable[_Told], source: Source) -> Figures:
    """The series that tells most; of those the newest, of those the one with most in use."""
    told = [(_complete(numbers), at, labels) for numbers, at, labels in series]
    numbers, at, labels = max(
        told, key=lambda each: (len(each[0]), each[1], each[0].get("used", 0))
    )
    return Figures(
        source=source,
        as_of=datetime.fromtimestamp(at, UTC),
        capacity=numbers.get("capacity"),
        used=numbers.get("used"),
        available=numbers.get("available"),
        inodes=numbers.get("inodes"),
        inodes_used=numbers.get("inodes_used"),
        inodes_free=numbers.get("inodes_free"),
        by=labels.get("node") or labels.get("instance", ""),
    )


def _complete(numbers: dict[str, int]) -> dict[str, int]:
    """With what follows from the others: a node exporter does not tell what is used, and a query
    may have failed."""
    told = dict(numbers)
    if "used" not in told and "capacity" in told:
        free = told.get("free", told.get("available"))
        if free is not None:
            told["used"] = told["capacity"] - free
    if "available" not in told and "capacity" in told and "used" in told:
        told["available"] = told["capacity"] - told["used"]
    if "inodes_used" not in told and "inodes" in told and "inodes_free" in told:
        told["inodes_used"] = told["inodes"] - told["inodes_free"]
    return told
