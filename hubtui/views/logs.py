"""The lines of one log or of several as a table of one column: the newest are kept."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal

from hubtui.model.kube import Pod
from hubtui.model.roles import component_of, server_of, user_of
from hubtui.model.text import one_line
from hubtui.services.logs import LogLine, Source
from hubtui.views.cells import Cell, Span, Tone
from hubtui.views.lines import clip, width_of
from hubtui.views.table import Column, Dirty, Freshness

KEPT = 10_000
"""Lines that are kept."""

KEPT_CHARACTERS = 32_000_000
"""Characters that are kept: lines may be long."""

DROPPED_AT_ONCE = 1_000
"""Lines that go together, so that dropping costs nothing a line."""

SHOWN_OF_A_LINE = 2_000
"""Characters of a line that is not wrapped."""

ROWS_OF_A_LINE = 60
"""Rows that one wrapped line may take."""

NAME_WIDTH = 18
STAMP_WIDTH = 12

COLUMNS = (Column("line", "", 10, grow=True, sortable=False),)
SOURCE_TONES = (Tone.TOOL, Tone.WAITING, Tone.STRONG, Tone.ACCENT, Tone.MUTED)
"""The tones of the names in front: a source keeps its own."""

_LEVEL = re.compile(
    r"^\[(?P<short>[EWC]) |\b(?P<bad>ERROR|CRITICAL|FATAL|Traceback)\b|\b(?P<warn>WARN(?:ING)?)\b"
)


class LogView:
    """Logs that grow at their end. A key is the number of a line, counted from the first, and of
    a row in it where lines are wrapped: `17`, `17.1`."""

    def __init__(self) -> None:
        self._lines: list[LogLine] = []
        self._first = 0
        self._size = 0
        self._names: list[str] = []
        self._shown: list[int] = []
        self._keys: list[str] = []
        self._text = ""
        self._width = 80
        self._dirty = True
        self._repaint = False
        self.wrapped = False
        self.stamps = False
        self.only_matches = True
        self.sentence = "Waiting for the first line …"

    @property
    def columns(self) -> Sequence[Column]:
        return COLUMNS

    @property
    def count(self) -> int:
        """How many lines came since the log was opened."""
        return self._first + len(self._lines)

    @property
    def dropped(self) -> int:
        """How many of them are no longer kept."""
        return self._first

    @property
    def hidden(self) -> int:
        """How many of the kept lines do not match."""
        return len(self._lines) - len(self._shown)

    def rows(self) -> Iterator[str]:
        """The lines that are shown, with their names and times, whole."""
        for number in self._shown:
            line = self._line(number)
            yield f"{self._head(line)}{line.text}"

    @property
    def text(self) -> str:
        """The lines that are shown."""
        return "\n".join(self.rows())

    def clear(self) -> None:
        """Starts anew, for another log."""
        self._lines.clear()
        self._first = self._size = 0
        self._arrange()

    def set_names(self, names: Sequence[str]) -> None:
        """What the sources are called; one source alone needs no name in front."""
        if list(names) != self._names:
            self._names = list(names)
            self._again()

    def add(self, lines: Iterable[LogLine]) -> None:
        """More lines at the end."""
        for line in lines:
            self._lines.append(line)
            self._size += len(line.text)
            self._append(self.count - 1)
        self._dirty = True
        if len(self._lines) > KEPT + DROPPED_AT_ONCE or self._size > KEPT_CHARACTERS:
            self._drop()

    def _drop(self) -> None:
        surplus = max(0, len(self._lines) - KEPT)
        size = self._size - sum(len(line.text) for line in self._lines[:surplus])
        while size > KEPT_CHARACTERS * 0.9 and surplus < len(self._lines) - 1:
            size -= len(self._lines[surplus].text)
            surplus += 1
        del self._lines[:surplus]
        self._first += surplus
        self._size = size
        del self._shown[: bisect_left(self._shown, self._first)]
        at = 0
        while at < len(self._keys) and _number(self._keys[at]) < self._first:
            at += 1
        del self._keys[:at]

    def look_for(self, text: str) -> None:
        """Shows only the lines that hold the text, whatever its case; or marks it in all."""
        self._text = text.lower()
        self._again()

    def show_only_matches(self, only: bool) -> None:
        """Whether lines without a match are hidden, or all are shown with the matches marked."""
        self.only_matches = only
        self._again()

    def wrap(self, wrapped: bool) -> None:
        """Whether long lines go on in the next row."""
        self.wrapped = wrapped
        self._again()

    def show_stamps(self, stamps: bool) -> None:
        """Whether the time stands before each line."""
        self.stamps = stamps
        self._again()

    def resize(self, width: int) -> None:
        """A row has so many terminal cells from now on."""
        if width != self._width:
            self._width = width
            if self.wrapped:
                self._again()

    def _again(self) -> None:
        self._arrange()
        self._repaint = True

    def _arrange(self) -> None:
        self._shown, self._keys = [], []
        for number in range(self._first, self.count):
            self._append(number)
        self._dirty = True

    def _append(self, number: int) -> None:
        line = self._line(number)
        if self._text and self.only_matches and not self._holds(line):
            return
        self._shown.append(number)
        self._keys.append(str(number))
        if self.wrapped:
            rows = -(-len(_spread(line.text)) // self._room(line)) or 1
            self._keys.extend(f"{number}.{row}" for row in range(1, min(rows, ROWS_OF_A_LINE)))

    def _holds(self, line: LogLine) -> bool:
        return self._text in line.text.lower()

    def _line(self, number: int) -> LogLine:
        return self._lines[number - self._first]

    def _room(self, line: LogLine) -> int:
        """Characters of a line that a row takes; a character may be two cells wide."""
        room = self._width - width_of(self._front(line))
        return max(1, room if line.text.isascii() else room // 2)

    def _head(self, line: LogLine) -> str:
        name = f"{self._names[line.source]}: " if self._is_named(line) else ""
        return f"{f'{line.at} ' if self.stamps and line.at else ''}{name}"

    def _is_named(self, line: LogLine) -> bool:
        return len(self._names) > 1 and line.source < len(self._names)

    def _front(self, line: LogLine) -> list[Span]:
        front: list[Span] = []
        if self.stamps:
            front.append((f"{line.at[11 : 11 + STAMP_WIDTH]:<{STAMP_WIDTH}} ", Tone.MUTED))
        if self._is_named(line):
            width = min(NAME_WIDTH, max(width_of(((name, None),)) for name in self._names))
            name = clip(self._names[line.source], width)
            blank = " " * (width - width_of(((name, None),)) + 1)
            front.append((name + blank, SOURCE_TONES[line.source % len(SOURCE_TONES)]))
        return front

    def keys(self) -> Sequence[str]:
        return self._keys

    def last(self) -> str | None:
        """The key of the last row that is shown."""
        return self._keys[-1] if self._keys else None

    def next_match(self, key: str | None, direction: Literal[1, -1]) -> str | None:
        """The nearest line that holds what is looked for, above or below a row."""
        if not self._text:
            return None
        here = _number(key) if key else (self._first - 1 if direction > 0 else self.count)
        order = self._shown if direction > 0 else reversed(self._shown)
        return next(
            (str(n) for n in order if (n - here) * direction > 0 and self._holds(self._line(n))),
            None,
        )

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        number, _, row = key.partition(".")
        index = int(number) - self._first
        if not 0 <= index < len(self._lines):
            return ((),)
        line = self._lines[index]
        front, text = self._front(line), _spread(line.text)
        if not self.wrapped:
            return ((*front, *self._toned(text[:SHOWN_OF_A_LINE], head=True)),)
        room, at = self._room(line), int(row or 0)
        piece = text[at * room : (at + 1) * room]
        if at:
            front = [(" " * width_of(front), Tone.PLAIN)] if front else []
        if at == ROWS_OF_A_LINE - 1 and len(text) > (at + 1) * room:
            piece = f"… {len(text) - at * room:,} more characters"
        return ((*front, *self._toned(piece, head=not at)),)

    def _toned(self, text: str, *, head: bool) -> Iterator[Span]:
        """The text with what is looked for marked, and a level at its head in its tone."""
        level = _LEVEL.search(text, 0, 120) if head else None
        start = 0
        if level is not None and not self._text:
            bad = level["bad"] or level["short"] in ("E", "C")
            yield text[: level.start()], Tone.PLAIN
            yield level.group(), Tone.NOW if bad else Tone.SOON
            start = level.end()
        low = text.lower() if self._text else ""
        while self._text and len(low) == len(text) and (at := low.find(self._text, start)) >= 0:
            yield text[start:at], Tone.PLAIN
            start = at + len(self._text)
            yield text[at:start], Tone.ACCENT
        yield text[start:], Tone.PLAIN

    def drain(self) -> Dirty:
        dirty, self._dirty = self._dirty, False
        repaint, self._repaint = self._repaint, False
        return Dirty(frozenset(self._keys) if repaint else frozenset(), order=dirty)

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        return "never"

    def freshness(self, now: datetime) -> Freshness:
        return Freshness("")

    def empty(self) -> str:
        if self._text and self.only_matches and self._lines:
            return f"No line holds {self._text!r}."
        return self.sentence


def log_headline(
    view: LogView, sources: Sequence[Source], left_out: int, since: str, previous: bool
) -> str:
    """What of which containers is shown."""
    containers = list(dict.fromkeys(source.container for source in sources))
    pods = f"{len(sources)} pods" if len(sources) > 1 else ""
    more = f"{left_out} more pods not followed" if left_out else ""
    lines = f"{view.count:,} lines"
    dropped = f"the first {view.dropped:,} dropped" if view.dropped else ""
    hidden = f"{view.hidden:,} hidden" if view.hidden else ""
    which = "before the last restart" if previous else ""
    parts = (", ".join(containers[:3]), pods, more, which, since, lines, dropped, hidden)
    return " · ".join(part for part in parts if part)


def log_state(sources: Sequence[Source]) -> str:
    """What keeps logs from coming; "" while all of them come."""
    kept = [source for source in sources if source.state and source.state != "connecting"]
    if not kept:
        return ""
    if len(sources) == 1:
        return kept[0].state
    ended = sum(1 for source in kept if source.error is None)
    failed = len(kept) - ended
    words = [f"{ended} of {len(sources)} ended"] if ended else []
    if failed:
        words.append(f"{failed} not read: {next(s.state for s in kept if s.error is not None)}")
    return " · ".join(words)


def short_names(pods: Sequence[Pod]) -> list[str]:
    """What to call the pods of several logs: users by their names, parts by the end of theirs."""
    components = {component_of(pod.metadata.labels) for pod in pods}
    short = [_short_name(pod, alone=len(components) == 1) for pod in pods]
    whole = [pod.metadata.name for pod in pods]
    return [
        name if all(w == mine for n, w in zip(short, whole, strict=True) if n == name) else mine
        for name, mine in zip(short, whole, strict=True)
    ]


def _short_name(pod: Pod, *, alone: bool) -> str:
    if user_of(pod):
        user = user_of(pod).partition("@")[0]
        return one_line(f"{user}/{server_of(pod)}" if server_of(pod) else user)
    end = pod.metadata.name.rpartition("-")[2]
    component = component_of(pod.metadata.labels)
    return end if alone or not component else f"{component}-{end}"


def _number(key: str) -> int:
    return int(key.partition(".")[0])


def _spread(text: str) -> str:
    return text.expandtabs(4) if "\t" in text else text
