"""Measure hubtui on a cluster, with k9s beside it: `python -m tests.bench --kubeconfig K`.

The cluster is expected to carry the load of `tests.testbed.load`; pods of that load are changed,
and Secrets of revisions made in the hub's namespace and deleted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from tests.bench import fake_logs, figures, k9s, reading, scenes, upgrading
from tests.bench.programs import HUBTUI, K9S, Program
from tests.bench.terminal import NotSeenError, Terminal
from tests.testbed.load import Api, keep_changing, pods_in_namespace, running_users

SCENES = ("start", "idle", "changes", "upgrades", "keys", "releases", "reading", "plans")
CHURN_PER_SECOND = 100
_CHURN_SECONDS = 60


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--hubtui", default=str(Path(sys.executable).with_name("hubtui")))
    parser.add_argument("--k9s", help="a k9s binary, or `build`")
    parser.add_argument("--skip-hubtui", action="store_true", help="measure k9s alone")
    parser.add_argument("--only", choices=SCENES, action="append", help="scenes (start is needed)")
    parser.add_argument("--runs", type=int, default=3, help="starts of each program")
    parser.add_argument("--slow", action="store_true", help="hubtui as over SSH")
    parser.add_argument("--screens", type=Path, help="a folder for the last screen of each scene")
    return parser.parse_args()


async def survey(kubeconfig: Path) -> scenes.Cluster:
    """Count what the programs are expected to show."""
    async with Api.from_kubeconfig(kubeconfig) as api:
        secrets = await api.some(
            "/api/v1/namespaces/hub/secrets", labelSelector="owner=helm", limit="100000"
        )
        names = {secret["metadata"]["labels"]["name"] for secret in secrets}
        pods, users = await pods_in_namespace(api), await running_users(api)
    return scenes.Cluster(pods, len(names), len(secrets), users)


async def measure(
    program: Program, binary: str, cluster: scenes.Cluster, options: argparse.Namespace
) -> figures.Figures:
    """All runs of one program; all but the start are measured in the last run."""
    found: figures.Figures = {}
    for run in range(options.runs):
        with tempfile.TemporaryDirectory(prefix="bench-") as home:
            argv = [
                part.format(binary=binary, kubeconfig=options.kubeconfig) for part in program.argv
            ]
            with Terminal(argv, environment(home, program)) as terminal:
                await scenes.start(terminal, program, cluster, found)
                keep(options, program, "start", terminal)
                if run == options.runs - 1 and not terminal.ended:
                    await last_run(terminal, program, cluster, options, found)
    return found


async def last_run(
    terminal: Terminal,
    program: Program,
    cluster: scenes.Cluster,
    options: argparse.Namespace,
    found: figures.Figures,
) -> None:
    """The scenes that a loaded program is measured in."""
    wanted = options.only or SCENES
    if "idle" in wanted:
        await attempt(scenes.idle(terminal, found))
        keep(options, program, "idle", terminal)
    if "changes" in wanted:
        async with Api.from_kubeconfig(options.kubeconfig) as api:
            await attempt(scenes.changes(terminal, program, cluster, api, found))
        keep(options, program, "changes", terminal)
    if "upgrades" in wanted and program.revision:
        async with Api.from_kubeconfig(options.kubeconfig) as api:
            await attempt(scenes.upgrades(terminal, program, api, found))
        keep(options, program, "upgrades", terminal)
    if "keys" in wanted:
        async with Api.from_kubeconfig(options.kubeconfig) as api:
            changing = asyncio.create_task(keep_changing(api, CHURN_PER_SECOND, _CHURN_SECONDS))
            await attempt(scenes.keys_under_churn(terminal, program, found))
            changing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await changing
        keep(options, program, "keys", terminal)
    if "releases" in wanted and not program.releases.from_start:
        await attempt(scenes.releases(terminal, program, cluster, found))
        keep(options, program, "releases", terminal)


async def read_run(
    program: Program, cluster: scenes.Cluster, options: argparse.Namespace, found: figures.Figures
) -> None:
    """A run of hubtui behind the door that makes logs up; k9s has nothing like a diff."""
    if "reading" not in (options.only or SCENES):
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        folder = Path(home)
        large = reading.large_release(options.kubeconfig)
        async with large, fake_logs.door(options.kubeconfig, folder) as kubeconfig:
            argv = [
                part.format(binary=options.hubtui, kubeconfig=kubeconfig) for part in program.argv
            ]
            with Terminal(argv, environment(home, program)) as terminal:
                await attempt(scenes.complete(terminal, program.pods, cluster))
                for scene in (reading.diffs, reading.large_diff, reading.logs):
                    await attempt(scene(terminal, found))
                    keep(options, program, scene.__name__, terminal)


async def plan_run(
    program: Program, cluster: scenes.Cluster, options: argparse.Namespace, found: figures.Figures
) -> None:
    """A run of hubtui that plans upgrades of the hub; nothing is written."""
    if "plans" not in (options.only or SCENES):
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        env = environment(home, program) | upgrading.helm()
        argv = [
            part.format(binary=options.hubtui, kubeconfig=options.kubeconfig)
            for part in program.argv
        ]
        with Terminal(argv, env) as terminal:
            await attempt(scenes.complete(terminal, program.pods, cluster))
            await attempt(upgrading.plans(terminal, found))
            keep(options, program, "plans", terminal)
        await attempt(upgrading.commands(options.hubtui, options.kubeconfig, env, found))


async def attempt(scene: Awaitable[object]) -> None:
    """One scene that does not work must not cost the figures of the others."""
    try:
        await scene
    except NotSeenError as error:
        print(error, file=sys.stderr)


def keep(options: argparse.Namespace, program: Program, scene: str, terminal: Terminal) -> None:
    """Save the screen where one was asked for."""
    if options.screens:
        options.screens.mkdir(parents=True, exist_ok=True)
        target = options.screens / f"{program.name}-{scene}.txt"
        target.write_text(terminal.view.text, encoding="utf-8")


def environment(home: str, program: Program) -> dict[str, str]:
    """A user's with no settings, in a terminal of 256 colours."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    folders = {
        name: f"{home}/{name}"
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    }
    fixed = {"HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    return kept | folders | fixed | program.env


async def main() -> int:
    """Measure, and print the table."""
    options = arguments()
    cluster = await survey(options.kubeconfig)
    results: dict[str, figures.Figures] = {}
    if not options.skip_hubtui:
        if shutil.which(options.hubtui) is None:
            print(f"no hubtui at {options.hubtui}: install it, or pass --hubtui", file=sys.stderr)
            return 2
        program = HUBTUI
        if options.slow:
            program = replace(HUBTUI, argv=(*HUBTUI.argv, "--slow"))
        results["hubtui"] = await measure(program, options.hubtui, cluster, options)
        await read_run(program, cluster, options, results["hubtui"])
        await plan_run(program, cluster, options, results["hubtui"])
    if options.k9s:
        binary = str(k9s.build()) if options.k9s == "build" else options.k9s
        results["k9s"] = await measure(K9S, binary, cluster, options)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    title = (
        f"{cluster.pods:,} pods, {cluster.revisions:,} revisions of {cluster.releases} releases; "
        f"160×48; {options.runs} starts; {os.cpu_count()} cores, load average {load}"
    )
    Console(width=150).print(figures.table(results, title, slow=options.slow))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
