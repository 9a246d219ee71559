"""How fast an upgrade is planned: on the screen from the key that asks for it, and by a command."""

from __future__ import annotations

import asyncio
import time
from asyncio import sleep
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.figures import Figures
from tests.bench.terminal import NotSeenError, Terminal
from tests.testbed.build import unpack_helm
from tests.testbed.release import REVISIONS, UNTOUCHED_TAG, chart_version

TIMES = 5
PATIENCE = 30.0
_ESCAPE, _ENTER, _CLEAR = "\x1b", "\r", "\x15"
_PLANNED = r"[●▲✗] helm renders it"


def helm() -> dict[str, str]:
    """The testbed's helm, for hubtui's environment: finding one is not measured."""
    return {"HUBTUI_HELM": str(unpack_helm().helm(4))}


def chart() -> Path:
    """The chart of the testbed's last revision, as a folder."""
    newest = REVISIONS[-1]
    return chart_version(newest.chart, newest.app)


async def plans(terminal: Terminal, figures: Figures) -> None:
    """`u`, the chart's folder, reset-then-reuse: from the last key until the checks are there."""
    await _press(terminal, "1", r"Releases")
    await _press(terminal, "u", r"runs +revision \d+")
    await _press(terminal, "jj", r"Another chart")
    await _press(terminal, _ENTER, r"Version +empty")
    await _press(terminal, f"{_CLEAR}{chart()}", rf"Chart +{chart()}")
    for _ in "chart", "version", "repository":
        await _press(terminal, _ENTER, "")
    await _press(terminal, _ENTER, r"● reset-then-reuse")
    for _ in range(TIMES):
        sent = terminal.send(_ENTER)
        shown = await terminal.seen_text(_PLANNED, PATIENCE, since=sent)
        figures.setdefault("plan", []).append(shown - sent)
        await _press(terminal, _ESCAPE, r"What is used")


async def commands(binary: str, kubeconfig: Path, env: Mapping[str, str], figures: Figures) -> None:
    """`hubtui upgrade … --json`, from its start to its end."""
    argv = [
        *(binary, "--kubeconfig", str(kubeconfig), "-n", "hub", "--release", "hub", "upgrade"),
        *("--chart", str(chart()), "--set-string", f"singleuser.image.tag={UNTOUCHED_TAG}"),
        *("--values-mode", "reset-then-reuse", "--json"),
    ]
    for _ in range(TIMES):
        figures.setdefault("plan_json", []).append(await _timed(argv, env))


async def _timed(argv: Sequence[str], env: Mapping[str, str]) -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *argv, env=dict(env), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, why = await process.communicate()
    took = time.perf_counter() - began
    if process.returncode or b'"helm renders it"' not in said:
        raise NotSeenError(f"{' '.join(argv)}: {(why or said).decode(errors='replace')}")
    return took


async def _press(terminal: Terminal, typed: str, shows: str) -> None:
    """Keys that are not measured, each answered before the next."""
    sent = terminal.send(typed)
    if shows:
        await terminal.seen_text(shows, PATIENCE, since=sent)
    await sleep(0.3)
    await terminal.quiet(0.3, 5)
