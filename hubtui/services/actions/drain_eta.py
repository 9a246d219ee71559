"""When the last server that a drain waits for is gone, by the culler's forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hubtui.model.idle_words import clock
from hubtui.services.actions.common import counted
from hubtui.services.actions.drain_facts import Aboard
from hubtui.services.actions.stop_facts import named


@dataclass(frozen=True, slots=True)
class Eta:
    """When `waits` are gone, if nobody works on: between `first` and `last`, both None where that
    is not known of all. `never` go by no rule of the culler's; of the `unknown` it cannot be told
    now: what starts or stops is passed over."""

    waits: int
    first: datetime | None = None
    last: datetime | None = None
    never: tuple[Aboard, ...] = ()
    unknown: tuple[Aboard, ...] = ()

    @property
    def sure(self) -> bool:
        """Whether the culler stops all of them."""
        return not self.never and not self.unknown

    def words(self, now: datetime) -> str:
        """In one sentence."""
        if not self.waits:
            return "there is no server to wait for"
        if self.never:
            why = self.never[0].goes
            reason = why.words.removeprefix("never, because ") if why is not None else ""
            return f"never by the culler: {_names(self.never)} ({reason})"
        if self.unknown:
            starting = all(each.server is not None and not _is_up(each) for each in self.unknown)
            note = " (not ready)" if starting else ""
            return f"not known of {_names(self.unknown)}{note}"
        of = "it" if self.waits == 1 else f"the last of {counted(self.waits, 'server')}"
        return f"the culler stops {of} {self._when(now)}, if nobody works on"

    def _when(self, now: datetime) -> str:
        if self.first is None or self.last is None:
            return "at a time that is not known"
        first, last = clock(self.first, now), clock(self.last, now)
        return f"at {first}" if first == last else f"between {first} and {last}"


def eta(waits: Sequence[Aboard]) -> Eta:
    """When all of these are gone."""
    unknown = tuple(
        each
        for each in waits
        if each.goes is None or not each.goes.known or (each.goes.at is None and not _is_up(each))
    )
    goes = [each for each in waits if each not in unknown]
    never = tuple(each for each in goes if each.goes is not None and each.goes.at is None)
    if unknown or never:
        return Eta(len(waits), never=never, unknown=unknown)
    forecasts = [each.goes for each in goes if each.goes is not None]
    return Eta(
        len(waits),
        first=max((f.at for f in forecasts if f.at is not None), default=None),
        last=max((end for f in forecasts if (end := f.latest or f.at) is not None), default=None),
    )


def _is_up(each: Aboard) -> bool:
    """Whether the culler looks at it at all."""
    return each.server is not None and each.server.ready and not each.server.pending


def _names(aboard: Sequence[Aboard]) -> str:
    return named((each.key for each in aboard if each.key is not None), 3)
