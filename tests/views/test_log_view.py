"""A log on the screen: complete, harmless, and bounded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.log_lines import LONGEST, LineSplitter
from hubtui.services.logs import LogLine
from hubtui.views import logs
from hubtui.views.cells import Tone, plain
from hubtui.views.logs import LogView

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def lines(*texts: str) -> list[LogLine]:
    return [LogLine(0, "", text) for text in texts]


@pytest.fixture
def view() -> LogView:
    view = LogView()
    view.add(lines("Starting", "user Ana logged in", "[E 2026-11-23 app] no such volume"))
    return view


def shown(view: LogView) -> list[str]:
    return [plain(view.cells(key, NOW)[0]) for key in view.keys()]  # noqa: SIM118


def test_lines_come_in_their_order_and_are_painted_once(view: LogView) -> None:
    assert shown(view)[0] == "Starting"
    assert view.drain().order
    assert not view.drain()
    view.add(lines("one more"))
    assert view.drain().order
    assert view.last() == "3"
    assert shown(view)[-1] == "one more"


def test_the_text_that_is_looked_for_is_marked_whatever_its_case(view: LogView) -> None:
    view.look_for("ANA")
    (key,) = view.keys()
    assert ("Ana", Tone.ACCENT) in view.cells(key, NOW)[0]
    assert view.hidden == 2
    view.add(lines("another", "ana again"))
    assert shown(view) == ["user Ana logged in", "ana again"]
    view.look_for("nowhere")
    assert (shown(view), view.empty()) == ([], "No line holds 'nowhere'.")
    view.look_for("")
    assert len(shown(view)) == 5


@pytest.mark.parametrize("text", ["[", "(.*", "\\", "[red]", "İ", "ß"])
def test_what_is_looked_for_is_text_and_no_pattern(view: LogView, text: str) -> None:
    view.add(lines(f"before {text} after"))
    view.look_for(text)
    assert f"before {text} after" in shown(view)


def test_the_oldest_lines_go_and_are_counted(
    view: LogView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "KEPT", 100)
    monkeypatch.setattr(logs, "DROPPED_AT_ONCE", 10)
    view.clear()
    for start in range(0, 500, 5):
        view.add(lines(*(f"line {number}" for number in range(start, start + 5))))
    assert view.count == 500
    assert 100 <= len(view.keys()) <= 110
    assert view.dropped == 500 - len(view.keys())
    assert shown(view)[-1] == "line 499"
    assert [plain(one) for one in view.cells("0", NOW)] == [""]


def test_a_wrapped_line_goes_on_in_the_next_rows(view: LogView) -> None:
    view.clear()
    view.add(lines("x" * 95))
    view.resize(40)
    view.wrap(True)
    assert [len(row) for row in shown(view)] == [40, 40, 15]
    assert view.text == "x" * 95
    view.wrap(False)
    assert len(view.keys()) == 1


def test_another_log_starts_anew(view: LogView) -> None:
    view.clear()
    assert (list(view.keys()), view.count, view.last()) == ([], 0, None)
    assert view.empty() == "Waiting for the first line …"


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(1, 7))
def test_whatever_comes_in_whatever_pieces_no_control_character_is_shown(
    written: list[bytes], size: int
) -> None:
    whole = b"\n".join(written)
    splitter = LineSplitter()
    read = [
        line for at in range(0, len(whole), size) for line in splitter.feed(whole[at : at + size])
    ]
    read += splitter.end()
    assert len(read) in (whole.count(b"\n"), whole.count(b"\n") + 1)
    view = LogView()
    view.add(lines(*read))
    assert all(sign == "\t" or sign not in _CONTROLS for row in shown(view) for sign in row)


_CONTROLS = {chr(code) for code in (*range(32), *range(0x7F, 0xA0))} | set("\u202a\u202e\u2066")


def test_a_line_without_end_is_cut_and_says_how_much_is_missing() -> None:
    splitter = LineSplitter()
    for _ in range(40):
        assert list(splitter.feed(b"x" * 100_000)) == []
    (line,) = splitter.feed(b"\n")
    assert line.startswith("x" * LONGEST)
    assert f"{4_000_000 - LONGEST:,} more bytes" in line
    assert list(splitter.feed(b"next\n")) == ["next"]
