"""Watches a deleted pod: until it is gone, then until its successor is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from hubtui.errors import DeniedError, HubtuiError, NotFoundError
from hubtui.model.age import duration
from hubtui.model.kinds import PODS
from hubtui.model.kube import Pod
from hubtui.model.plan import FailedObject, Outcome, Phase, Progress, Result, Step, StepState
from hubtui.model.podstate import state_of
from hubtui.services.actions import ActionSession, Report, following
from hubtui.services.rollouts import LOG_IN, WORKLOADS, Look, Rollouts, Target

PATIENCE: Final = 60.0
"""Seconds beyond its grace period that a pod may take to vanish."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """The pod that was deleted, and what makes it again."""

    namespace: str
    name: str
    uid: str
    grace: int
    workload: Target | None = None


@dataclass(slots=True)
class Successor:
    """Looks at a workload until the pods that are there, and not the counts of a controller that
    has not noticed yet, say that it is complete."""

    session: ActionSession
    target: Target
    uid: str

    async def look(self) -> Look:
        """How far the workload is. Raises UnreachableError."""
        look = await Rollouts(self.session.client, (self.target,)).look()
        if not look.complete:
            return look
        client, target = self.session.client, self.target
        try:
            workload = await client.get(WORKLOADS[target.kind], target.namespace, target.name)
            pods = await client.list(PODS, target.namespace, labels=_selector(workload))
        except DeniedError as denied:
            if denied.status == LOG_IN:
                raise
            look.steps = tuple(_unseen(step, denied.what) for step in look.steps)
            return look
        up = sum(1 for pod in pods if self._counts(pod))
        look.steps = tuple(_corrected(step, up) for step in look.steps)
        return look

    def _counts(self, pod: Pod) -> bool:
        leaving = pod.metadata.deletion_timestamp is not None
        return pod.metadata.uid != self.uid and not leaving and state_of(pod).up


async def watch(session: ActionSession, deleted: Deleted, report: Report) -> Outcome:
    """Waits for the end of the pod and for its successor."""

    def tell(phase: Phase, look: Look, note: str) -> None:
        report.progress(Progress(phase, look.steps, note))

    last = await _gone(session, deleted, lambda note: tell(Phase.APPLYING, Look(), note))
    if last is not None:
        return _still_there(deleted, last)
    if deleted.workload is None:
        return Outcome(Result.OK, f"Pod {deleted.name} is gone")
    follow = Successor(session, deleted.workload, deleted.uid)
    limit = duration(session.settings.helm_timeout).total_seconds()
    look, in_time = await following.rollouts(
        follow, tell, limit=limit, stuck_for=following.STUCK_FOR
    )
    return _replaced(deleted, deleted.workload, look, in_time=in_time)


async def look_once(session: ActionSession, deleted: Deleted) -> Pod | None:
    """The pod as it is now; None when it, under this uid, is gone. Raises UnreachableError."""
    try:
        pod = await session.client.get(PODS, deleted.namespace, deleted.name)
    except NotFoundError:
        return None
    return pod if pod.metadata.uid == deleted.uid else None


async def _gone(session: ActionSession, deleted: Deleted, say: Callable[[str], None]) -> Pod | None:
    """Waits until the pod is gone; the pod as it was last seen when that does not happen."""
    loop = asyncio.get_running_loop()
    limit = loop.time() + deleted.grace + PATIENCE
    pod: Pod | None = None
    while True:
        try:
            pod = await look_once(session, deleted)
            if pod is None:
                return None
            say(f"{deleted.name} is {state_of(pod).status}")
        except HubtuiError as error:
            say(error.what)
            if loop.time() > limit and pod is None:
                raise
        if loop.time() > limit:
            return pod
        await asyncio.sleep(following.CADENCE)


def _still_there(deleted: Deleted, pod: Pod) -> Outcome:
    status = state_of(pod).status
    if pod.metadata.deletion_timestamp is None:
        return Outcome(
            Result.FAILED, f"The deletion did not reach the cluster: pod {deleted.name} is {status}"
        )
    return Outcome(
        Result.FAILED,
        f"Pod {deleted.name} was deleted and is still there: {status}",
        failed=(FailedObject("Pod", deleted.name, f"{status} on node {pod.spec.node_name}"),),
        next_steps=(
            f"See whether node {pod.spec.node_name} is well.",
            f"Delete it by force: hubtui delete-pod {deleted.name} --force.",
        ),
    )


def _replaced(deleted: Deleted, workload: Target, look: Look, *, in_time: bool) -> Outcome:
    gone = f"Pod {deleted.name} is gone"
    title = f"{workload.kind}/{workload.name}"
    if look.unseen:
        note = f"Its successor was not looked at: {look.unseen}"
        words = f"{gone}; whether {title} is ready again is not known"
        return Outcome(Result.UNVERIFIED, words, notes=(note,), steps=look.steps)
    if in_time:
        excused = any(step.state is StepState.EXCUSED for step in look.steps)
        words = "goes on as it is meant to" if excused else "is ready again"
        return Outcome(Result.OK, f"{gone}, {title} {words}", steps=look.steps)
    return Outcome(
        Result.FAILED,
        f"{gone}, but {title} is not ready",
        failed=look.failed,
        next_steps=("What kept the old pod keeps the new one: mend the cause.",),
        steps=look.steps,
    )


def _selector(workload: object) -> str:
    spec = getattr(workload, "spec", None)
    labels = spec.selector.match_labels if spec is not None else {}
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))


def _unseen(step: Step, reason: str) -> Step:
    return replace(step, state=StepState.UNKNOWN, reason=reason)


def _corrected(step: Step, up: int) -> Step:
    if step.state is not StepState.DONE or up >= step.desired:
        return step
    return replace(step, ready=min(step.ready, up), state=StepState.MOVING)
