"""The plan to delete claims: of a hub that tells less of its users than there are, or nothing, and
what a terminal is told of the use of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hubtui.clients.gate import WriteToken
from hubtui.config import Settings
from hubtui.errors import ChangedSinceError, CheckStopsError, UnreachableError
from hubtui.headless import acting, leftovers
from hubtui.headless.output import Answer
from hubtui.model.plan import Plan
from hubtui.services.actions.common import check_basis
from hubtui.services.actions.delete_claim import DeleteClaimPlan, DeleteClaimRequest
from hubtui.services.actions.delete_claim_run import Run
from hubtui.services.session import Session
from hubtui.views.cells import plain
from tests.cluster.parts import evidence
from tests.tui import prepared, world
from tests.tui.prepared_hub import PreparedWire
from tests.tui.world_storage import _claim, _measured, with_storage

GONE, THERE = "zoe", "carla@uni.example"
ALL = ("list:users", "read:servers")
SOME = ("read:users:name",)
NARROWED = ("list:users!group=x",)


@pytest.fixture
def session(settings: Settings) -> Session:
    """A hub whose user `zoe` is gone."""
    known = with_storage(world.hub(world.RELEASE))
    _claim(known, "claim-zoe", "20Gi", user=GONE)
    _measured(known, "claim-zoe", 8, 20, per_day=0.1)
    _claim(known, "claim-carla-old", "20Gi", user=THERE)
    return prepared.session(settings, known)


def wire(session: Session, *scopes: str) -> PreparedWire:
    found = session.hub_link._wire
    assert isinstance(found, PreparedWire)
    found.scopes = list(scopes)
    return found


async def planned(session: Session, *names: str) -> DeleteClaimPlan:
    plan = await session.operations.plan("delete-claim", DeleteClaimRequest(names))
    assert isinstance(plan, DeleteClaimPlan)
    return plan


def stops(plan: Plan) -> dict[str, bool]:
    """The checks that stop, and whether each may be passed."""
    return {check.name: check.overridable for check in plan.stops}


async def test_whom_the_hub_has_keeps_the_claim_also_where_it_tells_of_some_alone(
    session: Session,
) -> None:
    wire(session, *SOME)
    plan = await planned(session, "claim-carla-old")
    assert stops(plan) == {"hub's users": True, "protected": False}
    assert f"it is of {THERE}, whom the hub has" in evidence(plan, "protected")
    with pytest.raises(CheckStopsError):
        await session.operations.start(plan, plan.confirm, overrides=["hub's users", "protected"])


@pytest.mark.parametrize("scopes", [SOME, ALL])
async def test_who_comes_back_after_the_plan_keeps_the_claim(
    session: Session, scopes: tuple[str, ...]
) -> None:
    hub = wire(session, *scopes)
    plan = await planned(session, "claim-zoe")
    assert all(stops(plan).values())
    run = Run(session, plan.claims, WriteToken("p", frozenset()), cast(Any, SimpleNamespace()))
    assert await run._comes_back(plan.claims[0]) == ""
    hub.known.users.append({"name": GONE, "servers": {}})
    assert await run._comes_back(plan.claims[0]) == f"the hub has user {GONE} again"


async def test_a_token_that_is_not_to_know_of_all_says_of_nobody_that_they_are_gone(
    session: Session,
) -> None:
    wire(session, *NARROWED)
    plan = await planned(session, "claim-zoe")
    assert stops(plan) == {"hub's users": False}
    assert evidence(plan, "hub's users").endswith(f"nor does it say whether it has {GONE}")


async def test_without_the_hub_one_claim_may_be_named_and_nobody_is_asked_for(
    session: Session,
) -> None:
    wire(session).error = UnreachableError("the hub does not answer")
    plan = await planned(session, "claim-carla-old")
    assert stops(plan) == {"hub's users": True}
    (claim,) = plan.claims
    assert (claim.asked, claim.absent) == (False, False)


async def test_a_volume_that_is_to_be_deleted_by_now_is_another_basis(session: Session) -> None:
    hub = wire(session, *ALL)
    claims, volumes = (hub.known.objects[f"persistentvolume{end}"] for end in ("claims", "s"))
    (behind,) = [c["spec"]["volumeName"] for c in claims if c["metadata"]["name"] == "claim-zoe"]
    (volume,) = [each for each in volumes if each["metadata"]["name"] == behind]
    volume["spec"]["persistentVolumeReclaimPolicy"] = "Retain"
    plan = await planned(session, "claim-zoe")
    volume["spec"]["persistentVolumeReclaimPolicy"] = "Delete"
    with pytest.raises(ChangedSinceError, match="its disk is deleted with it"):
        check_basis(plan, (await planned(session, "claim-zoe")).basis)


async def test_what_all_servers_mount_by_the_values_is_never_deleted(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def values() -> dict[str, Any]:
        static = {"type": "static", "static": {"pvcName": "claim-zoe"}}
        return {"singleuser": {"storage": static}}

    wire(session, *ALL)
    monkeypatch.setattr(session.hub_link, "values", values)
    plan = await planned(session, "claim-zoe")
    assert "all servers mount it" in evidence(plan, "protected")


@pytest.mark.parametrize("command", ["leftovers", "delete_claim"])
async def test_a_terminal_is_told_what_is_used_of_a_claim_and_when_it_was_used_last(
    session: Session, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    shown: list[Answer] = []

    @asynccontextmanager
    async def opened(run: object) -> AsyncIterator[Session]:
        del run
        yield session

    wire(session, *ALL)
    for module in (acting, leftovers):
        monkeypatch.setattr(module, "opened", opened)
    run = cast(Any, SimpleNamespace(out=SimpleNamespace(show=shown.append)))
    if command == "leftovers":
        assert await leftovers.leftovers(run) == 0
    else:
        request = DeleteClaimRequest(("claim-zoe",))
        assert await leftovers.delete_claim(run, request, acting.Consent()) == 0
    told = "\n".join(plain(line) for line in shown[0].lines(200))
    assert "8G" in told
    assert "last use not known" not in told
