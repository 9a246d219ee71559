"""The disruption controller: how many pods of a PodDisruptionBudget may be evicted."""

from __future__ import annotations

from typing import Final

from hubtui.demo.life.base import Life
from hubtui.demo.life.reading import (
    ENDED,
    Key,
    condition,
    is_ready,
    is_terminating,
    labels_of,
    matches,
    namespace_of,
    phase_of,
    share,
)
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.resources import BUDGETS, DEPLOYMENTS, PODS, REPLICASETS, STATEFULSETS
from hubtui.demo.storage import Change, Json, key_of

SETTLE: Final = 0.5
"""Seconds in which changes of pods are taken together."""

_SCALED: Final = {each.kind: each for each in (REPLICASETS, STATEFULSETS, DEPLOYMENTS)}


class Budgets:
    """Keeps the status of PodDisruptionBudgets."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._queue = WorkQueue(life.world.timeline, self._reconcile)

    def see(self, change: Change) -> None:
        """Notes a budget when it changes, or when a pod that it covers does."""
        if change.resource is BUDGETS:
            self._queue.note(key_of(change.object))
        elif change.resource is PODS and _matters(change):
            labels = labels_of(change.object)
            for each in self._life.world.objects.all(BUDGETS, namespace_of(change.object)):
                if matches(each["spec"].get("selector"), labels):
                    self._queue.note(key_of(each), SETTLE)

    def _reconcile(self, key: Key) -> None:
        budget = self._life.world.objects.find(BUDGETS, *key)
        if budget is None:
            return
        spec, selector = budget["spec"], budget["spec"].get("selector")
        pods = [
            pod
            for pod in self._life.index.pods_in(key[0])
            if matches(selector, labels_of(pod)) and phase_of(pod) not in ENDED
        ]
        healthy = sum(1 for pod in pods if is_ready(pod) and not is_terminating(pod))
        if "maxUnavailable" in spec:
            expected = self._asked(pods)
            wanted = max(0, expected - share(spec["maxUnavailable"], expected, up=True))
        else:
            least = spec.get("minAvailable", 1)
            expected = self._asked(pods) if str(least).endswith("%") else len(pods)
            wanted = share(least, expected, up=True)
        allowed = max(0, healthy - wanted) if expected else 0
        self._report(budget, healthy, wanted, expected, allowed)

    def _asked(self, pods: list[Json]) -> int:
        """How many pods the controllers of these ask for."""
        asked: dict[str, int] = {}
        for pod in pods:
            for owner in pod["metadata"].get("ownerReferences") or ():
                resource = _SCALED.get(owner["kind"])
                if not owner.get("controller") or resource is None or owner["uid"] in asked:
                    continue
                found = self._life.world.objects.find(resource, namespace_of(pod), owner["name"])
                asked[owner["uid"]] = found["spec"].get("replicas", 1) if found else 0
        return sum(asked.values())

    def _report(self, budget: Json, healthy: int, wanted: int, expected: int, allowed: int) -> None:
        before = budget.get("status") or {}
        now = self._life.world.timeline.now
        reason = "SufficientPods" if allowed else "InsufficientPods"
        state = "True" if allowed else "False"
        conditions = before.get("conditions") or ()
        told = condition(conditions, "DisruptionAllowed", state, reason, "", now)
        told["message"] = ""
        told["observedGeneration"] = budget["metadata"]["generation"]
        status = {
            "currentHealthy": healthy,
            "desiredHealthy": wanted,
            "disruptionsAllowed": allowed,
            "expectedPods": expected,
            "observedGeneration": budget["metadata"]["generation"],
            "conditions": [told],
        }
        if status != before:
            namespace, name = key_of(budget)
            head = {"namespace": namespace, "name": name}
            self._life.world.objects.update_status(BUDGETS, {"metadata": head, "status": status})


def _matters(change: Change) -> bool:
    """Whether a pod came, went, became ready or unready, or was told to go."""
    if change.before is None or change.type == "DELETED":
        return True
    before, now = change.before, change.object
    return is_ready(before) != is_ready(now) or is_terminating(before) != is_terminating(now)
