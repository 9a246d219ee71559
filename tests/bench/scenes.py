"""The measurements, one function each, on a program that runs in a terminal."""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import string
import time
from dataclasses import dataclass

from tests.bench import revisions
from tests.bench.figures import Figures
from tests.bench.machine import percentile, usage
from tests.bench.programs import Pane, Program
from tests.bench.terminal import NotSeenError, Terminal
from tests.bench.view import View, moved_rows
from tests.testbed.load import Api, change_pod

IDLE_WINDOW = 10.0
KEY_PRESSES = 120
CHANGES = 20
SINGLE_CHANGES = 7
UPGRADES = 7
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Cluster:
    """What the measured cluster holds: counts, and the load's pods with their users."""

    pods: int
    releases: int
    revisions: int
    users: dict[str, str]


def filled(pattern: str, **values: int | str) -> str:
    """A pattern with its {names} filled in; other braces stay a pattern's."""
    for name, value in values.items():
        text = re.escape(value) if isinstance(value, str) else number(value)
        pattern = pattern.replace("{" + name + "}", text)
    return pattern


def number(value: int) -> str:
    """A pattern for a number, with or without thousands separators."""
    return f"{value:,}".replace(",", "[,. ]?")


async def start(terminal: Terminal, program: Program, cluster: Cluster, figures: Figures) -> None:
    """First frame, and the panes that are timed from the process's start."""
    frame = re.compile(program.first_frame)
    first = terminal.seen(lambda view: frame.search(view.text) is not None, 30, what="first frame")
    waits = {"first_frame": first, "pods": complete(terminal, program.pods, cluster)}
    if program.releases.from_start:
        waits["releases"] = complete(terminal, program.releases, cluster)
    found = await asyncio.gather(*waits.values(), return_exceptions=True)
    for key, at in zip(waits, found, strict=True):
        figures.setdefault(key, []).append(_since(terminal.started, at))


async def complete(terminal: Terminal, pane: Pane, cluster: Cluster, since: float = 0.0) -> float:
    """When the pane says that it holds everything."""
    counts = {
        "pods": cluster.pods,
        "releases": cluster.releases,
        "revisions": cluster.revisions,
    }
    pattern = filled(pane.complete, **counts)
    return await terminal.seen_text(pattern, pane.within, since=since)


async def idle(terminal: Terminal, figures: Figures) -> None:
    """Memory, then CPU and bytes in a span in which nothing changes."""
    await terminal.quiet(3, 20)
    before, began = usage(terminal.pid), time.perf_counter()
    await asyncio.sleep(IDLE_WINDOW)  # the measuring window itself
    after, ended = usage(terminal.pid), time.perf_counter()
    span = ended - began
    _add(figures, "memory", after.tree)
    _add(figures, "memory_main", after.main)
    _add(figures, "idle_cpu", 100 * (after.cpu - before.cpu) / span)
    _add(figures, "idle_bytes", terminal.written(began, ended) / span)


async def changes(
    terminal: Terminal, program: Program, cluster: Cluster, api: Api, figures: Figures
) -> None:
    """Change visible pods one at a time: how long until each shows, and how many bytes it takes."""
    terminal.send(program.rows_keys)
    await terminal.quiet(2, 10)
    shown = visible(terminal.view, program, cluster)
    if not shown:
        raise NotSeenError(f"no user pod in sight on\n{terminal.view.text}")
    chance = random.Random(1)
    took, sizes = [], []
    for turn in range(CHANGES):
        # Not in step with the program's own beat.
        await asyncio.sleep(chance.uniform(0.3, 1.0))
        pod = shown[turn % len(shown)]
        change, seen = await _change(terminal, program, api, pod, cluster.users[pod], 9000 + turn)
        took.append(seen - change)
        if turn < SINGLE_CHANGES:
            await asyncio.sleep(0.25)
            sizes.append(terminal.written(change, seen + 0.2))
    _add(figures, "change_p50", percentile(took, 0.5))
    _add(figures, "change_max", max(took))
    _add(figures, "row_bytes", statistics.median(sizes))


