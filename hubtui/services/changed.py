"""How many objects each revision changed, against the one before: for the rows on the screen only,
after their payloads are in, one at a time, between other work."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Final

from hubtui.errors import DecodeError, HubtuiError, NotFoundError
from hubtui.model.diff import Counts, steps
from hubtui.model.diff_content import Content, content_steps
from hubtui.model.redact import Redactor
from hubtui.model.release import RevisionHead
from hubtui.services.releases import Releases, version_key
from hubtui.services.unhurried import unhurried

log = logging.getLogger(__name__)

CONTENTS_KEPT: Final = 3
"""Manifests that were read and are kept: the next row shares one, and most of its documents."""


class Unknown:
    """A pair that cannot be counted, and why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Changed:
    """Counts by pair of revisions, kept by uid and resource version."""

    def __init__(self, releases: Releases) -> None:
        self._releases = releases
        self._known: dict[str, Counts | Unknown] = {}
        self._wanted: OrderedDict[str, tuple[RevisionHead, RevisionHead]] = OrderedDict()
        self._contents: OrderedDict[str, Content] = OrderedDict()
        self._work: asyncio.Task[None] | None = None

    def counts(self, before: RevisionHead, after: RevisionHead) -> Counts | Unknown | None:
        """What changed, or None while it is worked out; asking is what has it done."""
        key = f"{version_key(before)} {version_key(after)}"
        found = self._known.get(key)
        if found is None:
            self._wanted[key] = (before, after)
            self._wanted.move_to_end(key)
            if self.idle:
                self._work = asyncio.create_task(self._run(), name="changed")
        return found

    @property
    def known(self) -> int:
        """The pairs that were counted, or cannot be."""
        return len(self._known)

    @property
    def idle(self) -> bool:
        """Whether nothing is being worked out."""
        return self._work is None or self._work.done()

    async def close(self) -> None:
        """Ends the counting."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    async def _run(self) -> None:
        while self._wanted:
            await self._releases.settled()
            key, (before, after) = self._wanted.popitem(last=True)
            if key in self._known:
                continue
            try:
                self._known[key] = await self._count(before, after)
            except HubtuiError as error:
                log.info("changes of %s: %s", after.object_name, error)
                return  # asked again when a row is drawn
            self._releases.redraw(after)

    async def _count(self, before: RevisionHead, after: RevisionHead) -> Counts | Unknown:
        try:
            old = await self._content(before)
            new = await self._content(after, old)
        except (DecodeError, NotFoundError) as error:
            return Unknown(error.what)
        # Nothing of it is shown but numbers: masking would be work for nothing.
        return (await unhurried(steps(old, new, Redactor(reveal=True)))).counts

    async def _content(self, head: RevisionHead, known: Content | None = None) -> Content:
        key = version_key(head)
        if key in self._contents:
            self._contents.move_to_end(key)
            return self._contents[key]
        payload = await self._releases.payload(head)
        near = known or next(reversed(self._contents.values()), None)
        content = await unhurried(content_steps(payload, near))
        self._contents[key] = content
        while len(self._contents) > CONTENTS_KEPT:
            self._contents.popitem(last=False)
        return content
