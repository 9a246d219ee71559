"""What stops an autoscaler from removing a node.

Source: the Cluster Autoscaler's FAQ, "What types of pods can prevent CA from removing a node?", and
its simulator's rules (`drainability/rules`, 1.33); Karpenter's docs, "Disruption": it moves pods
that have no controller or local storage, and leaves alone what `do-not-disrupt` and disruption
budgets guard. The autoscaler's own options are not to be read: their defaults are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hubtui.model import scale_down_words as words_of
from hubtui.model.idle import Forecast
from hubtui.model.kube import OwnerReference, Pod
from hubtui.model.kube_changes import Budget
from hubtui.model.kube_needs import Node
from hubtui.model.node_facts import leaving
from hubtui.model.packing import CPU, MEMORY, Amounts, amounts
from hubtui.model.roles import Role, role_of
from hubtui.model.why_facts import Missing

THRESHOLD: Final = 0.5
"""`--scale-down-utilization-threshold`: a node of which more is asked for is not looked at."""

SYSTEM: Final = "kube-system"
SYSTEM_HELD: Final = timedelta(hours=1)
"""A pod of kube-system that is older is passed since 1.33
(`--blocking-system-pod-distruption-timeout`)."""

KARPENTER: Final = "karpenter.sh/nodepool"
"""The label of a node that is Karpenter's to remove."""

TRUE: Final = "true"


class Hold(StrEnum):
    """What keeps a node, in a word for programs."""

    USER = "user"
    NO_CONTROLLER = "no-controller"
    SYSTEM = "kube-system"
    NOT_SAFE = "not-safe-to-evict"
    LOCAL_STORAGE = "local-storage"
    BUDGET = "disruption-budget"
    NODE = "node-annotation"
    USED = "used"


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing that keeps a node, in words.

    `pod` is None for what is about the node itself. `until` is when the culler takes a user's
    server, None for never, or where that is not known; `at_least`: or later. `may`: it depends on
    options of the autoscaler that cannot be read.
    """

    kind: Hold
    pod: Pod | None
    words: str
    until: datetime | None = None
    at_least: bool = False
    may: bool = False


@dataclass(frozen=True, slots=True)
class Stays:
    """Why a node stays: `words` in one line. `last_cull` is when the last user's server goes, None
    where there is none, or one that goes on no known date; `at_least`: or later."""

    blockers: tuple[Blocker, ...]
    last_cull: datetime | None
    words: str
    at_least: bool = False
    missing: tuple[Missing, ...] = ()

    @property
    def users(self) -> tuple[Blocker, ...]:
        """The users' servers among them."""
        return tuple(each for each in self.blockers if each.kind is Hold.USER)

    @property
    def held(self) -> bool:
        """Whether something surely keeps it."""
        return any(not each.may for each in self.blockers)


def _nobody(pod: Pod) -> Forecast | None:
    """Nothing is known of any server."""
    del pod
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the rules need beside a node and its pods.

    `budgets` are the disruption budgets by namespace: all of them with `everywhere`, else those of
    the namespaces that it names. `goes` tells when a user's server goes, None where that
    is not known, for the reason `unknown`. Without `whole` there may be pods on the node that could
    not be read.
    """

    now: datetime
    namespace: str
    release: str
    budgets: Mapping[str, Sequence[Budget]] = field(default_factory=dict)
    everywhere: bool = True
    goes: Callable[[Pod], Forecast | None] = _nobody
    unknown: str = "the hub was not asked"
    whole: bool = True

    def role(self, pod: Pod) -> Role:
        """What a pod is for, be it of this hub or of another one."""
        own = pod.metadata.namespace == self.namespace
        return role_of(pod, self.release if own else "")

    def covering(self, pod: Pod) -> Sequence[Budget] | None:
        """The budgets that guard a pod; None where its namespace's were not read."""
        namespace = pod.metadata.namespace
        if not self.everywhere and namespace not in self.budgets:
            return None
        known = self.budgets.get(namespace, ())
        return [each for each in known if each.covers(pod.metadata.labels)]


def is_karpenters(node: Node | None) -> bool:
    """Whether Karpenter made a node, and not a node group."""
    return node is not None and KARPENTER in node.metadata.labels


def stays(node: Node | None, pods: Iterable[Pod], used: Amounts, around: Around) -> Stays:
    """Why a node stays: `pods` are those on it, `used` what they ask for together."""
    found = tuple(blockers(node, pods, used, around))
    users = [each for each in found if each.kind is Hold.USER]
    goes = [each.until for each in users if each.until is not None]
    last = max(goes, default=None) if len(goes) == len(users) else None
    late = any(each.at_least for each in users)
    words = words_of.sentence_of(found, last, around.now, at_least=late, whole=around.whole)
    if not found and node is not None and (end := leaving(node)):
        words = words_of.leaves(end)
    return Stays(
        blockers=found,
        last_cull=last,
        words=words,
        at_least=late and last is not None,
    )


def blockers(
    node: Node | None, pods: Iterable[Pod], used: Amounts, around: Around
) -> Iterator[Blocker]:
    """What keeps a node, the users' servers first, the last to go before the others."""
    rules = _karpenter if is_karpenters(node) else _autoscaler
    found = [each for pod in pods if not _passed(pod, around) for each in rules(pod, around)]
    users = [each for each in found if each.kind is Hold.USER]
    yield from sorted(users, key=_goes_last_first)
    yield from sorted(
        (each for each in found if each.kind is not Hold.USER),
        key=lambda each: (each.may, each.words),
    )
    if node is not None:
        yield from _of_node(node, used)


