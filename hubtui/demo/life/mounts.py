"""Which claims are mounted where, and since when: what kubelets tell of volumes rests on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hubtui.demo.disks import Mount
from hubtui.demo.life.base import Life
from hubtui.demo.life.claims import claims_of
from hubtui.demo.life.reading import namespace_of, node_of, phase_of
from hubtui.demo.resources import CLAIMS, PODS
from hubtui.demo.storage import Change, Json

FIRST: Final = timedelta(minutes=15)
"""What is mounted so soon after life began was so before, as long as there was the claim."""

KEPT: Final = 7 * 86400.0
"""Seconds for which it is remembered."""


class Mounts:
    """Notes when pods begin and cease to run."""

    def __init__(self, life: Life) -> None:
        self._world = life.world
        self._begun = life.world.timeline.now

    def see(self, change: Change) -> None:
        """Takes a change in."""
        if change.resource is not PODS:
            return
        pod, before = change.object, change.before
        runs = change.type != "DELETED" and phase_of(pod) == "Running"
        if runs == (before is not None and phase_of(before) == "Running"):
            return
        for name in claims_of(pod):
            self._note((namespace_of(pod), name), node_of(pod), runs=runs)
        homes = self._world.disks.homes
        if homes is not None:
            now = self._world.timeline.now.timestamp()
            for folder in folders_of(pod):
                homes.visit(folder, now, stays=runs)

    def _note(self, key: tuple[str, str], node: str, *, runs: bool) -> None:
        now = self._world.timeline.now
        spans = self._world.disks.mounts.setdefault(key, {}).setdefault(node, [])
        last = spans[-1] if spans and spans[-1].end is None else None
        if runs and last is not None:
            last.pods += 1
        elif runs:
            spans.append(Mount(self._since(key, now)))
        elif last is not None and last.pods > 1:
            last.pods -= 1
        elif last is not None:
            last.end = now.timestamp()
            spans[:] = [each for each in spans if (each.end or 0.0) > last.end - KEPT]

    def _since(self, key: tuple[str, str], now: datetime) -> float:
        claim = self._world.objects.find(CLAIMS, *key)
        if claim is None or now - self._begun > FIRST:
            return now.timestamp()
        made = datetime.fromisoformat(claim["metadata"]["creationTimestamp"])
        return min(made, now).timestamp() if made <= self._begun else now.timestamp()


def folders_of(pod: Json) -> list[str]:
    """The folders that a server's pod has of a shared home."""
    claimed = {
        each["name"] for each in pod["spec"].get("volumes") or () if "persistentVolumeClaim" in each
    }
    return [
        str(mount["subPath"])
        for container in pod["spec"]["containers"]
        for mount in container.get("volumeMounts") or ()
        if mount.get("subPath") and mount["name"] in claimed
    ]
