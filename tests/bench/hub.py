"""Measure hubtui on a large JupyterHub: `python -m tests.bench.hub --name NAME`.

NAME is a testbed that was brought up with `--hub-load`, for this alone: the scene `stops` stops
a thousand of its servers, the scene `everyone` adds users until it has 20,000.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.bench import figures, hub_stops, hub_users, pulse
from tests.bench.__main__ import attempt, environment
from tests.bench.hub_users import BigHub
from tests.bench.programs import HUBTUI
from tests.bench.terminal import Terminal
from tests.testbed import places
from tests.testbed.load_hub import SERVERS, USERS, add_users, total_users
from tests.testbed.load_objects import user_name
from tests.testbed.testbed import Testbed

SCENES = ("start", "pane", "everyone", "stops")
EVERYONE = 20_000


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.hub", description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--hubtui", default=str(Path(sys.executable).with_name("hubtui")))
    parser.add_argument("--only", choices=SCENES, action="append")
    parser.add_argument("--runs", type=int, default=5, help="starts of hubtui")
    parser.add_argument("--screens", type=Path, help="a folder for the last screen of each scene")
    return parser.parse_args()


def survey(testbed: Testbed) -> BigHub:
    """Counts what is expected to be shown."""
    with testbed.hub_client() as client:
        active, users = total_users(client, "active"), total_users(client)
    return BigHub(testbed, active, users, [user_name(number) for number in range(SERVERS)])


class Bench:
    """The scenes of one run: what is started, and where the figures go."""

    def __init__(self, hub: BigHub, options: argparse.Namespace) -> None:
        self.hub = hub
        self.found: figures.Figures = {}
        self._options = options
        self._flags = ("--kubeconfig", str(hub.testbed.kubeconfig), "-n", "hub")
        self._hubtui = (options.hubtui, *self._flags)

    async def start(self) -> None:
        """How soon all servers are on the screen, and in a command's answer."""
        for _ in range(self._options.runs):
            with tempfile.TemporaryDirectory(prefix="bench-") as home:
                env = environment(home, HUBTUI)
                with Terminal(self._hubtui, env) as terminal:
                    await attempt(self._from_start(terminal))
                    self._keep("start", terminal)
                with Terminal(self._hubtui, env, columns=120, rows=30) as terminal:
                    await attempt(hub_users.at_key(terminal, self.hub, self.found))
                    self._keep("key", terminal)
        with tempfile.TemporaryDirectory(prefix="bench-") as home:
            env = environment(home, HUBTUI)
            await attempt(hub_users.commands(self.hub, self._hubtui, env, self.found))

    async def _from_start(self, terminal: Terminal) -> None:
        at = await hub_users.all_servers(terminal, self.hub)
        self.found.setdefault("users_start", []).append(at - terminal.started)

    async def pane(self) -> None:
        """A minute of the hub alone, one with the pane open, and keys."""
        await attempt(hub_users.at_rest(self.hub, self.found))
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as home,
            Terminal(self._hubtui, environment(home, HUBTUI)) as terminal,
        ):
            await attempt(hub_users.all_servers(terminal, self.hub))
            await attempt(hub_users.open_pane(terminal, self.hub, self.found))
            self._keep("pane", terminal)
            await attempt(hub_users.keys(terminal, self.hub, self.found))

    async def everyone(self) -> None:
        """20,000 users are read; the loop has a pulse."""
        with self.hub.testbed.hub_client() as client:
            more = EVERYONE - total_users(client)
        if more > 0:
            add_users(self.hub.testbed, USERS, more, self.hub.servers, progress=_say)
        self.hub = survey(self.hub.testbed)
        with tempfile.TemporaryDirectory(prefix="bench-") as home:
            notes = Path(home, "pauses")
            argv = (sys.executable, "-m", "tests.bench.pulse", str(notes), *self._flags)
            env = {**environment(home, HUBTUI), "PYTHONPATH": str(places.ROOT)}
            with Terminal(argv, env) as terminal:
                await attempt(hub_users.all_servers(terminal, self.hub))
                since = time.time()
                await attempt(hub_users.everyone(terminal, self.hub, self.found))
                until = time.time()
                self._keep("everyone", terminal)
            noted = pulse.pauses(notes, since, until)
            self.found["all_pause"] = [max((one.late for one in noted), default=0.0)]
            self.found["all_work"] = [max((one.worked for one in noted), default=0.0)]

    async def stops(self) -> None:
        """A thousand servers are stopped; `everyone` may have been before."""
        with tempfile.TemporaryDirectory(prefix="bench-") as home:
            env = environment(home, HUBTUI)
            await attempt(hub_stops.plans(self.hub, self._hubtui, env, self.found))
            await attempt(hub_stops.stops(self.hub, self._hubtui, env, self.found))

    def _keep(self, scene: str, terminal: Terminal) -> None:
        """Saves the screen where one was asked for."""
        folder = self._options.screens
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"hub-{scene}.txt").write_text(terminal.view.text, encoding="utf-8")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


async def main() -> int:
    """Measures, and prints the table."""
    options = arguments()
    testbed = Testbed.find(options.name)
    if testbed is None:
        _say(f"no testbed {options.name}: `python -m tests.testbed up --hub-load` makes one")
        return 2
    hub = survey(testbed)
    bench = Bench(hub, options)
    for scene in SCENES:
        if scene in (options.only or SCENES):
            _say(f"scene {scene}")
            await getattr(bench, scene)()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    title = (
        f"{hub.users:,} users, {hub.servers:,} active servers; {options.runs} starts; "
        f"{os.cpu_count()} cores, load average {load}"
    )
    made = figures.table({"hubtui": bench.found}, title, measures=figures.OF_A_HUB)
    Console(width=150).print(made)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
