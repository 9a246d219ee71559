"""What doctor says of one thing that it looked at."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from hubtui.errors import HubtuiError


class Verdict(StrEnum):
    """What was found: `warn` costs something, with `fail` hubtui does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `seconds` is how long that took, where it says something.

    `snippet` are lines of a file that mend it.
    """

    name: str
    verdict: Verdict
    evidence: str
    remedy: str = ""
    seconds: float | None = None
    snippet: tuple[str, ...] = ()


SKIPPED: Final = "not looked at: {} comes first"


async def timed(name: str, look: Awaitable[Finding], otherwise: Verdict = Verdict.FAIL) -> Finding:
    """What a look found, and how long it took; an error is `otherwise`."""
    began = time.monotonic()
    try:
        found = await look
    except HubtuiError as error:
        found = Finding(name, otherwise, error.what, " ".join((error.meaning, error.remedy)))
    return replace(found, name=name, remedy=found.remedy.strip(), seconds=time.monotonic() - began)
