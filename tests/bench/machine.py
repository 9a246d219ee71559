"""What /proc says of a program and the processes that it started."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds so far and resident bytes now."""

    cpu: float
    tree: int
    main: int


def usage(pid: int) -> Usage:
    """Of the process and all below it; children that have ended count with their parent."""
    cpu, resident = 0.0, {}
    for one in tree(pid):
        # A process may end between two looks.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = _stat(one)
            # proc(5): utime, stime, cutime, cstime are fields 14 to 17.
            cpu += sum(map(int, fields[11:15])) / _TICK
            pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
            resident[one] = pages * _PAGE
    return Usage(cpu, sum(resident.values()), resident.get(pid, 0))


def tree(root: int) -> list[int]:
    """The process and its descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                parents[int(entry.name)] = int(_stat(int(entry.name))[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _stat(pid: int) -> list[str]:
    # The second field is the name, in brackets, and may hold anything: count from behind it.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank: the smallest value that `share` of all do not exceed."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
