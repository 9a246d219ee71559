"""Opens a hub and keeps trying: what the app shows until a session is there."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Callable

from hubtui.config import Settings
from hubtui.errors import ConfigError, HubtuiError
from hubtui.services.opening import Opening
from hubtui.services.session import Session, Several

log = logging.getLogger(__name__)

HEAVY = ("aiohttp",)
"""Imported in a thread while the first frame paints."""

RETRY_FIRST, RETRY_MOST = 1.0, 15.0
"""Seconds before the first and the longest pause between two tries."""

Opened = Callable[[Session], None]
Chosen = Callable[[Several], None]
Failed = Callable[[HubtuiError, float], None]


def preload() -> None:
    """Imports what the first request needs."""
    for module in HEAVY:
        importlib.import_module(module)


class Connecting:
    """One try after the other to open a session, until it is there or cancelled.

    `opened` gets the session, `several` the hubs to choose from, `failed` an error and the seconds
    until the next try (0: there is none before the operator does something).
    """

    def __init__(self, opened: Opened, several: Chosen, failed: Failed) -> None:
        self._opened = opened
        self._several = several
        self._failed = failed
        self._settings = Settings()
        self._task: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def start(self, settings: Settings) -> None:
        """Opens the hub that the settings name; an earlier try is given up."""
        self.cancel()
        self._settings = settings
        self._task = asyncio.create_task(self._run(settings), name="connecting")

    def retry(self) -> None:
        """Tries again at once, whether it pauses or waits for an answer."""
        if self._task is not None:
            self.start(self._settings)

    def cancel(self) -> None:
        """Gives up."""
        if self._task is not None:
            self._task.cancel()
            self._ending.add(self._task)
            self._task.add_done_callback(self._ending.discard)
            self._task = None

    async def close(self) -> None:
        """Gives up, and waits until connections are closed and plugins ended."""
        self.cancel()
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _run(self, settings: Settings) -> None:
        opening: Opening | None = None
        pause = RETRY_FIRST
        try:
            await asyncio.to_thread(preload)
            while True:
                try:
                    opening = opening or Opening(settings)
                    found = await opening.connect(self._say_silent)
                except HubtuiError as error:
                    log.info("cannot open the hub: %s", error)
                    if isinstance(error, ConfigError):  # the operator must do something
                        self._failed(error, 0)
                        await asyncio.Event().wait()
                    self._failed(error, pause)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, RETRY_MOST)
                    continue
                if isinstance(found, Session):
                    self._opened(found)
                else:
                    self._several(found)
                return
        finally:
            if opening is not None:
                await opening.close()

    def _say_silent(self, silent: HubtuiError) -> None:
        self._failed(silent, 0)
