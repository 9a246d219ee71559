"""Why a node stays, as lines: the servers on it with when they go, and what else keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hubtui.model.scale_down import Blocker, Hold, Stays
from hubtui.views.cells import Cell, Tone, cell, join
from hubtui.views.document import INDENT, Hung, fact, heading
from hubtui.views.evidence import missing_lines

WAIT = "Cordon the node: no new server comes to it, and it is free when the last one is gone."
STOP = "Stop the servers that are idle, through the hub."
MEND = "Delete a pod that nobody needs any more, or mark it as safe to evict."


def stays_lines(found: Stays) -> Iterator[Cell | Hung]:
    """The whole answer on one node."""
    tone = Tone.SOON if found.held else Tone.FINE
    yield Hung(((INDENT, Tone.PLAIN), *cell(found.words, tone)), len(INDENT))
    for words in todo_of(found.blockers):
        yield Hung(((INDENT, Tone.PLAIN), *cell(words, Tone.ACCENT)), len(INDENT))
    others = [each for each in found.blockers if each.kind is not Hold.USER]
    yield from _part("Servers on it", found.users)
    yield from _part("What else keeps it", others)
    yield from missing_lines(found.missing)


def todo_of(blockers: Sequence[Blocker]) -> Iterator[str]:
    """What would free the node."""
    kinds = {each.kind for each in blockers if not each.may}
    if Hold.USER in kinds:
        yield f"{WAIT} {STOP}"
    if kinds & {Hold.NO_CONTROLLER, Hold.LOCAL_STORAGE, Hold.NOT_SAFE, Hold.SYSTEM}:
        yield MEND
    if Hold.BUDGET in kinds:
        yield "Give what the budget guards one more pod, or let the budget allow one to go."
    if Hold.NODE in kinds:
        yield "Take the mark off the node if nobody wants it kept any more."


def _part(title: str, blockers: Iterable[Blocker]) -> Iterator[Cell | Hung]:
    known = list(blockers)
    if known:
        yield ()
        yield heading(title)
    for each in known:
        words = cell(each.words, Tone.PLAIN if not each.may else Tone.MUTED)
        sign = cell("may", Tone.MUTED) if each.may else ()
        yield fact(each.kind, join(sign, words) if sign else words, width=18)


def node_heading(name: str) -> str:
    """The title of the answer."""
    return f"Why {name} stays"
