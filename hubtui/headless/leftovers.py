"""`storage --leftovers`: claims that nobody comes back to, and volumes whose claim is gone;
`delete-claim`."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from hubtui.errors import HubtuiError
from hubtui.headless.acting import Consent, act
from hubtui.headless.output import Answer, Note
from hubtui.headless.run import Run, opened, scope_of
from hubtui.headless.text import fitted
from hubtui.model.age import rfc3339
from hubtui.model.leftovers import Leftover
from hubtui.services.actions.delete_claim import NAME, DeleteClaimRequest
from hubtui.services.leftovers import Found
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.views import leftovers as views
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung


async def leftovers(run: Run) -> int:
    """Looks once; 1 when nobody may be called gone, because the hub's users are not known."""
    async with opened(run) as session:
        await _measure(session)
        await session.leftovers.look()
        found = session.leftovers.found
        if found is None:
            return 1
        run.out.show(_answer(session, found, utc_now()))
        return 1 if found.refusal else 0


async def delete_claim(run: Run, request: DeleteClaimRequest, consent: Consent) -> int:
    """As `act`; the plan tells what is used of each claim, too."""
    return await act(run, NAME, request, consent, _measure)


async def _measure(session: Session) -> None:
    with suppress(HubtuiError):  # sizes in use are told where they are known
        await session.storage.fill()


def _answer(session: Session, found: Found, now: datetime) -> Answer:
    lines: list[Cell | Hung] = []
    for each in found.items:
        command = session.leftovers.command_of(each)
        lines += [*([()] if lines else []), *views.lines(each, now, command)]
    if not found.items:
        lines.append(cell(views.sentence(found), Tone.SOON if found.refusal else Tone.FINE))
    else:
        lines += [(), cell(f"{len(found.items):,} in all, {views.total(found.items)}")]
    return Answer(
        kind="leftovers",
        scope=scope_of(session),
        body={
            "items": [shape(each) for each in found.items],
            "claims": found.claims,
            "users": found.users,
            "refusal": found.refusal,
        },
        lines=lambda width: fitted(lines, width),
        notes=tuple(Note(each.source, each.reason) for each in found.missing),
        as_of=found.at,
    )


def shape(each: Leftover) -> dict[str, Any]:
    """One leftover; `doubt` says why it is not deleted with others."""
    return {
        "kind": each.kind.value,
        "what": "volume" if each.is_volume else "claim",
        "name": each.name,
        "user": each.user,
        "server": each.server,
        "claim": each.claim,
        "size": each.size,
        "used": each.used,
        "last_used": rfc3339(each.last_used),
        "created": rfc3339(each.created),
        "volume": each.volume,
        "reclaim_policy": each.reclaim,
        "evidence": each.evidence,
        "data": each.fate,
        "doubt": each.doubt,
    }
