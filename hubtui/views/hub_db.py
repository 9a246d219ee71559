"""What is known of the hub's database, as lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hubtui.model.age import age
from hubtui.model.hub_db import DbKind, HubDb, backup_words
from hubtui.model.quantity import short_size
from hubtui.views.cells import Cell, Tone, cell, join
from hubtui.views.document import Hung, fact


def database_lines(known: HubDb | None, now: datetime) -> Iterator[Cell | Hung]:
    """Its kind, its claim, who has it, copies beside it, and what stands in its way."""
    if known is None:
        yield cell("Looking at the hub's database …", Tone.MUTED)
        return
    yield fact("kind", _kind(known))
    if known.setting is not None and known.setting.url:
        yield fact("at", cell(known.setting.url))
    if known.claim:
        yield from _claim(known)
    held = f"{known.pod} on {known.node or 'no node yet'}" if known.pod else "no pod of the hub"
    yield fact("held by", cell(held))
    if known.holding is not None:
        yield fact("waits", cell(f"The {known.holding.words}. {known.holding.todo}", Tone.NOW))
    yield fact("copies", cell(backup_words(known.backups)))
    for said in known.said[-3:]:
        ago = join(cell(said.line), cell(f"{age(said.at, now)} ago", Tone.MUTED))
        yield fact("its log", ago)
    for each in known.missing:
        yield fact(each.source, cell(f"? {each.reason}", Tone.MUTED))


def _kind(known: HubDb) -> Cell:
    if known.setting is None:
        return cell("? the release's values cannot be read", Tone.MUTED)
    if known.setting.kind is DbKind.MEMORY:
        return cell(f"{known.setting.kind}: it is gone with each restart", Tone.SOON)
    return cell(known.setting.kind.value)


def _claim(known: HubDb) -> Iterator[Cell | Hung]:
    tone = Tone.NOW if known.phase in ("Lost", "absent", "Terminating") else Tone.PLAIN
    size = f", {short_size(known.size)}" if known.size is not None else ""
    yield fact("claim", cell(f"{known.claim}, {known.phase or '?'}{size}", tone))
    words = {True: "yes, its class allows it", False: "no", None: "? its class is not known"}
    yield fact("expandable", cell(words[known.expandable]))
    written = known.setting.size if known.setting is not None else ""
    if written:
        yield fact("values", cell(f"hub.db.pvc.storage: {written}"))
