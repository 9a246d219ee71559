"""The real jupyterhub-idle-culler of PyPI: its command, and its runs at a time of a test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.testbed.build import culler

IN_Z2JH, NEWEST = "1.4.0", "2.0.0"
VERSIONS = (IN_Z2JH, NEWEST)

_NUMBERS = {
    "timeout": "--timeout",
    "every": "--cull-every",
    "concurrency": "--concurrency",
    "maxAge": "--max-age",
}


def arguments(values: Mapping[str, Any], url: str) -> list[str]:
    """The culler's arguments for the chart's values, as z2jh makes them (facts.md §1.9).

    Switches are written out, for 2.0 takes no bare ones.
    """
    cull = values["cull"]
    words = [f"{flag}={cull[name]}" for name, flag in _NUMBERS.items() if cull.get(name)]
    if cull.get("users"):
        words.append("--cull-users=true")
    if not cull.get("adminUsers"):
        words.append("--cull-admin-users=false")
    if cull.get("removeNamedServers"):
        words.append("--remove-named-servers=true")
    return [f"--url={url}", *words]


def environment(version: str, token: str) -> dict[str, str]:
    """The environment in which a version can be imported and speaks to a hub."""
    return {**os.environ, "PYTHONPATH": str(culler(version)), "JUPYTERHUB_API_TOKEN": token}


def command(values: Mapping[str, Any], url: str) -> list[str]:
    """The culler as a process of its own, on the machine's clock."""
    return [sys.executable, "-m", "jupyterhub_idle_culler", *arguments(values, url)]


@dataclass(frozen=True)
class Ran:
    """What came of one run: the interval that it was started with, and why it did not work."""

    every: float
    fault: str


class Clocked:
    """The culler in a process whose clock a test sets; see `culler_driver`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, words: list[str], now: datetime) -> Ran:
        """Starts it with these arguments and has it do one run at `now`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"words": words, "now": now.isoformat()}) + "\n")
        self._process.stdin.flush()
        return Ran(**json.loads(self._process.stdout.readline()))


@contextmanager
def clocked(version: str) -> Iterator[Clocked]:
    """One process for many runs: each costs milliseconds."""
    driver = Path(__file__).with_name("culler_driver.py")
    with subprocess.Popen(
        [sys.executable, str(driver)],
        env=environment(version, "a-token"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield Clocked(process)
        assert process.stdin is not None
        process.stdin.close()


@dataclass(frozen=True)
class Line:
    """A line of the culler's log, and when it came."""

    at: datetime
    text: str


@contextmanager
def culling(
    version: str, values: Mapping[str, Any], url: str, token: str
) -> Iterator[Iterator[Line]]:
    """The culler as it is, until the block ends; gives what it logs, each run's lines among it."""
    verbose = "--logging=debug" if version == IN_Z2JH else "--IdleCuller.log_level=DEBUG"
    with subprocess.Popen(
        [*command(values, url), verbose],
        env=environment(version, token),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            yield (Line(datetime.now(UTC), line.rstrip()) for line in process.stderr)
        finally:
            process.terminate()
