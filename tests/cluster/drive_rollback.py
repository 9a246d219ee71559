"""A hubtui without a screen, for tests that kill it: plans, says so, waits for a line, starts,
watches to the end.

python -m tests.cluster.drive_rollback KUBECONFIG HELM NAMESPACE RELEASE REVISION
"""

from __future__ import annotations

import asyncio
import sys

from hubtui.clients.gate import Gate
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import current_context
from hubtui.config import Settings
from hubtui.services.actions.rollback import RollbackRequest
from hubtui.services.discovery import Hub
from hubtui.services.session import Session


async def main(kubeconfig: str, helm: str, namespace: str, release: str, revision: str) -> None:
    """One rollback."""
    settings = Settings(kubeconfig=kubeconfig, helm=helm)
    context = current_context(settings)
    client = KubeClient(settings, context, Gate())
    session = Session(settings, context, client, Hub(namespace, release), live=False)
    plan = await session.operations.plan("rollback", RollbackRequest(int(revision)))
    print("planned", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    operation = await session.operations.start(plan, release)
    outcome = await operation.wait()
    print(outcome.result, outcome.summary, flush=True)
    await session.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
