"""An error of hubtui itself: the screen is given back with a word of it, the log says where, and
neither shows what the program had in hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.bench.terminal import Terminal
from tests.testbed.places import ROOT

CANARY = "kanarienvogel-7f3a"
APP = """
import sys
from pathlib import Path
from hubtui import logs
from tests.tui import prepared

class Broken(prepared.PreparedApp):
    def action_help(self):
        values = {"motto": sys.argv[2]}
        raise KeyError("broken on purpose")

logs.start(Path(sys.argv[1]))
Broken(prepared.session(prepared.settings(Path(sys.argv[1])))).run()
"""


async def test_a_crash_shows_no_values(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "HUBTUI_STATE": str(tmp_path / "state"),
    }
    argv = [sys.executable, "-c", APP, str(tmp_path), CANARY]
    with Terminal(argv, environment) as screen:
        await screen.seen_text("bump image", 60)
        screen.send("?")
        await screen.gone(30)
        await screen.seen_text("An error of hubtui itself: KeyError", 20)
        assert CANARY not in screen.view.text
    log = (tmp_path / "hubtui.log").read_text()
    assert "broken on purpose" in log
    assert CANARY not in log
