"""The append-only record of all operations: who did what, when, on what basis, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hubtui.model.plan import Outcome, Step


@dataclass(frozen=True, slots=True)
class Process:
    """The process that writes for an operation: pid and start time tell it from a later one."""

    pid: int
    started: int
    output: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation as the journal has it."""

    id: str
    at: datetime
    who: str
    context: str
    server: str
    namespace: str
    release: str
    action: str
    title: str
    targets: tuple[str, ...]
    basis: str
    rests_on: dict[str, str]
    overrides: tuple[str, ...] = ()
    owner: Process | None = None
    process: Process | None = None
    steps: tuple[Step, ...] = ()
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What the journal holds, newest first; `broken` lines could not be read."""

    entries: tuple[Entry, ...] = ()
    broken: int = 0


class Journal:
    """The journal of this user on this machine."""

    def read(self, limit: int = 200) -> Record:
        """The newest operations."""
        return Record()
