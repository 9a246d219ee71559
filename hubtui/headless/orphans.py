"""`orphans`: where hub, pods and the proxy's routes disagree for good."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Final

from hubtui.headless import shapes
from hubtui.headless.output import Answer, Note
from hubtui.headless.run import Run, opened, scope_of
from hubtui.headless.text import fitted
from hubtui.model.age import rfc3339
from hubtui.model.disagreement import Disagreement
from hubtui.services.orphans import HUB, Found
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.orphans import lines as lines_of
from hubtui.views.orphans import notes as notes_of
from hubtui.views.orphans import sentence

EVERY: Final = 10.0
"""Seconds between two looks with --watch."""


async def orphans(run: Run) -> int:
    """Looks once, and again where something may be under way; with --watch at every change.

    1 when the hub does not answer.
    """
    async with opened(run) as session:
        shown: object = None
        while True:
            found = await session.orphans.settle()
            seen = (found.lasting, found.coming, found.missing)
            if seen != shown:
                shown = seen
                run.out.show(_answer(session, found, utc_now()))
            if not run.watch:
                return 1 if any(each.source == HUB for each in found.missing) else 0
            await asyncio.sleep(EVERY)


def _answer(session: Session, found: Found, now: datetime) -> Answer:
    lines: list[Cell | Hung] = []
    for each in found.lasting:
        lines += [*([()] if lines else []), *lines_of(each)]
    if not lines:
        agrees = not (found.missing or found.coming)
        lines.append(cell(sentence(found), Tone.FINE if agrees else Tone.SOON))
    elif found.missing or found.coming:
        lines += [(), *notes_of(found)]
    return Answer(
        kind="orphans",
        scope=scope_of(session),
        body={
            "items": [shape(each) for each in found.lasting],
            "servers": found.servers if found.users is not None else None,
            "under_way": found.coming,
        },
        lines=lambda width: fitted(lines, width),
        notes=tuple(Note(each.source, each.reason) for each in found.missing),
        as_of=now,
    )


def shape(each: Disagreement) -> dict[str, Any]:
    """One disagreement; `since` is a least time: it was seen then."""
    return {
        "kind": each.kind.value,
        "user": each.server.user,
        "server": each.server.server,
        "pod": each.pod,
        "words": each.words,
        "todo": each.todo,
        "since": rfc3339(each.since),
        "fixes": [shapes.fix(fix) for fix in each.fixes],
    }
