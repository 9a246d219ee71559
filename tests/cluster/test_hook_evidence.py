"""What a hook did is kept when helm's delete policy takes its Job and its pod away."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from hubtui.model.redact import Redactor
from hubtui.model.release import Hook, Status
from hubtui.services.hook_evidence import HookEvidence
from hubtui.services.session import Session
from tests.cluster.demo_cluster import SPEED
from tests.cluster.small_release import SmallRelease

SECRET = "canary-7f3a"
DEADLINE = 6
HOOK = f"""
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations:
    helm.sh/hook: pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation,hook-failed
spec:
  backoffLimit: 0
  activeDeadlineSeconds: DEADLINE
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      tolerations: [{{operator: Exists}}]
      containers: [{{name: migrate, image: "example.org/missing-{SECRET}:1"}}]
"""


PULLER = """
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: hook-image-puller
  labels: {component: hook-image-puller}
  annotations:
    helm.sh/hook: pre-upgrade
    helm.sh/hook-weight: "-10"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  selector: {matchLabels: {component: hook-image-puller}}
  template:
    metadata: {labels: {component: hook-image-puller}}
    spec:
      terminationGracePeriodSeconds: 0
      tolerations: [{key: hub.jupyter.org/dedicated, operator: Exists, effect: NoSchedule}]
      initContainers: [{name: image-pull-singleuser, image: "example.org/missing:2"}]
      containers: [{name: pause, image: "registry.k8s.io/pause:3.10"}]
"""


def put(small: SmallRelease, hook: str) -> None:
    """Puts a hook into the chart; the demo's time runs SPEED times as fast."""
    seconds = round(DEADLINE * SPEED) if small.cluster.name == "demo" else DEADLINE
    file = small.chart / "templates" / "hook.yaml"
    file.write_text(hook.replace("DEADLINE", str(seconds)))


async def pending_hook(session: Session) -> Hook:
    """The hook of the revision that helm makes, once it has begun."""
    async with asyncio.timeout(60):
        while True:
            head = (await session.releases.refresh(session.release))[0]
            if head.status is Status.PENDING_UPGRADE:
                hooks = (await session.releases.payload(head)).hooks
                for hook in hooks:
                    if hook.kind == "Job" and hook.last_run is not None:
                        return hook
            await asyncio.sleep(0.1)


async def test_a_hook_that_helm_deletes_is_still_told(small: SmallRelease) -> None:
    put(small, HOOK)
    async with small.session() as session:
        helm = asyncio.create_task(asyncio.to_thread(small.upgrade, "four"))
        kept = HookEvidence(session.client, session.pods, session.namespace)
        kept.see(await pending_hook(session))
        with pytest.raises(subprocess.CalledProcessError, match="non-zero"):
            await helm
        await kept.close()
        head = (await session.releases.refresh(session.release))[0]
        (hook,) = (await session.releases.payload(head)).hooks
        found = await kept.last(hook, Redactor(live=frozenset({SECRET})))
        unseen = HookEvidence(session.client, session.pods, session.namespace)
        nothing = await unseen.last(hook, Redactor())
    assert head.status is Status.FAILED
    assert found.missing == "evidence removed by the delete policy hook-failed"
    assert any(line.startswith("job Fail") for line in found.lines), found.lines
    assert any(line.startswith("pod migrate-") for line in found.lines), found.lines
    assert any(line.startswith("event DeadlineExceeded") for line in found.lines), found.lines
    assert SECRET not in "\n".join(found.lines)
    assert not nothing.there
    assert nothing.lines == ()


async def test_the_nodes_that_an_awaiter_waited_for_are_told_when_their_puller_is_gone(
    small: SmallRelease,
) -> None:
    put(small, HOOK.replace("name: migrate", "name: hook-image-awaiter") + PULLER)
    async with small.session() as session:
        helm = asyncio.create_task(asyncio.to_thread(small.upgrade, "four"))
        kept = HookEvidence(session.client, session.pods, session.namespace)
        hook = await pending_hook(session)
        kept.see(hook)
        with pytest.raises(subprocess.CalledProcessError, match="non-zero"):
            await helm
        await kept.close()
        found = await kept.last(hook, Redactor())
        with small.cluster.api() as api:
            root = f"/apis/apps/v1/namespaces/{small.namespace}"
            assert api.items(f"{root}/daemonsets") == []
    pullers = [line for line in found.lines if line.startswith("puller on ")]
    assert any("user-1" in line for line in pullers), found.lines
    assert all(": example.org/missing:2 " in line for line in pullers)
    assert any("ImagePull" in line for line in pullers)
    events = next(at for at, line in enumerate(found.lines) if line.startswith("event "))
    assert max(map(found.lines.index, pullers)) < events
