"""Programs that outlive hubtui: a helm that writes must not die with the terminal.

Such a program runs in a session of its own, reads nothing but what it was given beforehand, writes
to files only, and does not begin before the caller has written down which process it is. A later
hubtui finds it again by its pid and start time, and waits for it through a pidfd, child or not.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from hubtui.errors import ToolError

WORDS_MOST: Final = 64 * 1024
"""Bytes of a program's own words that are read: its end, where the error stands."""

_LOCK_FD: Final = 3
_STDIN_FD: Final = 4
_ABOVE: Final = 16
"""Descriptors from here on are not overwritten while the program's own are put in place."""

# Waits for one byte, then becomes the program; end-of-file means that nobody has written it down.
_HOLDER: Final = """
import os, sys
if not os.read(0, 1):
    sys.exit(125)
given = int(sys.argv[1])
os.dup2(given or os.open(os.devnull, os.O_RDONLY), 0)
if given:
    os.close(given)
try:
    os.execv(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.exit(f"{sys.argv[2]} cannot be started: {error.strerror}")
"""

_DEFAULT_SIGNALS: Final = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGPIPE,
    signal.SIGXFSZ,
)


class Detached:
    """A program that has been started, or that another hubtui started (`child` is false)."""

    def __init__(self, pid: int, started: int, *, child: bool, release: int | None = None) -> None:
        self.pid = pid
        self.started = started
        self._child = child
        self._release = release

    @classmethod
    def find(cls, pid: int, started: int) -> Detached | None:
        """The process of another hubtui, if that very process still runs."""
        return cls(pid, started, child=False) if runs(pid, started) else None

    def begin(self) -> None:
        """Lets the program run: call it once its pid and start time are written down."""
        if self._release is not None:
            os.write(self._release, b"\n")
            self.abandon()

    def abandon(self) -> None:
        """Never lets it run, unless it was let run already; it ends by itself."""
        release, self._release = self._release, None
        if release is not None:
            os.close(release)

    async def wait(self) -> int | None:
        """Waits for its end; gives its exit status (negative: the signal that killed it), or None
        for a process of another hubtui, whose exit status only its parent can know.

        Cancelling this leaves the program alone.
        """
        await self._gone()
        return self._reap()

    def _reap(self) -> int | None:
        try:
            _pid, status = os.waitpid(self.pid, 0)
        except ChildProcessError:
            return None
        return os.waitstatus_to_exitcode(status)

    async def _gone(self) -> None:
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        loop.add_reader(descriptor, gone.set)
        try:
            # The pid may have been given to another process between the look and the open.
            if self._child or runs(self.pid, self.started):
                await gone.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)


def spawn_held(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    errors: Path,
    lock: int | None = None,
    stdin: bytes | None = None,
) -> Detached:
    """Starts a program in a session of its own that does nothing until `begin`.

    Its stdout goes nowhere, its stderr to the new file `errors` (0600). `lock` is a descriptor that
    the program keeps open: a lock on it lasts as long as the program. `stdin` is in memory that the
    program itself holds: it reads all of it, whatever becomes of hubtui. Raises ToolError.
    """
    reading, writing = os.pipe()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
    opened = [reading]
    try:
        words = os.open(errors, flags, 0o600)
        opened.append(words)
        given = None if stdin is None else _in_memory(stdin)
        opened += [] if given is None else [given]
        holder = [sys.executable, "-I", "-S", "-c", _HOLDER]
        pid = os.posix_spawn(
            sys.executable,
            [*holder, "0" if given is None else str(_STDIN_FD), *argv],
            env,
            file_actions=_put_in_place(reading, words, lock, given),
            setsid=True,
            setsigmask=(),
            setsigdef=_DEFAULT_SIGNALS,
        )
    except OSError as error:
        os.close(writing)
        raise ToolError(f"{argv[0]} cannot be started: {error.strerror or error}") from error
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return Detached(pid, start_ticks(pid) or 0, child=True, release=writing)


def _put_in_place(
    reading: int, words: int, lock: int | None, given: int | None
) -> list[tuple[int, ...] | tuple[int, int, str, int, int]]:
    """Which descriptors the program gets under which numbers."""
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_DUP2, reading, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, words, 2),
    ]
    if lock is not None:
        actions.append((os.POSIX_SPAWN_DUP2, lock, _LOCK_FD))
    if given is not None:
        actions.append((os.POSIX_SPAWN_DUP2, given, _STDIN_FD))
    return actions


def _in_memory(content: bytes) -> int:
    """A descriptor to read the content from, of a file that is on no disk (memfd_create(2))."""
    made = os.memfd_create("stdin")
    try:
        with os.fdopen(os.dup(made), "wb") as file:
            file.write(content)
        os.lseek(made, 0, os.SEEK_SET)
        return fcntl.fcntl(made, fcntl.F_DUPFD_CLOEXEC, _ABOVE)
    finally:
        os.close(made)


def runs(pid: int, started: int) -> bool:
    """Whether this very process still runs."""
    return pid > 0 and start_ticks(pid) == started


def start_ticks(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None for none, or one that has ended.

    Source: proc(5), field 22 of /proc/PID/stat. With the boot it tells a process from a later one
    that was given the same pid.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else int(fields[19])


def boot_id() -> str:
    """Which boot of this machine it is: start times count from there."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def last_words(path: Path) -> str:
    """The end of what a program said, not yet made harmless; empty when there is no file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - WORDS_MOST))
            return file.read(WORDS_MOST).decode(errors="replace").strip()
    except OSError:
        return ""
