"""How many spawns have failed one after the other, as the hub's log tells.

Source: JupyterHub 5 and 6, `handlers/base.py`, `spawn_single_user`: from the second failure on it
says how many there were and at how many it exits (`consecutive_failure_limit`, 5 in z2jh); a spawn
that succeeds begins anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_FAILED: Final = re.compile(
    r"(?P<failed>\d+) consecutive spawns failed\.\s+Hub will exit if failure count reaches"
    r" (?P<limit>\d+)"
)
_ABORTED: Final = re.compile(r"Aborting due to (?P<failed>\d+) consecutive spawn failures")
_STARTED: Final = re.compile(r"took [\d.]+ seconds to start")


@dataclass(frozen=True, slots=True)
class Failures:
    """Spawns that failed one after the other, and where the hub ends itself; `line` says so. Of
    one failure the log does not count."""

    failed: int = 0
    limit: int = 0
    line: str = ""

    @property
    def left(self) -> int:
        """How many more end the hub."""
        return max(0, self.limit - self.failed)

    def after(self, lines: Iterable[str]) -> Failures:
        """The same after further lines of the log, in their order."""
        found = self
        for line in lines:
            if told := _FAILED.search(line):
                found = Failures(int(told["failed"]), int(told["limit"]), line)
            elif told := _ABORTED.search(line):
                found = Failures(int(told["failed"]), int(told["failed"]), line)
            elif _STARTED.search(line):
                found = Failures()
        return found
