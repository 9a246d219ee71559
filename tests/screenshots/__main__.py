"""`python -m tests.screenshots`: takes every picture anew, the same as before byte for byte.

The demo's time and the screen's stand still at one moment, and its dice have one seed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from hubtui.config import Demo, Settings
from hubtui.demo import kubeconfig, scenarios
from hubtui.demo.api.server import make_app
from hubtui.demo.hub.rest import make_app as make_hub
from hubtui.tui.app import HubtuiApp
from tests.screenshots.pictures import to_png
from tests.screenshots.shots import SHOTS, Shot, taken
from tests.tui import prepared
from tests.tui.world import NOW

FOLDER = Path(__file__).parents[2] / "screenshots"
PLACE = Path("/tmp/hubtui-pictures")
"""Where the kubeconfig lies: its path is in a picture."""

TOKEN = "for-the-pictures"


@asynccontextmanager
async def still(drill: str, folder: Path) -> AsyncIterator[Settings]:
    """A demo in which no time passes, and the settings that lead to it."""
    cluster = await asyncio.to_thread(scenarios.build, "calm", drill, seed=1, clock=lambda: NOW)
    hub = web.AppRunner(make_hub(cluster.hub), access_log=None)
    socket = folder / "hub.sock"
    api = web.AppRunner(
        make_app(cluster.world, TOKEN, hub_socket=socket), access_log=None, shutdown_timeout=0.1
    )
    await hub.setup()
    await web.UnixSite(hub, socket).start()
    await api.setup()
    await web.TCPSite(api, "127.0.0.1", 0).start()
    kubeconfig.write(folder / "kubeconfig", api.addresses[0][1], TOKEN, "hub")
    about = Demo(story=drill or "calm", folder=str(folder))
    # What hubtui asks takes now this long and now that, and the hub would tell it.
    uncounted = pytest.MonkeyPatch()
    uncounted.setattr(cluster.hub.metrics, "request", lambda *_: None)
    try:
        yield Settings(kubeconfig=str(folder / "kubeconfig"), theme="dark", demo=about)
    finally:
        uncounted.undo()
        await api.cleanup()
        await hub.cleanup()


async def picture(shot: Shot) -> str:
    """One picture as SVG."""
    async with still(shot.drill, PLACE) as settings:
        return await taken(HubtuiApp(settings), shot)


def main() -> None:
    """Takes the pictures that are named, or all."""
    wanted = [shot for shot in SHOTS if not sys.argv[1:] or shot.name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as state, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUBTUI_STATE", state)
        patch.setenv("HUBTUI_CONFIG", os.devnull)
        patch.setenv("TZ", "UTC")
        time.tzset()
        prepared.freeze(patch)
        for shot in wanted:
            path = FOLDER / f"{shot.name}.svg"
            shutil.rmtree(PLACE, ignore_errors=True)
            PLACE.mkdir(mode=0o700)
            path.write_text(asyncio.run(picture(shot)), encoding="utf-8")
            shutil.rmtree(PLACE)
            to_png(path)
            sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
