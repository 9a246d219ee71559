"""A running operation, and how it ended; beside an upgrade or a prepull the image pullers, node by
image."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Final

from textual.binding import BindingType

from hubtui.model.age import duration
from hubtui.model.plan import Phase
from hubtui.model.release import RevisionHead, Status, in_force
from hubtui.model.roles import Role
from hubtui.services.operations import Operation
from hubtui.services.pullers import PullMatrix
from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.screens.of_pullers import OfPullers
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung, heading
from hubtui.views.journal import said_lines
from hubtui.views.plan import outcome_lines, phases_line, progress_lines
from hubtui.views.pullers import gone_line
from hubtui.views.table import Freshness

OF_HELM: Final = frozenset({"upgrade", "rollback", "recover"})
"""The actions during which the hub's pods are worth a look."""

PREPULL: Final = "prepull"

_OF_NODES: Final = frozenset({"cordon", "uncordon", "drain"})
_GO_ON: Final = frozenset({"maintenance", "drain"})
_OF_PODS: Final = frozenset({"logs", "events", "why"})


class ProgressScreen(OfPullers):
    """Watches an operation; leaving it does not end the operation."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("progress")]

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation.plan.title)
        self._operation = operation
        self._version = -1
        self._hook: PullMatrix | None = None
        self._hook_is_gone = False

    @property
    def hub(self) -> Session | None:
        """The session that the operation belongs to; None for one of a hub that was left."""
        session, plan = self.hubtui.session, self._operation.plan
        if session is None or plan.server != session.context.server:
            return None
        same = (plan.namespace, plan.release) == (session.namespace, session.release)
        return session if same else None

    @property
    def _of_helm(self) -> bool:
        return self._operation.plan.action in OF_HELM

    @property
    def _timeout(self) -> timedelta:
        """helm's, as the plan has it, else as it is set."""
        known = dict(self._operation.plan.details).get("timeout", "")
        return duration(known or self.hubtui.settings.helm_timeout)

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        """While helm waits for a hook the pullers come first: nothing rolls out yet."""
        self.rows = {}
        operation, matrices = self._operation, self._matrices(now)
        found: list[Cell | Hung] = [cell(operation.plan.summary), ()]
        waits = not operation.done and operation.progress.phase is Phase.HOOKS
        if operation.outcome is not None:
            found += [*outcome_lines(operation.outcome), ()]
        elif self._of_helm:
            found.append(phases_line(operation.progress))
        steps = list(progress_lines(operation.progress))
        if waits and matrices:
            found.append(steps[0])
            self.add_matrices(found, matrices, now)
            found += steps[1:]
        else:
            found += steps
            self.add_matrices(found, matrices, now)
        if self._hook is not None and self._hook_is_gone and not operation.done:
            found += [(), gone_line(self._hook)]
        if operation.said:
            found += [(), heading("What is through"), *said_lines(operation.said)]
        if operation.outcome is None:
            found += [(), cell(self._how_to_leave(), Tone.MUTED)]
        return found

    def _how_to_leave(self) -> str:
        if self._operation.interrupted.is_set():
            return _ENDS
        if self._operation.plan.interruptible:
            return _MAY_END
        return _LEAVE

    def _matrices(self, now: datetime) -> list[PullMatrix]:
        """The hook's puller while it pulls or is waited for, the other while helm's work makes it
        pull. What is left of a hook that is over has nothing to say."""
        if self.pullers is None:
            return []
        found = self.pullers.matrices(now, self._timeout)
        if self._operation.plan.action == PREPULL:
            return self._of_prepull(found)
        hook = next((m for m in found if m.role is Role.HOOK_PULLER), None)
        self._hook, self._hook_is_gone = hook or self._hook, hook is None
        helm = self._of_helm and not self._operation.done
        shown = [hook] if hook is not None and (hook.lacking or hook.awaited is not None) else []
        return [*shown, *(m for m in found if helm and m is not hook and m.lacking)]

    def _of_prepull(self, found: Iterable[PullMatrix]) -> list[PullMatrix]:
        """What this prepull brings, and what the chart's own pullers still do."""
        if self._operation.done:
            return []
        shown = (matrix for matrix in found if matrix.operation or matrix.lacking)
        mine = self._operation.id.lower()
        ours = [matrix for matrix in shown if matrix.operation in ("", mine)]
        return sorted(ours, key=lambda matrix: matrix.operation != mine)

    def beat(self, now: datetime) -> None:
        if self._operation.version != self._version:
            self._version = self._operation.version
            self.document.touch()
        done = self._operation.done
        self.frame.show_freshness(Freshness("over" if done else "under way"))
        super().beat(now)

    def offered(self) -> tuple[bool, ...]:
        early = self._operation.may_be_interrupted
        more = (
            *(self._goes_back_to(), self._is_stuck(), self._node_to_take_back, early),
            self._goes_on,
        )
        return *super().offered(), *map(bool, more)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Of a helm's work the pods can be looked at; what it left pending can be recovered."""
        if action in _OF_PODS:
            of_pullers = bool(self.rows) and action != "logs"
            return self.hub is not None and (self._of_helm or of_pullers)
        if action == "interrupt":
            return self._operation.may_be_interrupted
        if action in ("maintenance", "drain"):
            return self._goes_on and action == self._operation.plan.action
        if action == "rollback":
            return self._goes_back_to() is not None
        if action == "recover":
            return self._is_stuck()
        if action == "cordon" and self._node_to_take_back:
            return True
        return super().check_action(action, parameters)

    @property
    def _node_to_take_back(self) -> str:
        """The node of a cordon that is over, which can be uncordoned from here."""
        plan = self._operation.plan
        over = self._operation.done and self.hub is not None
        return plan.confirm if over and plan.action in _OF_NODES else ""

    @property
    def _goes_on(self) -> bool:
        """Whether it is a maintenance or a drain that ended early, which can be gone on with."""
        plan, outcome = self._operation.plan, self._operation.outcome
        early = outcome is not None and not outcome.ok
        return plan.action in _GO_ON and early and self.hub is not None

    def action_maintenance(self) -> None:
        """Plans to go on with a maintenance that ended early."""
        from hubtui.tui.screens.maintenance import resume_screen

        if self.hub is not None and self._goes_on:
            self.app.push_screen(resume_screen(self.hub))

    def action_drain(self) -> None:
        """The ways to go on with a drain that ended early."""
        from hubtui.tui.screens.drain import drain_screen

        if self.hub is not None and self._goes_on:
            node = self._operation.plan.targets[0].removeprefix("node ")
            self.app.push_screen(drain_screen(self.hub, node))

    def action_interrupt(self) -> None:
        """Has the operation begin nothing more."""
        self._operation.interrupt()

    def action_cordon(self) -> None:
        """Plans to take a cordon that is over back, else to cordon the node of a puller."""
        from hubtui.tui.screens.cordoning import CordonScreen

        node = self._node_to_take_back
        if self.hub is not None and node:
            self.app.push_screen(CordonScreen(self.hub, node))
        else:
            super().action_cordon()

    @property
    def _heads(self) -> list[RevisionHead]:
        return list(self.hub.releases.heads(self.hub.release)) if self.hub is not None else []

    def _is_stuck(self) -> bool:
        """Whether a helm is over and has left its revision pending."""
        heads = self._heads
        over = self._operation.done and self._of_helm
        return over and bool(heads) and heads[0].status.pending

    def _goes_back_to(self) -> RevisionHead | None:
        """The revision before the one that an upgrade makes, or has made."""
        if self._operation.plan.action != "upgrade":
            return None
        outcome, heads = self._operation.outcome, self._heads
        force = in_force(heads)
        if force is not None and outcome is not None and force.revision == outcome.revision:
            return next((head for head in heads if head.status is Status.SUPERSEDED), None)
        return force

    def action_rollback(self) -> None:
        """Plans to go back to the revision before."""
        from hubtui.services.actions.rollback import RollbackRequest
        from hubtui.tui.screens.plan import PlanScreen

        back = self._goes_back_to()
        if self.hub is not None and back is not None:
            request = RollbackRequest(back.revision)
            self.app.push_screen(PlanScreen(self.hub, "rollback", request, "Roll back"))

    def action_recover(self) -> None:
        """The ways out of a revision that stays pending."""
        from hubtui.tui.screens.recover import RecoverScreen

        if self.hub is not None:
            self.app.push_screen(RecoverScreen(self.hub))

    def action_logs(self) -> None:
        """What the hook's pods say, while it is at work; else what the hub says."""
        from hubtui.tui.screens.logs import LogsScreen

        if self.pullers is not None and self.pullers.awaiting:
            super().action_logs()
        elif self.hub is not None:
            self.app.push_screen(LogsScreen(self.hub, role=Role.HUB))

    def action_why(self) -> None:
        """Why the puller's pod in question is not up, else the hub's."""
        from hubtui.tui.screens.why import RoleWhyScreen

        if self.row() is not None:
            super().action_why()
        elif self.hub is not None:
            self.app.push_screen(RoleWhyScreen(self.hub, Role.HUB))


_ENDS = "Nothing more is begun; what is under way is followed to its end."
_MAY_END = (
    "esc leaves this screen, not the operation, and ctrl+e comes back here. Ending early has "
    "nothing more begun; so has the end of hubtui."
)
_LEAVE = (
    "esc leaves this screen, not the operation; it goes on if the connection drops, "
    "and ctrl+e comes back here."
)
