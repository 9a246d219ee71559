"""What the screens about one pod can open: its log, its events, its YAML, why it is not up."""

from __future__ import annotations

from hubtui.model.kinds import PODS
from hubtui.services.session import Session
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views.events import About


class PodScreen(ReadingScreen):
    """A document about the pod `key` (`namespace/name`)."""

    def __init__(self, session: Session, key: str, heading: str = "") -> None:
        super().__init__(heading or key.partition("/")[2])
        self._session = session
        self._key = key

    def action_logs(self) -> None:
        """The log of this pod."""
        from hubtui.tui.screens.logs import LogsScreen

        self.app.push_screen(LogsScreen(self._session, self._key))

    def action_events(self) -> None:
        """The events of this pod, as they come."""
        from hubtui.tui.screens.events import EventsScreen

        about = About("Pod", self._key.partition("/")[2])
        self.app.push_screen(EventsScreen(self._session, about))

    def action_yaml(self) -> None:
        """This pod as YAML."""
        from hubtui.tui.screens.yaml import YamlScreen

        self.app.push_screen(YamlScreen(self._session, PODS, self._key.partition("/")[2]))
