"""What can be started from a problem: the same plans and screens that the panes open."""

from __future__ import annotations

from typing import Final, Protocol

from textual.screen import Screen

from hubtui.model.hub import ServerKey
from hubtui.model.problem import NODE, Fix, Verb
from hubtui.model.roles import Role
from hubtui.model.values_path import nested
from hubtui.services.session import Session
from hubtui.tui import keys, of_claim, of_node
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

    def action_prepull(self) -> None:
        """Asks which images are pulled beforehand, with those marked that it is about."""
        from hubtui.tui.screens.prepull import prepull_screen

        if fix := self._fix(Verb.PREPULL):
            self.app.push_screen(prepull_screen(self._session, fix.target.split()))

    def action_drain(self) -> None:
        """The ways to empty the node."""
        from hubtui.tui.screens.drain import drain_screen

        if fix := self._fix(Verb.DRAIN):
            self.app.push_screen(drain_screen(self._session, fix.target))

    def action_delete_pod(self) -> None:
        """Plans to delete the pod that blocks."""
        from hubtui.services.actions.delete_pod import DeletePodRequest
        from hubtui.tui.screens.plan import PlanScreen

        if fix := self._fix(Verb.DELETE_POD):
            request = DeletePodRequest(fix.target, fix.force, orphan=fix.orphan)
            button = "Force" if fix.force else "Delete"
            self.app.push_screen(PlanScreen(self._session, "delete-pod", request, button))

    def action_stop(self) -> None:
        """Plans to stop the servers through the hub."""
        from hubtui.services.actions.stop import StopRequest
        from hubtui.tui.screens.plan import PlanScreen

        if fix := self._fix(Verb.STOP):
            request = StopRequest(tuple(map(ServerKey.parse, fix.targets)))
            self.app.push_screen(PlanScreen(self._session, "stop", request, "Stop"))

    def action_sync_routes(self) -> None:
        """Plans to have the hub set the proxy's routes anew."""
        from hubtui.services.actions.sync_routes import SyncRoutesRequest
        from hubtui.tui.screens.plan import PlanScreen

        if self._fix(Verb.SYNC_ROUTES):
            request = SyncRoutesRequest()
            self.app.push_screen(PlanScreen(self._session, "sync-routes", request, "Sync"))

    def action_expand(self) -> None:
        """Asks how large the claim shall be."""
        if fix := self._fix(Verb.EXPAND):
            of_claim.open_expand(self.app, self._session, fix.target)

    def action_upgrade(self) -> None:
        """Asks what becomes of the other values, with those that help filled in."""
        from hubtui.services.upgrade_sources import Source, Typed
        from hubtui.tui.screens.upgrade import UpgradeScreen

        if fix := self._fix(Verb.UPGRADE):
            overlay = nested((tuple(path.split(".")), value) for path, value in fix.sets)
            typed = Typed(source=Source.EDIT, overlay=overlay)
            self.app.push_screen(UpgradeScreen(self._session, typed))

    def action_maintenance(self) -> None:
        """Asks how servers are stopped in batches."""
        from hubtui.tui.screens.maintenance import MaintenanceScreen

        if self._fix(Verb.MAINTENANCE):
            self.app.push_screen(MaintenanceScreen(self._session))

    def action_why(self) -> None:
        """What explains the pod, or the role's pods, or why the node stays."""
        from hubtui.tui.screens.pullers import role_screen
        from hubtui.tui.screens.why import PodWhyScreen

        if fix := self._fix(Verb.WHY):
            role = _role(fix.target)
            if fix.target.startswith(NODE):
                of_node.open_stays(self.app, self._session, fix.target.removeprefix(NODE))
            elif role is not None:
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
