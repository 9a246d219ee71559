"""The keys that apply where one came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from hubtui.config import Demo
from hubtui.tui import keys
from hubtui.tui.keys import Active
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung, fact, heading

SAFETY = (
    "Nothing is changed by one key: a command that changes the cluster shows a plan first, and a "
    "name must be typed. In read-only mode nothing can be written, whatever is pressed."
)


class HelpScreen(ReadingScreen):
    """Help for the screen below, made from the commands that can be reached there."""

    def __init__(self, active: Sequence[Active], demo: Demo | None = None) -> None:
        super().__init__("Help")
        self._demo = demo
        self._active = active

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        if self._demo is not None:
            yield from _about(self._demo)
        group = ""
        for entry in self._active:
            if entry.command.group != group:
                if group:
                    yield ()
                group = entry.command.group
                yield heading(group)
            yield fact(
                " ".join(keys.key_display(key) for key in entry.command.keys),
                cell(entry.command.help, Tone.PLAIN),
                width=18,
            )
        yield ()
        yield cell(SAFETY, Tone.MUTED)


def _about(demo: Demo) -> Iterable[Cell | Hung]:
    path = f"{demo.folder}/kubeconfig"
    yield heading("The demo")
    yield cell("This is a simulated cluster, which ends with hubtui. From another terminal:")
    yield fact("helm", cell(f"helm --kubeconfig {path} history hub -n hub"), width=18)
    yield fact("hubtui", cell(f"hubtui --kubeconfig {path} status"), width=18)
    yield ()
