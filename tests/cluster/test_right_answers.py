"""Releases and history are what helm itself says, of either major."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hubtui.model.age import rfc3339
from hubtui.model.release import RevisionHead
from hubtui.services.releases import Summary
from tests.cluster.either_helm import either_helm as either_helm
from tests.cluster.opened import until
from tests.cluster.small_release import NAME, SmallRelease


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
    statuses = ["deployed", "superseded", "superseded", "superseded"]
    assert await _is_helms_history(small) == statuses


async def _is_helms_history(small: SmallRelease) -> list[str]:
    """Compares, and gives the statuses, newest first."""
    said = json.loads(small.run("history", NAME, "--output", "json").stdout)
    ours = [_row(*row) for row in reversed(await _rows(small))]
    # helm 4 tells the target of a rollback once more, beside the description.
    theirs = [
        {**{name: row[name] for name in ours[0]}, "updated": _seconds(row["updated"])}
        for row in said
    ]
    assert ours == theirs
    return [str(row["status"]) for row in reversed(ours)]


MISSING = ("upgrade", NAME, "--set", "mark=missing", "--wait", "--timeout")
"""An upgrade to an image that nobody has: helm waits for it."""


async def test_a_failed_revision_is_helms_own(small: SmallRelease) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        small.run(*MISSING, "2s", str(small.chart))
    assert (await _is_helms_history(small))[:2] == ["failed", "deployed"]
    await _is_helms_list(small)


async def test_a_pending_revision_is_helms_own_while_helm_runs_and_after_it_was_killed(
    small: SmallRelease,
) -> None:
    helm = small.start(*MISSING, "5m", str(small.chart))
    try:
        await until(lambda: small.statuses().get(4) == "pending-upgrade", "the pending revision")
        assert (await _is_helms_history(small))[:2] == ["pending-upgrade", "deployed"]
    finally:
        helm.kill()
        helm.wait()
    assert (await _is_helms_history(small))[:2] == ["pending-upgrade", "deployed"]
    await _is_helms_list(small)


async def test_a_second_release_is_in_the_list_too(small: SmallRelease, tmp_path: Path) -> None:
    chart = tmp_path / "other"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: support\nversion: 2.0.1\n")
    body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: support}\n"
    (chart / "templates" / "all.yaml").write_text(body)
    small.run("install", "another", str(chart))
    assert await _is_helms_list(small) == ["another", NAME]


async def test_the_list_of_releases_is_helms_own(small: SmallRelease) -> None:
    assert await _is_helms_list(small) == [NAME]


async def _is_helms_list(small: SmallRelease) -> list[str]:
    """Compares with helm's list of all statuses, and gives the names."""
    every = ("--all",) if small.major == 3 else ()  # helm 4 lists all by itself
    said = json.loads(small.run("list", *every, "--output", "json").stdout)
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
    return names
