"""The lines around the panes: what they say, and that they repaint only for something new."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from hubtui.tui import keys, theme
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.strip_line import StripLine
from hubtui.views.cells import Tone, cell
from hubtui.views.headlines import Headline
from hubtui.views.status import StatusFacts
from hubtui.views.table import Freshness

from .tables import many, screen_lines

FACTS = StatusFacts(
    context="gke-eu-prod", namespace="hub", release="hub", revision=12,
    state=cell("●", Tone.FINE), age="3 d", read_only=True, clock="14:03",
)  # fmt: skip


class Releases(PaneFrame):
    BINDINGS = keys.bindings("releases")

    def compose(self) -> ComposeResult:
        yield LiveTable(many(3), id="one")

    def action_rollback(self) -> None:
        self.app.bell()


class LinesApp(App[None], inherit_bindings=False):
    """All lines and two panes."""

    BINDINGS = keys.bindings("app")

    def __init__(self, *, ascii_only: bool = False, read_only: bool = False) -> None:
        super().__init__()
        self.ascii_only = ascii_only
        self.read_only = read_only
        self.told: list[Any] = []
        self.status = StatusLine()
        self.strip = StripLine()
        self.pane = Releases("Releases", number=1)
        self.filter = FilterLine()
        for own in theme.themes():
            self.register_theme(own)
        self.theme = theme.DARK

    def compose(self) -> ComposeResult:
        yield self.status
        yield self.strip
        yield self.pane
        with PaneFrame("Pods", number=2, id="pods"):
            yield LiveTable(many(3), id="two")
            yield self.filter
        yield KeyFooter(self.refused)

    def action_help(self) -> None:
        self.told.append("help")

    def action_ask_quit(self) -> None:
        self.told.append("quit")

    def refused(self, command: str) -> str:
        dangerous = keys.BY_ID[command].danger
        return "Read-only: nothing is written." if self.read_only and dangerous else ""

    def on_strip_line_pressed(self, message: StripLine.Pressed) -> None:
        self.told.append(message.number)

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        self.told.append(("changed", message.text))

    def on_filter_line_kept(self, message: FilterLine.Kept) -> None:
        self.told.append(("kept", message.text))
        self.query_one("#two").focus()

    def on_filter_line_cleared(self) -> None:
        self.told.append("cleared")
        self.query_one("#two").focus()


def count_paints(widget: Any) -> list[int]:
    """Notes every line that a widget is asked to paint from now on."""
    painted: list[int] = []
    render = widget.render_line

    def counted(y: int) -> Any:
        painted.append(y)
        return render(y)

    widget.render_line = counted
    return painted


async def start(pilot: Pilot[None], app: LinesApp) -> None:
    app.status.show(FACTS)
    app.query_one("#one").focus()
    await pilot.pause()
    await pilot.pause()


async def test_the_status_line_repaints_only_for_something_new() -> None:
    app = LinesApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await start(pilot, app)
        assert screen_lines(app)[0].startswith("hubtui  gke-eu-prod  hub › hub")
        painted = count_paints(app.status)
        app.status.show(replace(FACTS))
        await pilot.pause()
        assert painted == []
        app.status.show(replace(FACTS, clock="14:04"))
        await pilot.pause()
        assert painted == [0]
        assert screen_lines(app)[0].endswith("READ-ONLY  14:04")


async def test_a_context_whose_name_is_markup_is_shown_as_it_is() -> None:
    app = LinesApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await start(pilot, app)
        app.status.show(replace(FACTS, context="[bold]x[/]"))
        await pilot.pause()
        assert "[bold]x[/]" in screen_lines(app)[0]


async def test_a_frame_says_what_it_is_how_much_and_how_fresh() -> None:
    app = LinesApp()
    async with app.run_test(size=(60, 24)) as pilot:
        await start(pilot, app)
        app.pane.show_headline(cell("hub · 12 revisions", Tone.MUTED))
        app.pane.show_freshness(Freshness("stale 42 s · reconnecting in 4 s"))
        app.pane.show_note(cell("/role:hub"))
        await pilot.pause()
        edges = [line for line in screen_lines(app) if line[:1] in "╭╰" and line]
        assert edges[0] == "╭─ 1 Releases  hub · 12 revisions " + "─" * 25 + "╮"
        assert edges[1] == "╰─ /role:hub ─────────── stale 42 s · reconnecting in 4 s ─╯"
        body = screen_lines(app)[3]
        assert body.startswith("│ NAME")
        assert body.endswith("│")


async def test_an_edge_repaints_itself_only() -> None:
    app = LinesApp()
    async with app.run_test(size=(60, 24)) as pilot:
        await start(pilot, app)
        table = app.query_one("#one", LiveTable)
        top, bottom = app.pane.query("Edge")
        painted = {name: count_paints(w) for name, w in (("table", table), ("top", top))}
        painted["bottom"] = count_paints(bottom)
        layouts = app.screen._layout_updates
        app.pane.show_freshness(Freshness("stale 1 s"))
        app.pane.show_freshness(Freshness("stale 1 s"))
        await pilot.pause()
        assert painted == {"table": [], "top": [], "bottom": [0]}
        assert app.screen._layout_updates == layouts


async def test_the_frame_with_the_focus_is_lit() -> None:
    app = LinesApp()
    accent = theme.palette_of(theme.LOOKS[theme.DARK]).focus.color
    async with app.run_test(size=(60, 24)) as pilot:
        await start(pilot, app)
        one, two = app.pane.region, app.query_one("#pods").region

        def lit() -> tuple[bool, bool]:
            style_at = app.screen.get_style_at
            return style_at(0, one.y).color == accent, style_at(0, two.y).color == accent

        assert lit() == (True, False)
        app.query_one("#two").focus()
        await pilot.pause()
        assert lit() == (False, True)


async def test_the_focus_moves_without_painting_rows() -> None:
    app = LinesApp()
    async with app.run_test(size=(60, 24)) as pilot:
        await start(pilot, app)
        painted = [count_paints(app.query_one(name)) for name in ("#one", "#two")]
        app.query_one("#two").focus()
        await pilot.pause()
        assert painted == [[1], [1]]


async def test_the_footer_has_what_applies_and_is_cut_by_weight() -> None:
    app = LinesApp()
    async with app.run_test(size=(120, 24)) as pilot:
        await start(pilot, app)
        wide = screen_lines(app)[-1]
        assert wide.startswith(" ↑↓ move  enter details  space mark  ")
        assert "r roll back" in wide
        assert "logs" not in wide
        await pilot.resize_terminal(40, 24)
        await pilot.pause()
        assert screen_lines(app)[-1] == " enter details  ? help  q quit"


async def test_a_key_that_is_refused_is_dim_and_says_why() -> None:
    app = LinesApp(read_only=True)
    async with app.run_test(size=(120, 24)) as pilot:
        await start(pilot, app)
        look = theme.palette_of(theme.LOOKS[theme.DARK])
        at = screen_lines(app)[-1].index("r roll back")
        assert app.screen.get_style_at(at, 23).color == look.off.color
        assert app.screen.get_style_at(at - 2, 23).color != look.off.color
        await pilot.click(KeyFooter, offset=(at, 0))
        await pilot.pause()
        assert [note.message for note in app._notifications] == ["Read-only: nothing is written."]


async def test_a_click_on_a_headline_names_its_pane() -> None:
    app = LinesApp()
    async with app.run_test(size=(60, 24)) as pilot:
        await start(pilot, app)
        app.strip.show([Headline(1, "Releases"), Headline(2, "Pods", cell("333"))], 1)
        await pilot.pause()
        assert screen_lines(app)[1] == "1 Releases  2 Pods 333"
        await pilot.click(app.strip, offset=(15, 0))
        assert app.told == [2]


async def test_enter_keeps_a_filter_and_escape_clears_it() -> None:
    app = LinesApp()
    async with app.run_test(size=(60, 24)) as pilot:
        await start(pilot, app)
        assert not app.filter.display
        app.filter.open()
        await pilot.press("r", "q")
        await pilot.pause()
        assert any("/ rq" in line for line in screen_lines(app))
        assert screen_lines(app)[-1] == " ctrl+q quit  enter keep  esc clear"
        await pilot.press("enter")
        assert app.told == [("changed", "r"), ("changed", "rq"), ("kept", "rq")]
        assert app.focused is app.query_one("#two")
        app.filter.open()
        await pilot.press("escape")
        assert app.told[-2:] == ["cleared", ("changed", "")]
        assert not app.filter.display
        assert app.focused is app.query_one("#two")


async def test_everything_is_ascii_where_the_terminal_is() -> None:
    app = LinesApp(ascii_only=True)
    async with app.run_test(size=(100, 24)) as pilot:
        await start(pilot, app)
        assert all(line.isascii() for line in screen_lines(app))


async def test_a_very_small_terminal_breaks_nothing() -> None:
    app = LinesApp()
    async with app.run_test(size=(40, 10)) as pilot:
        await start(pilot, app)
        for size in ((40, 10), (10, 5), (2, 2), (1, 1), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert screen_lines(app)[0].startswith("hubtui")
