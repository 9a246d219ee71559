"""A hubtui without a screen, for tests that kill it: upgrades at once, watches to the end.

python -m tests.cluster.drive_upgrade KUBECONFIG HELM NAMESPACE RELEASE VALUES
"""

from __future__ import annotations

import asyncio
import sys

from hubtui.clients.gate import Gate
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import current_context
from hubtui.config import Settings
from hubtui.model.deployment import ValueFile, ValuesMode
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.services.discovery import Hub
from hubtui.services.session import Session


async def main(kubeconfig: str, helm: str, namespace: str, release: str, values: str) -> None:
    """One upgrade of the running chart, with a file of values over those that run."""
    settings = Settings(kubeconfig=kubeconfig, helm=helm)
    context = current_context(settings)
    client = KubeClient(settings, context, Gate())
    session = Session(settings, context, client, Hub(namespace, release), live=False)
    request = UpgradeRequest(mode=ValuesMode.REUSE, files=(ValueFile(values),))
    plan = await session.operations.plan("upgrade", request)
    operation = await session.operations.start(plan, release)
    await operation.wait()
    await session.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
