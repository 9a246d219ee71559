"""The proof of read-only can fail: its walk and its logs find a write where one is made."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from hubtui.model.plan import Result
from tests.cluster.evidence import Asked, Evidence
from tests.cluster.read_only import SIZE, USER, settings_of
from tests.cluster.small_release import NAME, SmallRelease
from tests.testbed import Testbed
from tests.tui.prepared import until
from tests.tui.walk import StayingApp, Walk

pytestmark = pytest.mark.usefixtures("own_state")


async def test_the_same_walk_finds_the_write_of_a_rollback(
    small: SmallRelease, reads_all: Path, asked: Asked
) -> None:
    where = {"namespace": small.namespace, "release": NAME}
    app = StayingApp(settings_of(small.cluster, reads_all, **where))
    async with app.run_test(size=SIZE) as pilot:
        walk = Walk(app, pilot)
        await walk.confirm(("down", "r"), NAME)
        assert app.session is not None
        (operation,) = app.session.operations.all
        await until(pilot, lambda: operation.done, "the end of the rollback")
    assert operation.outcome is not None
    assert operation.outcome.result is Result.OK
    namespace = f"/namespaces/{small.namespace}/"
    assert any(
        write.startswith("create") and f"{namespace}secrets" in write for write in asked.writes()
    )
    assert any(write.startswith("patch") for write in asked.writes())


def test_the_logs_tell_a_write_an_exec_and_a_foreign_port(
    testbed: Testbed, evidence: Evidence
) -> None:
    with testbed.api(USER) as api:
        pod = api.items("/api/v1/namespaces/hub/pods", labelSelector="component=proxy")[0]
        name = pod["metadata"]["name"]
        path = f"/api/v1/namespaces/hub/pods/{name}"
        for subresource in ("exec?command=true", "attach", "proxy/", "portforward?ports=8000"):
            with pytest.raises(httpx.HTTPStatusError):
                api.get(f"{path}/{subresource}")
        api.request("PATCH", path, {}, headers={"Content-Type": "application/merge-patch+json"})
    answer = httpx.post(
        f"{testbed.hub_url}/hub/api/users/nobody-there/server",
        headers={"Authorization": f"token {testbed.hub_token}"},
    )
    assert answer.is_error
    told = {urlsplit(entry.split()[1]).path.rpartition(name)[2] for entry in evidence.intrusions()}
    assert told == {"/exec", "/attach", "/proxy/", "/portforward"}
    assert [write.partition(" ")[0] for write in evidence.writes()] == ["patch"]
    assert evidence.hub_writes() == ["POST /hub/api/users/nobody-there/server"]
