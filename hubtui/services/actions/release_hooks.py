"""The hooks of a helm at work: which one it waits for, and what was seen of it while it was there.

helm writes a hook's start into the revision before it makes the object, and its end only together
with the next start or with the revision's own end (helm 3 and 4, pkg/action/hooks.go). Whether the
last one still runs is seen from its Job or Pod. What a delete policy takes away is kept here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from hubtui.errors import ApiError, DecodeError, HubtuiError, NotFoundError
from hubtui.model import kube
from hubtui.model.kinds import JOBS, PODS
from hubtui.model.redact import Redactor
from hubtui.model.release import Hook, Payload
from hubtui.services import journal
from hubtui.services.actions import ActionSession
from hubtui.services.actions.release_outcome import HookEnd
from hubtui.services.hook_evidence import RUNS, HookEvidence

_APPEARS: Final = timedelta(seconds=10)
"""A hook's object may come that long after its start was written down."""

_PULLER: Final = "image-awaiter"
_PULLER_ADVICE: Final = (
    "A wrong image on all nodes: correct the values, then upgrade again.",
    "One node that cannot pull: `hubtui cordon NODE --pullers-off`, then upgrade again: what is "
    "pulled stays pulled.",
)


@dataclass(slots=True)
class HookRuns:
    """Looks at the hooks of the revision that one helm makes."""

    session: ActionSession
    action: str
    _evidence: HookEvidence = field(init=False)
    _seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        session = self.session
        self._evidence = HookEvidence(session.client, session.pods, session.namespace)

    async def running(self, payload: Payload) -> tuple[str, Hook] | None:
        """The hook that helm waits for, with its event; None when it is past them.

        Raises UnreachableError.
        """
        for event in (f"pre-{self.action}", f"post-{self.action}"):
            wanted = _of(payload, event)
            started = [hook for hook in wanted if hook.last_run is not None]
            if wanted and not started and event.startswith("pre-"):
                return event, min(wanted, key=lambda hook: hook.weight)
            last = max(started, key=_start, default=None)
            if last is None or not _open(last):
                continue
            more = len(started) < len(wanted)
            if more or await self._still_runs(last, payload.namespace):
                return event, last
        return None

    def keep(self, hook: Hook) -> None:
        """Looks at a hook's Job, pods and logs from here on, for as long as they are there."""
        self._evidence.see(hook)

    async def close(self) -> None:
        """helm is over: nothing is looked at any more, and what was seen is kept."""
        await self._evidence.close()

    async def ends(self, payload: Payload, redactor: Redactor) -> tuple[HookEnd, ...]:
        """The hooks that failed or were left running, with what was seen of them."""
        found = []
        for event in (f"pre-{self.action}", f"post-{self.action}"):
            for hook in _of(payload, event):
                if hook.kind in RUNS and await self._unfinished(hook, payload):
                    found.append(await self._end(event, hook, redactor))
        return tuple(found)

    async def _end(self, event: str, hook: Hook, redactor: Redactor) -> HookEnd:
        try:
            found = await self._evidence.last(hook, redactor)
            lines, missing = found.lines, found.missing
        except HubtuiError as error:
            lines, missing = (), error.what
        if missing:
            lines = (*lines, f"{missing}; seen before" if lines else missing)
        advice = _PULLER_ADVICE if hook.name.endswith(_PULLER) else ()
        return HookEnd(event, hook.kind, hook.name, _reason(hook, lines), lines, advice)

    async def _unfinished(self, hook: Hook, payload: Payload) -> bool:
        if hook.last_run is None:
            return False
        if hook.last_run.phase == "Failed":
            return True
        return _open(hook) and await self._still_runs(hook, payload.namespace)

    async def _still_runs(self, hook: Hook, namespace: str) -> bool:
        """Whether its Job or Pod is there and not over."""
        if hook.kind not in RUNS:
            return False
        client = self.session.client
        try:
            if hook.kind == "Job":
                over = _job_is_over(await client.get(JOBS, namespace, hook.name))
            else:
                pod = await client.get(PODS, namespace, hook.name)
                over = pod.status.phase in ("Succeeded", "Failed")
        except NotFoundError:
            start = hook.last_run.started if hook.last_run else None
            fresh = start is not None and journal.now() - start < _APPEARS
            return fresh and hook.name not in self._seen
        except (ApiError, DecodeError):
            return True  # what may not be read is not called over
        self._seen.add(hook.name)
        return not over


def _of(payload: Payload, event: str) -> list[Hook]:
    """The hooks of an event. A rollback copies them with the runs of the revision that it goes
    back to: those are older than the new one."""
    return [_of_this_run(hook, payload) for hook in payload.hooks if event in hook.events]


def _of_this_run(hook: Hook, payload: Payload) -> Hook:
    run, since = hook.last_run, payload.last_deployed
    old = run is not None and run.started is not None and since is not None and run.started < since
    return replace(hook, last_run=None) if old else hook


def _open(hook: Hook) -> bool:
    return hook.last_run is not None and hook.last_run.phase in ("Running", "Unknown")


def _start(hook: Hook) -> float:
    run = hook.last_run
    return run.started.timestamp() if run and run.started else 0.0


def _job_is_over(job: kube.Job) -> bool:
    return any(
        condition.type in ("Complete", "Failed") and condition.status == "True"
        for condition in job.status.conditions
    )


def _reason(hook: Hook, lines: Iterable[str]) -> str:
    """In a few words: what its Job says, else helm's phase. A Job that is about to fail says
    FailureTarget first (Kubernetes, Job conditions); one that has not failed was given up."""
    job = next((line for line in lines if line.startswith("job ")), "")
    if job.startswith("job Fail"):
        return job
    phase = hook.last_run.phase.lower() if hook.last_run else ""
    if phase == "failed" and job:
        return "helm gave up waiting for it"
    return "it was still running" if phase in ("running", "unknown") else phase
