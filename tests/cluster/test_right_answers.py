"""Releases and history are what helm itself says, of either major."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubtui.model.age import rfc3339
from hubtui.model.release import RevisionHead
from hubtui.services.releases import Summary
from tests.cluster.small_release import NAME, SmallRelease, installed
from tests.testbed import Testbed


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def small(
    request: pytest.FixtureRequest, testbed: Testbed, tmp_path: Path
) -> Iterator[SmallRelease]:
    with installed(testbed, tmp_path, request.param) as release:
        yield release


async def _rows(small: SmallRelease) -> list[tuple[RevisionHead, Summary]]:
    async with small.session() as session:
        heads = await session.releases.refresh(NAME)
        return list(zip(heads, await session.releases.summaries(heads), strict=True))


def _row(head: RevisionHead, summary: Summary) -> dict[str, Any]:
    return {
        "revision": head.revision,
        "status": head.status.value,
        "chart": f"{summary.chart}-{summary.chart_version}",
        "app_version": summary.app,
        "description": summary.description,
        "updated": rfc3339(summary.updated),
    }


def _seconds(written: str) -> str:
    """A time of helm's without its fractions: of RFC 3339 in history, of Go in the list."""
    return written[:19].replace(" ", "T") + "Z"


async def test_history_is_helms_own(small: SmallRelease) -> None:
    small.run("rollback", NAME, "1")
    said = json.loads(small.run("history", NAME, "--output", "json").stdout)
    ours = [_row(*row) for row in reversed(await _rows(small))]
    # helm 4 tells the target of a rollback once more, beside the description.
    theirs = [
        {**{name: row[name] for name in ours[0]}, "updated": _seconds(row["updated"])}
        for row in said
    ]
    assert ours == theirs


async def test_the_list_of_releases_is_helms_own(small: SmallRelease) -> None:
    said = json.loads(small.run("list", "--output", "json").stdout)
    async with small.session() as session:
        await session.feeds.fill(session.releases.store)
        names = session.releases.names()
        heads = [session.releases.heads(name)[0] for name in names]
        rows = list(zip(heads, await session.releases.summaries(heads), strict=True))
    assert names == [row["name"] for row in said]
    for (head, summary), row in zip(rows, said, strict=True):
        ours = _row(head, summary)
        assert str(ours["revision"]) == str(row["revision"])
        for name in ("status", "chart", "app_version"):
            assert ours[name] == row[name]
        assert ours["updated"] == _seconds(row["updated"])
