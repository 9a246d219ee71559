"""The hub's log, in JupyterHub's own form."""

from __future__ import annotations

from typing import Final

from hubtui.demo.world import World

CONTAINER: Final = "hub"


class Pen:
    """Writes into the log of the hub's pod; without a pod nothing is written."""

    def __init__(self, world: World, namespace: str) -> None:
        self._world = world
        self._namespace = namespace
        self.pod = ""

    def info(self, where: str, text: str) -> None:
        """What happened, and at which place of JupyterHub's code (`base:1192`)."""
        self._write("I", where, text)

    def warning(self, where: str, text: str) -> None:
        """What should not have happened."""
        self._write("W", where, text)

    def error(self, where: str, text: str) -> None:
        """What went wrong; the text may have lines."""
        self._write("E", where, text)

    def critical(self, where: str, text: str) -> None:
        """Why the hub ends."""
        self._write("C", where, text)

    def culler(self, level: str, where: str, text: str) -> None:
        """A line of the idle culler, which writes into the same log in tornado's form."""
        when = self._world.timeline.now.strftime("%y%m%d %H:%M:%S")
        self._put(f"[{level} {when} {where}] {text}")

    def _write(self, level: str, where: str, text: str) -> None:
        now = self._world.timeline.now
        when = f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 1000:03d}"
        self._put(f"[{level} {when} JupyterHub {where}] {text}")

    def _put(self, text: str) -> None:
        if self.pod:
            self._world.logs.write(self._namespace, self.pod, CONTAINER, *text.split("\n"))
