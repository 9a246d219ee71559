"""The hook-image-awaiter: waits for the image pullers as the real one does (facts.md §1.4)."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import aiohttp

from tests.testbed.backstage.watch import events
from tests.testbed.users import NAMESPACE

LOG = logging.getLogger("awaiter")
_JOB = "hook-image-awaiter"
_PULLER = f"/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets/hook-image-puller"
_MERGE = {"Content-Type": "application/merge-patch+json"}


async def await_images(session: aiohttp.ClientSession) -> None:
    """Gives each running pod of the Job a task that polls, and completes the pod at the end."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods"
    waiting: dict[str, asyncio.Task[None]] = {}
    selector = f"batch.kubernetes.io/job-name={_JOB}"
    async for kind, pod in events(session, path, labelSelector=selector):
        if kind == "LISTED":
            continue
        uid = pod["metadata"]["uid"]
        if kind == "DELETED" and uid in waiting:
            waiting.pop(uid).cancel()
        elif pod.get("status", {}).get("phase") == "Running" and uid not in waiting:
            waiting[uid] = asyncio.create_task(_await(session, pod))


async def _await(session: aiohttp.ClientSession, pod: dict[str, Any]) -> None:
    name = pod["metadata"]["name"]
    started = datetime.now(UTC)
    strict = _strict_polls(pod)
    polls = 0
    while not await _pulled(session, polls < strict):
        polls += 1
        await asyncio.sleep(1)  # the real awaiter's interval
    LOG.info("%s: images pulled after %d polls", name, polls)
    await _complete(session, pod, started)


def _strict_polls(pod: dict[str, Any]) -> int:
    """How many polls wait for every node that should get a puller, not only for those that run."""
    command = pod["spec"]["containers"][0].get("command", [])
    for word in command:
        if word.startswith("-pod-scheduling-wait-duration="):
            return int(word.partition("=")[2])
    return 10


async def _pulled(session: aiohttp.ClientSession, strict: bool) -> bool:
    try:
        async with session.get(_PULLER) as answer:
            if answer.status != 200:
                return False
            status = (await answer.json())["status"]
    except aiohttp.ClientError:
        return False
    ready = int(status.get("numberReady", 0))
    if "observedGeneration" not in status:
        return False
    if strict:
        return ready == int(status["desiredNumberScheduled"])
    return ready >= int(status["currentNumberScheduled"])


async def _complete(session: aiohttp.ClientSession, pod: dict[str, Any], started: datetime) -> None:
    """Ends the container, as the real one does by ending its process."""
    times = {
        "startedAt": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "finishedAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    container = pod["status"]["containerStatuses"][0]
    ended = {"exitCode": 0, "reason": "Completed", **times}
    container = {**container, "ready": False, "started": False, "state": {"terminated": ended}}
    status = {"phase": "Succeeded", "containerStatuses": [container]}
    meta = pod["metadata"]
    path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/status"
    async with session.patch(path, json={"status": status}, headers=_MERGE) as answer:
        if answer.status >= 300:
            LOG.info("%s: %s", meta["name"], await answer.text())
