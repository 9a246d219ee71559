"""A release that is stuck, because a real helm was killed in a hook, and both ways out of it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from hubtui.errors import ChangedSinceError, CheckStopsError, ReadOnlyError, RefusedError
from hubtui.model.plan import Level, Outcome, Result
from hubtui.model.release import Status, decode_payload
from hubtui.services.actions.recover import RecoverRequest, Way
from hubtui.services.actions.recover_ways import survey
from hubtui.services.session import Session
from tests.cluster.either_helm import either_helm as either_helm
from tests.cluster.parts import evidence, level
from tests.cluster.small_release import NAME, SmallRelease
from tests.cluster.stuck import (
    EVIDENCE,
    add_hook,
    at_the_hook,
    end_hook,
    history,
    killed,
    leave_pending,
    mode_of,
    shell,
    stops,
    stored,
    text_of,
    upgrade_of,
)

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def stuck(small: SmallRelease) -> SmallRelease:
    """Revision 4 is pending-upgrade, and nobody is at work on it."""
    leave_pending(small)
    assert small.statuses()[4] == "pending-upgrade"
    return small


@pytest.fixture
def others_file(keep: Path) -> Path:
    """The file, and it is there already."""
    keep.write_text("of somebody")
    return keep


def marking(keep: Path | str) -> RecoverRequest:
    return RecoverRequest(Way.MARK_FAILED, str(keep))


async def recovered(session: Session, request: RecoverRequest) -> Outcome:
    """The plan is carried out, in spite of how young the pending revision is."""
    plan = await session.operations.plan("recover", request)
    assert stops(plan) <= set(EVIDENCE)
    operation = await session.operations.start(plan, NAME, overrides=sorted(stops(plan)))
    return await operation.wait()


def helm_refuses(release: SmallRelease) -> bool:
    """Whether an upgrade ends as it does on a stuck release."""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        release.upgrade("five")
    return "another operation" in caught.value.stderr


async def test_marked_as_failed_helm_agrees_and_upgrades_again(
    stuck: SmallRelease, keep: Path
) -> None:
    assert helm_refuses(stuck)
    before = stored(stuck, 4)
    async with stuck.session() as session:
        outcome = await recovered(session, marking(keep))
    assert outcome.result is Result.OK, outcome
    assert outcome.summary == "Revision 4 is failed, revision 3 is deployed: helm can upgrade again"
    assert outcome.revision == 4
    assert "The cluster is as revision 3 says." in outcome.notes
    assert [step.title for step in outcome.steps] == ["Deployment/web"]
    status, description = history(stuck)[4]
    assert (status, description[:26]) == ("failed", "Marked as failed by hubtui")
    assert stuck.statuses() == {
        1: "superseded", 2: "superseded", 3: "deployed", 4: "failed"
    }  # fmt: skip
    after = stored(stuck, 4)
    was, now = (decode_payload(each["data"]["release"]) for each in (before, after))
    marked = replace(was, status=Status.FAILED, description=description)
    assert replace(now, packed=was.packed) == marked
    assert "createdAt" not in after["metadata"]["labels"]
    stuck.upgrade("five")
    assert history(stuck)[5][0] == "deployed"
    assert stuck.mark() == "five"


async def test_rolled_back_all_is_as_in_the_last_deployed_revision(stuck: SmallRelease) -> None:
    async with stuck.session() as session:
        outcome = await recovered(session, RecoverRequest(Way.ROLLBACK))
        (entry,) = session.operations.journal.read().entries
    assert outcome.result is Result.OK, outcome
    assert (entry.action, entry.title) == ("rollback", "Roll back small to revision 3")
    told = history(stuck)
    assert told[5] == ("deployed", "Rollback to 3")
    assert told[4][0] == "pending-upgrade"
    stuck.upgrade("five")
    assert history(stuck)[6][0] == "deployed"


async def test_the_kept_file_is_for_its_owner_and_puts_the_record_back(
    stuck: SmallRelease, keep: Path
) -> None:
    before = stored(stuck, 4)
    async with stuck.session() as session:
        await recovered(session, marking(keep))
        (entry,) = session.operations.journal.read().entries
    assert mode_of(keep) == 0o600
    assert before["data"]["release"] in (text_of(keep) or "")
    assert before["data"]["release"][:200] not in (entry.summary + str(entry.details))
    shell(stuck, f"kubectl apply -f {keep} --kubeconfig {stuck.cluster.kubeconfig}")
    assert stored(stuck, 4)["data"] == before["data"]
    assert history(stuck)[4][0] == "pending-upgrade"
    assert helm_refuses(stuck)


async def test_the_command_of_the_plan_does_the_same(stuck: SmallRelease, keep: Path) -> None:
    async with stuck.session() as session:
        plan = await session.operations.plan("recover", marking(keep))
    shell(stuck, plan.command)
    assert text_of(keep) is None
    assert history(stuck)[4][0] == "failed"
    stuck.upgrade("five")
    assert history(stuck)[5][0] == "deployed"


async def test_a_helm_that_still_runs_is_a_stop(small: SmallRelease, keep: Path) -> None:
    add_hook(small)
    with at_the_hook(small, 4, *upgrade_of(small, "four")) as helm:
        # As if it were there for longer than any timeout: it is told by its process then.
        async with small.session(helm_timeout="1s") as session:
            plan = await session.operations.plan("recover", marking(keep))
            assert level(plan, "helm on this machine") == Level.STOP
            assert f"pid {helm.pid}" in evidence(plan, "helm on this machine")
            assert "Job/migrate is at work" in evidence(plan, "hooks")
            with pytest.raises(CheckStopsError, match="helm works on a release small"):
                await session.operations.start(plan, NAME)
            back = await session.operations.plan("recover", RecoverRequest(Way.ROLLBACK))
            assert "helm on this machine" in stops(back)
            assert not session.operations.journal.read().entries
        assert helm.poll() is None
    assert text_of(keep) is None
    assert small.statuses()[4] == "pending-upgrade"


async def test_a_young_revision_and_its_hook_are_stops_that_can_be_overridden(
    stuck: SmallRelease, keep: Path
) -> None:
    async with stuck.session() as session:
        plan = await session.operations.plan("recover", marking(keep))
    assert stops(plan) == set(EVIDENCE)
    assert all(check.overridable for check in plan.stops)
    assert "a helm elsewhere may be at work" in evidence(plan, "nothing is running")
    assert "a helm elsewhere may wait for it" in evidence(plan, "hooks")
    assert evidence(plan, "helm on this machine").startswith("none is seen from here")
    assert "revision 3 is deployed" in evidence(plan, "last deployed")
    end_hook(stuck)
    async with stuck.session(helm_timeout="1s") as session:
        plan = await session.operations.plan("recover", marking(keep))
    assert stops(plan) == set()
    assert "unchanged for 3 s, no helm seen from here" in evidence(plan, "nothing is running")


async def test_read_only_plans_and_writes_nothing(stuck: SmallRelease, keep: Path) -> None:
    async with stuck.session(read_only=True) as session:
        for request in (marking(keep), RecoverRequest(Way.ROLLBACK)):
            plan = await session.operations.plan("recover", request)
            with pytest.raises(ReadOnlyError):
                await session.operations.start(plan, NAME, overrides=sorted(stops(plan)))
    assert text_of(keep) is None
    assert stuck.statuses()[4] == "pending-upgrade"
    assert max(stuck.statuses()) == 4


async def test_what_changes_after_the_plan_is_not_overwritten(
    stuck: SmallRelease, keep: Path
) -> None:
    async with stuck.session() as session:
        plan = await session.operations.plan("recover", marking(keep))
        stuck.set_status(4, "deployed")
        with pytest.raises(ChangedSinceError, match=r"newest revision: 4 \(pending-upgrade\) → 4"):
            await session.operations.start(plan, NAME, overrides=sorted(stops(plan)))
        with pytest.raises(RefusedError, match="is not stuck: revision 4 is deployed"):
            await session.operations.plan("recover", marking(keep))
    assert text_of(keep) is None
    assert stuck.statuses()[4] == "deployed"


async def test_a_file_that_is_there_is_never_written(
    stuck: SmallRelease, others_file: Path
) -> None:
    keep = others_file
    async with stuck.session() as session:
        plan = await session.operations.plan("recover", marking(keep))
        assert "exists already" in evidence(plan, "file")
        with pytest.raises(CheckStopsError, match="exists already"):
            await session.operations.start(plan, NAME, overrides=EVIDENCE)
    assert text_of(keep) == "of somebody"
    assert stuck.statuses()[4] == "pending-upgrade"


async def test_a_rollback_that_was_killed_is_recovered_too(small: SmallRelease, keep: Path) -> None:
    template = add_hook(small, "pre-rollback")
    small.upgrade("four")
    template.unlink()
    small.upgrade("five")
    killed(small, 6, "rollback", NAME, "4")
    assert small.statuses()[6] == "pending-rollback"
    async with small.session() as session:
        outcome = await recovered(session, marking(keep))
    assert outcome.result is Result.OK, outcome
    assert history(small)[6][0] == "failed"
    small.upgrade("six")
    assert history(small)[7][0] == "deployed"


async def test_a_first_install_can_only_be_marked(small: SmallRelease, keep: Path) -> None:
    small.run("uninstall", NAME)
    template = add_hook(small, "pre-install")
    killed(small, 1, *upgrade_of(small, "one"))
    template.unlink()
    assert small.statuses() == {1: "pending-install"}
    async with small.session() as session:
        found = await survey(session)
        assert [offer.plan is not None for offer in found.offers] == [False, True]
        assert "helm uninstall" in found.advice
        with pytest.raises(RefusedError, match="no revision that release small could be rolled"):
            await session.operations.plan("recover", RecoverRequest(Way.ROLLBACK))
        outcome = await recovered(session, marking(keep))
    assert outcome.summary.startswith("Revision 1 is failed, no revision is deployed")
    small.upgrade("two")
    assert {number: status for number, (status, _) in history(small).items()} == {
        1: "superseded", 2: "deployed"
    }  # fmt: skip


async def test_a_release_that_is_kept_in_configmaps(small: SmallRelease, keep: Path) -> None:
    small.run("uninstall", NAME)
    small.driver = "configmap"
    small.upgrade("one")
    template = add_hook(small)
    killed(small, 2, *upgrade_of(small, "two"))
    template.unlink()
    async with small.session(helm_driver="configmap") as session:
        plan = await session.operations.plan("recover", marking(keep))
        assert plan.targets == ("ConfigMap sh.helm.release.v1.small.v2",)
        outcome = await recovered(session, marking(keep))
    assert outcome.result is Result.OK, outcome
    assert history(small)[2][0] == "failed"
    small.upgrade("three")
    assert history(small)[3][0] == "deployed"
