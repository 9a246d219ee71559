"""The hubs of all contexts, for the picker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hubtui.services.discovery import Hub
from hubtui.services.opening import Context
from hubtui.services.session import Found
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.rows import Rows
from hubtui.views.table import Column

COLUMNS = (
    Column("context", "CONTEXT", 24, sortable=False),
    Column("namespace", "NAMESPACE", 18, sortable=False),
    Column("release", "RELEASE", 14, sortable=False),
    Column("chart", "CHART", 20, grow=True, sortable=False),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a row of the picker stands for; without a hub, the context alone."""

    context: Context
    hub: Hub | None


class Hubs(Rows):
    """The picker's rows; each key leads to its choice."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, empty="Looking for hubs …")
        self.choices: dict[str, Choice] = {}

    def show(self, found: Iterable[Found | Context]) -> None:
        """These are the hubs; a context alone has not answered yet."""
        rows: dict[str, Sequence[Cell]] = {}
        self.choices.clear()
        for entry in found:
            context, hubs, error = (entry, [], None) if isinstance(entry, Context) else entry
            words = cell("looking …" if entry is context else "no hub seen here", Tone.MUTED)
            if error is not None:
                words = cell(error.what, Tone.SOON)
            shown: Sequence[Hub | None] = hubs or [None]
            for hub in shown:
                # Not a number: results that arrive must not move under a finger on enter.
                key = "\0".join((context.name, *((hub.namespace, hub.release) if hub else ())))
                self.choices[key] = Choice(context, hub)
                rows[key] = _row(context, hub, words)
        self.sentence = "No hub in any context."
        self.set(rows)


def _row(context: Context, hub: Hub | None, words: Cell) -> Sequence[Cell]:
    name = cell(context.name, Tone.STRONG if context.current else Tone.PLAIN)
    if hub is None:
        return (name, EMPTY, EMPTY, words)
    return (name, cell(hub.namespace), cell(hub.release), cell(hub.chart, Tone.MUTED))
