"""`diff`: what changes from one revision to another, by field, folded by object, masked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hubtui.headless import shapes
from hubtui.headless.output import Answer
from hubtui.headless.releases import head_of, heads_of
from hubtui.headless.run import Run, ask, scope_of
from hubtui.model.diff import RevisionDiff
from hubtui.services.session import Session
from hubtui.services.store import Store, utc_now
from hubtui.views.cells import Cell, Tone
from hubtui.views.diff import DiffView


async def diff(run: Run, before: int, after: int | None, unfold: bool) -> int:
    """Compares revision `before` with `after`, by default with the current one."""

    async def question(session: Session) -> Answer:
        heads = await heads_of(run, session, session.release)
        old = head_of(heads, before)
        new = heads[0] if after is None else head_of(heads, after)
        redactor = await session.redactor()
        found = await session.releases.compare(old, new, redactor)
        return Answer(
            kind="diff",
            scope=scope_of(session),
            body={
                "before": old.revision,
                "after": new.revision,
                "changes": shapes.changes(found),
            },
            lines=lambda _width: diff_lines(found, unfold=unfold),
        )

    return await ask(run, question, _storage)


def _storage(session: Session) -> Sequence[Store[Any]]:
    return (session.releases.store,)


def diff_lines(found: RevisionDiff, *, unfold: bool = False) -> list[Cell]:
    """A diff as lines; long texts stay folded unless they are asked for."""
    view = DiffView(found)
    if unfold:
        view.open_all()
    if found.empty:
        return [((view.empty(), Tone.PLAIN),)]
    now = utc_now()
    order: Sequence[str] = view.keys()
    return [view.headline(), *(view.cells(key, now)[0] for key in order)]
