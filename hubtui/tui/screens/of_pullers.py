"""What the screens with image pullers share: the node of a line, and what can be done about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hubtui.services.pullers import NodePulls, Pullers, PullMatrix
from hubtui.services.session import Session
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views.cells import Cell
from hubtui.views.document import Hung
from hubtui.views.events import About
from hubtui.views.pullers import matrix_lines


class OfPullers(ReadingScreen):
    """A document with matrices of image pullers in it, which follow what the cluster holds."""

    def __init__(self, heading: str) -> None:
        super().__init__(heading)
        self.pullers: Pullers | None = None
        self.rows: dict[int, NodePulls] = {}
        self._second = -1
        self._offered: tuple[bool, ...] = ()

    @property
    def hub(self) -> Session | None:
        """The session whose pullers are shown; None where they are not at hand."""
        raise NotImplementedError

    def on_mount(self) -> None:
        if self.hub is not None:
            self.pullers = Pullers(self.hub)
            self.pullers.update()

    def on_unmount(self) -> None:
        if self.pullers is not None:
            self.pullers.close()

    def add_matrices(
        self, lines: list[Cell | Hung], matrices: Iterable[PullMatrix], now: datetime
    ) -> None:
        """Adds matrices to the lines of the document, and notes which node is on which line."""
        for matrix in matrices:
            if lines:
                lines.append(())
            for line in matrix_lines(matrix, now):
                if line.row is not None:
                    self.rows[len(lines)] = line.row
                lines.append(line.cell)

    def beat(self, now: datetime) -> None:
        self._offer()  # what was painted since the last beat may be in the footer already
        changed = self.pullers is not None and self.pullers.update()
        ticks = bool(self.rows) and now.second != self._second
        if changed or ticks:
            self._second = now.second
            self.document.touch()
        super().beat(now)
        self._offer()

    def _offer(self) -> None:
        """Has the footer follow what the keys depend on."""
        if (offered := self.offered()) != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def offered(self) -> tuple[bool, ...]:
        """What the keys that apply depend on."""
        awaiting = self.pullers.awaiting if self.pullers is not None else ()
        return bool(self.rows), bool(awaiting)

    def row(self) -> NodePulls | None:
        """The puller's pod under the cursor, else the one that lacks an image, if most have it."""
        table = self.query_one(DocumentTable)
        at = self.document.origin(table.cursor) if table.cursor is not None else -1
        if at in self.rows:
            return self.rows[at]
        lacking = [row for row in self.rows.values() if not row.ready and not row.leaving]
        few = len(lacking) <= max(1, len(self.rows) // 2)
        return lacking[0] if lacking and few else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A node that has a puller can be cordoned."""
        return bool(self.rows) if action == "cordon" else True

    def action_cordon(self) -> None:
        """Plans to cordon the node that holds the hook up, or that under the cursor."""
        row = self.row()
        if row is None or not row.node or self.hub is None:
            self.notify("Go to the line of a node.", timeout=4)
            return
        from hubtui.tui.screens.cordoning import CordonScreen

        self.app.push_screen(CordonScreen(self.hub, row.node, pullers_off=not row.ready))

    def action_logs(self) -> None:
        """What the hook's awaiter says, while it is at work."""
        from hubtui.tui.screens.logs import LogsScreen

        if self.hub is not None and self.pullers is not None:
            self.app.push_screen(LogsScreen(self.hub, *self.pullers.awaiting))

    def action_events(self) -> None:
        """The events of the puller's pod in question, else of the namespace."""
        from hubtui.tui.screens.events import EventsScreen

        if self.hub is not None:
            row = self.row()
            about = About("Pod", row.pod.metadata.name) if row is not None else None
            self.app.push_screen(EventsScreen(self.hub, about))

    def action_why(self) -> None:
        """Why the puller's pod in question is not up."""
        from hubtui.tui.screens.why import PodWhyScreen

        row = self.row()
        if row is None:
            self.notify("Go to the line of a node.", timeout=4)
        elif self.hub is not None:
            self.app.push_screen(PodWhyScreen(self.hub, row.pod.key))
