"""The releases pane. Its screens are imported when opened: the first frame does not wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from hubtui.model.release import RevisionHead, in_force
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.services.upgrade_sources import Typed
from hubtui.services.workflow_runs import latest
from hubtui.tui import keys
from hubtui.tui.panes.base import Pane
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.views.cells import Cell, cell, join
from hubtui.views.releases import WORKFLOW, ReleasesView
from hubtui.views.signs import status_sign

if TYPE_CHECKING:
    from hubtui.tui.screens.drift import DriftScreen

LOOK_FOR_HELM = timedelta(seconds=5)
"""Between two looks for a helm on this machine, while a revision is pending."""


class ReleasesPane(Pane):
    """Revisions; `d` compares, `r` plans a rollback, `R` recovers a stuck release."""

    TITLE = "Releases"
    NUMBER = 1
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("panes-rows", "releases")]

    def __init__(self, session: Session) -> None:
        self.view = ReleasesView(
            session.releases, session.release, session.changed, session.workflow_runs
        )
        super().__init__(session, self.view)
        self._work: asyncio.Task[None] | None = None
        self._looked = utc_now()
        self._typed = Typed()

    def words(self) -> Cell:
        head = self.view.current()
        return join(cell(f"r{head.revision}"), (status_sign(head.status),)) if head else cell("?")

    def beat(self, now: datetime) -> None:
        """Shows what changed, and what happened last."""
        self.session.workflow_runs.look(now)
        super().beat(now)
        newest = self.view.current()
        pending = newest is not None and newest.status.pending
        if pending and (self._work is None or now - self._looked > LOOK_FOR_HELM):
            self._looked = now
            self._work = asyncio.create_task(self._look_for_helm(), name="helm here")
        self.show_note(self.view.last_finding(now) or self.view.run_to_watch(now))

    async def _look_for_helm(self) -> None:
        """Among the processes of this machine: not within a beat."""
        operations = self.session.operations
        self.view.helm_here = bool(
            await asyncio.to_thread(operations.live_here, self.session.release)
        )

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        if self.view.foldable(message.key):
            self.view.toggle(message.key)
        elif message.key == WORKFLOW:
            from hubtui.tui.screens.workflow_runs import WorkflowRunsScreen

            self.app.push_screen(WorkflowRunsScreen(self.session))
        elif (head := self.view.head(message.key)) is not None:
            from hubtui.tui.screens.revision import RevisionScreen

            trail = self.view.trail(head.release, utc_now())
            found = [each for each in trail if each.revision == head.revision]
            self.app.push_screen(RevisionScreen(self.session, head, found))

    def action_diff(self) -> None:
        """Compares two marked revisions, the pair that tells most of a failed one, the one under
        the cursor with the current, or the current one with the cluster."""
        marked = [head for key in self.table.marks if (head := self.view.head(key)) is not None]
        if marked:
            self._compare_marked(marked)
            return
        head = self.view.head(self.table.cursor or "")
        if head is None:
            self.app.notify("Go to a revision, or mark two with space.", timeout=5)
            return
        heads = self.session.releases.heads(head.release)
        if (pair := self.view.worth_comparing(head, utc_now())) is not None:
            self._compare(*pair, chosen=head)
        elif (force := in_force(heads)) is not None and force.revision == head.revision:
            self.app.push_screen(self._drift(head))
        elif force is not None:
            self._compare(head, force, chosen=head)

    def _compare_marked(self, marked: Sequence[RevisionHead]) -> None:
        if len(marked) == _TWO and marked[0].release == marked[1].release:
            older = min(marked, key=lambda head: head.revision)
            self._compare(*marked, chosen=older)
        else:
            self.app.notify("Mark two revisions of one release with space.", timeout=5)

    def _compare(self, *pair: RevisionHead, chosen: RevisionHead) -> None:
        """Compares two revisions; from there the chosen one with the cluster."""
        from hubtui.tui.screens.diff import DiffScreen

        before, after = sorted(pair, key=lambda head: head.revision)
        live = partial(self._drift, chosen, over_diff=True)
        self.app.push_screen(DiffScreen(self.session, before, after, live))

    def _drift(self, head: RevisionHead, *, over_diff: bool = False) -> DriftScreen:
        from hubtui.tui.screens.drift import DriftScreen

        heads = self.session.releases.heads(head.release)
        return DriftScreen(self.session, head, heads, self.roll_back, over_diff=over_diff)

    def action_events(self) -> None:
        """The events of the namespace."""
        from hubtui.tui.screens.events import EventsScreen

        self.app.push_screen(EventsScreen(self.session))

    def action_rollback(self) -> None:
        """Plans the rollback to the revision under the cursor."""
        self.roll_back(self.view.head(self.table.cursor or ""))

    def roll_back(self, head: RevisionHead | None) -> None:
        """Plans the rollback to a revision."""
        if head is None or head.release != self.session.release:
            self.app.notify("Go to a revision of the hub's release to roll back to it.", timeout=5)
            return
        from hubtui.services.actions.rollback import RollbackRequest
        from hubtui.tui.screens.plan import PlanScreen

        request = RollbackRequest(head.revision)
        self.app.push_screen(PlanScreen(self.session, "rollback", request, "Roll back"))

    def action_upgrade(self) -> None:
        """Chooses what to upgrade from; what was typed before is still there."""
        from hubtui.tui.screens.upgrade import UpgradeScreen

        self.app.push_screen(UpgradeScreen(self.session, self._typed))

    def action_recover(self) -> None:
        """The ways out of a release that stays pending."""
        heads = self.session.releases.heads(self.session.release)
        if not heads or not heads[0].status.pending:
            self.app.notify("The hub's release is not pending: nothing to recover.", timeout=5)
            return
        from hubtui.tui.screens.recover import RecoverScreen

        self.app.push_screen(RecoverScreen(self.session))

    def copied(self, key: str) -> str:
        if key == WORKFLOW:
            run = latest(self.session.workflow_runs.runs)
            return run.html_url if run else ""
        head = self.view.head(key)
        return f"{head.release} {head.revision}" if head else ""


_TWO = 2
