"""What earlier hubtuis left unfinished, told as soon as the cluster can be asked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Final

from hubtui.errors import DeniedError, HubtuiError
from hubtui.services.operations import Recovered
from hubtui.services.rollouts import LOG_IN
from hubtui.services.session import Session
from hubtui.services.store import State

log = logging.getLogger(__name__)

PAUSE: Final = 2.0
"""Seconds between two looks whether the connection is back."""

_SILENT: Final = (State.CONNECTING, State.STALE)


async def interrupted(session: Session) -> AsyncIterator[Recovered]:
    """What was left unfinished on this release, and what the cluster holds.

    What cannot be told while the cluster does not answer comes when the connection is back.
    Raises DeniedError when a right is missing.
    """
    operations, store = session.operations, session.releases.store
    while await asyncio.to_thread(operations.left):
        if store.health.state not in _SILENT:
            try:
                for found in await operations.recover_interrupted():
                    yield found
            except HubtuiError as error:
                if isinstance(error, DeniedError) and error.status != LOG_IN:
                    raise
                log.info("interrupted operations are asked for again: %s", error)
        await asyncio.sleep(PAUSE)
