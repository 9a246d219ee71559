"""The words that fit at the cursor of a query that is being typed."""

from __future__ import annotations

import asyncio

from hubtui.model.promql_completion import Offer, Place, place_of, taken
from hubtui.services.promql_names import PromqlNames


class Completion:
    """What is offered, and which of it is taken next; names come as Prometheus tells them."""

    def __init__(self, names: PromqlNames) -> None:
        self._names = names
        self._at = ("", 0)
        self._place = place_of("", 0)
        self._reading: asyncio.Task[None] | None = None
        self._read_place = self._place
        self._came = True
        self.offers: tuple[Offer, ...] = ()
        self.chosen = 0

    @property
    def missing(self) -> str:
        """Why names are not known; "" while they are."""
        return self._names.missing

    @property
    def reads(self) -> bool:
        """Whether names are asked for."""
        return self._reading is not None and not self._reading.done()

    def look(self, text: str, cursor: int) -> bool:
        """Takes what is typed now, and names that came; whether something else is offered."""
        at = (text, cursor)
        moved, came = at != self._at, self._came
        if moved:
            self._at, self._place, self.chosen = at, place_of(*at), 0
        if not moved and not came:
            return False
        self._came = False
        before, self.offers = self.offers, self._names.offers(self._place)
        self.chosen = min(self.chosen, max(0, len(self.offers) - 1))
        self._read()
        return came or before != self.offers

    def choose_next(self) -> None:
        """The next of the words; the first one follows the last."""
        self.chosen = (self.chosen + 1) % max(1, len(self.offers))

    def taken(self) -> tuple[str, int]:
        """The query with the chosen word in it, and where the cursor then is."""
        return taken(*self._at, self._place, self.offers[self.chosen])

    def close(self) -> None:
        """Nothing is asked any more."""
        if self._reading is not None:
            self._reading.cancel()

    def _read(self) -> None:
        if self.reads and self._read_place.subject == self._place.subject:
            return
        self.close()
        if self._names.wants(self._place):
            self._read_place = self._place
            self._reading = asyncio.create_task(self._ask(self._place), name="promql names")

    async def _ask(self, place: Place) -> None:
        await self._names.read(place)
        self._came = True
