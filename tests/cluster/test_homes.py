"""Homes as the real dirsize exporter walks them, in real folders that grow."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hubtui.config import MetricsSource
from hubtui.model.disk import Source
from hubtui.services.homes import Homes
from tests.cluster.opened import session_of
from tests.testbed import exporters
from tests.testbed.exporters import Homes as Folders
from tests.testbed.history import Past
from tests.testbed.prometheus import Prometheus
from tests.testbed.users import NAMESPACE

MIB = 2**20


def home(folders: Folders, name: str, size: int) -> Path:
    """A home with one file; the folder."""
    folder = folders.folder / name
    folder.mkdir(exist_ok=True)
    folder.joinpath("data.bin").write_bytes(b"x" * size)
    return folder


async def read(kubeconfig: Path, metrics: MetricsSource, *users: str) -> Homes:
    """The homes of a hub that knows these users, read once."""
    async with session_of(kubeconfig, namespace=NAMESPACE, metrics=metrics) as session:
        found = Homes(session.prometheus, NAMESPACE, lambda: users)
        await found.fill()
        assert found.missing == ""
        return found


async def test_real_folders_are_homes_of_users_and_of_nobody(
    readonly_admin: Path, homes: Folders
) -> None:
    ada = home(homes, "d-ada", 3 * MIB)
    home(homes, "-41lice-2e-42-40example-2eorg", MIB)
    home(homes, "alice-c-example-org---b60d1d3e", MIB)
    home(homes, "_shared", MIB)
    homes.walk_again()
    found = await read(readonly_admin, MetricsSource(), "d-ada", "Alice.B@example.org")
    one = found.of_user("d-ada")
    assert one is not None
    assert one.size == 3 * MIB + ada.stat().st_size
    assert (one.entries, one.quota, one.source, one.doubt) == (2, None, Source.DIRSIZE, "")
    assert one.last_change is not None
    assert one.as_of is not None
    assert one.last_change <= one.as_of <= datetime.now(UTC)
    assert {each.directory: each.user for each in found.all()} == {
        "-41lice-2e-42-40example-2eorg": "Alice.B@example.org",
        "_shared": "",
        "alice-c-example-org---b60d1d3e": "",
        "d-ada": "d-ada",
    }


async def test_a_folder_that_grew_is_larger_after_the_next_walk_and_one_that_is_gone_is_no_home(
    readonly_admin: Path, homes: Folders
) -> None:
    home(homes, "d-bob", MIB)
    gone = home(homes, "d-gone", MIB)
    homes.walk_again()
    before = (await read(readonly_admin, MetricsSource())).of("d-bob")
    home(homes, "d-bob", 4 * MIB)
    shutil.rmtree(gone)
    homes.walk_again()
    found = await read(readonly_admin, MetricsSource())
    after = found.of("d-bob")
    assert before is not None
    assert after is not None
    assert before.size is not None
    assert after.size == before.size + 3 * MIB
    assert found.of("d-gone") is None


async def test_who_grew_most_is_told_from_a_week_that_prometheus_remembers(
    readonly_admin: Path, remembering: Callable[[Past], Prometheus], tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    times = [now - timedelta(hours=12 * half) for half in range(14, 0, -1)]

    def past(name: str, size: int) -> Past:
        labels = {"namespace": NAMESPACE, "directory": name, "instance": "dirsize:1", "job": "d"}
        yield {"__name__": "dirsize_total_size_bytes", **labels}, [(at, size) for at in times]

    remembered = [*past("d-calm", 2 * MIB), *past("d-grows", MIB), *past("d-shrinks", 9 * MIB)]
    prometheus = remembering(remembered)
    folder = tmp_path / "homes"
    folder.mkdir()
    with exporters.dirsize(prometheus, folder) as folders:
        sizes = {"d-calm": 2, "d-grows": 8, "d-shrinks": 2, "d-new": 3}
        for name, size in sizes.items():
            home(folders, name, size * MIB)
        folders.walk_again()
        found = await read(readonly_admin, MetricsSource(prometheus=prometheus.url))
    growers = found.growers(2)
    assert growers[0].directory == "d-grows"
    assert growers[0].grown_per_day == pytest.approx(MIB, rel=0.02)
    shrunk, new = found.of("d-shrinks"), found.of("d-new")
    assert shrunk is not None
    assert shrunk.grown_per_day == pytest.approx(-MIB, rel=0.02)
    assert new is not None
    assert new.grown_per_day is None
