"""A table in memory, and an app around it that counts what is painted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from rich.style import Style
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.strip import Strip

from hubtui.tui import theme
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.table import Column, Dirty, Freshness

NOW = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)

SIZE = (60, 12)

COLUMNS = (
    Column("name", "NAME", 12),
    Column("ready", "READY", 5, align="right"),
    Column("age", "AGE", 6, align="right", rank=1),
    Column("why", "WHY", 10, grow=True, rank=2),
)

Row = tuple[str, str, str, str]


class MemorySource:
    """Rows by key, changed by hand."""

    def __init__(self, rows: dict[str, Row] | None = None) -> None:
        self.rows = rows or {}
        self.order = list(self.rows)
        self.columns: Sequence[Column] = COLUMNS
        self.ticks: dict[str, Literal["never", "minute", "second"]] = {}
        self.fresh = Freshness("live")
        self.asked: list[str] = []
        self._keys: set[str] = set()
        self._order = True

    def keys(self) -> Sequence[str]:
        return list(self.order)

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        self.asked.append(key)
        name, ready, age, why = self.rows[key]
        if age == "clock":
            age = f"{int((now - NOW).total_seconds())} s"
        return (cell(name, Tone.STRONG), cell(ready), cell(age, Tone.MUTED), cell(why, Tone.SOON))

    def drain(self) -> Dirty:
        dirty = Dirty(frozenset(self._keys), self._order)
        self._keys, self._order = set(), False
        return dirty

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        return self.ticks.get(key, "never")

    def freshness(self, now: datetime) -> Freshness:
        return self.fresh

    def empty(self) -> str:
        return "No server is running."

    def change(self, key: str, ready: str = "0/1") -> None:
        name, _, age, why = self.rows[key]
        self.rows[key] = (name, ready, age, why)
        self._keys.add(key)

    def reorder(self, order: list[str]) -> None:
        self.order = order
        self._order = True

    def insert(self, at: int, key: str, row: Row | None = None) -> None:
        self.rows[key] = row or (key, "1/1", "4 m", "")
        self.reorder([*self.order[:at], key, *self.order[at:]])

    def remove(self, *keys: str) -> None:
        self.reorder([key for key in self.order if key not in keys])


def many(count: int) -> MemorySource:
    return MemorySource({f"pod-{n:05}": (f"pod-{n:05}", "1/1", "4 m", "") for n in range(count)})


class CountingTable(LiveTable):
    """Notes every line that it is asked to paint."""

    def __init__(self, source: MemorySource) -> None:
        super().__init__(source, clock=lambda: NOW)
        self.painted: list[int] = []

    def render_line(self, y: int) -> Strip:
        self.painted.append(y)
        return super().render_line(y)


class TableApp(App[None]):
    """One table on the whole screen; `told` are the messages that it posted."""

    def __init__(self, source: MemorySource, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.source = source
        self.ascii_only = ascii_only
        self.table = CountingTable(source)
        self.told: list[Any] = []
        self.clock = NOW
        for own in theme.themes():
            self.register_theme(own)
        self.theme = theme.DARK

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    def beat(self, seconds: float = 0.25) -> None:
        self.clock += timedelta(seconds=seconds)
        self.table.beat(self.clock)

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        self.told.append(("selected", message.key))

    def on_live_table_highlighted(self, message: LiveTable.Highlighted) -> None:
        self.told.append(("highlighted", message.key))

    def on_live_table_marked(self, message: LiveTable.Marked) -> None:
        self.told.append(("marked", message.marks))

    def on_live_table_title_pressed(self, message: LiveTable.TitlePressed) -> None:
        self.told.append(("title", message.column))


async def settled(pilot: Pilot[None], app: TableApp) -> LiveTable:
    """All is painted; counting begins here."""
    await pilot.pause()
    app.beat()
    await pilot.pause()
    app.table.painted.clear()
    app.source.asked.clear()
    app.told.clear()
    return app.table


async def beaten(pilot: Pilot[None], app: TableApp, seconds: float = 0.25) -> list[int]:
    """The lines that were painted after one beat."""
    app.beat(seconds)
    await pilot.pause()
    painted, app.table.painted = app.table.painted, []
    return sorted(painted)


def style_at(app: TableApp, x: int, y: int) -> Style:
    return app.screen.get_style_at(x, y)


def screen_lines(app: App[Any]) -> list[str]:
    """What stands on the screen, line by line, as a terminal would show it."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]
