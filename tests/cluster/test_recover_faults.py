"""What is left when the server refuses the mark, its answer is lost, or hubtui goes away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hubtui.model.plan import Result
from hubtui.services.actions.recover import RecoverRequest, Way
from hubtui.services.operation import Operation
from hubtui.services.session import Session
from tests.cluster.small_release import NAME, SmallRelease, installed
from tests.cluster.stuck import history, leave_pending, stops, text_of
from tests.testbed import Testbed
from tests.testbed.faults import FaultProxy, Match

pytestmark = pytest.mark.usefixtures("state")

MARKS = Match(r"/secrets/sh\.helm\.release\.v1\.small\.v4$", method="PUT")
LOOKS = Match(r"/secrets$", method="GET")


@pytest.fixture
def stuck(testbed: Testbed, tmp_path: Path) -> Iterator[SmallRelease]:
    """Revision 4 is pending-upgrade, and nobody is at work on it."""
    with installed(testbed, tmp_path, 4) as release:
        leave_pending(release)
        yield release


@pytest.fixture
async def proxy(testbed: Testbed) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(testbed.server, ca_file=testbed.ca_file) as proxy:
        yield proxy


async def started(session: Session, keep: Path) -> Operation:
    plan = await session.operations.plan("recover", RecoverRequest(Way.MARK_FAILED, str(keep)))
    return await session.operations.start(plan, NAME, overrides=sorted(stops(plan)))


async def test_somebody_is_faster(
    stuck: SmallRelease, proxy: FaultProxy, testbed: Testbed, keep: Path
) -> None:
    proxy.answer(MARKS, 409, body="the object has been modified")
    async with stuck.session(proxy.kubeconfig_from(testbed.kubeconfig)) as session:
        outcome = await (await started(session, keep)).wait()
    assert outcome.result is Result.FAILED
    assert outcome.summary.startswith("Revision 4 was not marked and stays pending-upgrade")
    assert "has changed just now: a helm may be at work" in outcome.summary
    assert str(keep) in outcome.notes[0]
    assert stuck.statuses()[4] == "pending-upgrade"


async def test_the_server_refuses(
    stuck: SmallRelease, proxy: FaultProxy, testbed: Testbed, keep: Path
) -> None:
    proxy.answer(MARKS, 403, body="not today\x1b[31m")
    async with stuck.session(proxy.kubeconfig_from(testbed.kubeconfig)) as session:
        outcome = await (await started(session, keep)).wait()
    assert outcome.result is Result.FAILED
    assert "stays pending-upgrade" in outcome.summary
    assert "\x1b" not in outcome.summary
    assert stuck.statuses()[4] == "pending-upgrade"


async def test_the_connection_drops_at_the_mark(
    stuck: SmallRelease, proxy: FaultProxy, testbed: Testbed, keep: Path
) -> None:
    proxy.drop(MARKS)
    async with stuck.session(proxy.kubeconfig_from(testbed.kubeconfig)) as session:
        outcome = await (await started(session, keep)).wait()
    assert outcome.result is Result.FAILED
    assert "it did not reach the cluster" in outcome.summary
    assert stuck.statuses()[4] == "pending-upgrade"


async def test_hubtui_goes_away_before_the_mark_and_the_next_one_says_so(
    stuck: SmallRelease, proxy: FaultProxy, testbed: Testbed, keep: Path
) -> None:
    kubeconfig = proxy.kubeconfig_from(testbed.kubeconfig)
    proxy.hang(MARKS)
    seen = len(proxy.requests)
    async with stuck.session(kubeconfig) as session:
        operation = await started(session, keep)
        await proxy.wait_for_request(MARKS, after=seen, timeout=30)
    assert operation.outcome is None
    async with stuck.session(kubeconfig) as session:
        (found,) = await session.operations.recover_interrupted()
    assert found.outcome is not None
    assert found.outcome.result is Result.INTERRUPTED
    assert found.outcome.summary == (
        "hubtui was ended before revision 4 was marked: it is pending-upgrade"
    )
    assert str(keep) in found.outcome.notes[0]
    assert text_of(keep) is not None


async def test_hubtui_goes_away_after_the_mark_and_the_next_one_verifies(
    stuck: SmallRelease, proxy: FaultProxy, testbed: Testbed, keep: Path
) -> None:
    kubeconfig = proxy.kubeconfig_from(testbed.kubeconfig)
    proxy.delay(MARKS, 1)
    seen = len(proxy.requests)
    async with stuck.session(kubeconfig) as session:
        operation = await started(session, keep)
        await proxy.wait_for_request(MARKS, after=seen, timeout=30)
        proxy.hang(LOOKS)
        await proxy.wait_for_request(MARKS, after=seen, answered=True, timeout=30)
    assert operation.outcome is None
    proxy.clear()
    async with stuck.session(kubeconfig) as session:
        (found,) = await session.operations.recover_interrupted()
    outcome = found.outcome
    assert outcome is not None
    assert outcome.result is Result.OK
    assert outcome.summary.startswith("Revision 4 is failed, revision 3 is deployed")
    assert history(stuck)[4][0] == "failed"
