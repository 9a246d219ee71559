"""The pods pane."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from hubtui.model.podstate import Severity
from hubtui.model.roles import RESTARTABLE, Role
from hubtui.services.objects import workload_of
from hubtui.services.pods import PodRow
from hubtui.services.session import Session
from hubtui.tui import keys, of_pod
from hubtui.tui.panes.base import Pane
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.views.cells import Cell, cell, join
from hubtui.views.pods import PodsView
from hubtui.views.signs import sign_of


class PodsPane(Pane):
    """Pods by role; enter unfolds a role or shows a pod, `l` follows its log."""

    TITLE = "Pods"
    NUMBER = 2
    SORTS = ("status", "role", "ready", "restarts", "node", "age")
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("panes-rows", "pods")]

    def __init__(self, session: Session) -> None:
        self.view = PodsView(session.pods)
        super().__init__(session, self.view)

    def words(self) -> Cell:
        count, trouble = self.view.totals()
        known = self.session.pods.stores.pods.complete
        bad = sign_of(Severity.NOW)
        return join(
            cell(f"{count:,}" if known else "?"),
            ((f"{bad[0][0]}{trouble}", bad[0][1]),) if trouble else (),
        )

    def beat(self, now: datetime) -> None:
        self.view.set_release_chart(self._release_chart())
        super().beat(now)

    def _release_chart(self) -> str:
        """The label that pods of the release's current chart carry (facts.md §2.1)."""
        heads = self.session.releases.heads(self.session.release)
        summary = self.session.releases.summary(heads[0]) if heads else None
        version = summary.chart_version if summary else ""
        return f"jupyterhub-{version.replace('+', '_')}" if version else ""

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        row = self.view.row(message.key)
        if isinstance(row, PodRow):
            of_pod.open_details(self.app, self.session, row.pod.key)
        elif row is not None:
            self.view.toggle(message.key)

    def action_logs(self) -> None:
        """Follows the logs of the marked pods, else of the pod or role under the cursor."""
        marked = [row for key in self.table.marks if isinstance(row := self.view.row(key), PodRow)]
        row = self.view.row(self.table.cursor or "")
        if marked:
            names = sorted(each.pod.key for each in marked)
            of_pod.open_logs(self.app, self.session, *names)
        elif isinstance(row, PodRow):
            of_pod.open_logs(self.app, self.session, row.pod.key)
        elif row is not None:
            from hubtui.tui.screens.logs import LogsScreen

            self.app.push_screen(LogsScreen(self.session, role=row.role))

    def action_events(self) -> None:
        """The events of the pod under the cursor, else of the namespace."""
        row = self.view.row(self.table.cursor or "")
        if isinstance(row, PodRow):
            of_pod.open_events(self.app, self.session, row.pod.key)
        else:
            from hubtui.tui.screens.events import EventsScreen

            self.app.push_screen(EventsScreen(self.session))

    def action_yaml(self) -> None:
        """The pod under the cursor, or the workload of the role, as YAML."""
        row = self.view.row(self.table.cursor or "")
        if isinstance(row, PodRow):
            of_pod.open_yaml(self.app, self.session, row.pod.key)
        elif row is not None and (found := workload_of(self.session, row.role)) is not None:
            from hubtui.tui.screens.yaml import YamlScreen

            self.app.push_screen(YamlScreen(self.session, *found))
        elif row is not None:
            self.app.notify("Go to a pod: enter unfolds the role.", timeout=4)

    def action_why(self) -> None:
        """Why the pod under the cursor, or the pods of the role, are not up."""
        row = self.view.row(self.table.cursor or "")
        if isinstance(row, PodRow):
            of_pod.open_why(self.app, self.session, row.pod.key)
        elif row is not None:
            from hubtui.tui.screens.pullers import role_screen

            self.app.push_screen(role_screen(self.session, row.role))

    def action_restart(self) -> None:
        """Plans the restart of the part under the cursor."""
        row = self.view.row(self.table.cursor or "")
        if row is None or row.role not in RESTARTABLE:
            self.app.notify(f"Go to the row of one of: {', '.join(RESTARTABLE)}.", timeout=5)
            return
        from hubtui.services.actions.restart import RestartRequest
        from hubtui.tui.screens.plan import PlanScreen

        request = RestartRequest(row.role.value)
        self.app.push_screen(PlanScreen(self.session, "restart", request, "Restart"))

    def action_delete_pod(self) -> None:
        """Plans to delete the pod under the cursor; one on its way out already, by force."""
        row = self.view.row(self.table.cursor or "")
        if not isinstance(row, PodRow):
            self.app.notify("Go to a pod: enter unfolds a role.", timeout=4)
            return
        from hubtui.tui.screens.deleting import delete_screen

        self.app.push_screen(delete_screen(self.session, row.pod))

    def action_cordon(self) -> None:
        """Plans to cordon the node of the pod under the cursor, or to uncordon it."""
        row = self.view.row(self.table.cursor or "")
        node = row.pod.spec.node_name if isinstance(row, PodRow) else ""
        if not isinstance(row, PodRow) or not node:
            self.app.notify("Go to a pod that has a node: enter unfolds a role.", timeout=4)
            return
        from hubtui.tui.screens.cordoning import CordonScreen

        waits = row.role is Role.HOOK_PULLER and not row.state.up
        self.app.push_screen(CordonScreen(self.session, node, pullers_off=waits))

    def order_by(self, column: str, *, reverse: bool) -> None:
        self.view.set_sort(column, reverse=reverse)

    def copied(self, key: str) -> str:
        row = self.view.row(key)
        return row.pod.metadata.name if isinstance(row, PodRow) else key.partition(":")[2]
