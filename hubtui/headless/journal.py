"""`journal`: the operations of this user on this machine. Asks no cluster."""

from __future__ import annotations

from typing import Any

from hubtui.headless.output import Answer, Note, Scope
from hubtui.headless.run import Run
from hubtui.model.age import rfc3339
from hubtui.services.journal import Entry, Journal
from hubtui.services.store import utc_now
from hubtui.views.cells import Cell, Tone
from hubtui.views.grid import table
from hubtui.views.journal import COLUMNS, entry_rows, said_rows


def journal(run: Run, last: int) -> int:
    """Prints the newest operations, newest first."""
    record = Journal().read(last)
    now = utc_now()
    notes = (Note("journal", f"{record.broken} lines cannot be read"),) if record.broken else ()

    def lines(width: int) -> list[Cell]:
        rows = [
            row
            for entry in record.entries
            for row in (*entry_rows((), (entry,), now).values(), *said_rows(entry, now))
        ]
        return table(COLUMNS, rows, width) if rows else [(("No operation so far.", Tone.PLAIN),)]

    settings = run.settings
    run.out.show(
        Answer(
            kind="journal",
            scope=Scope(settings.context, settings.namespace, settings.release),
            body={"items": [_item(entry) for entry in record.entries]},
            lines=lines,
            notes=notes,
            as_of=now,
        )
    )
    return 0


def _item(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": rfc3339(entry.at),
        "ended": rfc3339(entry.ended),
        "who": entry.who,
        "context": entry.context,
        "server": entry.server,
        "namespace": entry.namespace,
        "release": entry.release,
        "action": entry.action,
        "title": entry.title,
        "summary": entry.summary,
        "targets": list(entry.targets),
        "basis": entry.basis,
        "rests_on": dict(entry.rests_on),
        "overrides": list(entry.overrides),
        "steps": [{"at": rfc3339(said.at), "words": said.words} for said in entry.said],
        "outcome": entry.outcome.to_json() if entry.outcome else None,
    }
