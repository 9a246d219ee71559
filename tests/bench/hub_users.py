"""The users pane and `hubtui users` on a large hub, and what they cost the hub."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import aiohttp

from tests.bench import hub_log
from tests.bench.figures import Figures
from tests.bench.machine import percentile, usage
from tests.bench.scenes import number, press
from tests.bench.terminal import NotSeenError, Terminal
from tests.testbed.load_hub import path_of
from tests.testbed.testbed import Testbed

WINDOW = 60.0
ACTIVE_IN_WINDOW = 1_000
"""Users whose activity is renewed in a window, through the proxy as that of real ones."""

WITHIN = 60.0
TIMES = 3
KEYS = 120
SERVICE = "hubtui"
"""Whose token the hub sees."""


@dataclass(frozen=True, slots=True)
class BigHub:
    """A testbed with the load of `load_hub`: how many active servers, users in all, and whose."""

    testbed: Testbed
    servers: int
    users: int
    names: Sequence[str]

    @property
    def log(self) -> Path:
        """The hub's log, requests included."""
        return Path(self.testbed.site.log("hub"))

    def cpu(self) -> float:
        """CPU seconds of the hub's process so far."""
        return usage(self.testbed.parts.all()["hub"].pid).cpu

    def asked(self, since: float, until: float) -> list[hub_log.Request]:
        """What hubtui asked the hub for in a span of the epoch's seconds."""
        return hub_log.read(self.log, SERVICE, since, until)


async def command(argv: Sequence[str], env: Mapping[str, str]) -> tuple[float, bytes]:
    """Runs a command to its end; how long it took, and what it said. Raises NotSeenError."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *argv, env=dict(env), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, why = await process.communicate()
    took = time.perf_counter() - began
    if process.returncode:
        raise NotSeenError(f"{' '.join(argv[:12])}: {(why or said)[-4000:].decode()}")
    return took, said


async def commands(
    hub: BigHub, hubtui: Sequence[str], env: Mapping[str, str], figures: Figures
) -> None:
    """`hubtui users --json`, from its start to its end."""
    for _ in range(TIMES):
        took, said = await command((*hubtui, "users", "--json"), env)
        listed = len(json.loads(said)["items"])
        if listed != hub.servers:
            raise NotSeenError(f"hubtui users lists {listed} servers of {hub.servers}")
        figures.setdefault("users_json", []).append(took)


async def all_servers(terminal: Terminal, hub: BigHub, since: float = 0.0) -> float:
    """When the pane shows all servers that are active."""
    pattern = rf"(?<!≥ )(?<!\d){number(hub.servers)} servers?\b"
    return await terminal.seen_text(pattern, WITHIN, since=since)


async def at_key(terminal: Terminal, hub: BigHub, figures: Figures) -> None:
    """From the key of a pane that was not open before, on a small screen."""
    await terminal.seen_text(r"\bPods\b", WITHIN)
    await terminal.quiet(1, 15)
    sent = terminal.send("4")
    figures.setdefault("users_key", []).append(await all_servers(terminal, hub, sent) - sent)


async def at_rest(hub: BigHub, figures: Figures) -> None:
    """What the hub has to do while hubtui does not run."""
    async with activity(hub):
        figures["hub_alone"] = [await _hub_cpu(hub)]


async def open_pane(terminal: Terminal, hub: BigHub, figures: Figures) -> None:
    """A minute with the pane open: what the hub is asked, what it works more, what hubtui uses."""
    terminal.send("4")
    await asyncio.sleep(5)  # the first load is over
    async with activity(hub):
        before, since = usage(terminal.pid), time.time()
        figures["hub_with_us"] = [await _hub_cpu(hub)]
        after, until = usage(terminal.pid), time.time()
    span = until - since
    pages = [one for one in hub.asked(since, until) if one.is_page]
    figures["hub_pages"] = [float(len(pages))]
    figures["hub_at_once"] = [float(hub_log.most_at_once(hub.asked(since, until)))]
    figures["hub_busy"] = [100 * hub_log.busy(hub.asked(since, until)) / span]
    figures["users_cpu"] = [100 * (after.cpu - before.cpu) / span]
    figures["users_memory"] = [float(after.tree)]


async def keys(terminal: Terminal, hub: BigHub, figures: Figures) -> None:
    """`j` and `k` in the pane while the hub is read."""
    terminal.send("4g")
    await terminal.quiet(1, 10)
    async with activity(hub):
        took = await _keys(terminal, KEYS)
    figures["users_key_p50"] = [percentile(took, 0.50)]
    figures["users_key_p99"] = [percentile(took, 0.99)]


async def everyone(terminal: Terminal, hub: BigHub, figures: Figures) -> None:
    """`A`: all users, page by page; keys are pressed meanwhile, and for a while afterwards."""
    terminal.send("4g")
    await terminal.quiet(1, 10)
    since, sent = time.time(), terminal.send("A")
    pattern = rf"(?<!≥ )(?<!\d){number(hub.users)} users"
    seen = asyncio.create_task(terminal.seen_text(pattern, 300, since=sent))
    took: list[float] = []
    while not seen.done():
        took += await _keys(terminal, 4)
    figures["all_load"] = [await seen - sent]
    took += await _keys(terminal, KEYS)
    figures["all_key_max"] = [max(took)]
    asked = hub.asked(since, time.time())
    figures["all_at_once"] = [float(hub_log.most_at_once(asked))]
    figures["all_page"] = [max((one.took for one in asked if one.is_page), default=0.0)]
    figures["all_memory"] = [float(usage(terminal.pid).tree)]


async def _keys(terminal: Terminal, count: int) -> list[float]:
    chance = random.Random(5)
    took = []
    for turn in range(count):
        await asyncio.sleep(chance.uniform(0.02, 0.12))
        with suppress(NotSeenError):
            took.append(await press(terminal, "j" if turn // 8 % 2 == 0 else "k"))
    return took


async def _hub_cpu(hub: BigHub) -> float:
    """The hub's share of a core in a window, in percent."""
    before, began = hub.cpu(), time.perf_counter()
    await asyncio.sleep(WINDOW)  # the measuring window itself
    return 100 * (hub.cpu() - before) / (time.perf_counter() - began)


@asynccontextmanager
async def activity(hub: BigHub) -> AsyncIterator[None]:
    """Users work: requests through the proxy, which renew what the hub knows of their activity."""
    task = asyncio.create_task(_work(hub))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _work(hub: BigHub) -> None:
    proxy = hub.testbed.site.url("proxy", "http")
    async with aiohttp.ClientSession() as http:
        for name in cycle(hub.names[:ACTIVE_IN_WINDOW]):
            async with http.get(f"{proxy}{path_of(name)}api", raise_for_status=True):
                await asyncio.sleep(WINDOW / ACTIVE_IN_WINDOW)
