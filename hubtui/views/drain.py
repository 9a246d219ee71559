"""A node and the ways to empty it: the ways as rows, and all of it as lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from hubtui.services.actions.drain_ways import Offer, Survey
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import INDENT, Hung, fact, heading
from hubtui.views.plan import check_lines
from hubtui.views.rows import Rows
from hubtui.views.table import Column

COLUMNS: Final = (
    Column("way", "WAY", 34, sortable=False),
    Column("stops", "STOPS", 12, sortable=False),
    Column("evicts", "EVICTS", 10, sortable=False),
    Column("waits", "WAITS FOR", 40, grow=True, sortable=False),
)
_FACT: Final = 12


class Ways(Rows):
    """The ways as rows; a key is the way."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, empty="Looking who is on it …")
        self.offers: dict[str, Offer] = {}

    def show(self, survey: Survey) -> None:
        """These are the ways."""
        self.offers = {offer.request.way.value: offer for offer in survey.offers}
        now = survey.facts.now
        self.set({key: _cells(offer, now) for key, offer in self.offers.items()})


def _cells(offer: Offer, now: datetime) -> tuple[Cell, ...]:
    blocked = bool(offer.blocked)
    return (
        cell(offer.title, Tone.MUTED if blocked else Tone.STRONG),
        cell(_servers(offer.stops)),
        cell(f"{offer.evicts} pod{'' if offer.evicts == 1 else 's'}" if offer.evicts else "–"),
        _waits(offer, now),
    )


def _servers(number: int) -> str:
    return f"{number} server{'' if number == 1 else 's'}" if number else "–"


def _waits(offer: Offer, now: datetime) -> Cell:
    if offer.blocked:
        return cell(f"stopped by: {', '.join(c.name for c in offer.blocked)}", Tone.NOW)
    if not offer.eta.waits:
        return cell("nobody", Tone.MUTED)
    words = f"{_servers(offer.eta.waits)}: {offer.eta.words(now)}"
    return cell(words, Tone.PLAIN if offer.eta.sure else Tone.SOON)


def offer_lines(offer: Offer) -> Iterator[Cell | Hung]:
    """What a way does, what was checked, and what people notice of it."""
    plan = offer.plan
    yield heading(offer.title)
    yield fact("does", cell(plan.summary), width=_FACT)
    yield fact("how", cell(plan.means), width=_FACT)
    yield fact("the plan", cell(offer.command, Tone.ACCENT), width=_FACT)
    yield ()
    yield from check_lines(plan, frozenset())
    yield ()
    yield heading("What people notice")
    for notice in plan.notices:
        yield cell(notice)


def aboard_lines(offer: Offer) -> Iterator[Cell | Hung]:
    """Every pod of the node, and what becomes of it this way."""
    for text in offer.plan.texts:
        yield ()
        yield heading(text.title)
        for line in text.lines:
            yield Hung(((INDENT, Tone.PLAIN), *cell(line)), len(INDENT) * 2)


def survey_lines(survey: Survey) -> Iterator[Cell | Hung]:
    """All of it."""
    for offer in survey.offers:
        yield from offer_lines(offer)
        yield from aboard_lines(offer)
        yield ()
    yield cell("Nothing was changed: choose a way.", Tone.ACCENT)
