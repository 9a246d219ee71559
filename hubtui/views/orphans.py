"""Where hub, pods and routes disagree, as a table, and one disagreement in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from hubtui.model.age import age
from hubtui.model.disagreement import Disagreement
from hubtui.model.problem import Missing
from hubtui.services.orphans import Found
from hubtui.views.cells import SIGN_NOW, Cell, Tone, cell
from hubtui.views.document import INDENT, Hung, heading
from hubtui.views.problems import KeyOf, fix_line, no_key
from hubtui.views.table import Column

COLUMNS: Final = (
    Column("kind", "KIND", 14, sortable=False),
    Column("who", "WHO", 18, sortable=False),
    Column("pod", "POD", 24, rank=3, sortable=False),
    Column("what", "WHAT", 20, grow=True, sortable=False),
    Column("since", "SINCE", 7, align="right", rank=2, sortable=False),
    Column("fix", "FIX", 12, rank=1, sortable=False),
)
LOOKING: Final = "Asking hub, proxy and cluster …"


def rows(found: Found, now: datetime) -> Mapping[str, Sequence[Cell]]:
    """The disagreements by key."""
    return {each.key: _cells(each, now) for each in found.lasting}


def _cells(each: Disagreement, now: datetime) -> Sequence[Cell]:
    fix = each.fixes[0].verb.value if each.fixes else "–"
    return (
        cell(each.kind, Tone.NOW),
        cell(str(each.server)),
        cell(each.pod or "–", Tone.PLAIN if each.pod else Tone.MUTED),
        cell(each.words),
        cell(f"≥ {age(each.since, now)}", Tone.MUTED),
        cell(fix, Tone.ACCENT),
    )


def headline(found: Found) -> Cell:
    """How many there are; `?` where one side could not be read."""
    number = len(found.lasting)
    if not number and found.missing:
        return cell("?", Tone.SOON)
    return cell(f"{SIGN_NOW} {number}", Tone.NOW) if number else cell("none", Tone.MUTED)


def sentence(found: Found | None) -> str:
    """What stands where no row is."""
    if found is None:
        return LOOKING
    if found.missing:
        return " ".join(unsaid_words(found.missing))
    if found.coming:
        return coming_words(found)
    return f"Hub, pods and routes agree: {found.servers:,} servers."


def unsaid_words(missing: Iterable[Missing]) -> list[str]:
    """Of which side nothing can be said, a sentence each."""
    return [f"Cannot be said: {each.source} ({each.reason.rstrip('.')})." for each in missing]


def coming_words(found: Found) -> str:
    """What was seen and may be a spawn or a stop under way."""
    return (
        f"{found.coming:,} may be a spawn or a stop under way: looked at again."
        if found.coming
        else ""
    )


def notes(found: Found) -> Iterator[Cell]:
    """What restricts the answer."""
    for words in unsaid_words(found.missing):
        yield cell(words, Tone.SOON)
    if found.coming:
        yield cell(coming_words(found), Tone.MUTED)


def lines(each: Disagreement, key_of: KeyOf = no_key) -> Iterator[Cell | Hung]:
    """One disagreement in full, and what mends it."""
    head = f"{each.kind}: {each.words}"
    yield Hung(cell(f"{SIGN_NOW} {head[:1].upper()}{head[1:]}.", Tone.NOW), len(INDENT))
    yield Hung(((INDENT, Tone.PLAIN), *cell(each.todo, Tone.ACCENT)), len(INDENT))
    if each.fixes:
        yield ()
        yield heading("What starts from here")
    for fix in each.fixes:
        yield fix_line(fix, key_of(fix.verb))
