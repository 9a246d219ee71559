"""The words for what keeps a node: one sentence for each thing, and one line for all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from hubtui.model.idle_words import clock
from hubtui.model.kube import Pod
from hubtui.model.kube_changes import Budget
from hubtui.model.roles import server_of, user_of
from hubtui.model.why_facts import listed

if TYPE_CHECKING:
    from hubtui.model.scale_down import Blocker

FREE = (
    "Nothing on it keeps it: an autoscaler may remove it, where its pods fit elsewhere and its "
    "group is above its minimum."
)

PARTLY = "Nothing that could be read keeps it, but not all that is on it could be read."


def name_of(pod: Pod) -> str:
    """A pod as people call it: its user and server, else its own name with its namespace."""
    user, server_name = user_of(pod), server_of(pod)
    if user:
        return f"{user}/{server_name}" if server_name else user
    return f"{pod.metadata.namespace}/{pod.metadata.name}"


def server(pod: Pod, goes: str) -> str:
    """A user's server, and when it goes."""
    return f"the server of {name_of(pod)}: {goes}"


def of_another_hub(pod: Pod) -> str:
    """When a server goes that another hub has."""
    return f"? (of the hub in namespace {pod.metadata.namespace}, which was not asked)"


def movable(words: str) -> str:
    """A server that Karpenter would move, and so end, unless its pool says otherwise."""
    return (
        f"{words}; without karpenter.sh/do-not-disrupt Karpenter may end it sooner, where its "
        "NodePool does not wait for empty nodes"
    )


def no_controller(pod: Pod) -> str:
    """A bare pod."""
    return f"{name_of(pod)} has no controller that would make it anew elsewhere"


def system(pod: Pod, *, known: bool, old: bool) -> str:
    """A pod of kube-system without a budget."""
    if not known:
        return f"{name_of(pod)}: whether a disruption budget lets it go is not known"
    passed = "; since 1.33 the autoscaler passes one that is older than an hour" if old else ""
    return f"{name_of(pod)} is of kube-system, and no disruption budget says that it may go{passed}"


def not_safe(pod: Pod) -> str:
    """A pod that is marked for the Cluster Autoscaler."""
    return f"{name_of(pod)} is marked cluster-autoscaler.kubernetes.io/safe-to-evict: false"


def not_disrupted(pod: Pod) -> str:
    """A pod that is marked for Karpenter."""
    return f"{name_of(pod)} is marked karpenter.sh/do-not-disrupt"


def local_storage(pod: Pod, volumes: Sequence[str]) -> str:
    """A pod that would lose what it has on the node's disk."""
    return f"{name_of(pod)} has local storage ({listed(list(volumes))})"


def budget(pod: Pod, guard: Budget) -> str:
    """A pod that may not be evicted now."""
    status = guard.status
    return (
        f"{name_of(pod)}: its disruption budget {guard.metadata.name} allows no eviction "
        f"({status.current_healthy} healthy, {status.desired_healthy} needed)"
    )


def node_marked(mark: str) -> str:
    """A node that somebody keeps."""
    return f"the node is marked {mark}: true"


def used(share: float, resource: str, most: float) -> str:
    """A node that is too full to be looked at."""
    return (
        f"{share:.0%} of its {resource} is asked for: the Cluster Autoscaler looks at nodes below "
        f"{most:.0%} only, by default"
    )


def leaves(end: str) -> str:
    """A node that goes, or may soon, in the words of its mark."""
    return f"Nothing on it keeps it: {end}."


def sentence_of(
    found: Sequence[Blocker], last: datetime | None, now: datetime, *, at_least: bool, whole: bool
) -> str:
    """All of it in one line."""
    servers = [each for each in found if each.kind == "user"]
    sure = [each for each in found if not each.may and each.kind != "user"]
    may = [each for each in found if each.may and each.kind != "user"]
    parts = []
    if servers:
        parts.append(_servers(servers, last, now, at_least=at_least))
    if sure:
        more = f" (and {len(sure) - 1} more)" if len(sure) > 1 else ""
        parts.append(f"{sure[0].words}{more}")
    if not parts and may:
        return f"It may stay: {may[0].words}."
    if parts:
        return f"It stays for {'; '.join(parts)}."
    return FREE if whole else PARTLY


def _servers(
    servers: Sequence[Blocker], last: datetime | None, now: datetime, *, at_least: bool
) -> str:
    names = list(dict.fromkeys(name_of(each.pod) for each in servers if each.pod is not None))
    who = f"{len(servers)} server{'s' if len(servers) > 1 else ''} ({listed(names)})"
    if last is not None:
        sign = "≥ " if at_least else ""
        the_last = "the last is" if len(servers) > 1 else "it is"
        return f"{who}, {the_last} culled {sign}{clock(last, now)}"
    stuck = next(each for each in servers if each.until is None)
    name, _, why = stuck.words.removeprefix("the server of ").partition(": ")
    return f"{who}; {name} goes {why}" if why.startswith("never") else f"{who}; {name}: {why}"
