"""Which servers are idle for as long as is asked, before a plan is made of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from hubtui.model.age import age, precise
from hubtui.services.users import ServerRow
from hubtui.views.cells import Cell, Tone, cell, join
from hubtui.views.document import Hung, fact
from hubtui.views.user_cells import active_at

SHOWN = 200
"""Servers that are named; the rest is counted."""


def idle_lines(rows: Collection[ServerRow], idle: float, now: datetime) -> Iterator[Cell | Hung]:
    """The servers without activity for so many seconds, longest first, and how many they are of."""
    running = [row for row in rows if row.server is not None and not row.server.stopped]
    found = [(at, row) for row in running if (at := idle_since(row)) and _passed(at, now) >= idle]
    found.sort(key=lambda each: (each[0], str(each[1].key)))
    if not running:
        yield cell("No server is running.", Tone.MUTED)
        return
    words = f"{len(found):,} of {len(running):,} servers are idle for {precise(idle)} or longer."
    yield cell(words, Tone.STRONG if found else Tone.MUTED)
    if found:
        yield cell("The plan says which of them are left alone, and why.", Tone.MUTED)
        yield ()
    for at, row in found[:SHOWN]:
        admin = cell("admin" if row.user.admin else "", Tone.MUTED)
        yield fact(str(row.key), join(cell(f"idle {age(at, now)}"), admin), width=30)
    if len(found) > SHOWN:
        yield cell(f"and {len(found) - SHOWN:,} more", Tone.MUTED)


def idle_since(row: ServerRow) -> datetime | None:
    """Since when nothing was seen of a server; its start where nothing was seen yet."""
    return active_at(row) or (row.server.started if row.server is not None else None)


def _passed(then: datetime, now: datetime) -> float:
    return (now - then).total_seconds()
