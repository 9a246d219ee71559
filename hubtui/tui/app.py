"""The app: opens a hub, beats the screen that is on top, and knows what may be done."""

from __future__ import annotations

import asyncio
import gc
import locale
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from hubtui.config import Settings, hint_marker
from hubtui.errors import ConfigError, HubtuiError
from hubtui.model.age import age, short
from hubtui.services.interrupted import interrupted
from hubtui.services.opening import context_name
from hubtui.services.operation import Operation
from hubtui.tui import keys, theme
from hubtui.tui.connecting import Connecting
from hubtui.tui.kept import Kept
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.type_ahead import KeysInOrder
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.journal import elsewhere_words, recovered_words
from hubtui.views.signs import status_sign
from hubtui.views.status import StatusFacts

if TYPE_CHECKING:
    from hubtui.services.session import Session, Several
    from hubtui.views.hubs import Choice

log = logging.getLogger(__name__)

BEAT, BEAT_SLOW = 0.25, 0.5
"""Seconds between two looks at what changed (design §2)."""


_HERE_ALREADY = {
    "other_hub": ("PickerScreen",),
    "operations": ("OperationsScreen",),
    "problems": ("ProblemsScreen", "RunbookScreen"),
    "orphans": ("OrphansScreen",),
    "alerts": ("AlertsScreen",),
    "help": ("HelpScreen",),
    "command_palette": ("QuitScreen",),
}
"""Where a command is not offered: on its own screen, and over a question."""


_OF_ACTION = {"uncordon": "cordon"}
"""The command that starts an action, where it has not the action's name."""


