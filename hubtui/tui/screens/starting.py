"""What can be started from a problem: the same plans and screens that the panes open."""

from __future__ import annotations

from typing import Final, Protocol

from textual.screen import Screen

from hubtui.model.hub import ServerKey
from hubtui.model.problem import Fix, Verb
from hubtui.model.roles import Role
from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.keys import key_display

_ACTIONS: Final = {verb.value.replace("-", "_"): verb for verb in Verb}


class Mendable(Protocol):
    """What has fixes: a problem, a disagreement of hub and cluster."""

    def fix(self, verb: Verb) -> Fix | None:
        """What a verb would be started with; None when it does not help here."""


class FromProblem(Screen[None]):
    """The verbs of the problem that is looked at; one that does not help has no key."""

    _session: Session

    def problem(self) -> Mendable | None:
        """The problem that the keys are about."""
        raise NotImplementedError

    def offers(self, action: str) -> bool:
        """Whether an action is none of these verbs, or helps with the problem."""
        verb = _ACTIONS.get(action)
        return verb is None or self._fix(verb) is not None

    def key_of(self, verb: Verb) -> str:
        """The key of a verb, as it is set."""
        key = self.app.settings.keys.get(verb)  # type: ignore[attr-defined]
        return key_display(key.split(",")[0] if key else keys.BY_ID[verb].keys[0])

    def _fix(self, verb: Verb) -> Fix | None:
        problem = self.problem()
        return problem.fix(verb) if problem is not None else None

    def action_recover(self) -> None:
        """The ways out of the stuck release."""
        from hubtui.tui.screens.recover import RecoverScreen

        if self._fix(Verb.RECOVER):
            self.app.push_screen(RecoverScreen(self._session))

    def action_rollback(self) -> None:
        """Plans the rollback that would mend it."""
        from hubtui.services.actions.rollback import RollbackRequest
        from hubtui.tui.screens.plan import PlanScreen

        if fix := self._fix(Verb.ROLLBACK):
            request = RollbackRequest(int(fix.target))
            self.app.push_screen(PlanScreen(self._session, "rollback", request, "Roll back"))

    def action_restart(self) -> None:
        """Plans the restart of the part that is down."""
        from hubtui.services.actions.restart import RestartRequest
        from hubtui.tui.screens.plan import PlanScreen

        if fix := self._fix(Verb.RESTART):
            request = RestartRequest(fix.target)
            self.app.push_screen(PlanScreen(self._session, "restart", request, "Restart"))

    def action_cordon(self) -> None:
        """Plans to cordon the node that blocks."""
        from hubtui.tui.screens.cordoning import CordonScreen

        if fix := self._fix(Verb.CORDON):
            off = fix.pullers_off
            self.app.push_screen(CordonScreen(self._session, fix.target, pullers_off=off))

    def action_delete_pod(self) -> None:
        """Plans to delete the pod that blocks."""
        from hubtui.services.actions.delete_pod import DeletePodRequest
        from hubtui.tui.screens.plan import PlanScreen

        if fix := self._fix(Verb.DELETE_POD):
            request = DeletePodRequest(fix.target, fix.force, orphan=fix.orphan)
            button = "Force" if fix.force else "Delete"
            self.app.push_screen(PlanScreen(self._session, "delete-pod", request, button))

    def action_stop(self) -> None:
        """Plans to stop the server through the hub."""
        from hubtui.services.actions.stop import StopRequest
        from hubtui.tui.screens.plan import PlanScreen

        if fix := self._fix(Verb.STOP):
            request = StopRequest((ServerKey.parse(fix.target),))
            self.app.push_screen(PlanScreen(self._session, "stop", request, "Stop"))

    def action_sync_routes(self) -> None:
        """Plans to have the hub set the proxy's routes anew."""
        from hubtui.services.actions.sync_routes import SyncRoutesRequest
        from hubtui.tui.screens.plan import PlanScreen

        if self._fix(Verb.SYNC_ROUTES):
            request = SyncRoutesRequest()
            self.app.push_screen(PlanScreen(self._session, "sync-routes", request, "Sync"))

    def action_why(self) -> None:
        """What explains the pod, or the role's pods."""
        from hubtui.tui.screens.pullers import role_screen
        from hubtui.tui.screens.why import PodWhyScreen

        if fix := self._fix(Verb.WHY):
            role = _role(fix.target)
            if role is not None:
                self.app.push_screen(role_screen(self._session, role))
            else:
                self.app.push_screen(PodWhyScreen(self._session, self._key(fix)))

    def action_logs(self) -> None:
        """The log that tells most."""
        from hubtui.tui.screens.logs import LogsScreen

        if fix := self._fix(Verb.LOGS):
            role = _role(fix.target)
            pods = () if role is not None else (self._key(fix),)
            screen = LogsScreen(self._session, *pods, role=role, previous=fix.previous)
            self.app.push_screen(screen)

    def action_events(self) -> None:
        """The events of the pod."""
        from hubtui.tui.screens.events import EventsScreen
        from hubtui.views.events import About

        if fix := self._fix(Verb.EVENTS):
            self.app.push_screen(EventsScreen(self._session, About("Pod", fix.target)))

    def _key(self, fix: Fix) -> str:
        return f"{self._session.namespace}/{fix.target}"


def _role(name: str) -> Role | None:
    return Role(name) if name in set(Role) else None
