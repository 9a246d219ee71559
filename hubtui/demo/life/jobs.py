"""The Job controller: one pod at a time, until it has done its work or failed too often."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hubtui.demo.life import quotas
from hubtui.demo.life.base import Life
from hubtui.demo.life.making import pod_from
from hubtui.demo.life.pace import passed
from hubtui.demo.life.reading import (
    Key,
    condition,
    is_active,
    is_ready,
    is_terminating,
    name_of,
    phase_of,
    uid_of,
    with_condition,
)
from hubtui.demo.life.replicasets import RETRY, Owners
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.objects import stamp
from hubtui.demo.resources import JOBS, PODS
from hubtui.demo.storage import Json, key_of

BY: Final = "job-controller"
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 360.0
"""Seconds before a pod that failed is followed by another one, and their limit."""

LIMIT: Final = 6
"""How many pods may fail (backoffLimit)."""


class Jobs(Owners):
    """Keeps the one pod of each Job."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._objects = life.world.objects
        super().__init__(JOBS, WorkQueue(life.world.timeline, self._reconcile))

    def _reconcile(self, key: Key) -> None:
        job = self._objects.find(JOBS, *key)
        if job is None or is_terminating(job):
            return
        status = dict(job.get("status") or {})
        if _is_over(status):
            self._expire(job, key)
            return
        if "selector" not in job["spec"]:
            job = self._objects.change(JOBS, *key, _label) or job
        pods = self._life.index.pods_of(uid_of(job))
        now = self._life.world.timeline.now
        status.setdefault("startTime", stamp(now))
        done = sum(1 for pod in pods if phase_of(pod) == "Succeeded")
        failed = [pod for pod in pods if phase_of(pod) == "Failed"]
        limit = job["spec"].get("backoffLimit", LIMIT)
        lost = len(failed) + sum(_restarts(pod) for pod in pods)
        if done:
            self._complete(job, status, now)
        elif lost > limit:
            words = "Job has reached the specified backoff limit"
            self._fail(job, status, "BackoffLimitExceeded", words, now)
        elif self._is_late(job, status, key):
            words = "Job was active longer than specified deadline"
            self._fail(job, status, "DeadlineExceeded", words, now)
        elif not any(is_active(pod) for pod in pods) and not any(map(is_terminating, pods)):
            self._start(job, key, failed)
        self._report(job, status, done, len(failed))

    def _start(self, job: Json, key: Key, failed: list[Json]) -> None:
        if failed:
            pause = min(FIRST_PAUSE * 2 ** (len(failed) - 1), LONGEST_PAUSE)
            left = pause - self._seconds_since(max(_ended(pod) for pod in failed))
            if left > 0:
                self._queue.note(key, left)
                return
        pod = pod_from(self._objects, job, job["spec"]["template"])
        refused = quotas.refusal(self._objects, pod)
        if refused:
            words = f"Error creating: {refused}"
            self._life.events.warning(job, "FailedCreate", words, BY)
            self._queue.note(key, RETRY)
            return
        pod["spec"]["restartPolicy"] = job["spec"]["template"]["spec"].get("restartPolicy", "Never")
        made = self._objects.create(PODS, pod)
        self._life.events.normal(job, "SuccessfulCreate", f"Created pod: {name_of(made)}", BY)

    def _is_late(self, job: Json, status: Json, key: Key) -> bool:
        limit = job["spec"].get("activeDeadlineSeconds")
        if limit is None:
            return False
        left = limit - self._seconds_since(_read(status["startTime"]))
        if left > 0:
            self._queue.note(key, left)
        return bool(left <= 0)

    def _complete(self, job: Json, status: Json, now: datetime) -> None:
        words = "Reached expected number of succeeded pods"
        for kind in ("SuccessCriteriaMet", "Complete"):
            told = condition((), kind, "True", "CompletionsReached", words, now)
            told["lastProbeTime"] = stamp(now)
            status["conditions"] = with_condition(status.get("conditions") or (), told)
        status["completionTime"] = stamp(now)
        self._life.events.normal(job, "Completed", "Job completed", BY)

    def _fail(self, job: Json, status: Json, reason: str, words: str, now: datetime) -> None:
        for kind in ("FailureTarget", "Failed"):
            told = condition((), kind, "True", reason, words, now)
            told["lastProbeTime"] = stamp(now)
            status["conditions"] = with_condition(status.get("conditions") or (), told)
        self._life.events.warning(job, reason, words, BY)
        for pod in self._life.index.pods_of(uid_of(job)):
            if is_active(pod):
                self._objects.delete(PODS, *key_of(pod))

    def _report(self, job: Json, status: Json, done: int, failed: int) -> None:
        pods = self._life.index.pods_of(uid_of(job))
        over = _is_over(status)
        active = [] if over else [pod for pod in pods if is_active(pod)]
        numbers = {
            "active": len(active),
            "succeeded": done,
            "failed": max(failed, status.get("failed", 0)),
        }
        status |= {"ready": sum(map(is_ready, active)), "terminating": 0}
        for field, number in numbers.items():
            status.pop(field, None)
            if number:
                status[field] = number
        status["uncountedTerminatedPods"] = {}
        if status != job.get("status"):
            namespace, name = key_of(job)
            head = {"namespace": namespace, "name": name}
            self._objects.update_status(JOBS, {"metadata": head, "status": status})

    def _expire(self, job: Json, key: Key) -> None:
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        if seconds is None:
            return
        over = next(c for c in job["status"]["conditions"] if c["type"] in ("Complete", "Failed"))
        left = seconds - self._seconds_since(_read(over["lastTransitionTime"]))
        if left > 0:
            self._queue.note(key, left)
        else:
            self._objects.delete(JOBS, *key)

    def _seconds_since(self, when: datetime) -> float:
        return passed(self._life.world.timeline, when)


def _is_over(status: Json) -> bool:
    conditions = status.get("conditions") or ()
    return any(each["type"] in ("Complete", "Failed") for each in conditions)


def _label(job: Json) -> None:
    """What the API adds to a Job: the selector, and labels by which its pods are found."""
    labels = {
        "batch.kubernetes.io/controller-uid": uid_of(job),
        "batch.kubernetes.io/job-name": name_of(job),
        "controller-uid": uid_of(job),
        "job-name": name_of(job),
    }
    spec = job["spec"]
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid_of(job)}}
    metadata = spec["template"].setdefault("metadata", {})
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
    for field, value in (("backoffLimit", LIMIT), ("completions", 1), ("parallelism", 1)):
        spec.setdefault(field, value)


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _statuses(pod: Json) -> list[Json]:
    return list((pod.get("status") or {}).get("containerStatuses") or ())


def _restarts(pod: Json) -> int:
    if pod["spec"].get("restartPolicy") != "OnFailure":
        return 0
    return sum(each["restartCount"] for each in _statuses(pod))


def _ended(pod: Json) -> datetime:
    ends = [each["state"].get("terminated") for each in _statuses(pod)]
    times = [_read(each["finishedAt"]) for each in ends if each]
    return max(times, default=_read(pod["metadata"]["creationTimestamp"]))
