"""What prepulls have left in the cluster that nobody works on any more."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from hubtui.model.prepull import Left, may_be_at_work
from hubtui.services.prepull import ours

if TYPE_CHECKING:
    from hubtui.services.session import Session

CLEAN = "hubtui prepull --clean"


async def left_over(session: Session, now: datetime) -> tuple[Left, ...]:
    """Those of this machine whose hubtui has ended, and those of others whose time is over.

    The store of DaemonSets says what is there. Raises RefusedError where the journal cannot be
    read.
    """
    there = ours(session.pods.stores.daemonsets, session.release)
    if not there:
        return ()
    begun = await asyncio.to_thread(session.operations.begun, "prepull")
    runs = {id_.lower(): under_way for id_, under_way in begun.items()}
    return tuple(each for each in there if not runs.get(each.operation, may_be_at_work(each, now)))


def left_words(left: Left) -> str:
    """One of them, and what takes it away."""
    return f"A prepull by {left.owner} has left the DaemonSet {left.name}: {CLEAN} takes it away."
