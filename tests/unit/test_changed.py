"""How many objects each revision changed: counted for what is asked, told where it cannot be."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from hubtui.errors import DecodeError, HubtuiError, UnreachableError
from hubtui.model.diff import Counts
from hubtui.model.release import Payload, RevisionHead, Status, decode_payload
from hubtui.services.changed import Changed, Unknown
from hubtui.services.releases import Releases
from tests import releases


class Stored:
    """The part of `Releases` that is asked: payloads, which may fail; what was read and redrawn."""

    def __init__(self) -> None:
        self.read: list[int] = []
        self.redrawn: list[int] = []
        self.errors: dict[int, HubtuiError] = {}
        self.drawn = asyncio.Event()

    async def settled(self) -> None:
        await asyncio.sleep(0)

    async def payload(self, head: RevisionHead) -> Payload:
        self.read.append(head.revision)
        if error := self.errors.get(head.revision):
            raise error
        tag = f"2026.{head.revision}"
        return decode_payload(
            releases.packed(releases.release(head.revision, releases.values(tag), others=2))
        )

    def redraw(self, head: RevisionHead) -> None:
        self.redrawn.append(head.revision)
        self.drawn.set()


def head(revision: int, version: str = "1") -> RevisionHead:
    uid = f"uid-{revision}"
    return RevisionHead(
        "hub", revision, Status.SUPERSEDED, "hub", None, None, f"v{revision}", uid, version
    )


@pytest.fixture
def stored() -> Stored:
    return Stored()


async def counted(changed: Changed, before: int, after: int) -> Counts | Unknown | None:
    """Asks as a row that is drawn does, again and again until the work is done."""
    changed.counts(head(before), head(after))
    work = changed._work
    assert work is not None
    await asyncio.wait_for(work, 10)
    return changed._known.get(next(reversed(changed._known), ""))


async def test_only_the_revisions_of_rows_that_are_drawn_are_read(stored: Stored) -> None:
    changed = Changed(cast("Releases", stored))
    assert changed.counts(head(11), head(12)) is None
    assert stored.read == []
    assert str(await counted(changed, 11, 12)) == "~3 +0 -0"
    await counted(changed, 10, 11)
    assert sorted(stored.read) == [10, 11, 12]  # 11 once for both rows, and none of the others
    assert stored.redrawn == [12, 11]
    assert str(changed.counts(head(11), head(12))) == "~3 +0 -0"
    assert sorted(stored.read) == [10, 11, 12]
    await changed.close()


async def test_a_revision_that_has_changed_since_is_counted_anew(stored: Stored) -> None:
    changed = Changed(cast("Releases", stored))
    await counted(changed, 11, 12)
    assert changed.counts(head(11), head(12, "2")) is None
    await changed.close()


async def test_what_cannot_be_decoded_is_unknown_with_the_reason(stored: Stored) -> None:
    stored.errors[11] = DecodeError("the payload is cut off")
    changed = Changed(cast("Releases", stored))
    found = await counted(changed, 11, 12)
    assert isinstance(found, Unknown)
    assert found.reason == "the payload is cut off"
    assert stored.redrawn == [12]
    assert isinstance(changed.counts(head(11), head(12)), Unknown)
    assert stored.read == [11]  # not again: it will not change


async def test_what_could_not_be_read_is_tried_again_when_the_row_is_drawn(stored: Stored) -> None:
    stored.errors[11] = UnreachableError("no answer")
    changed = Changed(cast("Releases", stored))
    await counted(changed, 11, 12)
    assert changed.known == 0
    assert stored.redrawn == []
    del stored.errors[11]
    assert str(await counted(changed, 11, 12)) == "~3 +0 -0"
    await changed.close()
