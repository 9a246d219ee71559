"""What is left when helm, hubtui or the terminal goes away in the middle of a rollback."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from hubtui.clients.detached import Detached, runs, start_ticks
from hubtui.model.plan import Level, Plan, Result
from hubtui.services.actions.rollback import RollbackRequest
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.held_rollback import EITHER_HELM, FINISHES, left
from tests.cluster.small_release import NAME, SmallRelease
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.places import ROOT
from tests.testbed.processes import wait_for

PATCHES_WEB = Match(r"/deployments/web$", method="PATCH")
READS = Match(method="GET")

pytestmark = [EITHER_HELM, pytest.mark.usefixtures("state")]


async def planned(session: Session, revision: int) -> Plan:
    return await session.operations.plan("rollback", RollbackRequest(revision))


async def until_helm_runs(state: Path, proxy: FaultProxy, match: Match, after: int = 0) -> int:
    """Waits until helm is in the middle; gives its pid."""
    await proxy.wait_for_request(match, after=after, timeout=30)
    process = left(state).process
    assert process is not None
    assert runs(process.pid, process.started)
    return process.pid


async def test_helm_is_killed(
    small: SmallRelease, proxy: FaultProxy, cluster: Cluster, state: Path
) -> None:
    kubeconfig = proxy.kubeconfig_from(cluster.kubeconfig)
    async with small.session(kubeconfig) as session:
        plan = await planned(session, 1)
        proxy.hang(PATCHES_WEB)
        seen = len(proxy.requests)
        operation = await session.operations.start(plan, NAME)
        os.kill(await until_helm_runs(state, proxy, PATCHES_WEB, seen), signal.SIGKILL)
        outcome = await operation.wait()
        assert outcome.result is Result.INTERRUPTED
        assert outcome.summary.startswith("Helm was killed (SIGKILL) in the middle")
        assert "revision 4 is pending-rollback" in outcome.summary
        assert "revision 3 is deployed" in outcome.summary
        assert small.statuses()[4] == "pending-rollback"
        proxy.clear()
        # The way out: it is known that this helm is gone, so nothing has to be overridden.
        plan = await planned(session, 1)
        running = next(check for check in plan.checks if check.name == "nothing is running")
        assert running.level is Level.WARN
        assert "whose helm has ended on this machine" in running.evidence
        again = await (await session.operations.start(plan, NAME)).wait()
        assert again.result is Result.OK, again
    assert small.statuses()[5] == "deployed"
    assert small.mark() == "one"


async def test_the_server_refuses_an_object(
    small: SmallRelease, proxy: FaultProxy, cluster: Cluster
) -> None:
    kubeconfig = proxy.kubeconfig_from(cluster.kubeconfig)
    async with small.session(kubeconfig) as session:
        plan = await planned(session, 1)
        words = 'deployments.apps "web" is forbidden: \x1b[31mnot today'
        proxy.answer(PATCHES_WEB, 403, body=words)
        outcome = await (await session.operations.start(plan, NAME)).wait()
    assert outcome.result is Result.FAILED
    assert "not today" in outcome.words
    assert "\x1b" not in outcome.words
    (failed,) = outcome.failed
    assert failed.name == "web"
    assert "not today" in failed.reason
    assert "no revision is deployed any more" in outcome.summary
    assert small.statuses()[4] == "failed"


async def start_driver(
    small: SmallRelease, kubeconfig: Path, **options: Any
) -> asyncio.subprocess.Process:
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.cluster.drive_rollback", str(kubeconfig)),
        *(str(small.helm), small.namespace, NAME, "1"),
        cwd=ROOT,
        **{**pipes, **options},
    )


async def has_planned(driver: asyncio.subprocess.Process) -> None:
    assert driver.stdout is not None
    assert await driver.stdout.readline() == b"planned\n"


def go(driver: asyncio.subprocess.Process) -> None:
    assert driver.stdin is not None
    driver.stdin.write(b"\n")


async def test_hubtui_is_killed_and_the_next_one_watches_helm_to_its_end(
    small: SmallRelease, proxy: FaultProxy, cluster: Cluster, state: Path
) -> None:
    kubeconfig = proxy.kubeconfig_from(cluster.kubeconfig)
    held = proxy.delay(FINISHES, 300)
    driver = await start_driver(small, kubeconfig)
    await has_planned(driver)
    go(driver)
    helm = await until_helm_runs(state, proxy, FINISHES)
    driver.kill()
    await driver.wait()
    async with small.session(kubeconfig) as session:
        (found,) = await session.operations.recover_interrupted()
        assert found.operation is not None
        assert found.entry.title == "Roll back small to revision 1"
        # helm still holds the lock that its hubtui took.
        running = next(
            c for c in (await planned(session, 2)).checks if c.name == "nothing is running"
        )
        assert running.level is Level.STOP
        assert not running.overridable
        held.clear()
        outcome = await found.operation.wait()
        assert outcome.result is Result.OK, outcome
        assert await session.operations.recover_interrupted() == []
    assert start_ticks(helm) is None
    assert small.statuses()[4] == "deployed"
    assert left(state).outcome == outcome


async def test_hubtui_and_helm_are_killed_and_the_next_one_says_what_is_left(
    small: SmallRelease, proxy: FaultProxy, cluster: Cluster, state: Path
) -> None:
    driver = await start_driver(small, proxy.kubeconfig_from(cluster.kubeconfig))
    await has_planned(driver)
    proxy.hang(PATCHES_WEB)
    seen = len(proxy.requests)
    go(driver)
    helm = await until_helm_runs(state, proxy, PATCHES_WEB, seen)
    driver.kill()
    os.kill(helm, signal.SIGKILL)
    await driver.wait()
    assert await asyncio.to_thread(wait_for, lambda: start_ticks(helm) is None, 20)
    async with small.session() as elsewhere:
        # Another server address: not this journal entry's cluster, as far as can be told.
        assert await elsewhere.operations.recover_interrupted() == []
    proxy.clear()
    async with small.session(proxy.folder / "kubeconfig") as session:
        (found,) = await session.operations.recover_interrupted()
    assert found.operation is None
    assert found.outcome is not None
    assert found.outcome.result is Result.INTERRUPTED
    assert "revision 4 is pending-rollback" in found.outcome.summary
    assert found.outcome.next_steps[0].startswith("Roll back again, to 1 or to 3")
    assert [step.title for step in found.outcome.steps] == ["Deployment/web"]
    assert left(state).outcome == found.outcome


async def test_the_terminal_is_gone(
    small: SmallRelease, proxy: FaultProxy, cluster: Cluster, state: Path
) -> None:
    kubeconfig = proxy.kubeconfig_from(cluster.kubeconfig)
    held = proxy.delay(FINISHES, 300)
    master, slave = pty.openpty()
    driver = await start_driver(
        small,
        kubeconfig,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(slave)
    os.write(master, b"\n")  # waits in the terminal until it is read
    helm = await until_helm_runs(state, proxy, FINISHES)
    os.close(master)  # what sshd does when the connection drops
    assert await driver.wait() == -signal.SIGHUP
    assert start_ticks(helm) is not None
    async with small.session(kubeconfig) as session:
        (found,) = await session.operations.recover_interrupted()
        assert found.operation is not None
        held.clear()
        outcome = await found.operation.wait()
    assert outcome.result is Result.OK, outcome
    assert small.mark() == "one"


async def test_nobody_watches_and_helm_finishes(
    small: SmallRelease, proxy: FaultProxy, cluster: Cluster, state: Path
) -> None:
    kubeconfig = proxy.kubeconfig_from(cluster.kubeconfig)
    held = proxy.delay(FINISHES, 300)
    async with small.session(kubeconfig) as session:
        operation = await session.operations.start(await planned(session, 1), NAME)
        await until_helm_runs(state, proxy, FINISHES)
    assert operation.outcome is None  # closing the session ended the watching, not helm
    process = left(state).process
    assert process is not None
    held.clear()
    async with asyncio.timeout(20):
        await Detached(process.pid, process.started, child=False).wait()
    async with small.session(kubeconfig) as session:
        (found,) = await session.operations.recover_interrupted()
    assert found.outcome is not None
    assert "helm finished: revision 4 is deployed" in found.outcome.summary


async def test_the_cluster_is_gone_for_a_while(
    small: SmallRelease, proxy: FaultProxy, cluster: Cluster, state: Path
) -> None:
    kubeconfig = proxy.kubeconfig_from(cluster.kubeconfig)
    held = proxy.delay(FINISHES, 300)
    async with small.session(kubeconfig) as session:
        operation = await session.operations.start(await planned(session, 1), NAME)
        await until_helm_runs(state, proxy, FINISHES)
        dropped = proxy.drop(READS)
        held.clear()
        await proxy.wait_for_request(FINISHES, answered=True)
        await proxy.wait_for_request(READS, after=len(proxy.requests), timeout=30)
        dropped.clear()
        outcome = await operation.wait()
    assert outcome.result is Result.OK, outcome


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    # Whoever started the tests may ignore it (nohup), and children inherit that.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
