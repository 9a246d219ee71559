"""The status line: where this is, how the release stands, what runs; shortened in a told order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from hubtui.views.cells import EMPTY, SIGN_NOW, SIGN_SOON, SIGN_WAITING, Cell, Tone
from hubtui.views.lines import clip, width_of

PRODUCT = "hubtui"
RUNNING = "▸"
GAP = 2
"""Cells between the left and the right half, at least."""
MARGIN_FROM = 100
"""From this width on there is room for a free cell at both ends."""


class Badge(StrEnum):
    """Words on a background of their own."""

    CONTEXT = "context"
    READ_ONLY = "read-only"
    DEMO = "demo"


Piece = tuple[str, Tone | Badge]
Pieces = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """What the status line says; an empty field is not known or does not apply.

    `state` is the sign of the current revision with its tone, `age` since when it stands.
    `now` and `soon` count problems; None while nobody looks for problems. `alerts` counts those
    that fire, `urgent` the critical ones of them, `pending` those that are about to; None while
    nobody tells of any. `running` has the words of each operation under way, the oldest first.
    """

    context: str = ""
    namespace: str = ""
    release: str = ""
    chart: str = ""
    hub: str = ""
    revision: int | None = None
    state: Cell = EMPTY
    age: str = ""
    now: int | None = None
    soon: int | None = None
    alerts: int | None = None
    urgent: int = 0
    pending: int = 0
    running: tuple[str, ...] = ()
    read_only: bool = False
    demo: bool = False
    clock: str = ""


SHORTENING = (
    "alerts", "problems", "running", "versions", "versions", "revision", "revision", "context",
    "read_only", "product", "place", "context", "alerts", "problems", "running", "revision",
    "place", "context",
)  # fmt: skip
"""Which part takes its next shorter form when the line is too long: one after the other."""


def status_pieces(facts: StatusFacts, width: int) -> Pieces:
    """The line in exactly `width` terminal cells."""
    margin = 1 if width >= MARGIN_FROM else 0
    room = width - 2 * margin
    forms = _forms(facts)
    level = dict.fromkeys(forms, 0)
    steps = iter(SHORTENING)
    while True:
        chosen = {name: forms[name][min(level[name], len(forms[name]) - 1)] for name in forms}
        left, right = _left(chosen, tight=level["versions"] > 1), _right(chosen)
        blank = room - width_of(left) - width_of(right)
        if blank >= GAP or (step := next(steps, None)) is None:
            break
        level[step] += 1
    side: Pieces = ((" ", Tone.PLAIN),) if margin else ()
    if blank < 0:
        return _cut((*left, (" ", Tone.PLAIN), *right), width)
    return (*side, *left, (" " * blank, Tone.PLAIN), *right, *side)


def _forms(facts: StatusFacts) -> dict[str, list[Pieces]]:
    """Each part in its forms, the longest first."""
    return {
        "product": [((PRODUCT, Tone.ACCENT),), ()],
        "context": [_context(facts.context, cells) for cells in (40, 20, 12, 6)],
        "place": _place(facts),
        "versions": _versions(facts),
        "revision": _revision(facts),
        "running": _running(facts.running),
        "problems": _problems(facts),
        "alerts": _alerts(facts),
        "read_only": _badge(Badge.READ_ONLY, ("READ-ONLY", "RO")) if facts.read_only else [()],
        "demo": _badge(Badge.DEMO, ("DEMO",)) if facts.demo else [()],
        "clock": [((facts.clock, Tone.MUTED),) if facts.clock else ()],
    }


def _context(name: str, cells: int) -> Pieces:
    return ((f" {clip(name, cells)} ", Badge.CONTEXT),) if name else (("no cluster", Tone.SOON),)


def _badge(badge: Badge, words: Iterable[str]) -> list[Pieces]:
    return [((f" {word} ", badge),) for word in words]


def _place(facts: StatusFacts) -> list[Pieces]:
    if not facts.release:
        return [((facts.namespace, Tone.PLAIN),), ()] if facts.namespace else [()]
    release: Piece = (facts.release, Tone.PLAIN)
    if not facts.namespace:
        return [(release,), ()]
    return [((facts.namespace, Tone.PLAIN), (" › ", Tone.MUTED), release), (release,), ()]


def _versions(facts: StatusFacts) -> list[Pieces]:
    chart: Pieces = (("z2jh ", Tone.MUTED), (facts.chart, Tone.PLAIN)) if facts.chart else ()
    hub: Pieces = (("hub ", Tone.MUTED), (facts.hub, Tone.PLAIN)) if facts.hub else ()
    return [_dotted(chart, hub), hub, ()]


def _revision(facts: StatusFacts) -> list[Pieces]:
    if facts.revision is None:
        return [()]
    state = ((" ", Tone.PLAIN), *facts.state) if facts.state else ()
    age: Pieces = ((f" {facts.age}", Tone.MUTED),) if facts.age else ()
    short: Pieces = ((f"r{facts.revision}", Tone.MUTED), *state)
    full: Pieces = (("rev ", Tone.MUTED), (str(facts.revision), Tone.PLAIN), *state, *age)
    return [full, (*short, *age), short, ()]


def _running(operations: tuple[str, ...]) -> list[Pieces]:
    if not operations:
        return [()]
    count = len(operations)
    more = f" +{count - 1}" if count > 1 else ""
    forms = (f"{RUNNING} {operations[0]}{more}", f"{RUNNING} {count} running", f"{RUNNING}{count}")
    return [((form, Tone.TOOL),) for form in forms]


def _problems(facts: StatusFacts) -> list[Pieces]:
    if facts.now is None and facts.soon is None:
        return [()]
    counts = [
        (sign, count, tone)
        for sign, count, tone in (
            (SIGN_NOW, facts.now or 0, Tone.NOW),
            (SIGN_SOON, facts.soon or 0, Tone.SOON),
        )
        if count
    ]
    if not counts:
        return [(("no problems", Tone.MUTED),), ()]
    spaced = [((f"{sign} {count}", tone),) for sign, count, tone in counts]
    tight = [((f"{sign}{count}", tone),) for sign, count, tone in counts]
    total = sum(count for _, count, _ in counts)
    word: Pieces = ((f" problem{'s' if total > 1 else ''}", counts[-1][2]),)
    return [(*_joined(spaced, " "), *word), _joined(tight, " "), tight[0]]


def _alerts(facts: StatusFacts) -> list[Pieces]:
    """What fires, else what is about to: that nothing does is no news."""
    if not facts.alerts:
        if not facts.pending:
            return [()]
        words = f"{SIGN_WAITING} {facts.pending} alert{'s' if facts.pending > 1 else ''} pending"
        return [((words, Tone.MUTED),), ()]
    sign, tone = (SIGN_NOW, Tone.NOW) if facts.urgent else (SIGN_SOON, Tone.SOON)
    words = f"{sign} {facts.alerts} alert{'s' if facts.alerts > 1 else ''}"
    return [((words, tone),), ((f"a{sign}{facts.alerts}", tone),), ()]


def _left(parts: dict[str, Pieces], *, tight: bool) -> Pieces:
    details = _dotted(parts["versions"], parts["revision"])
    place = _joined([parts["product"], parts["context"], parts["place"]], " ")
    return _joined([place, details], " " if tight else "  ")


def _right(parts: dict[str, Pieces]) -> Pieces:
    badges = [
        parts["demo"],
        parts["read_only"],
        parts["running"],
        parts["problems"],
        parts["alerts"],
    ]
    return _joined([_joined(badges, " "), parts["clock"]], " ")


def _dotted(*parts: Pieces) -> Pieces:
    return _joined(parts, " · ")


def _joined(parts: Iterable[Pieces], between: str) -> Pieces:
    joined: list[Piece] = []
    for part in parts:
        if part:
            if joined:
                joined.append((between, Tone.MUTED))
            joined.extend(part)
    return tuple(joined)


def _cut(pieces: Pieces, width: int) -> Pieces:
    kept: list[Piece] = []
    for text, tone in pieces:
        shown = clip(text, width)
        kept.append((shown, tone))
        width -= width_of([(shown, tone)])
        if width <= 0:
            break
    return (*kept, (" " * max(0, width), Tone.PLAIN))
