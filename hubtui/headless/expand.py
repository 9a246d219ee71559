"""`expand`: sizes for a claim, or the plan of one of them."""

from __future__ import annotations

from typing import Any

from hubtui.errors import UsageError
from hubtui.headless.acting import Consent, act
from hubtui.headless.output import Answer
from hubtui.headless.run import Run, opened, scope_of
from hubtui.headless.text import fitted
from hubtui.services.actions.expand import NAME, ExpandRequest
from hubtui.services.expansion import Offer, offer
from hubtui.views.expand import offer_lines


async def expand(run: Run, claim: str, size: str, consent: Consent) -> int:
    """Without a size it prints some to choose from and changes nothing.

    Raises UsageError, RefusedError and its kin when nothing is started.
    """
    if size:
        return await act(run, NAME, ExpandRequest(claim, size), consent)
    if consent.confirm:
        raise UsageError("How large is not said", remedy=f"hubtui expand {claim} 20Gi.")
    async with opened(run) as session:
        found = await offer(session, claim, measured=True)
        run.out.show(
            Answer(
                kind="expand",
                scope=scope_of(session),
                body=_document(found),
                lines=lambda width: fitted(offer_lines(found), width),
            )
        )
    return 0


def _document(found: Offer) -> dict[str, Any]:
    return {
        "claim": found.claim,
        "size": found.size,
        "asked": found.asked,
        "used": found.used,
        "full": found.full,
        "unmeasured": found.unmeasured,
        "under_way": found.under_way,
        "sizes": [{"written": each.written, "bytes": each.bytes} for each in found.sizes],
    }
