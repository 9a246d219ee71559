"""What is seen of a prepull: its pods, the nodes, what the cluster says of its DaemonSets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hubtui.clients.watch import Feed, follow
from hubtui.model import kube, prepulling
from hubtui.model.daemon_nodes import DaemonPod
from hubtui.model.kinds import DAEMONSETS, EVENTS, NODES, PODS
from hubtui.model.kube_needs import Node
from hubtui.model.prepull import OPERATION
from hubtui.model.prepulling import NodeState, Verdicts, is_stuck, silence, wanted
from hubtui.model.pulls import Pull, PullState, merged
from hubtui.model.text import one_line
from hubtui.services import journal
from hubtui.services.actions import ActionSession
from hubtui.services.pullers import brought
from hubtui.services.store import State, Store


class Seen:
    """The nodes of one prepull, as far as its images have come."""

    def __init__(
        self, session: ActionSession, operation: str, puller: DaemonPod, images: tuple[str, ...]
    ) -> None:
        self.verdicts = Verdicts(prepulling.FINAL_AFTER, prepulling.PATIENCE)
        self._session = session
        self._puller = puller
        self._images = images
        self._labels = f"{OPERATION}={operation}"
        self._pods: Store[kube.Pod] = Store("pods")
        self._nodes: Store[Node] = Store("nodes")
        self._sets: Store[kube.DaemonSet] = Store("daemonsets")
        self._events: Store[kube.Event] = Store("events")
        self._brought: dict[str, tuple[kube.Pod, tuple[Pull, ...]]] = {}

    @asynccontextmanager
    async def followed(self, name: str) -> AsyncIterator[None]:
        """Follows them until the end; `name` is that of the first DaemonSet."""
        namespace = self._session.namespace
        about = f"involvedObject.kind=DaemonSet,involvedObject.name={name}"
        feeds: list[tuple[Feed, Store[Any]]] = [
            (Feed(PODS, namespace, labels=self._labels), self._pods),
            (Feed(NODES), self._nodes),
            (Feed(DAEMONSETS, namespace, labels=self._labels), self._sets),
            (Feed(EVENTS, namespace, fields=about), self._events),
        ]
        tasks = [
            asyncio.create_task(follow(self._session.client, feed, store), name=f"prepull {feed}")
            for feed, store in feeds
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def blind(self) -> str:
        """Why nothing can be seen at present; "" while it can."""
        for store in (self._pods, self._sets):
            health = store.health
            if health.state in (State.STALE, State.DENIED) and health.error is not None:
                return health.error.what
        return ""

    @property
    def knows_nodes(self) -> bool:
        """Whether nodes may be listed."""
        return self._nodes.health.state is not State.DENIED

    @property
    def said(self) -> str:
        """The last warning of the first DaemonSet: why it makes no pods."""
        warnings = [each for each in self._events if each.type == "Warning"]
        newest = max(warnings, key=lambda each: str(each.last_seen), default=None)
        return one_line(newest.message) if newest is not None else ""

    @property
    def complete(self) -> bool:
        """Whether all nodes are among the states: the lists are there, the controller has looked.

        Without the nodes themselves its counts are all there is.
        """
        if not (self._pods.loaded.is_set() and self._nodes.loaded.is_set()):
            return False
        status = [each.status for each in self._sets]
        if not status or any(not each.observed_generation for each in status):
            return False
        if self.knows_nodes:
            return True
        made = self._by_node()
        return all(len(made) >= each.desired_number_scheduled for each in status)

    def states(self, now: float) -> list[NodeState]:
        """Each node that should have the images, or has a pod that brings them; `now` is in
        seconds of any clock."""
        pods = self._by_node()
        known = {node.metadata.name: node for node in self._nodes}
        names = dict.fromkeys(n.metadata.name for n in wanted(known.values(), self._puller))
        names |= dict.fromkeys(name for name in pods if name in known or not self.knows_nodes)
        return [self._state(name, known.get(name), pods.get(name, ()), now) for name in names]

    def _state(
        self, name: str, node: Node | None, pods: Sequence[kube.Pod], now: float
    ) -> NodeState:
        pulls = merged(self._brings(pod) for pod in pods)
        given_up = self.verdicts.judge(name, pulls, now)
        known = {pull.image: self.verdicts.told(name, pull) for pull in pulls}
        return NodeState(
            node=name,
            pulls=tuple(known.get(each) or Pull(each, PullState.WAITING) for each in self._images),
            given_up=given_up,
            silent=silence(node, journal.now()) if node is not None else "",
            words="" if pods else self.said or "it has no pod yet",
        )

    def stuck(self, states: Iterable[NodeState], sets: int) -> set[str]:
        """The nodes on which each of so many DaemonSets has a pod, and none brings anything
        more."""
        pods = self._by_node()
        return {
            state.node
            for state in states
            if len(here := pods.get(state.node, ())) >= sets
            and all(is_stuck(pod, self._brings(pod), state.given_up) for pod in here)
        }

    def _brings(self, pod: kube.Pod) -> tuple[Pull, ...]:
        """What a pod brings, worked out once for each change of it."""
        known = self._brought.get(pod.key)
        if known is None or known[0] is not pod:
            known = self._brought[pod.key] = (pod, brought(pod))
        return known[1]

    def _by_node(self) -> dict[str, list[kube.Pod]]:
        """The pods that are not deleted, by their node."""
        found: dict[str, list[kube.Pod]] = {}
        for pod in self._pods:
            if pod.spec.node_name and pod.metadata.deletion_timestamp is None:
                found.setdefault(pod.spec.node_name, []).append(pod)
        return found
