"""What stands on a real terminal: its width, its encoding, its colours, and ctrl-c."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from tests.headless import cluster
from tests.headless.apiserver import ApiServer


class Terminal:
    """hubtui in a pseudo-terminal of a given size."""

    def __init__(self, *argv: str, columns: int = 100) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hubtui", *argv],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            env={k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")},
        )
        os.close(theirs)
        self._file = ours
        self.seen = ""

    def read(self, until: str = "") -> str:
        """What was written so far; up to some words, or to the end."""
        while not until or until not in self.seen:
            if not select.select([self._file], [], [], 30)[0]:
                break
            try:
                data = os.read(self._file, 65536)
            except OSError:  # the other side is closed
                break
            if not data:
                break
            self.seen += data.decode(errors="replace")
        return self.seen

    def end(self) -> tuple[int, str]:
        """The exit code and what was on stderr."""
        self.read()
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err.decode()

    def close(self) -> None:
        if self.process.stderr is not None and not self.process.stderr.closed:
            self.process.kill()
            self.process.communicate()
        os.close(self._file)


@pytest.fixture
def terminals(api: ApiServer) -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


@pytest.mark.parametrize("line", ["status", "releases", "history", "pods --all", "config"])
def test_nothing_is_wider_than_forty_columns(terminals: list[Terminal], line: str) -> None:
    terminal = Terminal(*line.split(), columns=40)
    terminals.append(terminal)
    shown = plain(terminal.read()).splitlines()
    assert terminal.end() == (0, "")
    assert len(shown) > 2
    assert max(cell_len(text) for text in shown) <= 40


def test_a_terminal_without_utf8_gets_ascii(
    terminals: list[Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "C")
    terminal = Terminal("pods")
    terminals.append(terminal)
    shown = terminal.read()
    assert terminal.end() == (0, "")
    assert shown.isascii()
    assert "x proxy" in plain(shown)


@pytest.mark.parametrize("environment", [{"LANG": "C"}, {"PYTHONIOENCODING": "latin-1"}])
def test_json_is_json_in_any_encoding(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    api.objects.append(cluster.pod("jupyter-zoe", "singleuser-server", user="Zoë 😀"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = subprocess.run(
        [sys.executable, "-m", "hubtui", "pods", "--json"], capture_output=True, check=True
    ).stdout
    assert out.isascii()
    assert rb"Zo\u00eb \ud83d\ude00" in out


def test_colours_are_for_terminals_only(terminals: list[Terminal]) -> None:
    terminal = Terminal("pods")
    terminals.append(terminal)
    assert "\x1b[" in terminal.read()
    piped = subprocess.run(
        [sys.executable, "-m", "hubtui", "pods"], capture_output=True, check=True
    ).stdout
    assert b"\x1b" not in piped


def test_watching_prints_again_at_a_change(api: ApiServer, terminals: list[Terminal]) -> None:
    mended = cluster.pod("proxy-5c4", "proxy")
    mended["metadata"]["resourceVersion"] = "8"
    api.changes = [{"type": "MODIFIED", "object": mended}]
    terminal = Terminal("pods", "--role", "proxy", "--watch", "--json")
    terminals.append(terminal)
    assert '"status":"Running"' in terminal.read(until='"status":"Running"')
    assert all(line.startswith('{"schema":1,') for line in terminal.seen.splitlines() if line)


def test_ctrl_c_is_quiet(api: ApiServer, terminals: list[Terminal]) -> None:
    terminal = Terminal("pods", "--watch")
    terminals.append(terminal)
    terminal.read(until="proxy")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == (130, "")


def test_a_reader_that_goes_away_is_no_error(api: ApiServer) -> None:
    api.objects += [cluster.pod(f"other-{index}", "x") for index in range(3000)]
    process = subprocess.Popen(
        [sys.executable, "-m", "hubtui", "pods", "--all"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(30), said) == (0, b"")
