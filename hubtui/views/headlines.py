"""The strip of the panes' headlines, for when one pane has the whole screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hubtui.views.cells import EMPTY, Cell, Span, Tone
from hubtui.views.lines import merged, pad, width_of

BETWEEN: Span = ("  ", Tone.PLAIN)
SHORT = 4
"""How many letters of a title are left when room is scarce."""

BARE = 4
"""The level at which the headlines of the other panes are their numbers."""


@dataclass(frozen=True, slots=True)
class Headline:
    """A pane in a few words: `words` are what its first line answers, such as `r12 ●`."""

    number: int
    title: str
    words: Cell = EMPTY


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a headline stands in the strip, for the mouse."""

    number: int
    start: int
    end: int


def strip_line(
    headlines: Sequence[Headline], shown: int, width: int
) -> tuple[Cell, tuple[Placed, ...]]:
    """The strip in exactly `width` cells, and where each headline stands.

    When room is scarce, titles are shortened first, then quiet words go, then all words, then the
    titles; the headline of the pane that is shown keeps its own.
    """
    parts = [_part(headline, shown, level=0) for headline in headlines]
    for level in (1, 2, 3, BARE):
        if _needed(parts) <= width:
            break
        parts = [_part(headline, shown, level=level) for headline in headlines]
    spans: list[Span] = []
    placed = []
    at = 0
    for headline, part in zip(headlines, parts, strict=True):
        placed.append(Placed(headline.number, at, at + width_of(part)))
        spans.extend([*part, BETWEEN])
        at += width_of(part) + len(BETWEEN[0])
    return pad(merged(spans), width), tuple(placed)


def _needed(parts: Sequence[Cell]) -> int:
    return sum(width_of(part) for part in parts) + len(BETWEEN[0]) * max(0, len(parts) - 1)


def _part(headline: Headline, shown: int, *, level: int) -> Cell:
    if headline.number == shown:
        title: Cell = ((f"{headline.number} {headline.title}", Tone.ACCENT),)
        words = headline.words
    else:
        if level == BARE:
            return ((f"{headline.number}", Tone.MUTED),)
        name = headline.title if level == 0 else headline.title[:SHORT]
        title = ((f"{headline.number} ", Tone.MUTED), (name, Tone.PLAIN))
        words = _words(headline.words, level)
    return (*title, (" ", Tone.PLAIN), *words) if words else title


def _words(words: Cell, level: int) -> Cell:
    if level < 2:
        return words
    if level == 2 and any(tone in (Tone.NOW, Tone.SOON) for _, tone in words):
        return tuple(span for span in words if span[1] in (Tone.NOW, Tone.SOON))
    return EMPTY
