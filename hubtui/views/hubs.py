"""The hubs of all contexts, for the picker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hubtui.clients.kubeconfig import Context
from hubtui.errors import HubtuiError
from hubtui.services.discovery import Hub
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

    def show(self, found: Iterable[tuple[Context, Sequence[Hub], HubtuiError | None]]) -> None:
        """These are the hubs; a context that could not be asked says why."""
        rows: dict[str, Sequence[Cell]] = {}
        self.choices.clear()
        for context, hubs, error in found:
            shown: Sequence[Hub | None] = hubs or [None]
            for hub in shown:
                key = str(len(rows))
                self.choices[key] = Choice(context, hub)
                rows[key] = _row(context, hub, error)
        self.sentence = "No hub in any context."
        self.set(rows)


def _row(context: Context, hub: Hub | None, error: HubtuiError | None) -> Sequence[Cell]:
    name = cell(context.name, Tone.STRONG if context.current else Tone.PLAIN)
    if hub is not None:
        return (name, cell(hub.namespace), cell(hub.release), cell(hub.chart, Tone.MUTED))
    if error is not None:
        return (name, EMPTY, EMPTY, cell(error.what, Tone.SOON))
    return (name, EMPTY, EMPTY, cell("no hub seen here", Tone.MUTED))