class HubtuiApp(KeysInOrder[int], inherit_bindings=False):
    """hubtui on a terminal."""

    TITLE = "hubtui"
    CSS_PATH = "hubtui.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("app")]

    def __init__(self, settings: Settings, *, hint: Path | None = None) -> None:
        """`hint` is where it is noted that the first hint was closed; None: none is shown."""
        super().__init__()
        self.settings = settings
        self.session: Session | None = None
        self.ascii_only = "utf" not in locale.getpreferredencoding(do_setlocale=False).lower()
        self._connecting = Connecting(self._opened, self._choose, self._failed)
        self._failure: tuple[HubtuiError, datetime, float] | None = None
        self._showing: asyncio.Task[None] | None = None
        self._kept = Kept(self._tell_end)
        self._leaving: set[asyncio.Task[None]] = set()
        self._overview = OverviewScreen(hint)
        for found in theme.themes():
            self.register_theme(found)
        self.theme = {"light": theme.LIGHT, "ansi": theme.ANSI}.get(settings.theme, theme.DARK)

    def on_mount(self) -> None:
        self._apply_keymap()
        self.push_screen(self._overview)
        self.set_interval(BEAT_SLOW if self.settings.slow else BEAT, self._beat)
        self.call_after_refresh(self._connect)
        demo = self.settings.demo
        if demo is not None and demo.notice:
            self.notify(demo.notice, title="Pager", severity="warning", timeout=10, markup=False)

    def _connect(self) -> None:
        name = context_name(self.settings)
        words = f"Looking for the hub in context {name} …" if name else "Looking for a cluster …"
        self._overview.say("Connecting", [cell(words)])
        self._connecting.start(self.settings)

    def _apply_keymap(self) -> None:
        errors = keys.keymap_errors(self.settings.keys)
        if errors:
            self.notify("\n".join(errors), title="Keys", severity="warning", markup=False)
        else:
            self.set_keymap(dict(self.settings.keys))

    # -- opening

    def _opened(self, session: Session) -> None:
        self._failure = None
        self.session = session
        self._showing = asyncio.create_task(self._show(session), name="session")

    async def _show(self, session: Session) -> None:
        await self._overview.open(session)
        await session.pods.stores.pods.loaded.wait()
        self._beat()
        await session.releases.store.loaded.wait()
        self._beat()
        # What is loaded stays: a full collection over 5,000 pods would stall the keys for 80 ms.
        gc.freeze()
        await self._tell_interrupted(session)

    async def _tell_interrupted(self, session: Session) -> None:
        """Says what earlier hubtuis left unfinished, here and elsewhere."""
        from hubtui.services.prepull_left import left_over, left_words

        try:
            for entry in await asyncio.to_thread(session.operations.left_elsewhere):
                self._tell(elsewhere_words(entry))
            told = set[str]()
            async for recovered in interrupted(session):
                told.add(recovered.entry.id.lower())
                self._tell(recovered_words(recovered))
            await session.pods.stores.daemonsets.loaded.wait()
            for left in await left_over(session, datetime.now(UTC)):
                if left.operation not in told:
                    self._tell(left_words(left))
        except HubtuiError as error:
            self._tell(f"What was interrupted cannot be told. {error}")

    def _tell_end(self, operation: Operation) -> None:
        """How an operation ended whose hub is not on the screen any more."""
        summary = operation.outcome.summary if operation.outcome else ""
        self._tell(f"{operation.plan.title} on {operation.plan.context}: {summary}")

    def _tell(self, words: str) -> None:
        self.notify(words, severity="warning", timeout=30, markup=False)

    def _choose(self, several: Several) -> None:
        from hubtui.tui.screens.picker import PickerScreen

        self.push_screen(PickerScreen(self.settings, several.hubs), self._chosen)

    def _chosen(self, choice: Choice | None) -> None:
        if choice is None:
            if self.session is None and self._failure is None:
                self._failed(ConfigError("No hub is chosen", remedy="H chooses one."), 0)
            return
        hub = choice.hub
        self.settings = msgspec.structs.replace(
            self.settings,
            context="" if choice.context.name == "in-cluster" else choice.context.name,
            namespace=hub.namespace if hub else choice.context.namespace,
            release=hub.release if hub else "",
        )
        self._leave_session()
        self._connect()

    def _leave_session(self) -> None:
        """Nothing of the hub that is left may be seen or pressed under the name of the next one:
        its screens and panes go before the other is asked anything."""
        self._connecting.cancel()
        if self._showing is not None:
            self._showing.cancel()
        previous, self.session = self.session, None
        if previous is not None and previous.operations.running:
            self._kept.keep(previous)
            previous = None
        self._failure = None
        while self.screen is not self._overview:
            self.pop_screen()
        closing = asyncio.create_task(self._close(previous), name="closing")
        self._leaving.add(closing)
        closing.add_done_callback(self._leaving.discard)

    async def _close(self, session: Session | None) -> None:
        await self._overview.close()
        if session is not None:
            await session.close()

    def _failed(self, error: HubtuiError, retry_in: float) -> None:
        self._failure = (error, datetime.now(UTC), retry_in)
        self._show_failure(datetime.now(UTC))

    def _show_failure(self, now: datetime) -> None:
        if self._failure is None or self.session is not None:
            return
        error, at, retry_in = self._failure
        lines: list[Cell | Hung] = [cell(error.what, Tone.NOW)]
        lines += [cell(words) for words in (error.meaning, error.remedy) if words]
        wait = retry_in - (now - at).total_seconds()
        if retry_in:
            words = f"Tried again in {short(max(0, wait))}." if wait > 0 else "Trying again …"
            lines += [(), cell(f"{words} ctrl+r tries now, H chooses another hub.", Tone.MUTED)]
        else:
            lines += [(), cell("ctrl+r tries again, H chooses another hub.", Tone.MUTED)]
        self._overview.say("No hub", lines)

    # -- what is shown

    def _beat(self) -> None:
        if not self.is_running:
            return  # the app is ending, and its screens are being taken apart
        now = datetime.now(UTC)
        self._show_failure(now)
        if self.session is not None:
            self.session.problems.look(now)
            if self.session.problems.version:
                self.session.alerts.look()
        # A screen that was pushed a moment ago may have nothing in it yet.
        if isinstance(self.screen, BaseScreen) and self.screen.is_mounted:
            self.screen.beat(now)

    def status(self, now: datetime) -> StatusFacts:
        """What the status line says."""
        clock = now.astimezone().strftime("%H:%M")
        session = self.session
        if session is None:
            elsewhere = self._running_elsewhere()
            return StatusFacts(
                context=context_name(self.settings),
                running=elsewhere,
                demo=self.settings.demo is not None,
                clock=clock,
            )
        counts, alerts = session.problems.counts, session.alerts.counts
        heads = session.releases.heads(session.release)
        head = heads[0] if heads else None
        summary = session.releases.summary(head) if head else None
        updated = (summary.updated if summary else None) or (head.created if head else None)
        return StatusFacts(
            context=session.context.name,
            namespace=session.namespace,
            release=session.release,
            chart=(summary.chart_version if summary else "") or session.hub.chart_version,
            hub=summary.app if summary else "",
            revision=head.revision if head else None,
            state=(status_sign(head.status),) if head else EMPTY,
            age=age(updated, now) if updated else "",
            running=tuple(
                f"{operation.plan.title}: {operation.progress.phase.value}"
                for operation in session.operations.running
            )
            + self._running_elsewhere(),
            read_only=bool(session.gate.read_only),
            demo=self.settings.demo is not None,
            now=counts.now if counts else None,
            soon=counts.soon if counts else None,
            alerts=alerts.firing if alerts else None,
            urgent=alerts.now if alerts else 0,
            pending=alerts.pending if alerts else 0,
            clock=clock,
        )

    def _running_elsewhere(self) -> tuple[str, ...]:
        return tuple(
            f"{operation.plan.title} on {operation.plan.context}: {operation.progress.phase.value}"
            for operation in self._kept.running
        )

    def refused(self, command: str) -> str:
        """Why a command may not run now; "" when it may. The gate is asked, not the screen."""
        known = keys.BY_ID.get(_OF_ACTION.get(command, command))
        session = self.session
        if known is None or not known.danger or session is None or session.gate.may_write:
            return ""
        return f"{known.title} is not possible: {session.gate.read_only}."

    # -- commands

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that would do nothing where one is does not apply there."""
        here = _HERE_ALREADY.get(action)
        if here is not None and type(self.screen).__name__ in here:
            return False
        of_session = ("operations", "problems", "orphans", "alerts", "promql")
        return self.session is not None if action in of_session else True

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        return keys.system_commands(self, screen)

    def action_reconnect(self) -> None:
        """Tries every broken connection again at once."""
        if self.session is not None:
            self.session.retry()
        else:
            self._connecting.retry()

    def action_other_hub(self) -> None:
        """Chooses another hub; works while the present one is dead."""
        from hubtui.tui.screens.picker import PickerScreen

        if not isinstance(self.screen, PickerScreen):
            self.push_screen(PickerScreen(self.settings), self._chosen)

    def action_operations(self) -> None:
        """What runs and what ran."""
        from hubtui.tui.screens.operations import OperationsScreen

        if self.session is not None and not isinstance(self.screen, OperationsScreen):
            self.push_screen(OperationsScreen(self.session, self._kept))

    def action_problems(self) -> None:
        """What is wrong, worst first."""
        from hubtui.tui.screens.problems import ProblemsScreen

        if self.session is not None and not isinstance(self.screen, ProblemsScreen):
            self.push_screen(ProblemsScreen(self.session))

    def action_orphans(self) -> None:
        """Where hub, pods and the proxy's routes disagree."""
        from hubtui.tui.screens.orphans import OrphansScreen

        if self.session is not None and not isinstance(self.screen, OrphansScreen):
            self.push_screen(OrphansScreen(self.session))

    def action_alerts(self) -> None:
        """The alerts of Prometheus that concern the hub."""
        from hubtui.tui.screens.alerts import AlertsScreen

        if self.session is not None and not isinstance(self.screen, AlertsScreen):
            self.push_screen(AlertsScreen(self.session))

    def action_promql(self) -> None:
        """Asks Prometheus a query of one's own."""
        from hubtui.tui.screens.promql import PromqlScreen

        if isinstance(self.screen_stack[-2], PromqlScreen):
            self.pop_screen()  # a plot of its query, or the list of queries
        if isinstance(self.screen, PromqlScreen):
            self.screen.type_on()
        elif self.session is not None:
            self.push_screen(PromqlScreen(self.session))

    def action_help(self) -> None:
        """The keys that apply here."""
        from hubtui.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(keys.active_commands(self.screen), self.settings.demo))

    def action_ask_quit(self) -> None:
        """Quits; asks while an operation runs."""
        from hubtui.tui.screens.quit import QuitScreen

        running = (self.session.operations.running if self.session else []) + self._kept.running
        if not running:
            self.exit(0)
        elif not isinstance(self.screen, QuitScreen):
            quits = QuitScreen(running[0].plan, demo=self.settings.demo is not None)
            self.push_screen(quits, self._leave)

    def _leave(self, leave: bool | None) -> None:
        if leave:
            self.exit(0)

    def _fatal_error(self) -> None:
        """Textual's own shows what variables hold beside the traceback: secrets are among it."""
        log.error("unexpected", exc_info=True)
        self.panic(f"An error of hubtui itself: {type(sys.exc_info()[1]).__name__}")

    async def on_unmount(self) -> None:
        await self._connecting.close()
        if self._showing is not None:
            self._showing.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await self._kept.close()
        if self.session is not None:
            await self.session.close()


def run(settings: Settings) -> int:
    """Runs the app; gives the exit code."""
    app = HubtuiApp(settings, hint=hint_marker(settings))
    result = app.run()
    if app.return_code:
        sys.stderr.write("hubtui ended unexpectedly; the log says why.\n")
    return result if result is not None else app.return_code or 0
