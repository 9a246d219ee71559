"""What is on the pictures, and which keys lead there."""

from __future__ import annotations

from dataclasses import dataclass

from textual.pilot import Pilot

from hubtui.tui.app import HubtuiApp
from tests.tui.prepared import shown
from tests.tui.tables import screen_lines

SIZE = (160, 44)
STILL = 3
"""How many looks in a row must show the same."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: its name, the drill of its demo; keys to press, and the words to wait for then."""

    name: str
    steps: tuple[tuple[str, str], ...] = ()
    drill: str = ""


DOWN = (("down", ""),)
SHOTS = (
    Shot("overview", (("down", "Rollback to 1"),)),
    Shot("rollback-plan", (("down", ""), ("r", "Type hub"), ("h", ""), ("u", ""))),
    Shot("diff", (("down", ""), ("d", "singleuser"))),
    Shot("pods", (("2", ""), ("z", "NODE"), *DOWN * 5, ("enter", "ana@uni.example"))),
    Shot("nodes", (("3", "SEATS"), ("z", "ZONE"), *DOWN * 2)),
    Shot("storage", (("5", "FULL IN"), ("z", "LAST USED"), ("g", "")), drill="home-full"),
    Shot("metrics", (("6", "METRIC"), ("z", "GROUP"), ("g", ""))),
    Shot("plot", (("6", "METRIC"), ("g", ""), ("enter", "last 1 h"), ("7", "r4"), ("n", " and "))),
    Shot("dashboard", (("6", "METRIC"), ("D", "ConfigMap"), ("enter", "last"), ("1", ""))),
    Shot("users", (("4", "CULLED IN"), ("z", "NODE"), ("down", ""), ("space", ""))),
    Shot("drill", (("exclamation_mark", "database"),), drill="db-schema"),
)


async def taken(app: HubtuiApp, shot: Shot) -> str:
    """The picture of an app, once nothing moves any more."""
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, "Install complete")
        await shown(pilot, "users")
        await _quiet(pilot)
        for key, words in shot.steps:
            await pilot.press(key)
            if words:
                await shown(pilot, words)
            await _quiet(pilot)
        return app.export_screenshot(title="hubtui --demo")


async def _quiet(pilot: Pilot[int]) -> None:
    """Waits until several looks in a row show the same."""
    before: list[str] = []
    same = 0
    while same < STILL:
        app = pilot.app
        assert isinstance(app, HubtuiApp)
        app._beat()
        await pilot.pause(0.15)
        now = screen_lines(app)
        same, before = (same + 1 if now == before else 0), now
