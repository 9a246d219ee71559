"""Starts processes that outlive us, and ends exactly those, by pid and start time."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.testbed.errors import TestbedError


@dataclass(frozen=True)
class Part:
    """One process of a testbed: how to start it, and which process that was last."""

    name: str
    argv: tuple[str, ...]
    log: str
    env: Mapping[str, str]
    pid: int = 0
    ticks: int = 0

    def as_json(self) -> dict[str, Any]:
        """What the state file holds; `from_json` reads it back."""
        return {**asdict(self), "argv": list(self.argv), "env": dict(self.env)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Part":
        """Reads what `as_json` wrote."""
        return cls(**{**data, "argv": tuple(data["argv"])})


def spawn(part: Part) -> Part:
    """Starts a part in a session of its own, with its output in its log, and says who it is.

    posix_spawn and not Popen: a Popen object that is dropped while its process runs warns.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        part.argv[0],
        list(part.argv),
        {**os.environ, **part.env},
        setsid=True,
        setsigmask=[],
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, part.log, flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )
    return Part(part.name, part.argv, part.log, part.env, pid, start_ticks(pid) or 0)


def start_ticks(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None for a dead one or a zombie.

    Field 22 of /proc/PID/stat (proc(5)): with the pid it tells a process from a later one.
    """
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child of ours that ended would stay a zombie
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def alive(part: Part) -> bool:
    """Whether this very process still runs."""
    return part.pid > 0 and start_ticks(part.pid) == part.ticks


def end(parts: Sequence[Part], grace: float = 5.0) -> None:
    """Ends parts with SIGTERM to each one's process group, with SIGKILL after a grace time."""
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        left = [part for part in parts if alive(part)]
        for part in left:
            send(part, number)
        if wait_for(lambda: not any(alive(part) for part in parts), seconds):
            return
    raise TestbedError(f"still running: {', '.join(p.name for p in parts if alive(p))}")


def send(part: Part, number: signal.Signals) -> None:
    """Sends a signal to the process group that the part leads."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(part.pid, number)


def wait_for(condition: Callable[[], bool], seconds: float, every: float = 0.05) -> bool:
    """Polls a condition until it holds; False when it did not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def tail(path: str | Path, lines: int = 15) -> str:
    """The last lines of a log, for the message of an error."""
    try:
        return "\n".join(Path(path).read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
