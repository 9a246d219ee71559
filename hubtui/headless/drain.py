"""`drain`: the ways to empty a node, or the plan of one of them."""

from __future__ import annotations

from typing import Any

from hubtui.errors import UsageError
from hubtui.headless.acting import Consent, act
from hubtui.headless.output import Answer
from hubtui.headless.run import Run, opened, scope_of
from hubtui.headless.text import fitted
from hubtui.model.age import rfc3339
from hubtui.services.actions.drain import NAME, DrainRequest, Way
from hubtui.services.actions.drain_ways import Offer, Survey, survey
from hubtui.services.spawn_options import seconds
from hubtui.views.drain import survey_lines


async def drain(run: Run, node: str, way: str, idle: str, timeout: str, consent: Consent) -> int:
    """Without a way it prints what there is to choose from and changes nothing.

    Raises UsageError, RefusedError and its kin when nothing is started.
    """
    idle_for, patience = seconds(idle, "--idle"), seconds(timeout, "--timeout")
    if way:
        return await act(run, NAME, DrainRequest(node, Way(way), idle_for, patience), consent)
    if consent.confirm:
        raise UsageError(
            "Which way is not said", remedy="Pass --way wait, --way idle or --way evict."
        )
    async with opened(run) as session:
        found = await survey(session, node, idle_for, patience)
        run.out.show(
            Answer(
                kind="drain",
                scope=scope_of(session),
                body=_document(found),
                lines=lambda width: fitted(survey_lines(found), width),
            )
        )
    return 0


def _document(found: Survey) -> dict[str, Any]:
    return {
        "node": found.node,
        "cordoned": found.facts.node.spec.unschedulable,
        "ways": [_offer(offer) for offer in found.offers],
    }


def _offer(offer: Offer) -> dict[str, Any]:
    plan, eta = offer.plan, offer.eta
    return {
        "way": offer.request.way.value,
        "title": offer.title,
        "summary": plan.summary,
        "stops": offer.stops,
        "evicts": offer.evicts,
        "waits": eta.waits,
        "empty_from": rfc3339(eta.first),
        "empty_until": rfc3339(eta.last),
        "never": [str(each.key) for each in eta.never],
        "unknown": [str(each.key) for each in eta.unknown],
        "checks": [check.to_json() for check in plan.checks],
        "texts": [text.to_json() for text in plan.texts],
        "notices": list(plan.notices),
        "command": offer.command,
    }
