"""A plan to read and confirm: what changes, what was checked, what people notice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from hubtui.errors import HubtuiError
from hubtui.model.brought import Cargo
from hubtui.model.plan import Level, Plan
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import keys
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.screens.diff import DiffFrame
from hubtui.tui.screens.progress import ProgressScreen
from hubtui.tui.widgets.confirm_line import ConfirmLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Document, Hung, heading
from hubtui.views.plan import (
    check_counts,
    check_lines,
    checks_in_order,
    notice_lines,
    what_lines,
)
from hubtui.views.table import Freshness
from hubtui.views.upgrade import input_lines

WITH_DIFF = frozenset({"rollback", "upgrade"})
"""The actions that change manifests; one that cannot be compared shows an empty diff."""


_EDGES = 2
"""Lines of a frame's upper and lower edge."""


class ChecksTable(DocumentTable):
    """The checks; enter passes one that says stop."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("checks")]

    def action_override(self) -> None:
        """Passes the check under the cursor, or takes that back."""
        self.action_open()


class PlanDiff(DiffFrame):
    """What changes; copying means the command here too, as in the plan's other parts."""

    def action_copy(self) -> None:
        if isinstance(self.screen, PlanScreen):
            self.screen.action_copy()


class PlanScreen(BaseScreen[None]):
    """Plans an action, shows the plan, and starts it when the name that it asks for is typed.

    An action without a diff says in words what happens.

    Enter on a check that says stop overrides it where the plan allows that; the confirmation is
    dim until no check is left that stops.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "plan")]

    def __init__(self, session: Session, action: str, request: object, button: str) -> None:
        super().__init__()
        self._session = session
        self._action = action
        self._request = request
        self._button = button
        self._plan: Plan | None = None
        self._overrides: frozenset[str] = frozenset()
        self._checks = Document(self._check_lines, empty="Checking …")
        self._notices = Document(self._notice_lines, empty="")
        self._what = Document(self._what_lines)
        self._confirm: ConfirmLine | None = None
        self._work: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with Horizontal(id="plan-body"):
            yield PlanDiff("What changes", id="plan-changes")
            with PaneFrame("What happens", id="plan-what"):
                yield DocumentTable(self._what)
            with Vertical(id="plan-side"):
                with PaneFrame("Checks", id="plan-checks"):
                    yield ChecksTable(self._checks, id="checks")
                with PaneFrame("What people notice", id="plan-notices"):
                    yield DocumentTable(self._notices)
                with PaneFrame("Confirm", id="plan-confirm"):
                    yield Vertical(id="plan-confirm-body")
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        self.query_one(DiffFrame).table.focus()
        self._work = asyncio.create_task(self._make(), name="plan")

    def _check_lines(self, now: datetime) -> Iterable[Cell | Hung]:
        return check_lines(self._plan, self._overrides) if self._plan else ()

    def _notice_lines(self, now: datetime) -> Iterable[Cell | Hung]:
        if self._plan is None:
            return ()
        lines = list(notice_lines(self._plan)) or [cell("Nothing can be said of it.", Tone.MUTED)]
        if self._plan.inputs is not None:
            lines += [(), heading("Made from"), *input_lines(self._plan.inputs)]
        return lines

    def _what_lines(self, now: datetime) -> Iterable[Cell | Hung]:
        return what_lines(self._plan) if self._plan else ()

    async def _make(self) -> None:
        frame = self.query_one(DiffFrame)
        frame.show_freshness(Freshness("planning: this only reads"))
        try:
            plan = await self._session.operations.plan(self._action, self._request)
        except HubtuiError as error:
            self.notify(str(error), title="No plan", severity="error", timeout=20, markup=False)
            self.dismiss(None)
            return
        self._plan = plan
        if plan.changes is None and self._action not in WITH_DIFF:
            self.add_class("-no-diff")
            self._what.touch()
        if plan.changes is None and plan.stops:
            frame.view.fail(f"Not compared: the check '{plan.stops[0].name}' says stop.")
        else:
            frame.view.show(plan.changes)
        frame.show()
        frame.show_freshness(Freshness("secrets masked"))
        self.query_one("#plan-checks", PaneFrame).show_headline(check_counts(plan))
        self._checks.touch()
        self._notices.touch()
        self._confirm = ConfirmLine(tuple(self._words(plan)), plan.confirm, self._button)
        await self.query_one("#plan-confirm-body").mount(self._confirm)
        self._allow()
        # Who reads that a check says stop finds it to press enter on.
        self.beat(utc_now())
        self._confirm.focus_field()

    def _words(self, plan: Plan) -> Iterable[str]:
        """What stands above the field; what happens without a diff has the command beside it."""
        low = self.has_class("-low")
        if not low:
            yield f"{plan.release} in namespace {plan.namespace} on {plan.context}"
        yield plan.summary
        if not low or self.has_class("-no-diff"):
            yield plan.means
        if not self.has_class("-no-diff"):
            yield f"The same as: {plan.command}"

    def _allow(self) -> None:
        """Why the button stays dim: read-only, or a check that stops."""
        plan, confirm = self._plan, self._confirm
        if plan is None or confirm is None:
            return
        blocked = plan.blocked_by(self._overrides)
        reason = self.hubtui.refused(self._action) or (
            f"{blocked[0].name} says stop" if blocked else ""
        )
        confirm.allow(reason)
        frame = self.query_one("#plan-confirm", PaneFrame)
        frame.show_freshness(Freshness(reason or "nothing has been done yet"))

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        """Enter on a check: overrides it, or takes that back."""
        message.stop()
        if self._plan is None or message.table.id != "checks":
            return
        check = checks_in_order(self._plan)[self._checks.origin(message.key)]
        if check.level is not Level.STOP:
            self.notify(f"{check.name} does not stop anything.", timeout=3, markup=False)
            return
        if not check.overridable:
            self.notify(f"{check.name} cannot be overridden.", severity="warning", markup=False)
            return
        self._overrides ^= {check.name}
        self._checks.touch()
        self._allow()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Of a planned upgrade the images can be pulled beforehand."""
        return self._cargo is not None if action == "prepull" else True

    @property
    def _cargo(self) -> Cargo | None:
        """The images of the revision that is planned."""
        return self._plan.cargo if self._plan is not None else None

    def action_prepull(self) -> None:
        """Asks which images of the planned upgrade are pulled beforehand."""
        from hubtui.tui.screens.prepull import prepull_screen

        if self._cargo is not None:
            self.app.push_screen(prepull_screen(self._session, cargo=self._cargo))

    def action_copy(self) -> None:
        """Copies the equivalent command."""
        if self._plan is not None:
            self.app.copy_to_clipboard(self._plan.command)
            self.app.notify("Copied the command.", timeout=2)

    def on_confirm_line_fitted(self, message: ConfirmLine.Fitted) -> None:
        message.stop()
        self.query_one("#plan-confirm").styles.height = message.lines + _EDGES

    def on_confirm_line_cancelled(self, message: ConfirmLine.Cancelled) -> None:
        message.stop()
        self.dismiss(None)

    async def on_confirm_line_confirmed(self, message: ConfirmLine.Confirmed) -> None:
        message.stop()
        plan = self._plan
        if plan is None:
            return
        try:
            operation = await self._session.operations.start(
                plan, message.name, overrides=sorted(self._overrides)
            )
        except HubtuiError as error:
            self.notify(
                str(error), title="Nothing was written", severity="error", timeout=20, markup=False
            )
            return
        if self.is_current:
            # Not awaited: the switch waits for this screen, which would wait for the switch.
            self.app.switch_screen(ProgressScreen(operation))
        else:  # left, or covered, in the meantime
            words = f"{plan.title} is under way; ctrl+e shows it."
            self.notify(words, timeout=10, markup=False)

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()
