"""Claims of users who are gone are deleted; who comes back, mounts or changes one keeps it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hubtui.errors import (
    NotConfirmedError,
)
from hubtui.model.plan import Result, StepState
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.guests import guests
from tests.cluster.homes import (
    CLAIMS,
    VOLUMES,
    Home,
    claim_name,
    claims_there,
    homes,
    let_go,
    mounted,
    named,
    planned,
    where,
)
from tests.cluster.opened import session_of
from tests.cluster.parts import evidence, level, writes
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

ANN, BO, CY, DI = "ann-left", "Bo.Left@Example.org", "cy-left", "di-left"


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


async def test_claims_of_users_who_are_gone_go_with_their_disks(
    cluster: Cluster, session: Session
) -> None:
    ann, bo = claim_name(ANN), claim_name(BO)
    before = len(writes(cluster, "admin", NAMESPACE))
    with homes(cluster, Home(ANN), Home(BO)) as volumes:
        plan = await planned(session, ann, bo)
        assert plan.stops == ()
        assert plan.confirm == "2"
        assert evidence(plan, "claims") == f"2 claims, 2G in all: {ann}, {bo}"
        (listed,) = [check.details for check in plan.checks if check.name == "claims"]
        assert listed[1].startswith(f"{bo}: of {BO}, 1G, used ?")
        assert listed[1].endswith("its disk is deleted with it (reclaim policy Delete)")
        assert level(plan, "data") == "warn"
        assert plan.summary == "2 claims deleted: 2 disks deleted with the data"
        for typed in ("", "1", ann, "hub"):
            with pytest.raises(NotConfirmedError):
                await session.operations.start(plan, typed)
        outcome = await (await session.operations.start(plan, "2")).wait()
        assert (outcome.result, outcome.summary) == (Result.OK, "2 claims deleted")
        assert not {ann, bo} & claims_there(cluster)
        with cluster.api() as api:
            api.wait_items(VOLUMES, lambda items: not named(items, *volumes.values()))
    wrote = writes(cluster, "admin", NAMESPACE)[before:]
    assert [each for each in wrote if each[2] in (ann, bo)] == [
        ("delete", "persistentvolumeclaims", name) for name in (ann, bo)
    ]
    entry = session.operations.journal.read().entries[0]
    assert (entry.action, entry.outcome) == ("delete-claim", outcome)
    assert [words.words for words in entry.said] == [f"{ann}: deleted", f"{bo}: deleted"]


async def test_who_comes_back_mounts_or_changes_a_claim_while_it_runs_keeps_it(
    cluster: Cluster, session: Session
) -> None:
    held, back, busy, other = (claim_name(user) for user in (ANN, BO, CY, DI))
    with homes(cluster, Home(ANN, held=True), Home(BO), Home(CY), Home(DI)):
        plan = await planned(session, held, back, busy, other)
        assert level(plan, "finalizers") == "warn"
        operation = await session.operations.start(plan, "4")
        await where(operation, held, "kept by")
        with guests(cluster, BO), mounted(cluster, "takes-it", busy), cluster.api() as api:
            api.patch(f"{CLAIMS}/{other}", {"metadata": {"labels": {"keep": "yes"}}})
            let_go(cluster, held)
            outcome = await operation.wait()
            assert outcome.result is Result.OK
            assert outcome.summary == "1 of 4 claims deleted, 3 skipped"
            assert f"{back}: the hub has user {BO} again" in outcome.notes
            assert f"{busy}: takes-it mounts it by now" in outcome.notes
            assert f"{other}: it was changed since the plan" in outcome.notes
            assert claims_there(cluster) & {held, back, busy, other} == {back, busy, other}
        states = {step.name: step.state for step in outcome.steps}
        assert states == {held: StepState.DONE} | dict.fromkeys(
            (back, busy, other), StepState.EXCUSED
        )
