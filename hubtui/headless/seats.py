"""`nodes --seats`: how many more users fit, and what a number of placeholders would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hubtui.errors import NotFoundError
from hubtui.headless.output import Answer, Note
from hubtui.headless.run import Run, Source, ask, require, scope_of
from hubtui.headless.text import fitted
from hubtui.model.packing import CPU, Amounts
from hubtui.model.placeholders import Simulation
from hubtui.model.seats import OfferSeats, Pending, Seats
from hubtui.services.session import Session
from hubtui.views.seats import headline, lines, notes, simulated


async def seats(run: Run, placeholders: int | None) -> int:
    """The seats of each profile and node; with a number of placeholders, what these would do.

    Raises DeniedError where nodes or values may not be read, and what `Nodes.fill` raises.
    """

    async def follow(session: Session) -> None:
        session.seats.start("watch")
        await session.seats.fill()

    async def question(session: Session) -> Answer:
        await session.seats.fill()
        session.seats.update()
        require(session.nodes.store)
        found = session.seats.answer
        if found is None:
            raise NotFoundError(
                f"How many users fit is not known: {session.seats.missing}", status=404
            )
        chosen = session.seats.simulate(placeholders) if placeholders is not None else None
        return _answer(session, found, chosen)

    return await ask(run, question, _sources, follow)


def _sources(session: Session) -> Sequence[Source]:
    return (session.nodes.store, session.pods.stores.pods)


def _answer(session: Session, found: Seats, simulation: Simulation | None) -> Answer:
    return Answer(
        kind="seats",
        scope=scope_of(session),
        body=shape(found, simulation),
        lines=lambda width: fitted(lines(found, simulation, width), width),
        notes=tuple(Note(each.source, each.reason) for each in session.seats.notes()),
    )


def shape(found: Seats, simulation: Simulation | None = None) -> dict[str, Any]:
    """The seats as a document; an item is a profile, or the only thing that users start."""
    return {
        "words": headline(found),
        "at_most": found.at_most,
        "items": [_offer(each) for each in found.offers],
        "pending": [_pending(each) for each in found.pending],
        "placeholders": _simulated(simulation) if simulation is not None else None,
        "remarks": notes(found),
    }


def _offer(each: OfferSeats) -> dict[str, Any]:
    offer = each.offer
    return {
        "profile": offer.name,
        "slug": offer.slug,
        "default": offer.is_default,
        "asks": asks(offer.wanting.requests),
        "seats": each.total,
        "giving_way": each.giving_way,
        "scaled_up": each.scaled,
        "binds": each.binds,
        "unknown": list(offer.unknown),
        "nodes": [
            {
                "node": name,
                "seats": node.now,
                "giving_way": node.giving_way,
                "binds": node.binds,
                "off": node.off,
            }
            for name, node in sorted(each.by_node.items())
        ],
    }


def _pending(each: Pending) -> dict[str, Any]:
    return {
        "pods": each.count,
        "asks": asks(each.wanting.requests),
        "placeholders": each.placeholders,
        "fit": each.fit,
        "names": list(each.names),
    }


def _simulated(found: Simulation) -> dict[str, Any]:
    return {
        "number": found.placeholders,
        "waiting": found.waiting,
        "scale_up_at_user": found.at,
        "start_at_once": found.at_once,
        "words": simulated(found),
    }


def asks(requests: Amounts) -> dict[str, float | int]:
    """What a pod asks for: cores, bytes, pieces."""
    return {
        name: number / 1000 if name == CPU else number for name, number in sorted(requests.items())
    }
