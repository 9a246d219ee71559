"""The demo's own process: builds the cluster, serves it on loopback, ends with who started it.

Started by `launch` in a folder of its own. It says once on `--tell` that it is ready, or why it is
not, and ends when `--life` is at its end: when the program that started it is gone, however that
ended.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from hubtui.demo import helms, kubeconfig
from hubtui.demo.scenarios import DRILLS, SCENARIOS, build
from hubtui.demo.scenarios.story import Drill

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster

SOCKET: Final = "hub.sock"
KUBECONFIG: Final = "kubeconfig"
LOG: Final = "demo.log"
STATE: Final = "state"


def main() -> None:
    """Runs a demo until it is to end; its folder goes with it."""
    wanted = _arguments()
    folder = Path.cwd()
    threading.Thread(target=_end_with, args=(wanted.life, folder), daemon=True).start()
    logging.basicConfig(filename=LOG, level=logging.WARNING)
    tell = os.fdopen(wanted.tell, "wb")
    try:
        _run(wanted, folder, tell)
    except Exception as error:
        logging.exception("the demo ends")
        _say(tell, {"error": _reason(error)})
        raise
    finally:
        _clear(folder)


def _run(wanted: argparse.Namespace, folder: Path, tell: BinaryIO) -> None:
    refused = _refusal(wanted.scenario, wanted.drill)
    if refused:
        _say(tell, refused)
        return
    cluster = build(wanted.scenario, wanted.drill, seed=wanted.seed, speed=wanted.speed)
    asyncio.run(serve(cluster, folder, tell, DRILLS.get(wanted.drill)))


def _reason(error: Exception) -> str:
    """What went wrong, in a line: the system's words, or those of a fault of the demo's own."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"{type(error).__name__} {error}".strip()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hubtui.demo")
    parser.add_argument("--life", type=int, required=True)
    parser.add_argument("--tell", type=int, required=True)
    parser.add_argument("--scenario", required=True)
    parser.add_argument("--drill", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0)
    return parser.parse_args()


def _end_with(life: int, folder: Path) -> None:
    """Waits in a thread of its own, so that it ends whatever the others are at."""
    while os.read(life, 1):
        pass
    _clear(folder)
    os._exit(0)


def _clear(folder: Path) -> None:
    """Nothing of a demo stays: the helms that write for it, then its folder."""
    helms.end(folder / STATE, folder / KUBECONFIG)
    shutil.rmtree(folder, ignore_errors=True)


def _refusal(scenario: str, drill: str) -> dict[str, str]:
    """What is wrong with what is asked for, and what there is; nothing when it is right."""
    if scenario not in SCENARIOS:
        known = ", ".join(SCENARIOS)
        return {"usage": f"There is no scenario {scenario!r}", "remedy": f"There are: {known}."}
    if drill and drill not in DRILLS:
        return {
            "usage": f"There is no drill {drill!r}",
            "remedy": f"There are: {', '.join(DRILLS)}.",
        }
    if drill and len(SCENARIOS[scenario].chapters) < _history(DRILLS[drill]):
        words = f"The scenario {scenario} has no history that a drill could go on from"
        return {"usage": words, "remedy": f"Take the scenario {' or '.join(_with_history())}."}
    return {}


def _with_history() -> list[str]:
    return [each.name for each in SCENARIOS.values() if len(each.chapters) > 1]


def _history(drill: Drill) -> int:
    """How many revisions a drill goes on from."""
    return max((chapter.again for chapter in drill.chapters), default=0) or 2


def _say(tell: BinaryIO, words: Mapping[str, str]) -> None:
    """Says it, once: who started the demo hears the first words alone."""
    if not tell.closed:
        tell.write(json.dumps(words).encode() + b"\n")
        tell.close()


async def serve(cluster: Cluster, folder: Path, tell: BinaryIO, drill: Drill | None) -> None:
    """Serves a cluster until it is told to end; says on `tell` when it answers."""
    from aiohttp import web

    from hubtui.demo.api.server import make_app, runner_of
    from hubtui.demo.hub.rest import make_app as make_hub

    token = secrets.token_urlsafe(24)
    # Relative, for a socket's path may have 107 bytes only (unix(7)).
    socket = Path(SOCKET)
    hub = web.AppRunner(make_hub(cluster.hub), access_log=None)
    await hub.setup()
    await web.UnixSite(hub, socket).start()
    api = runner_of(make_app(cluster.world, token, hub_socket=socket))
    await api.setup()
    try:
        await web.TCPSite(api, "127.0.0.1", 0).start()
    except OSError as error:
        _say(tell, {"error": f"No port on 127.0.0.1 can be opened: {error.strerror}"})
        await asyncio.gather(api.cleanup(), hub.cleanup())
        return
    kubeconfig.write(folder / KUBECONFIG, api.addresses[0][1], token, cluster.release.name)
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    living = asyncio.create_task(cluster.world.timeline.live())
    living.add_done_callback(lambda _: ending.set())
    _say(tell, {"page": drill.page if drill else ""})
    await ending.wait()
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
