"""What the table paints and computes: counted lines, never measured time."""

from __future__ import annotations

from rich.console import Console
from textual.color import Color

from hubtui.tui import theme
from hubtui.views.cells import Tone
from hubtui.views.table import Freshness

from .tables import SIZE, MemorySource, TableApp, beaten, many, screen_lines, settled, style_at

ROWS = SIZE[1] - 1
BYTES_OF_A_ROW = 700
"""Design §9."""


async def test_a_changed_row_repaints_its_line_only() -> None:
    app = TableApp(many(200))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        app.source.change("pod-00004")
        assert await beaten(pilot, app) == [5]
        assert "0/1" in screen_lines(app)[5]


async def test_a_change_off_screen_repaints_nothing_and_computes_nothing() -> None:
    app = TableApp(many(200))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        app.source.change("pod-00150")
        assert await beaten(pilot, app) == []
        assert app.source.asked == []
        await pilot.press("G")
        app.table.move_to("pod-00150")
        await pilot.pause()
        assert any("pod-00150      0/1" in line for line in screen_lines(app))


async def test_a_changed_row_costs_few_bytes() -> None:
    row = ("日本-user", "0/1", "4 m", "ImagePullBackOff " * 12)
    app = TableApp(MemorySource({"a": row, "b": row}))
    async with app.run_test(size=(160, 12)) as pilot:
        table = await settled(pilot, app)
        console = Console(color_system="truecolor", force_terminal=True)
        sent = table.render_line(2).render(console)
        assert "ImagePullBackOff" in sent
        assert len(sent.encode()) <= BYTES_OF_A_ROW


async def test_a_row_that_is_dirty_but_reads_the_same_is_not_painted() -> None:
    app = TableApp(many(20))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        app.source.change("pod-00004", ready="1/1")
        assert await beaten(pilot, app) == []


async def test_nothing_changes_nothing_is_painted() -> None:
    app = TableApp(many(20))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        for _ in range(8):
            assert await beaten(pilot, app) == []
        assert app.source.asked == []


async def test_one_step_repaints_two_lines() -> None:
    app = TableApp(many(20))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.press("j")
        await pilot.pause()
        assert sorted(app.table.painted) == [1, 2]


async def test_rows_that_come_and_go_repaint_the_lines_below_and_lay_out_nothing() -> None:
    app = TableApp(many(5))
    async with app.run_test(size=SIZE) as pilot:
        table = await settled(pilot, app)
        layouts = table._layout_updates
        app.source.insert(3, "new")
        assert await beaten(pilot, app) == [4, 5, 6]
        app.source.remove("new")
        assert await beaten(pilot, app) == [4, 5, 6]
        assert table._layout_updates == layouts
        assert screen_lines(app)[6] == ""


async def test_only_rows_in_the_window_are_computed() -> None:
    app = TableApp(many(10_000))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert len(set(app.source.asked)) == ROWS


async def test_an_age_repaints_when_its_text_changes() -> None:
    rows = {
        "under-way": ("under-way", "0/1", "clock", ""),
        "old": ("old", "1/1", "clock", ""),
        "still": ("still", "1/1", "clock", ""),
    }
    app = TableApp(MemorySource(rows))
    app.source.ticks = {"under-way": "second", "old": "minute"}
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        assert await beaten(pilot, app, 0.25) == []
        assert await beaten(pilot, app, 1) == [1]
        assert await beaten(pilot, app, 60) == [1, 2]


async def test_stale_rows_are_dimmed_and_stay() -> None:
    app = TableApp(many(3))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        before = screen_lines(app)
        app.source.fresh = Freshness("stale 42 s", stale=True)
        await beaten(pilot, app)
        assert screen_lines(app) == before
        look = theme.LOOKS[theme.DARK]
        assert style_at(app, 2, 2).color == Color.parse(look.stale[Tone.STRONG]).rich_color
