"""What a hook did is kept when helm's delete policy takes its Job and its pod away."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtui.model.redact import Redactor
from hubtui.model.release import Hook, Status
from hubtui.services.hook_evidence import HookEvidence
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.demo_cluster import SPEED
from tests.cluster.small_release import SmallRelease, installed

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


@pytest.fixture
def small(cluster: Cluster, tmp_path: Path) -> Iterator[SmallRelease]:
    with installed(cluster, tmp_path, 4) as release:
        # The demo's time runs SPEED times as fast.
        seconds = round(DEADLINE * SPEED) if cluster.name == "demo" else DEADLINE
        hook = HOOK.replace("DEADLINE", str(seconds))
        (release.chart / "templates" / "hook.yaml").write_text(hook)
        yield release


async def pending_hook(session: Session) -> Hook:
    """The hook of the revision that helm makes, once it has begun."""
    async with asyncio.timeout(60):
        while True:
            head = (await session.releases.refresh(session.release))[0]
            if head.status is Status.PENDING_UPGRADE:
                (hook,) = (await session.releases.payload(head)).hooks
                if hook.last_run is not None:
                    return hook
            await asyncio.sleep(0.1)


async def test_a_hook_that_helm_deletes_is_still_told(small: SmallRelease) -> None:
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
