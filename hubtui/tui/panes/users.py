"""The users pane."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.model.age import duration, spelled
from hubtui.model.podstate import Severity
from hubtui.services.session import Session
from hubtui.services.users import ServerRow
from hubtui.tui import keys, of_pod
from hubtui.tui.panes.base import LookingPane
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.what_if_line import WhatIfLine
from hubtui.views.cells import Cell, cell, join
from hubtui.views.signs import sign_of
from hubtui.views.users import UsersView

WHO = "users pane"
"""Who looks, for the feeds."""

USUAL_IDLE = 3600.0
"""Seconds that the form of culling starts from where the culler's own timeout is not known: the
chart's default (facts.md §4)."""


class UsersPane(LookingPane):
    """Servers, the next to go first; `x` plans to stop them, `t` asks about another timeout."""

    TITLE = "Users"
    NUMBER = 4
    SORTS = ("culled", "user", "activity", "age", "memory", "node")
    FILTER_WORDS = "name, or user: state: node: profile: server:"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("panes-rows", "users")]

    def __init__(self, session: Session) -> None:
        self.view = UsersView(session.users)
        super().__init__(session, self.view)

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield WhatIfLine()

    # -- what is shown

    def words(self) -> Cell:
        found = self.view.totals()
        sign, tone = sign_of(Severity.WAITING)[0]
        return join(
            cell(f"{found.servers:,}" if self.session.hub_feed.complete else "?"),
            ((f"{sign}{found.pending}", tone),) if found.pending else (),
        )

    def beat(self, now: datetime) -> None:
        super().beat(now)
        gone = {key for key in self.table.marks if self.view.row(key) is None}
        if gone:
            self.table.set_marks(self.table.marks - gone)

    def may_look(self) -> bool:
        """The hub is asked at once: it knows users without pods."""
        return True

    def look(self) -> None:
        self.session.users.start(WHO)

    def leave(self) -> None:
        self.session.users.pause(WHO)

    # -- rows

    def order_by(self, column: str, *, reverse: bool) -> None:
        self.view.set_sort(column, reverse=reverse)

    def copied(self, key: str) -> str:
        row = self.view.row(key)
        return row.user.name if row is not None else key

    def _row(self) -> ServerRow | None:
        return self.view.row(self.table.cursor or "")

    def _pod(self) -> str:
        """The pod of the row under the cursor; says what is the matter where there is none."""
        row = self._row()
        if row is not None and row.pod is not None:
            return row.pod.key
        name = f"{row.key} has" if row is not None else "There is"
        self.app.notify(f"{name} no pod.", timeout=4, markup=False)
        return ""

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        row = self.view.row(message.key)
        if row is not None:
            from hubtui.tui.screens.user_details import UserDetailsScreen

            self.app.push_screen(UserDetailsScreen(self.session, row.key))

    def action_logs(self) -> None:
        """Follows the logs of the marked servers' pods, else of the one under the cursor."""
        marked = [self.view.row(key) for key in sorted(self.table.marks)]
        pods = [row.pod.key for row in marked if row is not None and row.pod is not None]
        if found := pods or [pod for pod in (self._pod(),) if pod]:
            of_pod.open_logs(self.app, self.session, *found)

    def action_events(self) -> None:
        """The events of the pod of the row."""
        if pod := self._pod():
            of_pod.open_events(self.app, self.session, pod)

    def action_yaml(self) -> None:
        """The pod of the row as YAML."""
        if pod := self._pod():
            of_pod.open_yaml(self.app, self.session, pod)

    def action_why(self) -> None:
        """Why the pod of the row is not up."""
        if pod := self._pod():
            of_pod.open_why(self.app, self.session, pod)

    def action_all_users(self) -> None:
        """Shows users without a server too, or only servers."""
        self.show_all(not self.view.all)

    def show_all(self, wanted: bool) -> None:
        """Whether users without a server are shown: the hub is asked for them then."""
        self.view.show_all(wanted)
        self.session.hub_feed.wants_all(wanted)

    # -- what if

    def action_what_if(self) -> None:
        """Asks for another timeout of the culler."""
        asked = self.view.asked
        self.query_one(WhatIfLine).open(spelled(asked) if asked else "")

    def on_what_if_line_asked(self, message: WhatIfLine.Asked) -> None:
        message.stop()
        self._to_rows()
        text = message.text.replace(" ", "")
        try:
            self.view.ask(duration(text).total_seconds() if text else None)
        except ValueError:
            self.app.notify("A time is written such as 30m, 1h or 1h30m.", timeout=5)

    def on_what_if_line_dropped(self, message: WhatIfLine.Dropped) -> None:
        message.stop()
        self._to_rows()

    # -- what is changed

    def action_stop(self) -> None:
        """Plans to stop the marked servers, else the one under the cursor."""
        from hubtui.tui.screens.stopping import stop_screen

        shown = set(self.view.keys())
        chosen = sorted(self.table.marks) or [self.table.cursor or ""]
        rows = [row for key in chosen if (row := self.view.row(key)) is not None]
        running = [row.key for row in rows if row.server is not None and not row.server.stopped]
        if not running:
            self.app.notify("Go to a server that runs, or mark some.", timeout=4)
            return
        hidden = [key for key in running if str(key) not in shown]
        self.app.push_screen(stop_screen(self.session, running, hidden))

    def action_cull(self) -> None:
        """Asks how long a server must be idle, then plans to stop those that are."""
        from hubtui.tui.screens.stopping import CullScreen

        rule = self.session.users.rule
        idle = self.view.asked or (rule.timeout if rule.known else USUAL_IDLE)
        self.app.push_screen(CullScreen(self.session, idle))

    def action_start(self) -> None:
        """Plans to start the default server of a user who has none."""
        from hubtui.tui.screens.stopping import start_screen

        row = self._row()
        if row is None or (row.server is not None and not row.server.stopped):
            self.app.notify("Go to a user without a server: A shows them.", timeout=4)
            return
        self.app.push_screen(start_screen(self.session, row.key))

    def action_spawn_check(self) -> None:
        """Asks how a canary is started, by default for the user under the cursor."""
        from hubtui.tui.screens.maintenance import SpawnCheckScreen

        row = self._row()
        self.app.push_screen(SpawnCheckScreen(self.session, row.user.name if row else ""))

    def action_maintenance(self) -> None:
        """Asks how all servers are to be stopped."""
        from hubtui.tui.screens.maintenance import MaintenanceScreen

        self.app.push_screen(MaintenanceScreen(self.session))
