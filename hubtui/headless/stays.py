"""`why node/NAME`: what keeps a node, and when the culler has taken its last server."""

from __future__ import annotations

from typing import Any

from hubtui.errors import NotFoundError
from hubtui.headless.output import Answer, Note
from hubtui.headless.run import Run, Source, ask, require, scope_of
from hubtui.headless.text import fitted
from hubtui.model.age import rfc3339
from hubtui.model.roles import user_of
from hubtui.model.scale_down import Blocker, Stays
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.views.document import heading
from hubtui.views.stays import node_heading, stays_lines


async def stays(run: Run, name: str) -> int:
    """Tells why one node stays."""

    async def question(session: Session) -> Answer:
        await session.scale_down.fill()
        require(session.pods.stores.pods)
        return answer_of(session, name)

    def sources(session: Session) -> list[Source]:
        return [session.nodes.store, session.nodes.elsewhere, session.hub_feed]

    async def follow(session: Session) -> None:
        session.scale_down.start("why")

    return await ask(run, question, sources, follow)


def answer_of(session: Session, name: str) -> Answer:
    """The answer on a node, as it is known now. Raises NotFoundError."""
    row = session.nodes.row(name)
    if row is None:
        raise NotFoundError(
            f"There is no node {name!r}, and no pod that is on it",
            status=404,
            remedy="`hubtui nodes` lists the nodes.",
        )
    found = session.scale_down.of(name)
    return Answer(
        kind="why",
        scope=scope_of(session),
        body={"items": [{"node": name, "pool": row.pool, **shape(found)}]},
        lines=lambda width: fitted([heading(node_heading(name)), *stays_lines(found)], width),
        notes=tuple(Note(each.source, each.reason) for each in found.missing),
        as_of=utc_now(),
    )


def shape(found: Stays) -> dict[str, Any]:
    """Why a node stays; `last_cull` is null where no server goes, or one on no known date."""
    return {
        "held": found.held,
        "why": found.words,
        "last_cull": rfc3339(found.last_cull),
        "last_cull_at_least": found.at_least,
        "blockers": [_blocker(each) for each in found.blockers],
    }


def _blocker(blocker: Blocker) -> dict[str, Any]:
    pod = blocker.pod
    return {
        "kind": blocker.kind.value,
        "may": blocker.may,
        "pod": pod.metadata.name if pod is not None else None,
        "namespace": pod.metadata.namespace if pod is not None else None,
        "user": (user_of(pod) or None) if pod is not None else None,
        "words": blocker.words,
        "until": rfc3339(blocker.until),
        "until_at_least": blocker.at_least,
    }
