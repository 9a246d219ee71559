"""A program in a real pty, its screen rendered, and the time at which something was to be seen."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.bench import tap
from tests.bench.view import View

Predicate = Callable[[View], bool]
_RENDERER_NICENESS = 10


@dataclass(frozen=True, slots=True)
class Chunk:
    """One read of the terminal: when, and how many bytes."""

    at: float
    size: int


@dataclass(slots=True)
class _Watcher:
    predicate: Predicate
    since: float
    found: Future[float]


class NotSeenError(Exception):
    """Something did not come onto the screen; carries the screen."""


class Terminal:
    """Runs `argv` (needs util-linux's setsid). Times are seconds of `time.perf_counter`."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], columns: int = 160, rows: int = 48
    ) -> None:
        self._argv = list(argv)
        self._env = dict(env)
        self._size = (columns, rows)
        self.view = View(columns, rows)
        self.chunks: list[Chunk] = []
        self._watchers: list[_Watcher] = []
        self._lock = threading.Lock()
        self._ended = False
        self._hung_up = False
        self.started = 0.0

    def __enter__(self) -> Self:
        self._master, slave = pty.openpty()
        columns, rows = self._size
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        ours, theirs = socket.socketpair()
        tapped = [sys.executable, "-S", "-E", str(Path(tap.__file__))]
        self._tap = subprocess.Popen(
            [*tapped, str(self._master), str(theirs.fileno())],
            pass_fds=(self._master, theirs.fileno()),
        )
        theirs.close()
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            # /dev/tty must be this pty: setsid makes it the controlling terminal, then execs.
            ["setsid", "--ctty", *self._argv],
            env=self._env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        self._source = ours
        self._renderer = threading.Thread(target=self._render, daemon=True)
        self._renderer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self.hang_up()
        self._renderer.join(5)
        self._source.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the program has closed its terminal."""
        return self._ended

    def hang_up(self) -> None:
        """Close the terminal, as sshd does when a connection drops: the program gets SIGHUP."""
        if not self._hung_up:
            self._hung_up = True
            self._tap.terminate()
            self._tap.wait()
            os.close(self._master)

    async def gone(self, timeout: float) -> int:
        """Wait for the program's end; gives its exit status, -N for a signal."""
        return await asyncio.to_thread(self._process.wait, timeout)

    def send(self, keys: str) -> float:
        """Type; returns when."""
        at = time.perf_counter()
        os.write(self._master, keys.encode())
        return at

    async def seen(
        self, predicate: Predicate, timeout: float, *, since: float = 0.0, what: str = ""
    ) -> float:
        """When the read came with which `predicate` held; only reads after `since` count."""
        watcher = _Watcher(predicate, since, Future())
        with self._lock:
            last = self.chunks[-1].at if self.chunks else 0.0
            if last > since and predicate(self.view):
                return last
            if self._ended:
                raise NotSeenError(f"{self._argv[0]} ended; it left\n{self.view.text}")
            self._watchers.append(watcher)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.wrap_future(watcher.found)
        except TimeoutError:
            raise NotSeenError(
                f"no {what or 'match'} in {timeout} s on\n{self.view.text}"
            ) from None
        finally:
            with self._lock, contextlib.suppress(ValueError):
                self._watchers.remove(watcher)

    async def seen_text(self, pattern: str, timeout: float, *, since: float = 0.0) -> float:
        """When a regular expression (case matters, lines apart) was first to be seen."""
        wanted = re.compile(pattern, re.MULTILINE)
        return await self.seen(
            lambda view: wanted.search(view.text) is not None, timeout, since=since, what=pattern
        )

    async def quiet(self, seconds: float, timeout: float) -> bool:
        """Wait until nothing is written for so long from here on; False if that did not come."""
        began = time.perf_counter()
        deadline = began + timeout
        while (now := time.perf_counter()) < deadline:
            last = max(self.chunks[-1].at, began) if self.chunks else began
            if now - last >= seconds:
                return True
            await asyncio.sleep(max(0.01, seconds - (now - last)))
        return False

    def written(self, since: float, until: float) -> int:
        """Bytes that came in a span of time."""
        return sum(chunk.size for chunk in self.chunks if since <= chunk.at < until)

    def _render(self) -> None:
        # The measured program goes first on a machine with few cores.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _RENDERER_NICENESS)
        with self._source.makefile("rb") as source:
            while len(head := source.read(tap.FRAME.size)) == tap.FRAME.size:
                at, size = tap.FRAME.unpack(head)
                data = source.read(size)
                with self._lock:
                    self.view.feed(data)
                    self.chunks.append(Chunk(at, size))
                    self._look(at)
        with self._lock:
            self._ended = True
            for watcher in self._watchers:
                if watcher.found.set_running_or_notify_cancel():
                    text = f"{self._argv[0]} ended; it left\n{self.view.text}"
                    watcher.found.set_exception(NotSeenError(text))

    def _look(self, at: float) -> None:
        for watcher in list(self._watchers):
            if at > watcher.since and watcher.predicate(self.view):
                self._watchers.remove(watcher)
                if watcher.found.set_running_or_notify_cancel():
                    watcher.found.set_result(at)
