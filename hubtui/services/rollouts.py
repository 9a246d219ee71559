"""How far the workloads of a release have come, with the reason where one does not.

The rules of "complete" are those of `kubectl rollout status` (k8s.io/kubectl, polymorphichelpers/
rollout_status.go), with two exceptions: placeholders that wait for a node and image pullers are
what a hub lives with, so they never decide on a result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hubtui.clients.kube import KubeClient
from hubtui.errors import DeniedError
from hubtui.model import kube
from hubtui.model.kinds import DAEMONSETS, DEPLOYMENTS, EVENTS, PODS, STATEFULSETS, Kind
from hubtui.model.manifest import Document, Resource
from hubtui.model.plan import FailedObject, Step, StepState
from hubtui.model.podstate import Severity, state_of
from hubtui.model.text import one_line

WORKLOADS: Final[dict[str, Kind[Any]]] = {
    kind.kind: kind for kind in (DEPLOYMENTS, STATEFULSETS, DAEMONSETS)
}

LOG_IN: Final = 401
"""Credentials that have run out are not a missing right: new ones come with the next try."""

_RUNNING: Final = "Running"

_EXCUSED: Final = frozenset({"user-placeholder", "continuous-image-puller", "hook-image-puller"})


@dataclass(frozen=True, slots=True)
class Target:
    """One workload to follow."""

    kind: str
    namespace: str
    name: str
    component: str = ""

    @property
    def excused(self) -> bool:
        """Whether the result does not depend on it."""
        return self.component in _EXCUSED


@dataclass(slots=True)
class Look:
    """What was seen of the workloads at one moment."""

    steps: tuple[Step, ...] = ()
    error: str = ""
    """Why the last look failed, when it did; the steps are those of the look before."""

    @property
    def complete(self) -> bool:
        """Whether everything that matters has come."""
        return not self.error and all(step.state in _COME for step in self.steps)

    @property
    def settled(self) -> bool:
        """Whether looking again shows nothing more: all has come, or may not be read."""
        return not self.error and not self.waiting

    @property
    def unseen(self) -> str:
        """Why it is not known whether everything has come; empty when it is."""
        reasons = [step.reason for step in self.steps if step.state is StepState.UNKNOWN]
        return "; ".join(dict.fromkeys([*reasons, *([self.error] if self.error else [])]))

    @property
    def stuck(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.state is StepState.STUCK)

    @property
    def waiting(self) -> tuple[Step, ...]:
        known = (*_COME, StepState.UNKNOWN)
        return tuple(step for step in self.steps if step.state not in known)

    @property
    def failed(self) -> tuple[FailedObject, ...]:
        """Those that have not come, with the reason, or else with their counts."""
        return tuple(
            FailedObject(
                step.kind, step.name, step.reason or f"{step.ready} of {step.desired} ready"
            )
            for step in self.waiting
        )


_COME: Final = (StepState.DONE, StepState.EXCUSED)


def targets_of(documents: Iterable[Document], namespace: str) -> tuple[Target, ...]:
    """The workloads among the objects of a manifest."""
    return tuple(
        Target(
            item.kind,
            item.namespace or namespace,
            item.name,
            str(
                item.labels.get("component")
                or item.labels.get("app.kubernetes.io/component")
                or item.name
            ),
        )
        for item in documents
        if isinstance(item, Resource) and item.kind in WORKLOADS
    )


@dataclass(slots=True)
class Rollouts:
    """Looks at the workloads of one release; each look is at most one LIST of each kind."""

    client: KubeClient
    targets: Sequence[Target]
    _reasons: dict[str, str] = field(default_factory=dict)
    _looks: int = 0

    async def look(self) -> Look:
        """How far everything is; what may not be read is unknown, with the missing right.

        Raises UnreachableError, and DeniedError where credentials are not accepted.
        """
        places = sorted({(target.kind, target.namespace) for target in self.targets})
        namespaces = sorted({namespace for _kind, namespace in places})
        lists = await asyncio.gather(*(self._workloads(kind, place) for kind, place in places))
        found = await asyncio.gather(*(self._pods(namespace) for namespace in namespaces))
        pods = [pod for some in found for pod in some]
        seen = dict(zip(places, lists, strict=True))
        self._looks += 1
        return Look(
            tuple(
                [
                    await self._step(target, seen[target.kind, target.namespace], pods)
                    for target in self.targets
                ]
            )
        )

    async def _workloads(self, kind: str, namespace: str) -> dict[str, kube.Workload] | DeniedError:
        """The workloads of one kind by name, or which right is missing."""
        try:
            found = await self.client.list(WORKLOADS[kind], namespace)
        except DeniedError as denied:
            if denied.status == LOG_IN:
                raise
            return denied
        return {workload.metadata.name: workload for workload in found}

    async def _pods(self, namespace: str) -> list[kube.Pod]:
        """The pods, which only explain; none when they may not be read."""
        try:
            # User servers are no part of a rollout, and there may be thousands of them.
            return await self.client.list(PODS, namespace, labels="component!=singleuser-server")
        except DeniedError as denied:
            if denied.status == LOG_IN:
                raise
            return []

    async def _step(
        self,
        target: Target,
        found: dict[str, kube.Workload] | DeniedError,
        pods: Sequence[kube.Pod],
    ) -> Step:
        if isinstance(found, DeniedError):
            state = StepState.EXCUSED if target.excused else StepState.UNKNOWN
            return Step(target.kind, target.name, 0, 0, 0, state, found.what, known=False)
        return await self._explained(target, found.get(target.name), pods)

    async def _explained(
        self, target: Target, workload: kube.Workload | None, pods: Sequence[kube.Pod]
    ) -> Step:
        step = step_of(target, workload, pods)
        if step.reason or step.state is StepState.DONE or workload is None:
            return step
        # Why nothing comes stands in events only; they are asked for now and then.
        if self._looks % 3 == 1:
            self._reasons[step.title] = await self._warning(target, workload, pods)
        reason = self._reasons.get(step.title, "") or _not_ready(workload, pods)
        return _with(step, reason) if reason else step

    async def _warning(
        self, target: Target, workload: kube.Workload, pods: Sequence[kube.Pod]
    ) -> str:
        names = [pod.metadata.name for pod in _own(workload, pods) if not state_of(pod).up]
        for name in (*names[:1], target.name):
            try:
                events = await self.client.list(
                    EVENTS, target.namespace, fields=f"involvedObject.name={name},type=Warning"
                )
            except DeniedError:
                return ""
            if events:
                last = max(
                    events,
                    key=lambda event: event.last_seen.timestamp() if event.last_seen else 0.0,
                )
                return one_line(f"{last.reason}: {last.message}")
        return ""


def _with(step: Step, reason: str) -> Step:
    return Step(step.kind, step.name, step.ready, step.desired, step.updated, step.state, reason)


def step_of(target: Target, workload: kube.Workload | None, pods: Sequence[kube.Pod]) -> Step:
    """How far one workload is; `pods` may hold those of others."""
    if workload is None:
        reason = "is not there yet"
        return Step(target.kind, target.name, 0, 1, state=StepState.WAITING, reason=reason)
    ready, updated, desired, settled = _counts(target.kind, workload)
    if settled:
        return Step(target.kind, target.name, ready, desired, updated, StepState.DONE)
    severity, reason = _worst(workload, pods)
    reason = _condition(workload) or reason
    state = StepState.MOVING if updated else StepState.WAITING
    if severity is Severity.NOW or _condition(workload):
        state = StepState.STUCK
    if target.excused:
        state = StepState.EXCUSED
    return Step(target.kind, target.name, ready, desired, updated, state, reason)


def _counts(kind: str, workload: kube.Workload) -> tuple[int, int, int, bool]:
    """Ready, updated, desired, and whether the rollout is complete."""
    status = workload.status
    observed = status.observed_generation >= workload.metadata.generation
    if kind == "DaemonSet":
        desired, updated = status.desired_number_scheduled, status.updated_number_scheduled
        settled = observed and updated >= desired and status.number_available >= desired
        return status.number_ready, updated, desired, settled
    desired = workload.spec.replicas
    ready, updated = status.ready_replicas, status.updated_replicas
    if kind == "StatefulSet":
        same = status.current_revision == status.update_revision or updated >= desired
        return ready, updated, desired, observed and same and ready >= desired
    settled = observed and updated >= desired
    settled = settled and status.replicas <= updated and status.available_replicas >= desired
    return ready, updated, desired, settled


def _condition(workload: kube.Workload) -> str:
    """Why the controller gave up or cannot make pods; empty when it does not say so."""
    for condition in workload.status.conditions:
        stopped = condition.type == "Progressing" and condition.status == "False"
        refused = condition.type == "ReplicaFailure" and condition.status == "True"
        if stopped or refused:
            return one_line(f"{condition.reason}: {condition.message}")
    return ""


def _worst(workload: kube.Workload, pods: Sequence[kube.Pod]) -> tuple[Severity, str]:
    """The worst state among the workload's pods that are not on their way out."""
    worst, reason = Severity.FINE, ""
    for pod in _own(workload, pods):
        state = state_of(pod)
        if state.severity > worst:
            worst = state.severity
            words = f"{state.status}: {state.message}" if state.message else state.status
            reason = one_line(f"{pod.metadata.name}: {words}")
            # A pod that is merely being made, or just not ready, explains nothing: an event may.
            if state.severity is Severity.WAITING or state.status == _RUNNING:
                reason = ""
    return worst, reason


def _not_ready(workload: kube.Workload, pods: Sequence[kube.Pod]) -> str:
    """Which pod runs and is not ready, where nothing says why."""
    states = ((pod.metadata.name, state_of(pod)) for pod in _own(workload, pods))
    return next(
        (
            one_line(f"{name}: {state.ready} of {state.containers} containers ready")
            for name, state in states
            if state.status == _RUNNING and not state.up
        ),
        "",
    )


def _own(workload: kube.Workload, pods: Sequence[kube.Pod]) -> list[kube.Pod]:
    selector = workload.spec.selector.match_labels.items()
    return [
        pod
        for pod in pods
        if pod.metadata.namespace == workload.metadata.namespace
        and pod.metadata.deletion_timestamp is None
        and selector
        and selector <= pod.metadata.labels.items()
    ]
