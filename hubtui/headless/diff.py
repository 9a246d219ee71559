"""`diff`: what changes from one revision to another, by field, folded by object, masked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hubtui.errors import UsageError
from hubtui.headless.output import Answer, Note
from hubtui.headless.releases import heads_of
from hubtui.headless.run import Run, ask, scope_of
from hubtui.model.diff import RevisionDiff
from hubtui.services.releases import head_of
from hubtui.services.session import Session
from hubtui.services.store import Store, utc_now
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.diff import DiffView
from hubtui.views.diff_export import body


async def diff(run: Run, before: int | None, after: int | None, unfold: bool, live: bool) -> int:
    """Compares revision `before` with `after`, by default with the current one; with `live` a
    revision, by default the current one, with the cluster."""
    if live and after is not None:
        raise UsageError("--live compares one revision with the cluster, not two")
    if before is None and not live:
        raise UsageError("Which revision? One, two, or --live. See `hubtui --help`.")

    async def question(session: Session) -> Answer:
        heads = await heads_of(run, session, session.release)
        old = heads[0] if before is None else head_of(heads, before)
        redactor = await session.redactor()
        if live:
            found = await session.compare_live(old, heads, redactor)
        else:
            new = heads[0] if after is None else head_of(heads, after)
            found = await session.releases.compare(old, new, redactor)
        return _answer(session, found, unfold)

    return await ask(run, question, _storage)


def _answer(session: Session, found: RevisionDiff, unfold: bool) -> Answer:
    return Answer(
        kind="diff",
        scope=scope_of(session),
        body=body(found),
        lines=lambda _width: diff_lines(found, unfold=unfold),
        notes=tuple(Note(each.title, each.reason) for each in found.unread),
    )


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
    advice = [cell(found.advice, Tone.MUTED)] if found.advice else []
    return [view.headline(), *(view.cells(key, now)[0] for key in order), *advice]
