"""Long computations between other work."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Final, TypeVar

T = TypeVar("T")

_SLICE: Final = 0.01
"""Seconds that a computation may keep the loop at a stretch."""


async def unhurried(work: Generator[object, None, T]) -> T:
    """Runs a long computation step by step, so that the loop answers keys in between."""
    loop = asyncio.get_running_loop()
    rest_at = loop.time() + _SLICE
    while True:
        try:
            next(work)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if loop.time() > rest_at:
            await asyncio.sleep(0)
            rest_at = loop.time() + _SLICE
