"""`pods`: the pane as text, every pod as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hubtui.errors import UsageError
from hubtui.headless import shapes
from hubtui.headless.output import Answer
from hubtui.headless.run import Run, ask, require, scope_of, store_notes
from hubtui.model.roles import Role
from hubtui.services.pods import PodRow, RoleRow
from hubtui.services.session import Session
from hubtui.services.store import Store, utc_now
from hubtui.views.cells import Cell, Tone
from hubtui.views.filters import Filter
from hubtui.views.grid import table
from hubtui.views.pods import PodsView, words_of


async def pods(run: Run, text: str, role: str, everyone: bool) -> int:
    """The pods by role; those that match, or of one role, or all, one by one."""
    wanted = _role(role)
    pattern = Filter.parse(text)

    async def question(session: Session) -> Answer:
        await session.feeds.fill(*pod_stores(session))
        require(session.pods.stores.pods)
        view = PodsView(session.pods)
        view.drain()
        if wanted is not None or everyone:
            for each in [wanted] if wanted is not None else list(Role):
                view.toggle(f"role:{each}")
        view.set_filter(text)
        view.drain()
        return _answer(session, view, pattern, wanted)

    return await ask(run, question, pod_stores)


def pod_stores(session: Session) -> Sequence[Store[Any]]:
    """All that the pods' join reads."""
    stores = session.pods.stores
    return (stores.pods, stores.deployments, stores.statefulsets, stores.daemonsets)


def _role(name: str) -> Role | None:
    if not name:
        return None
    try:
        return Role(name)
    except ValueError:
        raise UsageError(
            f"There is no role {name!r}", remedy=f"Roles are: {', '.join(Role)}."
        ) from None


def _answer(session: Session, view: PodsView, pattern: Filter, wanted: Role | None) -> Answer:
    now = utc_now()
    roles = [each for each in session.pods.roles() if wanted in (None, each.role)]
    rows = [row for each in roles for row in each.pods if pattern.matches(words_of(row))]

    def lines(width: int) -> list[Cell]:
        order: Sequence[str] = view.keys()
        keys = [key for key in order if _shown(view, key, wanted)]
        if not keys:
            said = view.empty() if wanted is None else f"No pod of role {wanted}."
            return [((said, Tone.PLAIN),)]
        return table(view.columns, [view.cells(key, now) for key in keys], width)

    return Answer(
        kind="pods",
        scope=scope_of(session),
        body={
            "items": [shapes.pod(row, now) for row in rows],
            "roles": [shapes.role(each) for each in roles],
        },
        lines=lines,
        notes=store_notes(*pod_stores(session)),
        as_of=now,
    )


def _shown(view: PodsView, key: str, wanted: Role | None) -> bool:
    row: PodRow | RoleRow | None = view.row(key)
    return row is not None and wanted in (None, row.role)
