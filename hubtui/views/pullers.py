"""The image pullers as a matrix, node by image: what is there, what is pulled, what holds it up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from hubtui.model.age import precise, seconds_between, short
from hubtui.model.pulls import PullState
from hubtui.model.roles import AWAITER
from hubtui.services.pullers import Awaited, NodePulls, PullMatrix
from hubtui.views.cells import (
    EMPTY,
    SIGN_FINE,
    SIGN_NOW,
    SIGN_SOON,
    SIGN_WAITING,
    Cell,
    Span,
    Tone,
    cell,
    join,
)
from hubtui.views.document import INDENT, Hung
from hubtui.views.lines import clip_cell

DONE_TOLD: Final = 8
"""Nodes with all images that have a line of their own; the others are counted."""

WIDEST: Final = 32
"""Terminal cells of a node's name."""

_SIGNS: Final[dict[PullState, Span]] = {
    PullState.DONE: (SIGN_FINE, Tone.FINE),
    PullState.PULLING: (SIGN_WAITING, Tone.SOON),
    PullState.FAILED: (SIGN_NOW, Tone.NOW),
    PullState.WAITING: ("·", Tone.MUTED),
}


class Line(NamedTuple):
    """A line of a matrix, and the puller's pod that it is about."""

    cell: Cell | Hung
    row: NodePulls | None = None


def matrix_lines(matrix: PullMatrix, now: datetime) -> Iterator[Line]:
    """One puller: what is waited for, its nodes by its images, and which image is which."""
    ready = f"{matrix.ready} of {matrix.wanted} nodes have all images"
    yield Line(join(cell(matrix.daemonset, Tone.STRONG), cell(ready)))
    if matrix.awaited is not None:
        yield Line(_indented(_awaited(matrix, matrix.awaited)))
    if not matrix.rows:
        yield Line(_indented(cell("It has no pod yet.", Tone.MUTED)))
        return
    width = min(WIDEST, max(len(row.node or "no node") for row in matrix.rows))
    numbers = "".join(f"{number:>3}" for number in range(1, len(matrix.images) + 1))
    yield Line(((f"{INDENT}{'':<{width}}{numbers}", Tone.MUTED),))
    done = [row for row in matrix.rows if row.ready]
    for row in (*(row for row in matrix.rows if not row.ready), *done[:DONE_TOLD]):
        yield Line(_row(matrix, row, width, now), row)
    if len(done) > DONE_TOLD:
        more = f"and {len(done) - DONE_TOLD} more nodes that have all images"
        yield Line(_indented(cell(more, Tone.MUTED)))
    for number, image in enumerate(matrix.images, 1):
        yield Line(_legend(matrix, number, image))
        for words, nodes in _shared(matrix, image).items():
            yield Line(_told(words, nodes))


def gone_line(last: PullMatrix) -> Cell:
    """What is left to say of a hook's puller that is not in the cluster any more."""
    if not last.lacking:
        words = f"{last.daemonset} is gone: {last.ready} nodes had all images"
        return cell(words, Tone.MUTED)
    names = ", ".join(row.node or "a pod without a node" for row in last.lacking[:3])
    more = f" and {len(last.lacking) - 3} more" if len(last.lacking) > 3 else ""
    return cell(f"{last.daemonset} is gone; what lacked an image: {names}{more}", Tone.SOON)


def _awaited(matrix: PullMatrix, awaited: Awaited) -> Cell:
    which = "that should have a puller" if awaited.strict else "that have a puller"
    waits = f"{AWAITER} waits for the {awaited.wanted} nodes {which}"
    timeout = short(awaited.timeout.total_seconds())
    left = awaited.left.total_seconds()
    if left > 0:
        time = cell(f"{precise(left)} left of helm's timeout of {timeout}")
    else:
        time = cell(f"helm's timeout of {timeout} is over, if that was given", Tone.SOON)
    return join(cell(f"{waits}, {matrix.missing} more to come;"), time)


def _row(matrix: PullMatrix, row: NodePulls, width: int, now: datetime) -> Hung:
    pulls = {pull.image: pull for pull in row.pulls}
    signs: list[Span] = []
    for image in matrix.images:
        pull = pulls.get(image)
        sign, tone = _SIGNS[pull.state] if pull else (" ", Tone.PLAIN)
        signs += [("  ", Tone.PLAIN), (sign, tone)]
    name = clip_cell(cell(row.node or "no node"), width)
    pad = " " * (width - sum(len(text) for text, _ in name))
    head = ((INDENT, Tone.PLAIN), *name, (pad, Tone.PLAIN), *signs)
    indent = len(INDENT) + width + 3 * len(matrix.images) + 2
    return Hung((*head, ("  ", Tone.PLAIN), *_words(matrix, row, now)), indent)


def _words(matrix: PullMatrix, row: NodePulls, now: datetime) -> Cell:
    if row.leaving:
        return cell("its pod is deleted", Tone.MUTED)
    if row.ready:
        return EMPTY
    blocks = cell(f"{SIGN_SOON} blocks", Tone.SOON) if row in matrix.blocking else EMPTY
    if not row.node:
        return join(blocks, cell(row.words, Tone.SOON))
    pull = row.current
    if pull is None:
        begun = any(each.state is PullState.DONE for each in row.pulls)
        return join(blocks, cell("all images there, starts" if begun else "not begun yet"))
    number = matrix.images.index(pull.image) + 1
    for_so_long = f" for {precise(seconds_between(pull.since, now))}" if pull.since else ""
    if pull.state is PullState.FAILED:
        reason, _, words = pull.words.partition(": ")
        told = reason if words in _shared(matrix, pull.image) else pull.words
        return join(blocks, cell(f"{number} {told}", Tone.NOW), cell(for_so_long.strip()))
    return join(blocks, cell(f"pulls {number}{for_so_long}"))


def _legend(matrix: PullMatrix, number: int, image: str) -> Hung:
    states = [p.state for row in matrix.rows for p in row.pulls if p.image == image]
    done = sum(state is PullState.DONE for state in states)
    title = f"{INDENT}{number:>2} "
    words = join(cell(image), cell(f"on {done} of {len(states)}", Tone.MUTED))
    return Hung(((title, Tone.MUTED), *words), len(title))


def _shared(matrix: PullMatrix, image: str) -> dict[str, list[str]]:
    """What the registry says of an image on several nodes in the same words, with those nodes."""
    found: dict[str, list[str]] = {}
    for row in matrix.rows:
        pull = row.current
        if pull is not None and pull.image == image and pull.state is PullState.FAILED:
            words = pull.words.partition(": ")[2]
            if words:
                found.setdefault(words, []).append(row.node)
    return {words: nodes for words, nodes in found.items() if len(nodes) > 1}


def _told(words: str, nodes: Sequence[str]) -> Hung:
    where = f"on {len(nodes)} nodes: "
    lead = f"{INDENT}{'':>2} {where}"
    return Hung(((lead, Tone.MUTED), *cell(words, Tone.NOW)), len(INDENT) + 3)


def _indented(words: Cell) -> Hung:
    return Hung(((INDENT, Tone.PLAIN), *words), len(INDENT))
