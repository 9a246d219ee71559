"""Makes what was searched for stand out in a cell."""

from __future__ import annotations

from hubtui.views.cells import Cell, Span, Tone


def highlight(cell: Cell, needle: str) -> Cell:
    """The cell with every occurrence of the needle, in whatever case, in the accent's tone."""
    if not needle:
        return cell
    text = "".join(part for part, _ in cell).lower()
    wanted = needle.lower()
    if wanted not in text or len(text) != sum(len(part) for part, _ in cell):
        return cell  # a letter whose lower case is longer would shift all others
    marked = [False] * len(text)
    at = text.find(wanted)
    while at >= 0:
        marked[at : at + len(wanted)] = [True] * len(wanted)
        at = text.find(wanted, at + len(wanted))
    spans: list[Span] = []
    place = 0
    for part, tone in cell:
        for character in part:
            shown = Tone.ACCENT if marked[place] else tone
            if spans and spans[-1][1] is shown:
                spans[-1] = (spans[-1][0] + character, shown)
            else:
                spans.append((character, shown))
            place += 1
    return tuple(spans)
