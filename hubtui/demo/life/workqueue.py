"""Reconcilers' work: keys that are noted once however often they change, and done soon."""

from __future__ import annotations

from collections.abc import Callable

from hubtui.demo.life.pace import passed
from hubtui.demo.life.reading import Key
from hubtui.demo.refusals import RefusedError
from hubtui.demo.timeline import Due, Timeline

AGAIN: float = 5.0
"""Seconds until a key whose work was refused is tried again."""


class WorkQueue:
    """Keys to reconcile: each is done once after it was noted, by the timeline."""

    def __init__(self, timeline: Timeline, reconcile: Callable[[Key], None]) -> None:
        self._timeline = timeline
        self._reconcile = reconcile
        self._due: dict[Key, Due] = {}

    def note(self, key: Key, after: float = 0.0) -> None:
        """Has a key reconciled `after` seconds from now, or earlier when it was noted so."""
        known = self._due.get(key)
        if known is not None:
            if -passed(self._timeline, known.at) <= after:
                return
            known.cancelled = True
        self._due[key] = self._timeline.after(after, lambda: self._do(key))

    def _do(self, key: Key) -> None:
        self._due.pop(key, None)
        try:
            self._reconcile(key)
        except RefusedError:
            self.note(key, AGAIN)
