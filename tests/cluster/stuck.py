"""A small release that is stuck: its helm was killed while it waited for a hook."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hubtui.model.plan import Plan
from tests.cluster.small_release import NAME, SmallRelease
from tests.testbed.processes import wait_for

HOOK = """
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations:
    helm.sh/hook: {event}
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      nodeSelector: {{nobody: has-this}}
      containers: [{{name: migrate, image: "example.org/migrate:1"}}]
"""
"""A Job that never ends: no node takes its pod."""

EVIDENCE = ("nothing is running", "hooks")
"""The checks that a young pending revision and its hook's Job stop."""


def add_hook(release: SmallRelease, event: str = "pre-upgrade") -> Path:
    """The chart waits for a Job from now on; gives the template, to be taken away again."""
    template = release.chart / "templates" / "hook.yaml"
    template.write_text(HOOK.format(event=event))
    return template


@contextmanager
def at_the_hook(
    release: SmallRelease, revision: int, *command: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A real helm that waits for the hook of the revision that it makes; killed at the end."""
    helm = release.start(*command)
    try:
        assert wait_for(lambda: _waits(release, revision), 60), release.statuses()
        yield helm
    finally:
        helm.kill()
        helm.wait()


def upgrade_of(release: SmallRelease, mark: str) -> tuple[str, ...]:
    """The words of an upgrade or install for `at_the_hook`."""
    return ("upgrade", "--install", NAME, str(release.chart), "--set", f"mark={mark}")


def killed(release: SmallRelease, revision: int, *command: str) -> None:
    """A helm has been killed at the hook."""
    with at_the_hook(release, revision, *command):
        pass


def leave_pending(release: SmallRelease) -> None:
    """Revision 4 is pending-upgrade, its hook's Job is there, and nobody is at work on it."""
    template = add_hook(release)
    killed(release, 4, *upgrade_of(release, "four"))
    template.unlink()


def end_hook(release: SmallRelease) -> None:
    """Somebody takes the Job away, and its pod."""
    path = f"/apis/batch/v1/namespaces/{release.namespace}/jobs/migrate"
    with release.cluster.api() as api:
        api.request("DELETE", path, {"propagationPolicy": "Background"})


def history(release: SmallRelease) -> dict[int, tuple[str, str]]:
    """Status and description of each revision, as helm itself tells them."""
    told = json.loads(release.run("history", NAME, "-o", "json").stdout)
    return {row["revision"]: (row["status"], row["description"]) for row in told}


def stored(release: SmallRelease, revision: int) -> dict[str, Any]:
    """A revision's storage object."""
    name = f"sh.helm.release.v1.{NAME}.v{revision}"
    with release.cluster.api() as api:
        return api.get(f"/api/v1/namespaces/{release.namespace}/{release.driver}s/{name}")


def shell(release: SmallRelease, command: str) -> None:
    """What somebody types, with the cluster's kubectl on the path."""
    path = f"{release.cluster.kubectl.parent}:{os.environ['PATH']}"
    argv = ["bash", "-o", "pipefail", "-c", command]
    environment = {"PATH": path, "HOME": str(release.chart.parent)}
    subprocess.run(argv, env=environment, check=True, capture_output=True)


def text_of(path: Path) -> str | None:
    """What a file holds; None when there is none."""
    return path.read_text() if path.exists() else None


def mode_of(path: Path) -> int:
    """Who may read and write a file."""
    return path.stat().st_mode & 0o777


def stops(plan: Plan) -> set[str]:
    """The names of the checks that say stop."""
    return {check.name for check in plan.stops}


def _waits(release: SmallRelease, revision: int) -> bool:
    path = f"/apis/batch/v1/namespaces/{release.namespace}/jobs"
    with release.cluster.api() as api:
        active = [job for job in api.items(path) if job.get("status", {}).get("active")]
    statuses = release.statuses()
    return bool(active) and statuses.get(revision, "").startswith("pending-")
