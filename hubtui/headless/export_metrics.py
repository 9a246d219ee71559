"""`export-metrics`: what hubtui itself knows, as numbers for a Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hubtui.headless.output import Answer, Note
from hubtui.headless.run import Run, opened, require, scope_of
from hubtui.model import openmetrics
from hubtui.model.openmetrics import PREFIX, Family
from hubtui.services import exported
from hubtui.services.session import Session
from hubtui.services.store import utc_now


async def export_metrics(run: Run) -> int:
    """Looks once and prints OpenMetrics text, or the same as JSON; what could not be read is
    absent, and said beside.

    Raises DeniedError where pods may not be listed.
    """
    async with opened(run) as session:
        await exported.fill(session)
        require(session.pods.stores.pods)
        now = utc_now()
        families = [each for each in exported.families(session, now) if each.gauges]
        notes = tuple(Note(each.source, each.reason) for each in exported.unread(session))
    if run.out.json:
        run.out.show(_document(session, families, notes))
        return 0
    for note in notes:
        run.out.say(f"{note.source}: {note.reason}")
    common = {"namespace": session.namespace, "release": session.release}
    run.out.utf8(openmetrics.text(families, common))
    return 0


def _document(session: Session, families: Sequence[Family], notes: tuple[Note, ...]) -> Answer:
    return Answer(
        kind="export-metrics",
        scope=scope_of(session),
        body={"items": [item for family in families for item in _items(family)]},
        lines=lambda _: (),
        notes=notes,
    )


def _items(family: Family) -> list[dict[str, Any]]:
    return [
        {
            "name": PREFIX + family.name,
            "meaning": family.meaning,
            "unit": family.unit or None,
            "labels": dict(gauge.labels),
            "value": gauge.value,
        }
        for gauge in family.gauges
    ]
