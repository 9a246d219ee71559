"""What is left over on the real hub: its users, its KubeSpawner's claims, volumes of the cluster.

The table of cases is in tests/unit/test_leftovers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from hubtui.cli import run
from hubtui.model.leftovers import Kind, Leftover
from hubtui.model.slugs import escaped
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.guests import guests
from tests.cluster.homes import CLAIMS, VOLUMES, Home, claim_name, homes, kept_class, mounted, named
from tests.cluster.opened import session_of
from tests.cluster.servers import planned, running, stopped
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

GIL, HAL = "gil-left", "Hal.Left@Example.org"
CAROL = "Carol.Nguyen@Example.edu"


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


async def left(session: Session) -> dict[str, Leftover]:
    """What a look finds, by name; the hub answers."""
    found = {each.name: each for each in await session.leftovers.look()}
    assert session.leftovers.found is not None
    assert session.leftovers.found.refusal == ""
    return found


async def test_each_kind_is_told_with_its_evidence(cluster: Cluster, session: Session) -> None:
    old_of_gone = Home(HAL, named=f"claim-{escaped(HAL)}")
    old_of_carol = Home(CAROL, named=f"claim-{escaped(CAROL)}")
    attic = Home("alice", "attic")
    with homes(cluster, Home(GIL), old_of_gone, old_of_carol, attic):
        found = await left(session)
        gil = found[claim_name(GIL)]
        assert (gil.kind, gil.owner, gil.size) == (Kind.NO_USER, GIL, 2**30)
        assert (gil.reclaim, gil.doubt) == ("Delete", "")
        hal = found[old_of_gone.name]
        assert hal.kind is Kind.NO_USER
        assert "KubeSpawner 6" in hal.evidence
        carol = found[old_of_carol.name]
        assert (carol.kind, carol.user) == (Kind.OLD_NAME, CAROL)
        assert carol.evidence == f"beside it {CAROL} has {claim_name(CAROL)}"
        assert "look first" in carol.doubt
        server = found[claim_name("alice", "attic")]
        assert (server.kind, server.owner) == (Kind.NO_SERVER, "alice/attic")
        never = {"hub-db-dir", "claim-alice", claim_name(CAROL), claim_name("eve", "gpu")}
        assert not never & found.keys()
        with mounted(cluster, "takes-it-back", claim_name(GIL)):
            assert claim_name(GIL) not in await left(session)


async def test_the_home_of_a_user_who_is_away_is_none_and_is_one_once_they_are_gone(
    cluster: Cluster, session: Session
) -> None:
    name = claim_name(GIL)
    with guests(cluster, GIL):
        await running(session, GIL)
        await stopped(session, await planned(session, GIL))
        facts = await session.leftovers.read()
        assert facts.listing is not None
        remembered = facts.listing.remembered[name]  # KubeSpawner's own word, of a stopped server
        assert (remembered.user, remembered.server) == (GIL, "")
        assert name not in await left(session)
    with homes(cluster, Home(GIL)):
        assert (await left(session))[name].evidence == f"the hub has no user {GIL}"


async def test_released_volumes_are_told_with_the_command_for_them(
    cluster: Cluster, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--kubeconfig", str(cluster.kubeconfig), "--namespace", NAMESPACE]
    gil = Home(GIL, of_class="kept-left")
    with kept_class(cluster, "kept-left"), homes(cluster, gil) as volumes:
        (volume,) = volumes.values()
        await asyncio.to_thread(released, cluster, gil.name, volume)
        found = (await left(session))[volume]
        told = (found.kind, found.claim, found.reclaim)
        assert told == (Kind.RELEASED, gil.name, "Retain")
        assert await asyncio.to_thread(run, [*flags, "storage", "--leftovers"]) == 0
        assert f"kubectl delete pv {volume}" in capsys.readouterr().out
        assert await asyncio.to_thread(run, [*flags, "storage", "--leftovers", "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        (item,) = [each for each in document["items"] if each["name"] == volume]
        assert (item["what"], item["claim"]) == ("volume", gil.name)
        assert (document["kind"], document["refusal"]) == ("leftovers", "")


def released(cluster: Cluster, claim: str, volume: str) -> None:
    """Somebody deletes a claim: returns when its volume is Released."""

    def is_released(items: object) -> bool:
        (found,) = named(items, volume)
        return bool(found["status"]["phase"] == "Released")

    with cluster.api() as api:
        api.request("DELETE", f"{CLAIMS}/{claim}")
        api.wait_items(VOLUMES, is_released)
