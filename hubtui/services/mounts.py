"""Which pods mount which claim or export, kept up as pods change; and when one was seen last."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from datetime import datetime

from hubtui.model.claims import exports_of
from hubtui.model.kube import Pod
from hubtui.model.packing import ended
from hubtui.model.roles import Role, role_of
from hubtui.model.why_facts import claim_names
from hubtui.services.store import Store


class Mounted:
    """The pods that mount one claim, in order; `by_users` says whether servers of users ever did,
    `last` which pod was the last one, and until when it was there."""

    __slots__ = ("by_users", "last", "pods")

    def __init__(self) -> None:
        self.pods: list[str] = []
        self.by_users = False
        self.last: tuple[str, datetime] | None = None


class Mounts:
    """The mounts of the claims of one namespace, by name, and of what pods mount of NFS servers
    without a claim, by the identity of the disk."""

    def __init__(self, pods: Store[Pod], release: str, now: Callable[[], datetime]) -> None:
        self._store = pods
        self._seen = pods.subscribe()
        self._release = release
        self._now = now
        self._of_pod: dict[str, tuple[str, ...]] = {}
        self._by_claim: dict[str, Mounted] = {}

    def of(self, claim: str) -> Mounted | None:
        """What mounts a claim, or did; None for one that no pod was seen with."""
        return self._by_claim.get(claim)

    def update(self) -> set[str]:
        """Takes in the pods that changed; the names of the claims whose pods did."""
        everything, keys = self._seen.drain()
        if everything:
            keys = keys | self._of_pod.keys() | {pod.key for pod in self._store}
        touched: set[str] = set()
        for key in keys:
            touched |= self._take(key, self._store.get(key))
        return touched

    def _take(self, key: str, pod: Pod | None) -> set[str]:
        over = pod is None or ended(pod)
        before = self._of_pod.get(key, ())
        mounts = _mounts(pod) if pod is not None else ()
        after = () if over else mounts
        if over and pod is not None:
            self._note(mounts, pod.metadata.name, _end_of(pod))
        if before == after:
            return set(mounts) if over else set()
        name = key.partition("/")[2]
        for claim in set(before) - set(after):
            pods = self._by_claim[claim].pods
            del pods[bisect_left(pods, name)]
        if over:
            self._note(before, name, None if pod is not None else self._now())
        for claim in set(after) - set(before):
            mounted = self._by_claim.setdefault(claim, Mounted())
            insort(mounted.pods, name)
            if pod is not None and role_of(pod, self._release) is Role.USERS:
                mounted.by_users = True
        if after:
            self._of_pod[key] = after
        else:
            self._of_pod.pop(key, None)
        return set(before) ^ set(after)

    def _note(self, claims: tuple[str, ...], pod: str, at: datetime | None) -> None:
        """Until when a pod had them; the latest of all counts."""
        for claim in claims if at is not None else ():
            mounted = self._by_claim.setdefault(claim, Mounted())
            if at is not None and (mounted.last is None or mounted.last[1] < at):
                mounted.last = (pod, at)


def _mounts(pod: Pod) -> tuple[str, ...]:
    return (*claim_names(pod), *(each.disk for each in exports_of(pod)))


def _end_of(pod: Pod) -> datetime | None:
    """When the last container of a pod that is over ended."""
    states = (status.state.terminated for status in pod.status.container_statuses)
    return max((each.finished_at for each in states if each and each.finished_at), default=None)
