"""What the screens about one pod can open: its log, its events, its YAML, why it is not up."""

from __future__ import annotations

from hubtui.services.session import Session
from hubtui.tui import of_pod
from hubtui.tui.screens.reading import ReadingScreen


class PodScreen(ReadingScreen):
    """A document about the pod `key` (`namespace/name`)."""

    def __init__(self, session: Session, key: str, heading: str = "") -> None:
        super().__init__(heading or of_pod.name_of(key))
        self._session = session
        self._key = key

    def action_logs(self) -> None:
        """The log of this pod."""
        of_pod.open_logs(self.app, self._session, self._key)

    def action_events(self) -> None:
        """The events of this pod, as they come."""
        of_pod.open_events(self.app, self._session, self._key)

    def action_yaml(self) -> None:
        """This pod as YAML."""
        of_pod.open_yaml(self.app, self._session, self._key)
