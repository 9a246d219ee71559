"""The nodes pane."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from hubtui.model.podstate import Severity
from hubtui.services.nodes import NodeRow
from hubtui.services.session import Session
from hubtui.tui import keys, of_node
from hubtui.tui.panes.base import LookingPane
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.views.cells import Cell, cell, join
from hubtui.views.nodes import NodesView
from hubtui.views.signs import sign_of

WHO = "nodes pane"
"""Who looks, for the feeds."""


class NodesPane(LookingPane):
    """Nodes by pool; enter unfolds a pool or shows a node, `o` cordons it."""

    TITLE = "Nodes"
    NUMBER = 3
    MARKING = False
    SORTS = ("state", "node", "users", "pods", "memory", "cpu", "seats", "age")
    FILTER_WORDS = "text, or node: pool: state: zone: type: user:"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("panes-rows", "nodes")]

    def __init__(self, session: Session) -> None:
        self.view = NodesView(session.nodes, session.users, session.seats, session.scale_down)
        super().__init__(session, self.view)

    # -- what is shown

    def words(self) -> Cell:
        nodes, trouble = self.view.totals()
        bad = sign_of(Severity.NOW)[0]
        return join(
            cell(self.view.strip_words() if nodes else "?"),
            ((f"{bad[0]}{trouble}", bad[1]),) if trouble else (),
        )

    def look(self) -> None:
        self.session.seats.start(WHO)
        self.session.scale_down.start(WHO)

    def leave(self) -> None:
        self.session.seats.pause(WHO)
        self.session.scale_down.pause(WHO)

    # -- rows

    def order_by(self, column: str, *, reverse: bool) -> None:
        self.view.set_sort(column, reverse=reverse)

    def copied(self, key: str) -> str:
        return key.partition(":")[2]

    def _node(self) -> str:
        """The node under the cursor; says where to go when there is none."""
        row = self.view.row(self.table.cursor or "")
        if isinstance(row, NodeRow):
            return row.name
        self.app.notify("Go to a node: enter unfolds a pool.", timeout=4)
        return ""

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        row = self.view.row(message.key)
        if isinstance(row, NodeRow):
            of_node.open_details(self.app, self.session, row.name)
        elif row is not None:
            self.view.toggle(message.key)

    def action_events(self) -> None:
        """The events of the node under the cursor, else of all nodes."""
        row = self.view.row(self.table.cursor or "")
        name = row.name if isinstance(row, NodeRow) else ""
        of_node.open_events(self.app, self.session, name)

    def action_yaml(self) -> None:
        """The node under the cursor as YAML."""
        if name := self._node():
            of_node.open_yaml(self.app, self.session, name)

    def action_why(self) -> None:
        """Why the node under the cursor stays."""
        if name := self._node():
            of_node.open_stays(self.app, self.session, name)

    # -- what is changed

    def action_cordon(self) -> None:
        """Plans to cordon the node under the cursor, or to uncordon it."""
        if name := self._node():
            of_node.open_cordon(self.app, self.session, name)

    def action_prepull(self) -> None:
        """Asks which images are to be pulled to the nodes."""
        of_node.open_prepull(self.app, self.session)

    def action_scale_placeholders(self) -> None:
        """Asks how many placeholders there shall be."""
        of_node.open_placeholders(self.app, self.session)

    def action_drain(self) -> None:
        """Plans to drain the node under the cursor."""
        if name := self._node():
            of_node.open_drain(self.app, self.session, name)
