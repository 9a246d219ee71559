"""What an explanation or a problem rests on, and what could not be read for it, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from hubtui.model.age import age
from hubtui.model.why_facts import Evidence, Missing
from hubtui.views.cells import Cell, Tone, cell, join
from hubtui.views.document import Hung, fact, heading


def evidence_lines(evidence: Sequence[Evidence], now: datetime) -> Iterator[Cell | Hung]:
    """What was seen, where and when."""
    if evidence:
        yield ()
        yield heading("Evidence")
    for each in evidence:
        ago = f"{age(each.at, now)} ago" if each.at else ""
        seen = cell(each.words, Tone.SOON if each.warning else Tone.PLAIN)
        yield fact(each.source, join(seen, cell(ago, Tone.MUTED)), width=11)


def missing_lines(missing: Sequence[Missing]) -> Iterator[Cell | Hung]:
    """What could not be read, and why."""
    if missing:
        yield ()
        yield heading("Not read")
    for each in missing:
        yield fact(each.source, cell(each.reason, Tone.MUTED), width=18)
