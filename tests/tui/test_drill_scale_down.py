"""The drill scale-down by keyboard: what keeps the node, and the last idle server is stopped."""

from __future__ import annotations

from hubtui.demo.scenarios.drills.scale_down import LECTURER
from hubtui.model.plan import Result
from tests.tui.drills import confirmed, drill, incidents, problem
from tests.tui.prepared import shown, until


async def test_what_keeps_the_node_is_read_and_the_server_stopped() -> None:
    async with drill("scale-down", speed=5) as pilot:
        await problem(pilot, "scale-down")
        await pilot.press("w")
        await shown(pilot, f"It stays for 1 server ({LECTURER}), it is culled")
        await pilot.press("escape")
        await shown(pilot, "What starts from here")
        await pilot.press("x")
        assert (await confirmed(pilot, "1")).result is Result.OK
        await until(pilot, lambda: "scale-down" not in incidents(pilot), "no problem")
