"""`recover`: the ways out of a stuck release, or the plan of one of them."""

from __future__ import annotations

from typing import Any

from hubtui.errors import UsageError
from hubtui.headless.acting import Consent, act
from hubtui.headless.output import Answer
from hubtui.headless.run import Run, opened, scope_of
from hubtui.headless.text import fitted
from hubtui.services.actions.recover import NAME, RecoverRequest, Way
from hubtui.services.actions.recover_ways import Offer, Survey, survey
from hubtui.views.recover import survey_lines


async def recover(run: Run, way: str, save: str, consent: Consent) -> int:
    """Without a way it prints what there is to choose from and changes nothing.

    Raises UsageError, RefusedError and its kin when nothing is started.
    """
    if way:
        return await act(run, NAME, RecoverRequest(Way(way), save), consent)
    if consent.confirm or save:
        raise UsageError(
            "Which way is not said", remedy="Pass --way rollback, or --way mark-failed --save FILE."
        )
    async with opened(run) as session:
        found = await survey(session)
        run.out.show(
            Answer(
                kind="recover",
                scope=scope_of(session),
                body=_document(found),
                lines=lambda width: fitted(survey_lines(found), width),
            )
        )
    return 0


def _document(found: Survey) -> dict[str, Any]:
    back = found.back
    return {
        "revision": found.stuck.revision,
        "status": found.stuck.status.value,
        "back": back.revision if back else None,
        "checks": [check.to_json() for check in found.evidence],
        "ways": [_offer(offer) for offer in found.offers],
        "advice": found.advice,
    }


def _offer(offer: Offer) -> dict[str, Any]:
    plan = offer.plan
    return {
        "way": offer.way.value,
        "title": offer.title,
        "summary": plan.summary if plan else "",
        "why_not": offer.why_not,
        "speaks_for": list(offer.speaks_for),
        "against": list(offer.against),
        "stops": [check.to_json() for check in offer.stops],
        "command": offer.command if plan else "",
    }
