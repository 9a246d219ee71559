"""How far a prepull has come on each node, and which images it gives up.

A kubelet tries a pull for ever, and an init container that does not start keeps all after it from
their turn. So an image that fails for long enough is given up on that node, and what waits behind
it is brought by a further DaemonSet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from msgspec import structs

from hubtui.model.daemon_nodes import DaemonPod
from hubtui.model.kube import Pod
from hubtui.model.kube_needs import Node
from hubtui.model.pulls import Pull, PullState, holds_up
from hubtui.model.why_image import is_final

FINAL_AFTER: Final = 10.0
"""Seconds after which a registry that has no such image, or refuses it, is believed: the kubelet
has asked twice by then."""

PATIENCE: Final = 120.0
"""The same for what may pass: a registry that is not reached, too many requests, a full disk."""

GRACE: Final = timedelta(minutes=2)
"""How long a node may be not Ready and is waited for: one that joins is so at first."""

_NOT_READY: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


@dataclass(frozen=True, slots=True)
class NodeState:
    """One node: `pulls` is each image that is asked for, `given_up` those of them that are.

    `silent` is why it is not waited for, `words` what is known where it has no pod that pulls.
    """

    node: str
    pulls: tuple[Pull, ...]
    given_up: frozenset[str] = frozenset()
    silent: str = ""
    words: str = ""

    @property
    def done(self) -> bool:
        """Whether all images are there."""
        return all(pull.state is PullState.DONE for pull in self.pulls)

    @property
    def left(self) -> tuple[str, ...]:
        """The images that are neither there nor given up."""
        return tuple(
            pull.image
            for pull in self.pulls
            if pull.state is not PullState.DONE and pull.image not in self.given_up
        )

    @property
    def settled(self) -> bool:
        """Whether there is nothing to wait for."""
        return bool(self.silent) or not self.left

    @property
    def failures(self) -> tuple[Pull, ...]:
        """What was given up."""
        return tuple(pull for pull in self.pulls if pull.image in self.given_up)

    @property
    def pulling(self) -> bool:
        """Whether an image is being pulled."""
        return any(pull.state is PullState.PULLING for pull in self.pulls)


@dataclass
class Verdicts:
    """Since when pulls fail; `final` and `patience` are seconds."""

    final: float
    patience: float
    _since: dict[tuple[str, str], float] = field(default_factory=dict)
    _words: dict[tuple[str, str], str] = field(default_factory=dict)

    def judge(self, node: str, pulls: Iterable[Pull], now: float) -> frozenset[str]:
        """The images that are given up on a node; `now` is in seconds of any clock."""
        found = set()
        for pull in pulls:
            key = (node, pull.image)
            if pull.state is PullState.DONE:
                self._since.pop(key, None)
            if pull.state is not PullState.FAILED:
                continue
            since = self._since.setdefault(key, now)
            if pull.words.partition(": ")[2]:
                self._words[key] = pull.words
            final = is_final(self._words.get(key, pull.words))
            if now - since >= (self.final if final else self.patience):
                found.add(pull.image)
        return frozenset(found)

    def told(self, node: str, pull: Pull) -> Pull:
        """A pull with the registry's words, which a back-off of older kubelets does not repeat."""
        if pull.state is not PullState.FAILED:
            return pull
        return replace(pull, words=self._words.get((node, pull.image), pull.words))


def wanted(nodes: Iterable[Node], puller: DaemonPod) -> list[Node]:
    """The nodes that should have the images: one that is not Ready at present is among them."""
    return [node for node in nodes if puller.goes_to(_ready(node))]


def _ready(node: Node) -> Node:
    taints = tuple(each for each in node.spec.taints if each.key not in _NOT_READY)
    return structs.replace(node, spec=structs.replace(node.spec, taints=taints))


def silence(node: Node, now: datetime) -> str:
    """Why a node is not waited for: its kubelet has said nothing for a while; "" where it has."""
    ready = node.ready
    if ready is not None and ready.status == "True":
        return ""
    since = (ready.last_transition_time if ready else None) or node.metadata.creation_timestamp
    if since is not None and now - since < GRACE:
        return ""
    return f"the node is not Ready ({ready.reason or 'unknown'})" if ready else "it never reported"


def is_stuck(pod: Pod, pulls: Sequence[Pull], given_up: Collection[str]) -> bool:
    """Whether a pod brings nothing more: what has its turn was given up, or cannot be run."""
    statuses = pod.status.init_container_statuses
    if any(holds_up(each) for each in statuses):
        return True
    turn = next((pull for pull in pulls if pull.state is not PullState.DONE), None)
    return turn is None or turn.image in given_up


def behind(states: Sequence[NodeState], stuck: Collection[str]) -> tuple[str, ...]:
    """The images that wait in vain on nodes whose pods are stuck; those that were given up
    elsewhere come last."""
    lost = {image for state in states for image in state.given_up}
    waits = dict.fromkeys(
        image
        for state in states
        if state.node in stuck and not state.silent
        for image in state.left
    )
    return tuple(sorted(waits, key=lambda image: image in lost))
