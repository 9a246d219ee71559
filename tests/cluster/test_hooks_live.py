"""What is left of a hook that failed: its Job, its pod, their events and the log."""

from __future__ import annotations

import subprocess

import pytest

from hubtui.model.release import Status
from hubtui.services.hooks import evidence
from tests.cluster.small_release import SmallRelease
from tests.testbed.stages import STAGE

HOOK = f"""
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations:
    helm.sh/hook: pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations: {{{STAGE}: evicted}}
    spec:
      restartPolicy: Never
      tolerations: [{{operator: Exists}}]
      containers: [{{name: migrate-hook, image: "example.org/migrate:1"}}]
"""


async def test_a_failed_hook_is_told_with_job_pod_events_and_log(
    small: SmallRelease,
) -> None:
    (small.chart / "templates" / "hook.yaml").write_text(HOOK)
    small.cluster.write_log("migrate-hook", "no such table: users")
    try:
        with pytest.raises(subprocess.CalledProcessError, match="non-zero"):
            small.upgrade("four")
        async with small.session() as session:
            head = (await session.releases.refresh(session.release))[0]
            payload = await session.releases.payload(head)
            (found,) = await evidence(session.client, session.pods, payload)
    finally:
        small.cluster.clear_log("migrate-hook")
    assert (head.revision, head.status) == (4, Status.FAILED)
    assert found.there
    assert found.missing == ""
    assert found.hook.last_run is not None
    assert found.hook.last_run.phase == "Failed"
    first = {line.partition(" ")[0]: line for line in reversed(found.lines)}
    assert first["job"].startswith("job Fail")
    assert "BackoffLimitExceeded" in first["job"]
    assert first["pod"].startswith("pod migrate-")
    assert "Evicted" in first["pod"]
    assert any("event BackoffLimitExceeded" in line for line in found.lines)
    assert any("event Evicted" in line for line in found.lines)
    assert first["log"] == "log no such table: users"
