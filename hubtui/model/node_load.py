"""What stands on a node, or on many: sums that a pod is added to and taken from alone.

All amounts are whole numbers (`model.packing`), so taking away is as exact as counting anew.
"""

from __future__ import annotations

from typing import NamedTuple

from hubtui.model import kube
from hubtui.model.packing import Amounts, Share, requests, share_of, sum_of
from hubtui.model.roles import Role, role_of


class Part(NamedTuple):
    """What one pod takes; `own` tells whether it belongs to the hub that is looked at."""

    share: Share
    requests: Amounts
    role: Role
    own: bool


def part_of(pod: kube.Pod, namespace: str, release: str) -> Part:
    """What a pod takes of its node, for who looks at the hub `release` in `namespace`.

    A user of another hub is a user, and another hub's placeholder a placeholder.
    """
    role = role_of(pod)
    owner = pod.metadata.labels.get("release", "")
    own = pod.metadata.namespace == namespace and (not release or owner in ("", release))
    return Part(share_of(role), requests(pod), role, own)


class Load:
    """Counts and sums. `users` and `placeholders` are the hub's own, `guests` the servers of other
    hubs' users."""

    __slots__ = ("guests", "placeholders", "pods", "shares", "users")

    def __init__(self) -> None:
        self.users = self.guests = self.placeholders = self.pods = 0
        self.shares: dict[Share, dict[str, int]] = {share: {} for share in Share}

    def add(self, part: Part, times: int = 1) -> None:
        """A pod comes; with -1 it goes."""
        self.pods += times
        if part.role is Role.USERS:
            if part.own:
                self.users += times
            else:
                self.guests += times
        elif part.role is Role.USER_PLACEHOLDER and part.own:
            self.placeholders += times
        _add(self.shares[part.share], part.requests, times)

    def merge(self, other: Load, times: int = 1) -> None:
        """All of another comes; with -1 it goes."""
        self.users += times * other.users
        self.guests += times * other.guests
        self.placeholders += times * other.placeholders
        self.pods += times * other.pods
        for share, amounts in other.shares.items():
            _add(self.shares[share], amounts, times)

    def by_share(self) -> dict[Share, Amounts]:
        """The sums of each share, as they are now."""
        return {share: dict(amounts) for share, amounts in self.shares.items()}

    def used(self) -> dict[str, int]:
        """The sum of all shares."""
        return sum_of(self.shares.values())


def _add(sums: dict[str, int], amounts: Amounts, times: int) -> None:
    for name, number in amounts.items():
        total = sums.get(name, 0) + times * number
        if total:
            sums[name] = total
        else:
            sums.pop(name, None)
