"""What a cluster autoscaler tells of itself: the ConfigMap that it keeps in kube-system.

Its format is that of the Cluster Autoscaler since 1.30 (clusterstate/api/types.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import yaml

from hubtui.demo.life.base import Life
from hubtui.demo.life.groups import MAY_GO, Group, group_of
from hubtui.demo.life.reading import Key, is_ready
from hubtui.demo.life.scaleup import ScaleUp
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.objects import stamp
from hubtui.demo.resources import CONFIGMAPS, NAMESPACES, NODES
from hubtui.demo.storage import Change, Json

NAME: Final = "cluster-autoscaler-status"
NAMESPACE: Final = "kube-system"
SETTLE: Final = 10.0


class ScalingStatus:
    """Writes it anew when nodes change: how many a group has, and may have."""

    def __init__(self, life: Life, groups: Iterable[Group], growing: ScaleUp) -> None:
        self._life = life
        self._objects = life.world.objects
        self._groups = tuple(groups)
        self._growing = growing
        self._queue = WorkQueue(life.world.timeline, self._reconcile)
        self._said: Json = {}
        growing.listen(self._note)

    def see(self, change: Change) -> None:
        """Notes that nodes changed."""
        if self._groups and change.resource is NODES:
            self._note()

    def _note(self) -> None:
        self._queue.note((NAMESPACE, NAME), SETTLE)

    def _reconcile(self, key: Key) -> None:
        if self._objects.find(NAMESPACES, "", NAMESPACE) is None:
            return
        nodes = self._objects.all(NODES)
        # A real one is written at each scan, for its times of probes; here when something happens.
        told = {"clusterWide": self._part(nodes, self._groups), "nodeGroups": self._told(nodes)}
        if told == self._said:
            return
        self._said = told
        head = {"time": stamp(self._life.world.timeline.now), "autoscalerStatus": "Running"}
        data = {"status": yaml.safe_dump({**head, **told}, sort_keys=False)}
        if self._objects.find(CONFIGMAPS, *key) is None:
            metadata = {"namespace": NAMESPACE, "name": NAME}
            self._objects.create(CONFIGMAPS, {"metadata": metadata, "data": data})
        else:
            self._objects.change(CONFIGMAPS, *key, lambda each: each.update(data=data))

    def _told(self, nodes: Sequence[Json]) -> list[Json]:
        found = []
        for group in self._groups:
            ours = [node for node in nodes if group.has(node)]
            part = self._part(ours, (group,))
            size = len(group.nodes(self._objects)) + self._growing.coming(group)
            part["health"] |= {
                "cloudProviderTarget": size,
                "minSize": group.least,
                "maxSize": group.most,
            }
            found.append({"name": group.id, **part})
        return found

    def _part(self, nodes: Sequence[Json], groups: Iterable[Group]) -> Json:
        ready = sum(map(is_ready, nodes))
        grows = any(map(self._growing.coming, groups))
        leaving = sum(_may_go(node) for node in nodes if group_of(self._groups, node))
        counts = {"total": len(nodes), "ready": ready, "notStarted": len(nodes) - ready}
        return {
            "health": {"status": "Healthy", "nodeCounts": {"registered": counts}},
            "scaleUp": {"status": "InProgress" if grows else "NoActivity"},
            "scaleDown": {"status": "CandidatesPresent" if leaving else "NoCandidates"},
        }


def _may_go(node: Json) -> bool:
    return any(taint["key"] == MAY_GO for taint in node["spec"].get("taints") or ())
