"""One container on a node: what became of it, as its status tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hubtui.demo.objects import stamp
from hubtui.demo.storage import Json

PAUSE, LONGEST_PAUSE = 10.0, 300.0
"""Seconds of the kubelet's back-off, for crashes and for pulls, and their limit."""

FORGIVEN: Final = 600.0
"""Seconds that a container must run until its crashes are forgotten."""


@dataclass
class Container:
    """A container with its state. `pause` is the back-off that its next end is followed by, at
    first none; `pull_pause` the one that followed the last failed pull."""

    spec: Json
    init: bool
    waits: str
    message: str = ""
    started_at: datetime | None = None
    ended: Json | None = None
    last: Json | None = None
    ready: bool = False
    restarts: int = 0
    pause: float = 0.0
    pull_pause: float = 0.0
    run: int = 0
    id: str = ""
    image_id: str = ""

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def image(self) -> str:
        return str(self.spec["image"])

    @property
    def path(self) -> str:
        """The field that an event about it names."""
        return f"spec.{'initContainers' if self.init else 'containers'}{{{self.name}}}"

    @property
    def is_sidecar(self) -> bool:
        return self.init and self.spec.get("restartPolicy") == "Always"

    @property
    def is_running(self) -> bool:
        return self.started_at is not None and self.ended is None

    @property
    def is_done(self) -> bool:
        """Whether it ended without an error."""
        return self.ended is not None and self.ended["exitCode"] == 0

    def wait(self, reason: str, message: str = "") -> None:
        """It waits for something."""
        if self.ended is not None:
            self.last, self.ended = self.ended, None
        self.started_at = None
        self.waits, self.message, self.ready = reason, message, False

    def start(self, now: datetime, number: str, image_id: str) -> None:
        """It runs, for the first time or again."""
        if self.ended is not None:
            self.last = self.ended
        if self.run:
            self.restarts += 1
        self.run += 1
        self.started_at, self.ended, self.ready = now, None, False
        self.id, self.image_id = f"containerd://{number}", image_id

    def end(self, now: datetime, reason: str, code: int) -> None:
        """It ended."""
        begun = self.started_at or now
        self.ended = {
            "exitCode": code,
            "reason": reason,
            "startedAt": stamp(begun),
            "finishedAt": stamp(now),
            "containerID": self.id,
        }
        self.ready = self.init and code == 0
        ran = (now - begun).total_seconds()
        self.pause = 0.0 if ran > FORGIVEN else self.pause

    def pause_of_crash(self) -> float:
        """The back-off before it is started again: none at first, then twice as long each time."""
        now, self.pause = self.pause, min(self.pause * 2 or PAUSE, LONGEST_PAUSE)
        return now

    def pause_of_pull(self) -> float:
        """The back-off before its image is pulled again."""
        self.pull_pause = min(self.pull_pause * 2 or PAUSE, LONGEST_PAUSE)
        return self.pull_pause

    def status(self) -> Json:
        """Its entry of the pod's status."""
        if self.ended is not None:
            state: Json = {"terminated": self.ended}
        elif self.started_at is not None:
            state = {"running": {"startedAt": stamp(self.started_at)}}
        else:
            state = {"waiting": {"reason": self.waits}}
            if self.message:
                state["waiting"]["message"] = self.message
        status: Json = {
            "name": self.name,
            "image": self.image,
            "imageID": self.image_id,
            "ready": self.ready,
            "started": self.is_running and (not self.init or self.is_sidecar),
            "restartCount": self.restarts,
            "state": state,
            "lastState": {"terminated": self.last} if self.last else {},
        }
        if self.id:
            status["containerID"] = self.id
        return status
