"""How fast a diff, the drift and running logs can be read: a run of hubtui of its own."""

from __future__ import annotations

import random
from asyncio import sleep
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests import releases
from tests.bench import fake_logs
from tests.bench.figures import Figures
from tests.bench.machine import percentile
from tests.bench.scenes import press
from tests.bench.terminal import Terminal
from tests.testbed.load import Api

LARGE = "bench-large"
"""A release with two revisions of MANIFEST bytes, for the time of the scene."""

MANIFEST = 133_000
STREAMS = 5
MOVES = 60
_SECRETS = "/api/v1/namespaces/hub/secrets"
_OBJECTS = 36
_ESCAPE = "\x1b"


@asynccontextmanager
async def large_release(kubeconfig: Path) -> AsyncIterator[None]:
    """The release, as helm stores it; gone afterwards."""
    names = [f"sh.helm.release.v1.{LARGE}.v{revision}" for revision in (1, 2)]
    async with Api.from_kubeconfig(kubeconfig) as api:
        try:
            for revision, status in ((1, "superseded"), (2, "deployed")):
                await api.create(_SECRETS, secret(names[revision - 1], revision, status))
            yield
        finally:
            for name in names:
                await api.delete(f"{_SECRETS}/{name}")


def secret(name: str, revision: int, status: str) -> dict[str, Any]:
    """One revision of it."""
    given = releases.values(f"2026.{revision:02}", f"{revision}G")
    document = {**releases.release(revision, given, others=_OBJECTS, size=50), "name": LARGE}
    assert len(document["manifest"]) > MANIFEST
    document["info"] = {**document["info"], "status": status}
    labels = {"owner": "helm", "name": LARGE, "version": str(revision), "status": status}
    return {
        "metadata": {"name": name, "labels": labels},
        "type": "helm.sh/release.v1",
        "data": {"release": releases.packed(document)},
    }


async def diffs(terminal: Terminal, figures: Figures) -> None:
    """The current revision with the cluster, and the one before with the current one."""
    await _press_all(terminal, "1g")
    figures["diff_live"] = [await _opened(terminal, "d", r"\d+ → live +~\d")]
    await _press_all(terminal, _ESCAPE, "j")
    figures["diff"] = [await _opened(terminal, "d", r"\d+ → \d+ +~\d")]
    await _press_all(terminal, _ESCAPE)


async def large_diff(terminal: Terminal, figures: Figures) -> None:
    """Two manifests of 133 kB, and keys in all of it."""
    await _press_all(terminal, "1", "/", f"{LARGE}\r", "gj", "\r", "G")
    figures["diff_large"] = [await _opened(terminal, "d", r"1 → 2 +~\d")]
    await _press_all(terminal, "o", "g")
    took = []
    for turn in range(MOVES):
        await sleep(0.03)
        took.append(await press(terminal, "j" if turn // 8 % 2 == 0 else "k"))
    figures["diff_key_p99"] = [percentile(took, 0.99)]
    await _press_all(terminal, _ESCAPE, "/", _ESCAPE)


async def logs(terminal: Terminal, figures: Figures) -> None:
    """Five logs of 200 lines a second; a filter is typed, letter by letter."""
    await _press_all(terminal, "2", "/", "role:users\r", "g", "\r", "j")
    await _press_all(terminal, *(" j" * STREAMS))
    sent = terminal.send("l")
    await terminal.seen_text(fake_logs.LETTERS, 10, since=sent)
    await sleep(10)  # 10,000 lines: what is kept
    chance = random.Random(4)
    took = []
    for _ in range(2):
        terminal.send("/")
        await sleep(0.5)
        for count in range(1, len(fake_logs.LETTERS)):
            await sleep(chance.uniform(0.05, 0.2))
            typed = fake_logs.LETTERS[:count]
            sent = terminal.send(typed[-1])
            at = await terminal.seen_text(rf"/ {typed}(?![a-z])", 5, since=sent)
            took.append(at - sent)
        terminal.send(_ESCAPE)
        await sleep(0.5)
    figures["log_key_p99"] = [percentile(took, 0.99)]


async def _press_all(terminal: Terminal, *keys: str) -> None:
    """Keys that are not measured, each when the one before was answered."""
    for each in keys:
        terminal.send(each)
        await sleep(0.3)
        await terminal.quiet(0.3, 5)


async def _opened(terminal: Terminal, key: str, pattern: str) -> float:
    sent = terminal.send(key)
    return await terminal.seen_text(pattern, 20, since=sent) - sent
