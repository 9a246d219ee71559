"""What the Cluster Autoscaler tells of itself in its ConfigMap: YAML since 1.30, prose before.

Source: its FAQ, "How can I monitor Cluster Autoscaler?"; `clusterstate/api` and
`clusterstate/utils/status.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hubtui.model.text import one_line
from hubtui.model.yaml_text import YamlError, load

NAMESPACE: Final = "kube-system"
NAME: Final = "cluster-autoscaler-status"

_NAME: Final = re.compile(r"^\s*Name:\s*(\S+)", re.MULTILINE)
_SIZE: Final = re.compile(r"cloudProviderTarget=(\d+) \(minSize=(\d+), maxSize=(\d+)\)")
_SCALE_DOWN: Final = re.compile(r"ScaleDown:\s*(\w+)")


@dataclass(frozen=True, slots=True)
class NodeGroup:
    """A node group as its cloud names it: `size` nodes are asked for, from `least` to `most`."""

    name: str
    size: int
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """An autoscaler that is at work; `scale_down` is its word for whether it may remove nodes."""

    scale_down: str = ""
    groups: tuple[NodeGroup, ...] = ()

    def group_of(self, pool: str) -> NodeGroup | None:
        """The group of a pool; None where no name tells, or several do."""
        found = [group for group in self.groups if _is_of(group.name, pool)]
        return found[0] if len(found) == 1 else None


def _is_of(name: str, pool: str) -> bool:
    """Whether a group's name has a pool's as a part of its own: `gke-hub-users-1a2b-grp`."""
    return bool(pool) and re.search(rf"(?:^|[-_/]){re.escape(pool)}(?:$|[-_/])", name) is not None


def autoscaler_of(status: str) -> Autoscaler:
    """What the ConfigMap's `status` tells, as far as it can be read."""
    try:
        told: Any = load(status)
    except YamlError:
        told = None
    if isinstance(told, Mapping) and "autoscalerStatus" in told:
        groups = _list(told.get("nodeGroups"))
        return Autoscaler(
            _word(told, "clusterWide", "scaleDown", "status"), tuple(_of_yaml(groups))
        )
    found = _SCALE_DOWN.search(status)
    return Autoscaler(found[1] if found else "", tuple(_of_prose(status)))


def _of_yaml(groups: Iterable[Any]) -> Iterator[NodeGroup]:
    for group in groups:
        sizes = [_at(group, "health", key) for key in ("cloudProviderTarget", "minSize", "maxSize")]
        name = _word(group, "name")
        # The encoder leaves out what is 0.
        if name and all(isinstance(size, int) or size is None for size in sizes):
            yield NodeGroup(name, *(size or 0 for size in sizes))


def _of_prose(status: str) -> Iterator[NodeGroup]:
    _, _, groups = status.partition("NodeGroups:")
    names = list(_NAME.finditer(groups))
    ends = [*(match.start() for match in names[1:]), len(groups)]
    for match, end in zip(names, ends, strict=False):
        size = _SIZE.search(groups, match.end(), end)
        if size is not None:
            yield NodeGroup(one_line(match[1]), int(size[1]), int(size[2]), int(size[3]))


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _word(value: Any, *path: str) -> str:
    found = _at(value, *path)
    return one_line(found) if isinstance(found, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
