"""The queries that were asked, and those that were saved under a name.

One JSON object a line in `queries.jsonl` of the user's state folder (0600 in 0700), at most
`MOST_BYTES` of them. Nothing depends on it: where it cannot be read or written, there is no history
beyond this program's end.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from hubtui.config import private_folder, state_dir
from hubtui.model.age import rfc3339
from hubtui.model.text import one_line, safe_json
from hubtui.services.store import utc_now

MOST: Final = 300
"""Asked queries that are kept, and saved ones."""

MOST_BYTES: Final = 512 * 1024
"""Bytes of the file from which on it is written anew with what still counts."""

LONGEST: Final = 8 * 1024
"""Characters of a query that is kept."""


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """A query that was asked; with a name it was saved, and without a query that is forgotten."""

    at: str
    promql: str = ""
    name: str = ""
    v: int = 1


class KeptQueries:
    """History and saved queries of this user on this machine."""

    def __init__(
        self, folder: Path | None = None, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.path = (folder or state_dir()) / "queries.jsonl"
        self._now = now
        self._asked: list[str] = []
        self._saved: dict[str, str] = {}
        self.missing = ""
        """Why the file could not be read or written the last time; "" where it could."""

    @property
    def asked(self) -> tuple[str, ...]:
        """What was asked, the latest last, each once."""
        return tuple(self._asked)

    @property
    def saved(self) -> Mapping[str, str]:
        """What was saved, by name."""
        return dict(sorted(self._saved.items()))

    def read(self) -> None:
        """Takes what the file holds."""
        try:
            lines = _decoded(self.path.read_bytes())
        except FileNotFoundError:
            return
        except OSError as error:
            self._failed("read", error)
            return
        self._asked, self._saved = [], {}
        for line in lines:
            self._take(line)

    def ask(self, promql: str) -> None:
        """Notes that a query was asked."""
        if 0 < len(promql) <= LONGEST and self._asked[-1:] != [promql]:
            self._add(_Line(self._at(), promql))

    def save(self, name: str, promql: str) -> None:
        """Saves a query under a name, in the place of one that had it."""
        self._add(_Line(self._at(), promql[:LONGEST], one_line(name)))

    def forget(self, name: str) -> None:
        """The name is free again."""
        self._add(_Line(self._at(), "", name))

    def _take(self, line: _Line) -> None:
        if line.name:
            self._saved.pop(line.name, None)
            if line.promql:
                self._saved[line.name] = line.promql
                while len(self._saved) > MOST:
                    del self._saved[next(iter(self._saved))]
        elif line.promql:
            if line.promql in self._asked:
                self._asked.remove(line.promql)
            self._asked.append(line.promql)
            del self._asked[:-MOST]

    def _add(self, line: _Line) -> None:
        self._take(line)
        try:
            private_folder(self.path.parent)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                self._write(descriptor, line)
            finally:
                os.close(descriptor)
            self.missing = ""
        except OSError as error:
            self._failed("written", error)

    def _write(self, descriptor: int, line: _Line) -> None:
        size = os.fstat(descriptor).st_size
        whole = _encoded([line])
        if size + len(whole) > MOST_BYTES:
            # Another hubtui may have added to it since it was read.
            kept = KeptQueries(self.path.parent)
            for each in _decoded(os.pread(descriptor, size, 0)):
                kept._take(each)
            kept._take(line)
            whole = kept._compact(self._at())
            os.ftruncate(descriptor, 0)
        elif size and os.pread(descriptor, 1, size - 1) != b"\n":
            whole = b"\n" + whole
        os.write(descriptor, whole)

    def _compact(self, at: str) -> bytes:
        """What still counts, in half of the room at most: the latest of the history."""
        saved = _encoded(_Line(at, promql, name) for name, promql in self._saved.items())
        asked: list[bytes] = []
        room = MOST_BYTES // 2 - len(saved)
        for promql in reversed(self._asked):
            line = _encoded([_Line(at, promql)])
            room -= len(line)
            if room < 0:
                break
            asked.append(line)
        return saved + b"".join(reversed(asked))

    def _at(self) -> str:
        return rfc3339(self._now()) or ""

    def _failed(self, what: str, error: OSError) -> None:
        self.missing = f"{self.path} cannot be {what}: {error.strerror or error}"


def _encoded(lines: Iterable[_Line]) -> bytes:
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def _decoded(content: bytes) -> list[_Line]:
    """The lines that can be read."""
    decoder = msgspec.json.Decoder(_Line)
    found = []
    for line in content.split(b"\n"):
        try:
            found.append(decoder.decode(safe_json(line)))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return found
