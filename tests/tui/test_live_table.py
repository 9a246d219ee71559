"""The table as an operator uses it: the cursor, the marks, and what it looks like."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from hubtui.tui import theme
from hubtui.views.cells import Tone
from hubtui.views.table import Column

from .tables import NOW, SIZE, MemorySource, TableApp, beaten, many, screen_lines, settled, style_at

# -- the cursor and the marks


async def test_the_cursor_stays_on_its_object_when_rows_move() -> None:
    app = TableApp(many(8))
    async with app.run_test(size=SIZE) as pilot:
        table = await settled(pilot, app)
        await pilot.press("j", "down")
        assert table.cursor == "pod-00002"
        app.source.insert(0, "new-1")
        app.source.insert(0, "new-2")
        await beaten(pilot, app)
        assert table.cursor == "pod-00002"
        app.source.reorder(list(reversed(app.source.order)))
        await beaten(pilot, app)
        assert table.cursor == "pod-00002"
        assert app.told == [("highlighted", "pod-00001"), ("highlighted", "pod-00002")]


async def test_the_neighbour_takes_the_cursor_when_its_row_goes() -> None:
    app = TableApp(many(5))
    async with app.run_test(size=SIZE) as pilot:
        table = await settled(pilot, app)
        table.move_to("pod-00002")
        app.source.remove("pod-00001", "pod-00002", "pod-00003")
        await beaten(pilot, app)
        assert table.cursor == "pod-00004"
        app.source.remove("pod-00004")
        await beaten(pilot, app)
        assert table.cursor == "pod-00000"
        app.source.remove("pod-00000")
        await beaten(pilot, app)
        assert table.cursor is None
        assert app.told[-1] == ("highlighted", None)


async def test_marks_survive_changes_moves_and_filters() -> None:
    app = TableApp(many(5))
    async with app.run_test(size=SIZE) as pilot:
        table = await settled(pilot, app)
        await pilot.press("j", "space", "j", "space")
        assert table.marks == {"pod-00001", "pod-00002"}
        app.source.change("pod-00001")
        app.source.remove("pod-00001")
        await beaten(pilot, app)
        app.source.insert(4, "pod-00001")
        await beaten(pilot, app)
        assert [line[:10].strip() for line in screen_lines(app) if line.startswith("▌")] == [
            "▌pod-00002",
            "▌pod-00001",
        ]
        await pilot.press("space")
        assert table.marks == {"pod-00001"}
        assert app.told[-1] == ("marked", frozenset({"pod-00001"}))


async def test_keys_move_and_the_window_follows() -> None:
    app = TableApp(many(40))
    async with app.run_test(size=SIZE) as pilot:
        table = await settled(pilot, app)
        expected = [
            ("G", 39), ("g", 0), ("end", 39), ("home", 0), ("pagedown", 10), ("ctrl+d", 15),
            ("ctrl+u", 10), ("pageup", 0), ("k", 0), ("j", 1), ("down", 2), ("up", 1),
        ]  # fmt: skip
        for key, row in expected:
            await pilot.press(key)
            assert table.cursor == f"pod-{row:05}", key
            first, last, total = table.position
            assert first <= row + 1 <= last
            assert total == 40


async def test_a_window_in_the_middle_does_not_slide_when_rows_come_above() -> None:
    app = TableApp(many(60))
    async with app.run_test(size=SIZE) as pilot:
        table = await settled(pilot, app)
        table.move_to("pod-00030")
        await beaten(pilot, app)
        before = screen_lines(app)
        app.source.insert(0, "new")
        assert await beaten(pilot, app) == []
        assert screen_lines(app) == before


async def test_enter_and_double_click_select_a_click_moves_the_cursor() -> None:
    app = TableApp(many(5))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.press("enter")
        await pilot.click(app.table, offset=(4, 3))
        await pilot.click(app.table, offset=(4, 2), times=2)
        await pilot.click(app.table, offset=(4, 9))
        assert app.told == [
            ("selected", "pod-00000"),
            ("highlighted", "pod-00002"),
            ("highlighted", "pod-00001"),
            ("selected", "pod-00001"),
        ]


async def test_a_click_on_a_title_names_its_column() -> None:
    app = TableApp(many(2))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.click(app.table, offset=(2, 0))
        await pilot.click(app.table, offset=(16, 0))
        assert app.told == [("title", "name"), ("title", "ready")]


# -- what it looks like


async def test_columns_are_dropped_in_the_told_order_and_the_rest_is_cut() -> None:
    rows = {"a": ("a-name-that-is-long", "12/100", "4 m", "ImagePullBackOff on user-7")}
    app = TableApp(MemorySource(rows))
    async with app.run_test(size=(60, 6)) as pilot:
        await settled(pilot, app)
        assert screen_lines(app)[:2] == [
            " NAME         READY    AGE WHY",
            " a-name-that… 12/1…    4 m ImagePullBackOff on user-7",
        ]
        await pilot.resize_terminal(30, 6)
        await pilot.pause()
        assert screen_lines(app)[:2] == [" NAME         READY    AGE", " a-name-that… 12/1…    4 m"]
        await pilot.resize_terminal(14, 6)
        await pilot.pause()
        assert screen_lines(app)[1] == " a-name-that…"


async def test_wide_characters_keep_the_columns_in_their_place() -> None:
    rows = {
        "a": ("日本語ユーザー", "1/1", "4 m", "x"),
        "b": ("🐙🐙🐙🐙🐙🐙🐙", "1/1", "4 m", "x"),
        "c": ("plain", "1/1", "4 m", "x"),
    }
    app = TableApp(MemorySource(rows))
    async with app.run_test(size=(40, 6)) as pilot:
        await settled(pilot, app)
        lines = screen_lines(app)[1:4]
        assert {cell_len(line[: line.index("1/1")]) for line in lines} == {16}
        assert lines[0].startswith(" 日本語ユー… ")


async def test_text_that_looks_like_markup_is_shown_as_it_is() -> None:
    rows = {"a": ("[bold]x[/]", "1/1", "", "[red]\x1b[2J[/red]"), "b": ("[/oops", "", "", "")}
    app = TableApp(MemorySource(rows))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        assert "[bold]x[/]" in screen_lines(app)[1]
        assert r"[red]\x1b[2J[/red]" in screen_lines(app)[1]
        assert "[/oops" in screen_lines(app)[2]


async def test_a_small_terminal_shows_what_it_can() -> None:
    app = TableApp(many(100))
    async with app.run_test(size=(40, 10)) as pilot:
        table = await settled(pilot, app)
        await pilot.press("G")
        assert table.cursor == "pod-00099"
        assert all(cell_len(line) <= 40 for line in screen_lines(app))
        await pilot.resize_terminal(3, 1)
        await pilot.pause()
        assert table.cursor == "pod-00099"
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert any("pod-00099" in line for line in screen_lines(app))


async def test_empty_is_a_sentence() -> None:
    app = TableApp(MemorySource())
    async with app.run_test(size=(16, 6)) as pilot:
        await settled(pilot, app)
        assert screen_lines(app)[:3] == [" No server is", " running.", ""]
        app.source.insert(0, "hub")
        await beaten(pilot, app)
        assert screen_lines(app)[:2] == [" NAME", " hub"]
        app.source.remove("hub")
        await beaten(pilot, app)
        assert screen_lines(app)[:2] == [" No server is", " running."]


async def test_a_text_without_a_title_begins_on_the_first_line() -> None:
    app = TableApp(many(30))
    app.source.columns = (Column("line", "", 10, grow=True),)
    async with app.run_test(size=SIZE) as pilot:
        table = await settled(pilot, app)
        assert screen_lines(app)[0] == " pod-00000"
        app.source.rows["pod-00001"] = ("changed", "", "", "")
        app.source.change("pod-00001", "")
        assert await beaten(pilot, app) == [1]
        await pilot.press("G")
        assert table.position == (19, 30, 30)
        await pilot.click(table, offset=(3, 0))
        assert table.cursor == "pod-00018"


@pytest.mark.parametrize(
    ("column", "descending", "titles"),
    [
        ("name", False, " NAME↑        READY    AGE WHY"),
        ("ready", True, " NAME        ↓READY    AGE WHY"),
        ("age", True, " NAME         READY   ↓AGE WHY"),
    ],
)
async def test_the_arrow_stands_beside_its_title(
    column: str, descending: bool, titles: str
) -> None:
    app = TableApp(many(2))
    async with app.run_test(size=SIZE) as pilot:
        table = await settled(pilot, app)
        table.show_sort(column, descending=descending)
        await pilot.pause()
        assert screen_lines(app)[0] == titles
        assert app.table.painted == [0]


async def test_a_terminal_without_utf_8_gets_ascii_only() -> None:
    rows = {"a": ("● hub…", "1/1", "≥ 4 m", "日本"), "b": ("a-name-that-is-cut", "", "", "")}
    app = TableApp(MemorySource(rows), ascii_only=True)
    async with app.run_test(size=SIZE) as pilot:
        table = await settled(pilot, app)
        table.show_sort("name")
        await pilot.press("space")
        assert all(line.isascii() for line in screen_lines(app))
        assert "* hub~" in screen_lines(app)[1]
        assert "a-name-that~" in screen_lines(app)[2]


@pytest.mark.parametrize("name", [theme.DARK, theme.LIGHT, theme.ANSI, "nord", "ansi-light"])
async def test_a_theme_changes_the_colours_of_every_row(name: str) -> None:
    app = TableApp(many(3))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        app.theme = name
        await pilot.pause()
        styles = theme.palette(app)
        assert style_at(app, 2, 2).color == styles.tones[Tone.STRONG].color


async def test_another_source_starts_at_its_first_row_without_marks() -> None:
    app = TableApp(many(30))
    async with app.run_test(size=SIZE) as pilot:
        table = await settled(pilot, app)
        await pilot.press("G", "space")
        app.source = MemorySource({"hub": ("hub", "1/1", "1 d", "")})
        table.show_source(app.source)
        await pilot.pause()
        assert (table.cursor, table.marks) == ("hub", frozenset())
        assert [line for line in screen_lines(app) if line] == [
            " NAME         READY    AGE WHY",
            " hub            1/1    1 d",
        ]
        assert app.clock >= NOW
