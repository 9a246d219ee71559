"""An upgrade whose workloads do not come in time: what is not ready, why, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from hubtui.model.plan import Result
from hubtui.services.actions.rollback import RollbackRequest
from tests.cluster.kept_off import keep_off, let_on
from tests.cluster.parts import Place
from tests.cluster.small_release import NAME, SmallRelease
from tests.cluster.upgrading import folder, planned, upgraded
from tests.testbed.stages import STAGE

pytestmark = pytest.mark.usefixtures("state")


def never_ready(small: SmallRelease) -> None:
    """The readiness probe of the Deployment's new pods fails."""
    template = small.chart / "templates" / "all.yaml"
    known = "annotations: {"
    template.write_text(template.read_text().replace(known, f"{known}{STAGE}: never-ready, "))


def nothing(_: SmallRelease) -> None:
    """The image's name is enough."""


@pytest.mark.parametrize(
    ("spoil", "mark", "why"),
    [
        (nothing, "missing", r"web-\S+: (ErrImagePull|ImagePullBackOff)"),
        (never_ready, "four", r"Unhealthy: Readiness probe failed"),
        (
            keep_off,
            "four",
            r"web-\S+: Pending: 0/\d+ nodes are available: \d+ node\(s\) didn't match",
        ),
    ],
    ids=["image", "readiness", "no node"],
)
async def test_what_is_not_ready_in_time_is_told_with_its_reason(
    small: SmallRelease, spoil: Callable[[SmallRelease], None], mark: str, why: str
) -> None:
    spoil(small)
    async with small.session() as session:
        plan = await planned(session, f"mark={mark}", chart=folder(small), timeout="6s")
        outcome = await upgraded(session, plan)
    assert outcome.result is Result.FAILED
    assert outcome.summary.startswith(
        "Revision 4 is deployed, but not everything has come: "
        "Deployment/web 1/1 (old and new pods together): "
    )
    (failed,) = outcome.failed
    assert (failed.kind, failed.name) == ("Deployment", "web")
    assert re.match(why, failed.reason), failed.reason
    assert failed.reason in outcome.summary
    assert outcome.next_steps == (
        "Mend the cause: the rollout then goes on by itself.",
        "Or roll back to 3, where it was before.",
    )
    assert small.statuses()[4] == "deployed"


async def test_once_the_cause_is_mended_the_rollout_goes_on_and_the_way_back_is_open(
    small: SmallRelease,
) -> None:
    keep_off(small)
    async with small.session() as session:
        plan = await planned(session, "mark=four", chart=folder(small), timeout="1s")
        assert (await upgraded(session, plan)).result is Result.FAILED
        with let_on(small.cluster):
            Place(small.cluster, small.namespace).available("web")
        back = await session.operations.plan("rollback", RollbackRequest(3))
        outcome = await (await session.operations.start(back, NAME)).wait()
    assert outcome.result is Result.OK, outcome
    assert small.mark() == "three"
