"""What a hub says that it was asked: the lines of JupyterHub's access log.

A line is written when a request has ended and says how long it took, from its head's arrival.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path

GRAIN = 0.001
"""Seconds that a time in the log may be off: it is cut to milliseconds."""

_LINE = re.compile(
    r"^\[\w (?P<at>[\d-]+ [\d:]+\.\d{3}) JupyterHub log:\d+\] (?P<status>\d{3}) (?P<method>[A-Z]+) "
    r"(?P<path>\S+) .*\((?P<user>\S*)@[^@\s]*\) (?P<took>[\d.]+)ms$"
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `ended` is seconds since the epoch, `took` seconds."""

    ended: float
    took: float
    status: int
    method: str
    path: str
    user: str

    @property
    def began(self) -> float:
        """When its head had arrived."""
        return self.ended - self.took

    @property
    def is_page(self) -> bool:
        """Whether it asked for a page of users."""
        return self.method == "GET" and self.path.partition("?")[0].endswith("/users")


def read(log: Path, user: str, since: float, until: float) -> list[Request]:
    """What a user or a service asked for and was answered in a span, in the log's order."""
    with log.open(errors="replace") as lines:
        found = [request for line in lines if (request := parse(line)) is not None]
    return [one for one in found if one.user == user and since <= one.ended < until]


def parse(line: str) -> Request | None:
    """A line of the log; None for one that tells of no request."""
    found = _LINE.match(line.rstrip())
    if found is None:
        return None
    # The log is in the machine's own time zone, and does not name it.
    ended = datetime.fromisoformat(found["at"]).astimezone().timestamp()
    took = float(found["took"]) / 1000
    return Request(ended, took, int(found["status"]), found["method"], found["path"], found["user"])


def most_at_once(requests: Iterable[Request]) -> int:
    """How many were under way at the same time, at most; an end makes room for a begin."""
    turns = []
    for one in requests:
        begin, end = one.began + GRAIN, one.ended - GRAIN
        if begin < end:
            turns += [(begin, 1), (end, -1)]
    return max(accumulate(step for _, step in sorted(turns)), default=0)


def busy(requests: Iterable[Request]) -> float:
    """Seconds that the hub was at work for requests that keep its event loop, as pages do."""
    return sum(one.took for one in requests)
