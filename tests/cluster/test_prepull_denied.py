"""A prepull by somebody who may write in the hub's namespace, and may not list nodes."""

from __future__ import annotations

import secrets

import pytest

from hubtui.services.actions.prepull_facts import PrepullRequest
from tests.cluster.opened import session_of
from tests.cluster.parts import evidence, level
from tests.cluster.pulled import daemonsets, pulled, pullers_nodes
from tests.testbed import Testbed
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")


async def test_the_nodes_that_have_a_puller_are_followed(testbed: Testbed) -> None:
    count, image = len(pullers_nodes(testbed)), f"example.org/course/d:{secrets.token_hex(4)}"
    async with session_of(testbed.kubeconfig_for("operator"), namespace=NAMESPACE) as session:
        plan = await session.operations.plan("prepull", PrepullRequest((image,)))
        assert evidence(plan, "images").startswith("? which nodes lack them")
        assert level(plan, "nodes") == "warn"
        outcome = await pulled(session, image)
    assert outcome.summary.startswith(f"all {count} nodes have 1 image in ")
    assert daemonsets(testbed) == []


async def test_who_may_only_read_is_stopped_before_anything_is_made(testbed: Testbed) -> None:
    async with session_of(testbed.kubeconfig_for("viewer"), namespace=NAMESPACE) as session:
        plan = await session.operations.plan("prepull", PrepullRequest(("example.org/d:1",)))
    words = "no right to create daemonsets.apps, delete daemonsets.apps"
    assert evidence(plan, "rights") == words
    assert level(plan, "rights") == "stop"
    assert daemonsets(testbed) == []