async def _change(
    terminal: Terminal, program: Program, api: Api, pod: str, user: str, restarts: int
) -> tuple[float, float]:
    row = filled(program.row, pod=pod, user=user, restarts=restarts)
    sent = time.perf_counter()
    waiting = asyncio.create_task(terminal.seen_text(row, 15, since=sent))
    change = await change_pod(api, pod, user, restarts)
    return change.sent, await waiting


async def upgrades(terminal: Terminal, program: Program, api: Api, figures: Figures) -> None:
    """A helm upgrade typed elsewhere: from its Secret's write to the painted row."""
    newest = await revisions.newest(api)
    chance = random.Random(3)
    took = []
    for turn in range(UPGRADES):
        number = newest + 1 + turn  # not one that was on the screen before
        row = filled(program.revision, revision=number, status=revisions.STATUS)
        await asyncio.sleep(chance.uniform(0.3, 1.0))
        since = time.perf_counter()
        waiting = asyncio.create_task(terminal.seen_text(row, 15, since=since))
        async with revisions.begun(api, number) as sent:
            took.append(await waiting - sent)
    _add(figures, "upgrade_p50", percentile(took, 0.5))
    _add(figures, "upgrade_max", max(took))


def visible(view: View, program: Program, cluster: Cluster) -> list[str]:
    """The load's pods that the screen shows by their whole name."""
    text = view.text
    words = set(re.split(r"\s+", text))
    shown = []
    for pod, user in cluster.users.items():
        name = program.name_on_row.format(pod=pod, user=user)
        if name.strip(string.whitespace) in words:
            shown.append(pod)
    return shown


async def keys_under_churn(terminal: Terminal, program: Program, figures: Figures) -> None:
    """Press `down` and `up` while pods change: how long until the cursor is seen to move."""
    terminal.send(program.cursor_keys)
    await asyncio.sleep(1)
    took = []
    before, began = usage(terminal.pid), time.perf_counter()
    chance = random.Random(2)
    for turn in range(KEY_PRESSES):
        key = program.down if turn // program.steps % 2 == 0 else program.up
        await asyncio.sleep(chance.uniform(0.02, 0.12))
        took.append(await press(terminal, key))
    spent = usage(terminal.pid).cpu - before.cpu
    _add(figures, "churn_cpu", 100 * spent / (time.perf_counter() - began))
    _add(figures, "key_p50", percentile(took, 0.50))
    _add(figures, "key_p99", percentile(took, 0.99))


async def press(terminal: Terminal, key: str) -> float:
    """How long until the cursor is seen to move after a key. Raises NotSeenError after 5 s."""
    shades = list(terminal.view.shades)
    sent = terminal.send(key)
    moved = terminal.seen(
        lambda view: bool(moved_rows(shades, view.shades)), 5, since=sent, what="moved cursor"
    )
    return await moved - sent


async def releases(
    terminal: Terminal, program: Program, cluster: Cluster, figures: Figures
) -> None:
    """A releases view of its own: from its key to the last release, and its cost while open."""
    sent = terminal.send(program.releases.keys)
    try:
        at = await complete(terminal, program.releases, cluster, since=sent)
    except NotSeenError:
        _add(figures, "releases", _NAN)
        raise
    _add(figures, "releases", at - sent)
    before, began = usage(terminal.pid), time.perf_counter()
    await asyncio.sleep(IDLE_WINDOW)
    spent = usage(terminal.pid).cpu - before.cpu
    _add(figures, "releases_cpu", 100 * spent / (time.perf_counter() - began))


def _add(figures: Figures, key: str, value: float) -> None:
    figures.setdefault(key, []).append(value)


def _since(began: float, at: float | BaseException) -> float:
    return _NAN if isinstance(at, BaseException) else at - began
