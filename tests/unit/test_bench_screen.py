"""The parts of the benchmark that need no UI: a program in a pty, its screen, its figures."""

from __future__ import annotations

import io
import math
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.bench import figures, revisions, scenes
from tests.bench.machine import percentile, tree, usage
from tests.bench.programs import HUBTUI, K9S
from tests.bench.terminal import NotSeenError, Terminal
from tests.bench.view import View, moved_rows

PROGRAM = r"""
import os, sys, termios, tty
tty.setraw(0)
os.write(1, b"\x1b[2J\x1b[H\x1b[?25lPods  loading")
cursor, big = 0, b""
def paint():
    for row in range(5):
        shade = b"\x1b[44m" if row == cursor else b"\x1b[0m"
        os.write(1, b"\x1b[%d;1H" % (row + 3) + shade + b"student-%04d Running " % row * 2)
    os.write(1, b"\x1b[0m\x1b[1;1HPods  5,012 all here")
while (key := os.read(0, 1)) != b"q":
    if key == b"p":
        paint()
    if key == b"j":
        cursor += 1
        paint()
    if key == b"w":
        os.write(1, b"x" * 1_000_000 + b"\x1b[2J\x1b[Hdone")
    if key == b"t":
        os.write(1, b"\x1b[10;1H%d %d" % os.get_terminal_size())
        os.write(os.open("/dev/tty", os.O_WRONLY), b" tty")
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    with Terminal([sys.executable, "-S", str(script)], dict(os.environ)) as terminal:
        yield terminal


async def test_words_are_seen_with_the_time_of_their_read(terminal: Terminal) -> None:
    first = await terminal.seen_text("Pods  loading", 10)
    assert terminal.started < first < time.perf_counter()
    sent = terminal.send("p")
    at = await terminal.seen_text(r"Pods +5,012\b", 10, since=sent)
    assert sent < at < time.perf_counter()
    assert any(chunk.at == at for chunk in terminal.chunks)
    assert await terminal.seen_text("5,012", 1) >= at, "what stands there already is seen at once"


async def test_what_does_not_come_is_told_with_the_screen(terminal: Terminal) -> None:
    await terminal.seen_text("loading", 10)
    with pytest.raises(NotSeenError, match="Pods  loading"):
        await terminal.seen_text("never", 0.05)


async def test_a_program_that_ends_is_not_waited_for(terminal: Terminal) -> None:
    await terminal.seen_text("loading", 10)
    terminal.send("q")
    with pytest.raises(NotSeenError, match="ended"):
        await terminal.seen_text("never", 60)
    assert terminal.ended
    with pytest.raises(NotSeenError, match="ended"):
        await terminal.seen_text("never", 60)


async def test_a_key_is_answered_when_the_cursor_moves(terminal: Terminal) -> None:
    await terminal.seen_text("loading", 10)
    terminal.send("p")
    await terminal.seen_text("all here", 10)
    shades = list(terminal.view.shades)
    sent = terminal.send("j")
    at = await terminal.seen(lambda view: moved_rows(shades, view.shades) != [], 10, since=sent)
    assert at > sent
    await terminal.quiet(0.1, 5)
    assert moved_rows(shades, terminal.view.shades) == [2, 3]


async def test_the_program_has_a_terminal_of_its_size(terminal: Terminal) -> None:
    await terminal.seen_text("loading", 10)
    terminal.send("t")
    await terminal.seen_text("160 48 tty", 10)


async def test_slow_rendering_does_not_hold_the_program_up_or_its_times(
    terminal: Terminal,
) -> None:
    await terminal.seen_text("loading", 10)
    sent = terminal.send("w")
    at = await terminal.seen_text(r"\Adone", 60)
    rendered = time.perf_counter()
    assert terminal.written(sent, rendered) >= 1_000_000
    assert at - sent < (rendered - sent) / 2, "read long before it was rendered"


def test_sequences_that_pyte_does_not_know_leave_no_trace() -> None:
    whole = b"\x1b[>4;1m\x1b[<u\x1b[=5;1u\x1bP+q544e\x1b\\\x1b[?2026$pplain \x1b[1;31mred\x1b[0m"
    for cut in range(len(whole)):
        view = View(40, 4)
        view.feed(whole[:cut])
        view.feed(whole[cut:])
        assert view.rows[0].rstrip() == "plain red", cut


def test_percentiles_are_by_nearest_rank() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert percentile(values, 0.50) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([3.0], 0.99) == 3
    assert math.isnan(percentile([], 0.5))


async def test_usage_counts_the_process_and_its_children(terminal: Terminal) -> None:
    await terminal.seen_text("loading", 10)
    used = usage(terminal.pid)
    assert used.tree == used.main > 1_000_000
    assert terminal.pid in tree(os.getpid())
    assert usage(os.getpid()).tree > usage(os.getpid()).main


@pytest.mark.parametrize(
    ("pattern", "values", "text"),
    [
        (HUBTUI.pods.complete, {"pods": 5012}, "2 Pods  5,012 · by role"),
        (HUBTUI.pods.complete, {"pods": 12}, "2 Pods  12 · by role"),
        (K9S.pods.complete, {"pods": 5012}, "┌── pods(hub)[5012] ──┐"),
        (
            HUBTUI.revision,
            {"revision": 13, "status": revisions.STATUS},
            "│   13 ◌ pending-upgrade 1 s",
        ),
        (HUBTUI.row, {"user": "ada.1@example.org", "restarts": 9001}, "ada.1@example.org 9,001 1h"),
    ],
)
def test_patterns_find_counts_in_either_writing(
    pattern: str, values: dict[str, int | str], text: str
) -> None:
    assert re.search(scenes.filled(pattern, **values), text)


def test_pods_in_sight_are_found_by_their_whole_name() -> None:
    view = View(40, 3)
    view.feed(b"student-0001 Running\r\nstudent-00  cut off")
    users = {"jupyter-student-0001": "student-0001", "jupyter-student-0002": "student-0002"}
    cluster = scenes.Cluster(2, 0, 0, users)
    assert scenes.visible(view, HUBTUI, cluster) == ["jupyter-student-0001"]


def test_the_table_says_what_is_reached_what_is_missed_and_what_was_not_seen() -> None:
    results: dict[str, figures.Figures] = {
        "hubtui": {"first_frame": [0.4, 0.45, 0.3], "pods": [2.0], "releases": [math.nan]},
        "k9s": {"first_frame": [1.0]},
    }
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(figures.table(results, "title"))
    text = console.export_text()
    lines = {line.split("│")[1].strip(): line for line in text.splitlines() if "│" in line}
    assert "0.40 s (0.30 s – 0.45 s)" in lines["process start → first frame"]
    assert "✓" in lines["process start → first frame"]
    assert "✗" in lines["process start → all pods on screen"]
    assert "not seen" in next(line for title, line in lines.items() if "releases" in title)


def test_over_ssh_what_is_to_be_reached_is_twice_as_long() -> None:
    keys, changes = (by_key(name) for name in ("key_p99", "change_max"))
    assert (keys.within(slow=False), keys.within(slow=True)) == (0.050, 0.100)
    assert (changes.within(slow=False), changes.within(slow=True)) == (0.350, 0.700)
    assert by_key("pods").within(slow=True) == 1.5
    assert figures.verdict(changes, [0.5]) == "✗"
    assert figures.verdict(changes, [0.5], slow=True) == "✓"
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(figures.table({"hubtui": {"change_max": [0.5]}}, "title", slow=True))
    (line,) = (
        line for line in console.export_text().splitlines() if "slowest" in line and "pod" in line
    )
    assert "700 ms" in line
    assert "✓" in line


def by_key(name: str) -> figures.Measure:
    (found,) = (measure for measure in figures.MEASURES if measure.key == name)
    return found


class Secrets:
    """An apiserver that keeps names; a fake of the load's."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.gone: list[str] = []

    async def some(self, _path: str, **_: str) -> list[dict[str, Any]]:
        return [{"metadata": {"labels": {"version": number}}} for number in ("9", "12", "10")]

    async def create(self, _path: str, body: Mapping[str, Any]) -> None:
        self.names.append(body["metadata"]["name"])

    async def delete(self, path: str) -> None:
        self.gone.append(path.rpartition("/")[2])


async def test_a_made_up_upgrade_is_taken_away_again_whatever_happens() -> None:
    secrets = Secrets()
    api: Any = secrets
    assert await revisions.newest(api) == 12
    with pytest.raises(NotSeenError):
        async with revisions.begun(api, 13):
            raise NotSeenError
    assert secrets.names == secrets.gone == ["sh.helm.release.v1.hub.v13"]
