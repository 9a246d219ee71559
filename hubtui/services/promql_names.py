"""The names and values that a query may hold, as Prometheus knows them: for who types one.

What was asked is kept. Nothing is asked more often than once in `EVERY` seconds, and only for the
place where the cursor stayed.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from hubtui.errors import HubtuiError
from hubtui.model.promql_completion import Offer, Place, Wanted, fitting, words

if TYPE_CHECKING:
    from hubtui.services.prometheus import PrometheusLink

EVERY: Final = 1.0
"""Seconds between two requests at least."""

MOST: Final = 20_000
"""Names of one kind that are kept."""

REMEMBERED: Final = 64
"""Lists of labels and values that are kept."""

FRESH: Final = 300.0
"""Seconds for which a list counts."""

_METRIC: Final = "__name__"

_Key = tuple[Wanted, str, tuple[str, ...]]


class PromqlNames:
    """What may be typed in one session; `filled` puts the words of a query that stand for others
    (`$namespace`) in their place."""

    def __init__(
        self,
        link: PrometheusLink,
        filled: Callable[[str], str] = lambda text: text,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._filled = filled
        self._clock = clock
        self._known: OrderedDict[_Key, tuple[Offer, ...]] = OrderedDict()
        self._read: dict[_Key, float] = {}
        self._next = 0.0
        self.missing = ""
        """Why names could not be read; "" while they can."""

    def offers(self, place: Place) -> tuple[Offer, ...]:
        """What fits at a place, as far as it is known."""
        if place.wanted is Wanted.NOTHING:
            return ()
        return fitting(place, (*self._known.get(place.subject, ()), *words(place)))

    def wants(self, place: Place) -> bool:
        """Whether more is to be asked for at this place."""
        if place.wanted not in (Wanted.EXPRESSION, Wanted.LABEL, Wanted.VALUE):
            return False
        read = self._read.get(place.subject)
        return read is None or self._clock() - read > FRESH

    async def read(self, place: Place) -> None:
        """Asks what fits at a place, when it may be asked again; what goes wrong is in `missing`.

        Cancelled before its turn, it costs nothing.
        """
        if (wait := self._next - self._clock()) > 0:
            await asyncio.sleep(wait)
        self._next = self._clock() + EVERY
        key = place.subject
        try:
            found = await self._ask(place)
            self.missing = ""
        except HubtuiError as error:
            found, self.missing = (), error.what
        self._read[key] = self._clock()
        self._known[key] = found
        self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            oldest, _ = self._known.popitem(last=False)
            self._read.pop(oldest, None)

    async def _ask(self, place: Place) -> tuple[Offer, ...]:
        client = await self._link.open()
        matches = [self._filled(each) for each in place.selectors]
        if place.wanted is Wanted.EXPRESSION:
            return _offers(await client.label_values(_METRIC), "metric")
        if place.wanted is Wanted.LABEL:
            names = await client.labels(matches)
            return _offers((name for name in names if name != _METRIC), "label")
        return _offers(await client.label_values(place.label, matches), "value")


def _offers(names: Iterable[str], kind: str) -> tuple[Offer, ...]:
    return tuple(Offer(name, kind) for name in sorted(names)[:MOST])
