"""What a rollback is planned from: the newest revision and the one that is gone back to."""

from __future__ import annotations

import asyncio

from hubtui.clients import kubeconfig
from hubtui.model.plan import Basis
from hubtui.model.release import RevisionHead
from hubtui.services.actions import ActionSession
from hubtui.services.actions.release_facts import Facts, compared, find_helm, heads_of, stored
from hubtui.services.releases import head_of


def basis_of(
    heads: tuple[RevisionHead, ...], target: RevisionHead, server: str, authority: str
) -> Basis:
    """What a rollback rests on: the newest revision, the target, and who answers for them."""
    newest = heads[0]
    return Basis.of(
        {
            "server": server,
            "certificate authority": authority,
            "newest revision": f"{newest.revision} ({newest.status})",
            "newest revision's object": f"{newest.uid}@{newest.resource_version}",
            "target revision": str(target.revision),
            "target revision's object": f"{target.uid}@{target.resource_version}",
        }
    )


async def read(session: ActionSession, revision: int) -> Facts:
    """Reads everything anew. Raises NotFoundError for a revision that there is not."""
    heads, (helm, version, problem) = await asyncio.gather(heads_of(session), find_helm(session))
    target = head_of(heads, revision)
    redactor, before, after = await asyncio.gather(
        session.redactor(), stored(session, heads[0]), stored(session, target)
    )
    before, after, changes = await compared(before, after, redactor)
    server, authority = await asyncio.to_thread(
        kubeconfig.identity, session.settings, session.context
    )
    return Facts(
        heads=heads,
        current=before,
        target=after,
        changes=changes,
        helm=helm,
        version=version,
        helm_error=problem,
        server=server,
        authority=authority,
        redactor=redactor,
    )
