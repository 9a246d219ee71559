"""The plan of an upgrade says who deployed last: a plain helm, or hubtui from this machine."""

from __future__ import annotations

import pytest

from hubtui.services import journal
from tests.cluster.either_helm import either_helm as either_helm
from tests.cluster.small_release import SmallRelease
from tests.cluster.upgrading import check, folder, planned, upgraded

pytestmark = pytest.mark.usefixtures("state")


async def test_who_deployed_last_is_told_with_its_evidence(small: SmallRelease) -> None:
    async with small.session() as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        before = check(plan, "last deployment").evidence
        await upgraded(session, plan)
        again = await planned(session, "mark=five", chart=folder(small))
        after = check(again, "last deployment").evidence
    assert before.startswith("revision 3, deployed ")
    assert ", small-0.1.0: Upgrade complete; its record was written by " in before
    assert before.endswith("; not from this machine's journal")
    assert after.startswith("revision 4, deployed ")
    assert f": Upgrade by {journal.who()}; its record was written by " in after
    assert after.endswith(f"; in this machine's journal: upgrade by {journal.who()}")
    for said in (before, after):
        writer = said.partition("its record was written by ")[2].partition(" ")[0]
        assert writer.lower() in ("helm", "helm3", "go-http-client"), writer


async def test_another_helm_s_work_since_is_not_taken_for_ours(small: SmallRelease) -> None:
    async with small.session() as session:
        await upgraded(session, await planned(session, "mark=four", chart=folder(small)))
        small.upgrade("five", "--description", "by hand, from the night shift")
        plan = await planned(session, "mark=six", chart=folder(small))
    said = check(plan, "last deployment").evidence
    assert said.startswith("revision 5, deployed ")
    assert ": by hand, from the night shift; " in said
    assert said.endswith("; not from this machine's journal")
