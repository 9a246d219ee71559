"""The apiserver goes away in the middle of an upgrade and comes back: what then is told is true.

On the real control plane it is killed and started again, one of these tests' own; the demo's is
cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtui.model.plan import Phase, Result
from hubtui.services.actions.recover import RecoverRequest, Way
from hubtui.services.operation import Operation
from tests.cluster.clusters import Cluster
from tests.cluster.held_rollback import EITHER_HELM, left
from tests.cluster.kept_off import keep_off, let_on
from tests.cluster.small_release import NAME, SmallRelease
from tests.cluster.stuck import add_hook
from tests.cluster.upgrading import folder, planned, until
from tests.testbed import Testbed
from tests.testbed.faults import Fault, FaultProxy, Match

PATCHES_WEB = Match(r"/deployments/web$", method="PATCH")
HELM_WATCHES = Match(r"/jobs$", watch=True, agent="Helm")
"""From here on helm waits; before, it does not outlive a server that is gone."""

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture(scope="module")
def cluster(cluster: Cluster) -> Iterator[Cluster]:
    """The demo, or a control plane whose apiserver may be killed: nobody else uses it."""
    if not isinstance(cluster, Testbed):
        yield cluster
        return
    own = Testbed.up(f"{cluster.name}-away", with_hub=False)
    try:
        yield own
    finally:
        own.down()


class Server:
    """The apiserver, which can be away."""

    def __init__(self, cluster: Cluster, proxy: FaultProxy) -> None:
        self._cluster = cluster
        self._proxy = proxy
        self._faults: list[Fault] = []

    async def goes(self) -> None:
        """It is gone: connections break, and no new ones come."""
        if isinstance(self._cluster, Testbed):
            await asyncio.to_thread(self._cluster.kill, "apiserver")
            return
        self._faults = [self._proxy.drop(Match()), self._proxy.cut_watch(Match(), times=None)]

    async def comes(self) -> None:
        """It answers again."""
        for fault in self._faults:
            fault.clear()
        if isinstance(self._cluster, Testbed):
            await asyncio.to_thread(self._again, self._cluster)

    @staticmethod
    def _again(testbed: Testbed) -> None:
        testbed.start("apiserver")
        # They ask again at ever longer intervals, which a test needs not wait for.
        for part in ("controller-manager", "scheduler"):
            testbed.kill(part)
            testbed.start(part)


@pytest.fixture
def server(cluster: Cluster, proxy: FaultProxy) -> Server:
    return Server(cluster, proxy)


async def noted(operation: Operation, words: str) -> None:
    """Waits until an operation says something of what it waits for."""
    version = -1
    while words not in operation.progress.note:
        assert operation.outcome is None, operation.outcome
        version = await operation.changed(version)


@EITHER_HELM
async def test_in_a_hook_helm_goes_on_once_the_server_is_back(
    small: SmallRelease, cluster: Cluster, proxy: FaultProxy, server: Server
) -> None:
    add_hook(small)
    async with small.session(proxy.kubeconfig_from(cluster.kubeconfig)) as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        operation = await session.operations.start(plan, NAME)
        await until(operation, Phase.HOOKS)
        await proxy.wait_for_request(HELM_WATCHES, answered=True, timeout=60)
        await server.goes()
        await noted(operation, "does not answer")
        assert operation.progress.phase is Phase.HOOKS
        await server.comes()
        await noted(operation, "helm waits for the pre-upgrade hook Job/migrate")
        with let_on(cluster):
            outcome = await operation.wait()
    assert outcome.result is Result.OK, outcome
    assert small.statuses()[4] == "deployed"
    assert small.mark() == "four"


@EITHER_HELM
async def test_while_helm_applies_it_cannot_say_how_it_ended(
    small: SmallRelease, cluster: Cluster, proxy: FaultProxy, server: Server
) -> None:
    async with small.session(proxy.kubeconfig_from(cluster.kubeconfig)) as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        held, asked = proxy.delay(PATCHES_WEB, 300), len(proxy.requests)
        operation = await session.operations.start(plan, NAME)
        await proxy.wait_for_request(PATCHES_WEB, after=asked, timeout=60)
        await server.goes()
        held.clear()
        await noted(operation, "helm is over; how it ended: ")
        assert "does not answer" in operation.progress.note
        await server.comes()
        outcome = await operation.wait()
        assert outcome.result is Result.INTERRUPTED
        assert outcome.summary == (
            "Helm ended with 1 in the middle: revision 4 is pending-upgrade, its objects may be "
            "partly written; revision 3 is deployed"
        )
        assert (
            outcome.next_steps[0] == "Recover the release (R, hubtui recover), or roll back to 3."
        )
        assert small.statuses()[3] == "deployed"
        assert small.statuses()[4] == "pending-upgrade"
        # The next step, as it is told.
        way = await session.operations.plan("recover", RecoverRequest(Way.ROLLBACK))
        recovered = await (await session.operations.start(way, NAME)).wait()
        assert recovered.result is Result.OK, recovered
    assert small.mark() == "three"


async def test_in_the_rollouts_they_are_looked_at_again(
    small: SmallRelease, cluster: Cluster, proxy: FaultProxy, server: Server
) -> None:
    keep_off(small)
    async with small.session(proxy.kubeconfig_from(cluster.kubeconfig)) as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        operation = await session.operations.start(plan, NAME)
        await until(operation, Phase.ROLLING_OUT)
        await server.goes()
        await noted(operation, "does not answer")
        assert [step.title for step in operation.progress.steps] == ["Deployment/web"]
        await server.comes()
        await noted(operation, "the workloads")
        with let_on(cluster):
            outcome = await operation.wait()
    assert outcome.result is Result.OK, outcome
    assert outcome.summary == (
        "Revision 4 is deployed with chart small-0.1.0: 1 of 1 workloads are ready"
    )


async def test_a_server_that_starts_knows_no_roles_for_a_moment(
    small: SmallRelease, cluster: Cluster, proxy: FaultProxy
) -> None:
    keep_off(small)
    async with small.session(proxy.kubeconfig_from(cluster.kubeconfig)) as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        operation = await session.operations.start(plan, NAME)
        await until(operation, Phase.ROLLING_OUT)
        away = proxy.drop(Match())
        await noted(operation, "does not answer")
        denied, asked = proxy.answer(Match(r"/deployments$"), 403), len(proxy.requests)
        away.clear()
        await proxy.wait_for_request(Match(r"/deployments$"), after=asked, answered=True)
        denied.clear()
        with let_on(cluster):
            outcome = await operation.wait()
    assert outcome.result is Result.OK, outcome


async def test_it_stays_away_and_it_is_not_known_how_helm_ended(
    small: SmallRelease,
    cluster: Cluster,
    proxy: FaultProxy,
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hubtui.services.actions.release_watch.ASK_AGAIN", 1.0)
    async with small.session(proxy.kubeconfig_from(cluster.kubeconfig)) as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        held, asked = proxy.delay(PATCHES_WEB, 300), len(proxy.requests)
        operation = await session.operations.start(plan, NAME)
        await proxy.wait_for_request(PATCHES_WEB, after=asked, timeout=60)
        proxy.drop(Match())
        held.clear()
        outcome = await operation.wait()
    assert outcome.result is Result.INTERRUPTED
    assert outcome.summary.startswith("Helm ended with 1, and it is not known what revision 4 is: ")
    assert "does not answer" in outcome.summary
    assert outcome.next_steps == (
        "When the cluster answers again, look at the revisions (hubtui history).",
        "If revision 4 is pending: Recover the release (R, hubtui recover), or roll back to 3.",
    )
    assert left(state).outcome == outcome
