"""A running operation, and how it ended; beside an upgrade the image pullers, node by image."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Final

from textual.binding import BindingType

from hubtui.model.age import duration
from hubtui.model.release import Status, in_force
from hubtui.model.roles import Role
from hubtui.services.operations import Operation
from hubtui.services.pullers import NodePulls, Pullers, PullMatrix
from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.events import About
from hubtui.views.plan import outcome_lines, phases_line, progress_lines
from hubtui.views.pullers import gone_line, matrix_lines
from hubtui.views.table import Freshness

OF_HELM: Final = frozenset({"upgrade", "rollback", "recover"})
"""The actions during which the hub's pods are worth a look."""

_OF_PODS: Final = frozenset({"logs", "events", "why"})


class ProgressScreen(ReadingScreen):
    """Watches an operation; leaving it does not end the operation."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("progress")]

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation.plan.title)
        self._operation = operation
        self._version = -1
        self._pullers: Pullers | None = None
        self._hook: PullMatrix | None = None
        self._hook_is_gone = False
        self._rows: dict[int, NodePulls] = {}
        self._second = -1

    def on_mount(self) -> None:
        super().on_mount()
        if self._session is not None:
            self._pullers = Pullers(self._session)
            self._pullers.update()

    def on_unmount(self) -> None:
        if self._pullers is not None:
            self._pullers.close()

    @property
    def _session(self) -> Session | None:
        """The session that the operation belongs to; None for one of a hub that was left."""
        session, plan = self.hubtui.session, self._operation.plan
        if session is None or plan.server != session.context.server:
            return None
        same = (plan.namespace, plan.release) == (session.namespace, session.release)
        return session if same else None

    @property
    def _timeout(self) -> timedelta:
        """helm's, as the plan has it, else as it is set."""
        known = dict(self._operation.plan.details).get("timeout", "")
        return duration(known or self.hubtui.settings.helm_timeout)

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        self._rows = {}
        found = list(self._head())
        for matrix in self._matrices(now):
            found.append(())
            for line in matrix_lines(matrix, now):
                if line.row is not None:
                    self._rows[len(found)] = line.row
                found.append(line.cell)
        if self._hook is not None and self._hook_is_gone and not self._operation.done:
            found += [(), gone_line(self._hook)]
        if self._operation.outcome is None:
            found += [(), cell(_LEAVE, Tone.MUTED)]
        return found

    def _head(self) -> Iterable[Cell | Hung]:
        operation = self._operation
        yield cell(operation.plan.summary)
        yield ()
        if operation.outcome is not None:
            yield from outcome_lines(operation.outcome)
            yield ()
        elif operation.plan.action in OF_HELM:
            yield phases_line(operation.progress)
        yield from progress_lines(operation.progress)

    def _matrices(self, now: datetime) -> list[PullMatrix]:
        """The hook's puller while it is there, the other while helm's work makes it pull."""
        if self._pullers is None:
            return []
        found = self._pullers.matrices(now, self._timeout)
        hook = next((m for m in found if m.role is Role.HOOK_PULLER), None)
        self._hook, self._hook_is_gone = hook or self._hook, hook is None
        more = [m for m in found if m is not hook and m.lacking]
        helm = self._operation.plan.action in OF_HELM and not self._operation.done
        return [*([hook] if hook is not None else []), *(more if helm else [])]

    def beat(self, now: datetime) -> None:
        changed = self._pullers is not None and self._pullers.update()
        ticks = bool(self._rows) and now.second != self._second
        if self._operation.version != self._version or changed or ticks:
            self._version, self._second = self._operation.version, now.second
            self.document.touch()
        done = self._operation.done
        self.frame.show_freshness(Freshness("over" if done else "under way"))
        super().beat(now)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Of a helm's work the pods can be looked at; a node that has a puller can be cordoned."""
        plan = self._operation.plan
        if action in _OF_PODS:
            return self._session is not None and plan.action in OF_HELM
        if action == "cordon":
            return bool(self._rows)
        if action == "rollback":
            return self._session is not None and plan.action == "upgrade"
        return True

    def _row(self) -> NodePulls | None:
        """The puller's pod under the cursor, else the first that lacks an image."""
        table = self.query_one(DocumentTable)
        at = self.document.origin(table.cursor) if table.cursor is not None else -1
        lacking = (row for row in self._rows.values() if not row.ready and not row.leaving)
        return self._rows.get(at) or next(lacking, None)

    def action_cordon(self) -> None:
        """Plans to cordon the node that holds the hook up, or that under the cursor."""
        row = self._row()
        if row is None or not row.node or self._session is None:
            self.notify("No node lacks an image: go to the line of one.", timeout=4)
            return
        from hubtui.tui.screens.cordoning import CordonScreen

        self.app.push_screen(CordonScreen(self._session, row.node, pullers_off=not row.ready))

    def action_rollback(self) -> None:
        """Plans to go back to the revision before."""
        session = self._session
        heads = session.releases.heads(session.release) if session is not None else []
        force = in_force(heads)
        if force is not None and force.revision == self._made():
            force = next((h for h in heads if h.status is Status.SUPERSEDED), None)
        if session is None or force is None:
            self.notify("There is no revision to go back to.", severity="warning")
            return
        from hubtui.services.actions.rollback import RollbackRequest
        from hubtui.tui.screens.plan import PlanScreen

        request = RollbackRequest(force.revision)
        self.app.push_screen(PlanScreen(session, "rollback", request, "Roll back"))

    def _made(self) -> int | None:
        """The revision that the operation made, once that is known."""
        outcome = self._operation.outcome
        return outcome.revision if outcome is not None else None

    def action_logs(self) -> None:
        """What the hook's pods say, while it is at work; else what the hub says."""
        from hubtui.tui.screens.logs import LogsScreen

        if (session := self._session) is not None:
            waits = self._pullers.awaiting if self._pullers is not None else ()
            role = None if waits else Role.HUB
            self.app.push_screen(LogsScreen(session, *waits, role=role))

    def action_events(self) -> None:
        """The events of the puller's pod in question, else of the namespace."""
        from hubtui.tui.screens.events import EventsScreen

        if (session := self._session) is not None:
            row = self._row()
            about = About("Pod", row.pod.metadata.name) if row is not None else None
            self.app.push_screen(EventsScreen(session, about))

    def action_why(self) -> None:
        """Why the puller's pod in question is not up, else the hub's."""
        from hubtui.tui.screens.why import PodWhyScreen, RoleWhyScreen

        if (session := self._session) is not None:
            row = self._row()
            if row is not None:
                self.app.push_screen(PodWhyScreen(session, row.pod.key))
            else:
                self.app.push_screen(RoleWhyScreen(session, Role.HUB))


_LEAVE = (
    "esc leaves this screen, not the operation; it goes on if the connection drops, "
    "and ctrl+e comes back here."
)
