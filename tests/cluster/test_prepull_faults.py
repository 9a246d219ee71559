"""Prepulls while the apiserver fails: nothing is made twice, and what stays behind is named."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest

from hubtui.model.plan import Result
from hubtui.services.actions import prepull_run
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.opened import session_of
from tests.cluster.pulled import clear, daemonsets, pulled
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

MAKES = Match(r"/daemonsets$", method="POST")
DELETES = Match(r"/daemonsets/hubtui-prepull", method="DELETE")


@pytest.fixture(autouse=True)
def cleared(cluster: Cluster) -> Iterator[None]:
    clear(cluster)
    yield
    clear(cluster)


@pytest.fixture
async def session(cluster: Cluster, proxy: FaultProxy) -> AsyncIterator[Session]:
    kubeconfig = proxy.kubeconfig_from(cluster.kubeconfig)
    async with session_of(kubeconfig, namespace=NAMESPACE) as session:
        yield session


def image() -> str:
    """One that no node has yet."""
    return f"example.org/course/faults:{secrets.token_hex(4)}"


async def test_a_connection_that_breaks_at_both_ends_is_tried_again(
    cluster: Cluster, session: Session, proxy: FaultProxy
) -> None:
    proxy.drop(MAKES, times=1)
    proxy.drop(DELETES, times=1)
    outcome = await pulled(session, image())
    assert outcome.result is Result.OK, outcome
    assert daemonsets(cluster) == []


async def test_one_that_is_not_taken_makes_nothing(
    cluster: Cluster, session: Session, proxy: FaultProxy
) -> None:
    proxy.answer(MAKES, 403, body="not today\x1b[31m")
    outcome = await pulled(session, image())
    assert outcome.result is Result.FAILED
    assert outcome.summary.startswith("no image was pulled: ")
    assert "\x1b" not in str(outcome)
    assert daemonsets(cluster) == []


async def test_what_cannot_be_deleted_is_named_with_what_takes_it_away(
    cluster: Cluster, session: Session, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepull_run, "GONE_WITHIN", 1.0)
    proxy.answer(DELETES, 500, body="no leader")
    outcome = await pulled(session, image())
    assert outcome.result is Result.FAILED
    assert "its DaemonSet is left: hubtui-prepull-" in outcome.summary
    assert outcome.next_steps[0] == "hubtui prepull --clean takes it away."
    assert len(daemonsets(cluster)) == 1


async def test_watches_that_break_in_the_middle_go_on(
    cluster: Cluster, session: Session, proxy: FaultProxy
) -> None:
    proxy.drop(Match(method="GET", path=r"/pods$"), times=2)
    outcome = await pulled(session, image())
    assert outcome.result is Result.OK, outcome
    assert daemonsets(cluster) == []
