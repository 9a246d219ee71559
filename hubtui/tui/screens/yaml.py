"""An object as YAML, its secrets masked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from hubtui.errors import HubtuiError
from hubtui.model.kinds import Kind
from hubtui.services.objects import object_yaml
from hubtui.services.session import Session
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.table import Freshness
from hubtui.views.yaml import yaml_cell


class YamlScreen(ReadingScreen):
    """The YAML of one object of the namespace, as it was when it was opened."""

    def __init__(self, session: Session, kind: Kind[Any], name: str) -> None:
        super().__init__(f"{kind.kind} {name}")
        self._session = session
        self._kind = kind
        self._object = name
        self._found: list[Cell | Hung] = [cell("Reading the object …", Tone.MUTED)]
        self._work: asyncio.Task[None] | None = None

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        return self._found

    def on_mount(self) -> None:
        super().on_mount()
        self._work = asyncio.create_task(self._read(), name="yaml")

    async def _read(self) -> None:
        try:
            found = await object_yaml(self._session, self._kind, self._object)
            self._found = [yaml_cell(line) for line in found]
            self.frame.show_freshness(Freshness("secrets masked"))
        except HubtuiError as error:
            self._found = [cell(str(error), Tone.NOW)]
        self.document.touch()

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()