def _goes_last_first(blocker: Blocker) -> tuple[float, str]:
    until = blocker.until.timestamp() if blocker.until is not None else float("inf")
    return -until, blocker.words


def _passed(pod: Pod, around: Around) -> bool:
    """Pods that no autoscaler minds: those of the node itself, those that have ended or are about
    to, and placeholders."""
    if pod.metadata.annotations.mirror is not None or pod.metadata.deletion_timestamp is not None:
        return True
    owner = controller_of(pod)
    if owner is not None and owner.kind in ("DaemonSet", "Node"):
        return True
    if pod.status.phase in ("Succeeded", "Failed"):
        return True
    return around.role(pod) is Role.USER_PLACEHOLDER


def controller_of(pod: Pod) -> OwnerReference | None:
    """Who makes a pod anew when it goes; None for nobody."""
    return next((each for each in pod.metadata.owner_references if each.controller), None)


def local_volumes(pod: Pod) -> tuple[str, ...]:
    """The volumes on the node's disk, without those that are marked as safe to lose."""
    safe = (pod.metadata.annotations.safe_local_volumes or "").split(",")
    return tuple(
        volume.name
        for volume in pod.spec.volumes
        if volume.name not in safe
        and (
            volume.host_path is not None
            or (volume.empty_dir is not None and volume.empty_dir.medium != "Memory")
        )
    )


def _autoscaler(pod: Pod, around: Around) -> Iterator[Blocker]:
    """The Cluster Autoscaler's rules for one pod. An eviction that a budget refuses fails in any
    case."""
    safe = pod.metadata.annotations.safe_to_evict
    is_server = around.role(pod) is Role.USERS
    own = [] if safe == TRUE else list(_own_rules(pod, around))
    guarded = list(_budget(pod, around))
    if is_server and (own or guarded):
        yield _server(pod, around)
        return
    yield from own
    yield from guarded


def _own_rules(pod: Pod, around: Around) -> Iterator[Blocker]:
    if controller_of(pod) is None:
        yield Blocker(Hold.NO_CONTROLLER, pod, words_of.no_controller(pod))
    if pod.metadata.namespace == SYSTEM:
        yield from _system(pod, around)
    if pod.metadata.annotations.safe_to_evict == "false":
        yield Blocker(Hold.NOT_SAFE, pod, words_of.not_safe(pod))
    if volumes := local_volumes(pod):
        yield Blocker(Hold.LOCAL_STORAGE, pod, words_of.local_storage(pod, volumes))


def _system(pod: Pod, around: Around) -> Iterator[Blocker]:
    """A pod of kube-system that no budget lets go."""
    covering = around.covering(pod)
    if covering:
        return
    since = pod.metadata.creation_timestamp
    old = since is not None and around.now - since > SYSTEM_HELD
    words = words_of.system(pod, known=covering is not None, old=old)
    yield Blocker(Hold.SYSTEM, pod, words, may=old or covering is None)


def _budget(pod: Pod, around: Around) -> Iterator[Blocker]:
    for each in around.covering(pod) or ():
        if each.status.disruptions_allowed < 1:
            yield Blocker(Hold.BUDGET, pod, words_of.budget(pod, each))


def _karpenter(pod: Pod, around: Around) -> Iterator[Blocker]:
    """Karpenter's rules for one pod: with `WhenEmpty` any pod keeps its node, which is not read."""
    marked = pod.metadata.annotations.do_not_disrupt == TRUE
    guarded = list(_budget(pod, around))
    if around.role(pod) is Role.USERS:
        server = _server(pod, around)
        if marked or guarded:
            yield server
        else:
            words = words_of.movable(server.words)
            yield Blocker(Hold.USER, pod, words, server.until, server.at_least, may=True)
        return
    if marked:
        yield Blocker(Hold.NOT_SAFE, pod, words_of.not_disrupted(pod))
    yield from guarded


def _server(pod: Pod, around: Around) -> Blocker:
    if pod.metadata.namespace != around.namespace:
        return Blocker(Hold.USER, pod, words_of.server(pod, words_of.of_another_hub(pod)))
    goes = around.goes(pod)
    if goes is None:
        return Blocker(Hold.USER, pod, words_of.server(pod, f"? ({around.unknown})"))
    return Blocker(Hold.USER, pod, words_of.server(pod, goes.words), goes.at, goes.at_least)


def _of_node(node: Node, used: Amounts) -> Iterator[Blocker]:
    marks = node.metadata.annotations
    if is_karpenters(node):
        if marks.do_not_disrupt == TRUE:
            yield Blocker(Hold.NODE, None, words_of.node_marked("karpenter.sh/do-not-disrupt"))
        return
    if marks.scale_down_disabled == TRUE:
        mark = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
        yield Blocker(Hold.NODE, None, words_of.node_marked(mark))
    share, resource = utilization(node, used)
    if share >= THRESHOLD:
        yield Blocker(Hold.USED, None, words_of.used(share, resource, THRESHOLD), may=True)


def utilization(node: Node, used: Amounts) -> tuple[float, str]:
    """The share of a node that is asked for, and of what: accelerators alone where it has any."""
    has = amounts(node.status.allocatable)
    special = [name for name, number in has.items() if name.endswith("/gpu") and number > 0]
    names = special or [name for name in (CPU, MEMORY) if has.get(name, 0) > 0]
    shares = [(used.get(name, 0) / has[name], name) for name in names]
    return max(shares, default=(0.0, ""))
