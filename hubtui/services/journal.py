"""The append-only record of all operations: who did what, when, on what basis, how it ended.

One JSON object a line in `journal.jsonl` of the user's state folder (0600 in 0700), on the disk
before the next thing happens. An operation is several lines with one id: `started` before anything
is written, `process` before the process that writes runs, `step` for each part of a long one that
is through, `finished` or `recovered` at the end.
It holds no diff and no values.
"""

from __future__ import annotations

import asyncio
import fcntl
import getpass
import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from hubtui.config import private_folder, state_dir
from hubtui.errors import RefusedError
from hubtui.model.plan import Outcome, Step
from hubtui.model.text import one_line, safe_json

READ_MOST: Final = 8 * 1024 * 1024
"""Bytes from the journal's end that are read: ten thousand operations."""

_UNTOUCHED = "Nothing was changed: an operation that cannot be recorded is not started."


class Process(msgspec.Struct, frozen=True, omit_defaults=True):
    """A process: pid, start time and boot tell it from a later one. `output` is the file of its
    words."""

    pid: int
    started: int
    boot: str = ""
    output: str = ""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the file; which fields it has depends on its event."""

    id: str
    event: Literal["started", "process", "step", "finished", "recovered"]
    at: datetime
    v: int = 1
    who: str = ""
    context: str = ""
    server: str = ""
    namespace: str = ""
    release: str = ""
    action: str = ""
    title: str = ""
    summary: str = ""
    targets: tuple[str, ...] = ()
    basis: str = ""
    rests_on: dict[str, str] = {}
    details: dict[str, str] = {}
    overrides: tuple[str, ...] = ()
    owner: Process | None = None
    process: Process | None = None
    words: str = ""
    done: tuple[str, ...] = ()
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A part of an operation that is through, in words."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation as the journal has it.

    `owner` is the hubtui that started it, `process` the program that writes for it; `details` are
    what its action needs to go on with it. `said` are its parts that are through, and `done` the
    targets that they did. Without `outcome` it is unfinished.
    """

    id: str
    at: datetime
    who: str = ""
    context: str = ""
    server: str = ""
    namespace: str = ""
    release: str = ""
    action: str = ""
    title: str = ""
    summary: str = ""
    targets: tuple[str, ...] = ()
    basis: str = ""
    rests_on: tuple[tuple[str, str], ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    overrides: tuple[str, ...] = ()
    owner: Process | None = None
    process: Process | None = None
    said: tuple[Said, ...] = ()
    done: tuple[str, ...] = ()
    outcome: Outcome | None = None
    ended: datetime | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """How far each object had come at the end."""
        return self.outcome.steps if self.outcome else ()


@dataclass(frozen=True, slots=True)
class Record:
    """What the journal holds, newest first; `broken` lines could not be read."""

    entries: tuple[Entry, ...] = ()
    broken: int = 0


class Journal:
    """The journal of this user on this machine."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or state_dir()
        self.path = self.folder / "journal.jsonl"

    def words_of(self, operation: str) -> Path:
        """Where the words of an operation's process are kept until they are in the journal."""
        return self.folder / "words" / f"{operation}.stderr"

    async def append(self, line: Line) -> None:
        """Writes a line through to the disk. Raises RefusedError when it cannot."""
        await asyncio.to_thread(self._append, msgspec.json.encode(line) + b"\n")

    def _append(self, line: bytes) -> None:
        try:
            private_folder(self.folder)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                _write(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise RefusedError(
                f"The journal {self.path} cannot be written: {error.strerror or error}",
                meaning=_UNTOUCHED,
                remedy="Make room, or point HUBTUI_STATE at another folder.",
            ) from error

    def read(self, limit: int = 200) -> Record:
        """The newest operations; a journal that is not there yet is empty.

        Raises RefusedError when it may not be read.
        """
        lines, broken = self._lines()
        entries: dict[str, Entry] = {}
        for line in lines:
            entry = _merged(entries.get(line.id), line)
            if entry is None:
                broken += 1  # the line that it belongs to is lost
            else:
                entries[line.id] = entry
        newest = sorted(entries.values(), key=lambda entry: entry.at, reverse=True)
        return Record(tuple(newest[:limit]), broken)

    def _lines(self) -> tuple[list[Line], int]:
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                start = max(0, size - READ_MOST)
                file.seek(start)
                content = file.read()
        except FileNotFoundError:
            return [], 0
        except OSError as error:
            raise RefusedError(
                f"The journal {self.path} cannot be read: {error.strerror or error}"
            ) from error
        lines = content.split(b"\n")
        return _decoded(lines[1:] if start else lines)


def _write(descriptor: int, line: bytes) -> None:
    """The whole line or nothing: half a line would spoil the next one too."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line  # a machine that lost power in the middle of a line
    try:
        written = os.write(descriptor, line)
        if written < len(line):
            written += os.write(descriptor, line[written:])
        if written < len(line):
            raise OSError(28, "No space left on device")
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _decoded(lines: Iterable[bytes]) -> tuple[list[Line], int]:
    decoder = msgspec.json.Decoder(Line)
    found: list[Line] = []
    broken = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            found.append(decoder.decode(safe_json(line)))
        except (msgspec.DecodeError, UnicodeDecodeError):
            broken += 1
    return found, broken


def _merged(entry: Entry | None, line: Line) -> Entry | None:
    if line.event == "started":
        return Entry(**dict(_shared(line)))
    if entry is None:
        return None
    changes: dict[str, Any] = {
        name: value
        for name in ("process", "owner", "outcome")
        if (value := getattr(line, name)) is not None
    }
    if line.event == "step":
        changes["said"] = (*entry.said, Said(line.at, line.words))
        changes["done"] = (*entry.done, *line.done)
    if line.outcome is not None:
        changes["ended"] = line.at
    return replace(entry, **changes)


def _shared(line: Line) -> Iterator[tuple[str, Any]]:
    for name in Entry.__dataclass_fields__:
        value = getattr(line, name, None)
        if isinstance(value, dict):
            value = tuple(sorted(value.items()))
        if name not in ("ended", "said"):
            yield name, value


def who() -> str:
    """The operating system's user and machine, and from where over SSH."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    client = os.environ.get("SSH_CONNECTION", "").split(" ")[0]
    return one_line(f"{user}@{socket.gethostname()}" + (f" from {client}" if client else ""))


def now() -> datetime:
    """The journal's clock."""
    return datetime.now(UTC)
