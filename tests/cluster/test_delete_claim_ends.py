"""Deletions of claims that end otherwise: refused, early, unwatched, on a cluster in trouble.

On the real control plane alone: tests.cluster.test_delete_claim has the demo.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubtui.cli import run
from hubtui.config import HubApi
from hubtui.errors import (
    ChangedSinceError,
    CheckStopsError,
    ReadOnlyError,
    UsageError,
)
from hubtui.model.plan import Result
from hubtui.model.slugs import escaped
from hubtui.services.actions.delete_claim import DeleteClaimRequest
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
    kept_class,
    let_go,
    named,
    planned,
    where,
)
from tests.cluster.opened import session_of
from tests.cluster.parts import evidence, level
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.places import ROOT
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

ANN, BO, CY, DI = "ann-left", "Bo.Left@Example.org", "cy-left", "di-left"
DAN = "dan@example.org"
"""Somebody of the testbed whose server runs."""


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


async def test_a_user_who_comes_back_before_anything_was_written_stops_all_of_it(
    cluster: Cluster, session: Session
) -> None:
    ann, bo = claim_name(ANN), claim_name(BO)
    with homes(cluster, Home(ANN), Home(BO)):
        plan = await planned(session, ann, bo)
        with guests(cluster, BO):
            with pytest.raises(ChangedSinceError, match=f"it is the home of {BO}"):
                await session.operations.start(plan, "2")
            assert {ann, bo} <= claims_there(cluster)
            again = await planned(session, ann, bo)
            assert level(again, "leftover") == "stop"
            with pytest.raises(CheckStopsError, match="is deleted alone"):
                await session.operations.start(again, "2", overrides=["leftover"])
            alone = await planned(session, bo)
            assert alone.confirm == bo
            with pytest.raises(CheckStopsError, match="--override 'leftover'"):
                await session.operations.start(alone, bo)
            operation = await session.operations.start(alone, bo, overrides=["leftover"])
            assert (await operation.wait()).result is Result.OK
        assert claims_there(cluster) & {ann, bo} == {ann}
    assert session.operations.journal.read().entries[0].overrides == ("leftover",)


async def test_what_is_in_use_is_never_deleted_and_what_there_is_not_is_told(
    cluster: Cluster, session: Session
) -> None:
    plan = await planned(session, "claim-alice", "hub-db-dir")
    assert "hub-db-dir: it holds the hub's database" in evidence(plan, "protected")
    assert "claim-alice: jupyter-alice mounts it" in evidence(plan, "protected")
    for names in (("claim-alice",), ("hub-db-dir",)):
        plan = await planned(session, *names)
        with pytest.raises(CheckStopsError):
            await session.operations.start(plan, names[0], overrides=["protected"])
    with pytest.raises(UsageError, match="There is no claim claim-alize") as unknown:
        await planned(session, "claim-alize")
    assert "claim-alice" in unknown.value.remedy
    with pytest.raises(UsageError):
        DeleteClaimRequest(())
    with homes(cluster, Home(ANN)):
        request = DeleteClaimRequest((claim_name(ANN),), hidden=(claim_name(ANN),))
        async with session_of(cluster.kubeconfig, namespace=NAMESPACE, read_only=True) as reader:
            plan = await reader.operations.plan("delete-claim", request)
            assert evidence(plan, "filter").startswith("1 of the 1 marked are hidden")
            with pytest.raises(ReadOnlyError):
                await reader.operations.start(plan, plan.confirm)
        assert claim_name(ANN) in claims_there(cluster)


async def test_an_old_claim_beside_the_one_in_use_is_deleted_alone_by_who_has_looked(
    cluster: Cluster, session: Session
) -> None:
    old, ann = f"claim-{escaped(DAN)}", claim_name(ANN)
    with homes(cluster, Home(DAN, named=old), Home(ANN)):
        both = await planned(session, old, ann)
        assert level(both, "look first") == "stop"
        with pytest.raises(CheckStopsError, match="is deleted alone"):
            await session.operations.start(both, "2", overrides=["look first"])
        plan = await planned(session, old)
        assert evidence(plan, "leftover") == f"beside it {DAN} has {claim_name(DAN)}"
        operation = await session.operations.start(plan, old, overrides=["look first"])
        outcome = await operation.wait()
        assert (outcome.result, outcome.summary) == (Result.OK, "1 claim deleted")
        assert claims_there(cluster) & {old, ann, claim_name(DAN)} == {ann, claim_name(DAN)}


async def test_an_early_end_leaves_the_rest_and_the_next_start_says_what_became_of_it(
    cluster: Cluster, session: Session
) -> None:
    held, rest = claim_name(ANN), claim_name(CY)
    with homes(cluster, Home(ANN, held=True), Home(CY)):
        plan = await planned(session, held, rest)
        operation = await session.operations.start(plan, "2")
        await where(operation, held, "kept by")
        operation.interrupt()
        let_go(cluster, held)
        outcome = await operation.wait()
        assert outcome.result is Result.INTERRUPTED
        assert outcome.summary == "1 of 2 claims deleted, 1 left: it was interrupted"
        assert rest in claims_there(cluster)
    with homes(cluster, Home(ANN, held=True), Home(CY)):
        plan = await planned(session, held, rest)
        operation = await session.operations.start(plan, "2")
        await where(operation, held, "kept by")
        await session.operations.close()  # as when hubtui is killed
        async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as later:
            (found,) = await later.operations.recover_interrupted()
    assert found.outcome is not None
    assert found.outcome.summary == "hubtui was ended; 1 of 2 claims was not deleted"
    assert found.outcome.notes == (f"on the way out: {held}", f"left: {rest}")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
async def test_a_command_that_is_interrupted_or_killed_leaves_the_rest(
    cluster: Cluster, session: Session, how: signal.Signals
) -> None:
    held, rest = claim_name(ANN), claim_name(CY)
    flags = ["--kubeconfig", str(cluster.kubeconfig), "--namespace", NAMESPACE]
    typed = ["delete-claim", held, rest, "--confirm", "2"]
    with homes(cluster, Home(ANN, held=True), Home(CY)):
        run_by = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hubtui", *flags, *typed, cwd=ROOT, stdout=PIPE, stderr=PIPE
        )
        await asyncio.to_thread(leaving, cluster, held)
        run_by.send_signal(how)
        if how is signal.SIGKILL:
            await run_by.wait()
        else:
            assert run_by.stderr is not None
            assert b"Nothing more is begun" in await run_by.stderr.readline()
        let_go(cluster, held)
        out, _ = await run_by.communicate()
        found = await session.operations.recover_interrupted()
        assert rest in claims_there(cluster)
    if how is signal.SIGINT:
        assert (run_by.returncode, found) == (1, [])
        assert "1 of 2 claims deleted, 1 left: it was interrupted" in out.decode()
        return
    (recovered,) = found
    assert recovered.outcome is not None
    assert recovered.outcome.result is Result.INTERRUPTED
    assert f"left: {rest}" in recovered.outcome.notes


def leaving(cluster: Cluster, name: str) -> None:
    """Waits until somebody has deleted a claim that is held."""
    with cluster.api() as api:
        api.wait_items(
            CLAIMS, lambda items: "deletionTimestamp" in named(items, name)[0]["metadata"]
        )


async def test_a_volume_that_is_kept_stays_with_the_data_and_is_told(
    cluster: Cluster, session: Session
) -> None:
    name = claim_name(DI)
    with kept_class(cluster, "kept"), homes(cluster, Home(DI, of_class="kept")) as volumes:
        (volume,) = volumes.values()
        plan = await planned(session, name)
        assert level(plan, "data") == "ok"
        assert "claimRef" in plan.undo
        outcome = await (await session.operations.start(plan, name)).wait()
        assert f"volumes that stay, Released: {volume}" in outcome.notes

        def is_released(items: object) -> bool:
            (found,) = named(items, volume)
            return bool(found["status"]["phase"] == "Released")

        with cluster.api() as api:
            await asyncio.to_thread(api.wait_items, VOLUMES, is_released)
        await session.leftovers.look()
        found = session.leftovers.found
        assert found is not None
        (left,) = [each for each in found.items if each.is_volume and each.name == volume]
        assert left.claim == name
        assert session.leftovers.command_of(left).startswith(f"kubectl delete pv {volume}")


def test_the_command_prints_a_plan_and_an_outcome_as_documents(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--kubeconfig", str(cluster.kubeconfig), "--namespace", NAMESPACE]
    name = claim_name(ANN)
    with homes(cluster, Home(ANN)):
        assert run([*flags, "delete-claim", name, "--json"]) == 0
        plan = json.loads(capsys.readouterr().out)
        assert (plan["kind"], plan["confirm"], plan["targets"]) == ("plan", name, [f"claim {name}"])
        assert plan["command"].startswith(f"kubectl delete pvc {name}")
        assert run([*flags, "delete-claim", name]) == 0
        assert "What is deleted" in capsys.readouterr().out
        assert run([*flags, "delete-claim", name, "--confirm", "1"]) == 3
        typed = ["--confirm", name, "--expect", plan["basis"], "--json"]
        capsys.readouterr()
        assert run([*flags, "delete-claim", name, *typed]) == 0
        assert json.loads(capsys.readouterr().out)["result"] == "ok"
    assert run([*flags, "delete-claim", name]) == 2


@pytest.fixture
async def troubled(cluster: Cluster, proxy: FaultProxy) -> AsyncIterator[Session]:
    kubeconfig = proxy.kubeconfig_from(cluster.kubeconfig)
    async with session_of(kubeconfig, namespace=NAMESPACE) as session:
        yield session


def deletes(name: str) -> Match:
    return Match(rf"/persistentvolumeclaims/{name}$", method="DELETE")


async def test_an_answer_that_is_lost_is_asked_for_and_nothing_is_deleted_twice(
    cluster: Cluster, troubled: Session, proxy: FaultProxy
) -> None:
    ann, cy = claim_name(ANN), claim_name(CY)
    with homes(cluster, Home(ANN), Home(CY)):
        plan = await planned(troubled, ann, cy)
        proxy.drop(deletes(ann), times=2)
        proxy.truncate_list(deletes(cy), share=0.3, times=1)
        outcome = await (await troubled.operations.start(plan, "2")).wait()
        assert (outcome.result, outcome.summary) == (Result.OK, "2 claims deleted")
        assert not {ann, cy} & claims_there(cluster)


async def test_nothing_more_is_begun_after_a_refusal(
    cluster: Cluster, troubled: Session, proxy: FaultProxy
) -> None:
    ann, cy = claim_name(ANN), claim_name(CY)
    with homes(cluster, Home(ANN), Home(CY)):
        plan = await planned(troubled, ann, cy)
        proxy.answer(deletes(ann), 403, body="not today\x1b[31m")
        outcome = await (await troubled.operations.start(plan, "2")).wait()
        assert outcome.result is Result.FAILED
        assert outcome.summary == (
            "0 of 2 claims deleted, 1 not deleted, 1 left: nothing more was begun"
        )
        assert "\x1b" not in str(outcome)
        assert {ann, cy} <= claims_there(cluster)


async def test_who_may_not_is_told_beforehand(cluster: Cluster, viewer: Path) -> None:
    with homes(cluster, Home(ANN)):
        async with session_of(viewer, namespace=NAMESPACE) as session:
            plan = await planned(session, claim_name(ANN))
            assert level(plan, "rights") == "stop"
            assert f"no right to delete persistentvolumeclaims {claim_name(ANN)}" in evidence(
                plan, "rights"
            )
            assert "persistentvolumes" in {check.name for check in plan.checks}
            assert "of whose data it is not known" in evidence(plan, "data")
            with pytest.raises(CheckStopsError, match="rights"):
                await session.operations.start(plan, plan.confirm)


async def test_without_the_hub_nobody_is_called_gone_and_one_may_be_named_all_the_same(
    cluster: Cluster,
) -> None:
    away = HubApi(url="https://127.0.0.1:9/")
    ann, cy = claim_name(ANN), claim_name(CY)
    with homes(cluster, Home(ANN), Home(CY)):
        async with session_of(cluster.kubeconfig, namespace=NAMESPACE, hub=away) as session:
            assert [each for each in await session.leftovers.look() if not each.is_volume] == []
            assert session.leftovers.found is not None
            assert session.leftovers.found.refusal
            both = await planned(session, ann, cy)
            assert level(both, "hub's users") == "stop"
            with pytest.raises(CheckStopsError):
                await session.operations.start(both, "2", overrides=["hub's users"])
            alone = await planned(session, ann)
            with pytest.raises(CheckStopsError, match="override"):
                await session.operations.start(alone, ann)
            operation = await session.operations.start(alone, ann, overrides=["hub's users"])
            assert (await operation.wait()).result is Result.OK
        assert claims_there(cluster) & {ann, cy} == {cy}
