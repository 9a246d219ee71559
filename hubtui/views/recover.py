"""A stuck release and the ways out of it: the ways as rows, and all of it as lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hubtui.services.actions.recover_ways import Offer, Survey
from hubtui.views.cells import Cell, Tone, cell, join
from hubtui.views.document import INDENT, Hung, fact, heading
from hubtui.views.plan import check_line
from hubtui.views.rows import Rows
from hubtui.views.table import Column

COLUMNS: Final = (
    Column("way", "WAY", 34, sortable=False),
    Column("does", "WHAT IT DOES", 30, grow=True, sortable=False),
)


class Ways(Rows):
    """The ways out as rows; a key is the way."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, empty="Looking whether a helm is at work: this takes seconds …")
        self.offers: dict[str, Offer] = {}

    def show(self, survey: Survey) -> None:
        """These are the ways."""
        self.offers = {offer.way.value: offer for offer in survey.offers}
        self.set({key: (_title(offer), _does(offer)) for key, offer in self.offers.items()})


def _title(offer: Offer) -> Cell:
    return cell(offer.title, Tone.STRONG if offer.plan else Tone.MUTED)


def _does(offer: Offer) -> Cell:
    return cell(offer.plan.summary) if offer.plan else cell(offer.why_not, Tone.MUTED)


def stuck_lines(survey: Survey) -> Iterator[Cell | Hung]:
    """What is stuck, and what tells whether a helm is at work."""
    stuck = survey.stuck
    words = f"Release {stuck.release} is stuck: revision {stuck.revision} is {stuck.status}"
    yield cell(words, Tone.SOON)
    yield ()
    yield heading("Is a helm at work?")
    for check in survey.evidence:
        yield check_line(check, overridden=False)


def offer_lines(offer: Offer) -> Iterator[Cell | Hung]:
    """What speaks for a way, what against it, and what stops it."""
    yield heading(offer.title)
    if offer.why_not:
        yield fact("cannot be", cell(offer.why_not, Tone.SOON), width=11)
    if offer.plan is not None:
        yield fact("does", cell(offer.plan.summary), width=11)
    for words in offer.speaks_for:
        yield fact("for", cell(words), width=11)
    for words in offer.against:
        yield fact("against", cell(words, Tone.MUTED), width=11)
    if offer.stops:
        names = ", ".join(check.name for check in offer.stops)
        yield fact("stopped by", cell(names, Tone.NOW), width=11)
    if offer.plan is not None:
        yield fact("the plan", cell(offer.command, Tone.ACCENT), width=11)


def survey_lines(survey: Survey) -> Iterator[Cell | Hung]:
    """All of it."""
    yield from stuck_lines(survey)
    for offer in survey.offers:
        yield ()
        yield from offer_lines(offer)
    if survey.advice:
        yield ()
        yield Hung(join(cell(INDENT), cell(survey.advice)), len(INDENT))
    yield ()
    yield cell("Nothing was changed: choose a way.", Tone.ACCENT)
