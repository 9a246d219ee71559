"""A list-watch loop, as small as it can be: it starts again from a list whenever it breaks."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

LOG = logging.getLogger("watch")


async def events(
    session: aiohttp.ClientSession, path: str, **params: str
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Yields (type, object), first ADDED for all that is listed; LISTED comes before a new list."""
    while True:
        try:
            async with session.get(path, params=params, raise_for_status=True) as answer:
                listed = await answer.json()
            yield "LISTED", {}
            for item in listed["items"]:
                yield "ADDED", item
            version = listed["metadata"]["resourceVersion"]
            query = {**params, "watch": "1", "resourceVersion": version}
            async with session.get(path, params=query, raise_for_status=True) as answer:
                async for line in answer.content:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        break
                    yield event["type"], event["object"]
        except (aiohttp.ClientError, ValueError, OSError) as error:
            LOG.info("%s: %s", path, error)
        await asyncio.sleep(0.5)
