"""The editor gets the whole terminal, keys and ctrl+c too, and hubtui comes back unharmed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.bench.terminal import Terminal
from tests.testbed.places import ROOT

APP = """
import sys
from pathlib import Path
from tests.tui import prepared

prepared.PreparedApp(prepared.session(prepared.settings(Path(sys.argv[1])))).run()
"""
EDITOR = """#!/bin/sh
trap 'echo INTERRUPTED' INT
test -t 0 -a -t 1 || exit 9
printf '\\033[2J\\033[HEDITING\\n'
until read -r line; do :; done
echo "custom: {word: $line}" >> "$1"
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    script = tmp_path / "ed"
    script.write_text(EDITOR)
    script.chmod(0o700)
    (tmp_path / "memory").mkdir()
    return {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "HUBTUI_STATE": str(tmp_path / "state"),
        "XDG_RUNTIME_DIR": str(tmp_path / "memory"),
        "VISUAL": str(script),
    }


async def test_the_editor_has_the_terminal_until_it_ends(
    environment: dict[str, str], tmp_path: Path
) -> None:
    argv = [sys.executable, "-c", APP, str(tmp_path)]
    with Terminal(argv, environment, columns=100, rows=30) as screen:
        await screen.seen_text("bump image", 60)
        screen.send("u")
        await screen.seen_text("Edit the values", 20)
        await screen.seen_text("revision 12", 20)
        screen.send("G")
        screen.send("\r")
        await screen.seen_text("^EDITING", 20)
        (folder,) = (tmp_path / "memory").glob("hubtui-*")
        assert (folder / "hub-values.yaml").exists()
        screen.send("\x03")
        await screen.seen_text("INTERRUPTED", 20)
        screen.send("q j typed\r")
        await screen.seen_text(r"edited +custom\.word", 20)
        await screen.seen_text("reset-then-reuse", 20)
        assert not folder.exists()
        screen.send("\x1b")
        await screen.seen_text("bump image", 20)


@pytest.mark.parametrize(
    ("editor", "said"), [("false", "false ended with 1"), ("no-editor", "cannot be started")]
)
async def test_an_editor_that_fails_gives_the_terminal_back(
    environment: dict[str, str], tmp_path: Path, editor: str, said: str
) -> None:
    argv = [sys.executable, "-c", APP, str(tmp_path)]
    environment["VISUAL"] = editor
    with Terminal(argv, environment, columns=100, rows=30) as screen:
        await screen.seen_text("bump image", 60)
        screen.send("u")
        await screen.seen_text("Edit the values", 20)
        await screen.seen_text("revision 12", 20)
        screen.send("G")
        screen.send("\r")
        await screen.seen_text(said, 20)
        await screen.seen_text("Nothing is edited yet", 20)
        screen.send("\x1b")
        await screen.seen_text("bump image", 20)
