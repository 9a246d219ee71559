"""What a plan says of a hub's values when helm itself has judged them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hubtui.model.deployment import ChartKind, ChartSource, ValuesMode
from hubtui.model.plan import Check, Level
from hubtui.services.actions.upgrade_request import UpgradeRequest
from tests.cluster.opened import session_of
from tests.testbed import Testbed

pytestmark = pytest.mark.usefixtures("state")

GONE = '{{ if hasKey .Values.rbac "enabled" }}{{ fail "rbac.enabled is gone" }}{{ end }}'


async def checks(
    testbed: Testbed, overlay: dict[str, Any], major: int = 4, chart: ChartSource | None = None
) -> dict[str, Check]:
    """The checks of a plan to put this over what runs; nothing is written."""
    request = UpgradeRequest(mode=ValuesMode.RESET_THEN_REUSE, overlay=overlay, chart=chart)
    async with session_of(testbed.kubeconfig, helm=str(testbed.helm(major))) as session:
        plan = await session.operations.plan("upgrade", request)
    return {check.name: check for check in plan.checks}


@pytest.mark.parametrize("major", [3, 4], ids=["helm3", "helm4"])
async def test_a_schema_s_refusal_names_the_path_and_what_was_meant(
    testbed: Testbed, major: int
) -> None:
    overlay = {"cull": {"timout": 5}, "singleuser": {"image": {"tag": 2024}}}
    found = await checks(testbed, overlay, major)
    check = found["schema"]
    assert (check.level, check.overridable) == (Level.STOP, False)
    assert set(check.details) >= {
        "cull.timout: jupyterhub has no such setting; did you mean cull.timeout?"
    }
    assert any(words.startswith("singleuser.image.tag: got ") for words in check.details)
    assert any(words.endswith("put it in quotes") for words in check.details)
    assert found["image tags"].level is Level.STOP


async def test_what_helm_lets_pass_and_kubespawner_does_not_is_a_stop(testbed: Testbed) -> None:
    overlay = {
        "singleuser": {"memory": {"limit": "1Gi"}, "image": {"name": "x", "tag": "latest"}},
        "cull": {"timeout": 0},
    }
    found = await checks(testbed, overlay)
    assert "schema" not in found
    assert found["helm renders it"].level is Level.OK
    assert (found["memory"].level, found["memory"].overridable) == (Level.STOP, True)
    assert found["memory"].evidence.startswith("singleuser.memory.limit: '1Gi'")
    assert found["latest"].level is Level.WARN
    assert found["culling"].evidence.startswith("cull.timeout: 0 does not turn culling off")


async def test_the_same_values_raise_no_alarm(testbed: Testbed) -> None:
    found = await checks(testbed, {})
    said = {"schema", "memory", "cpu", "image tags", "removed settings", "level", "hub.config"}
    assert not said & found.keys()
    assert (found["chart"].level, found["hub database"].level) == (Level.OK, Level.OK)


async def test_a_setting_that_is_gone_is_named_where_the_chart_only_fails(
    testbed: Testbed, tmp_path: Path
) -> None:
    folder = tmp_path / "jupyterhub"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: jupyterhub\nversion: 4.4.0\n")
    (folder / "templates" / "NOTES.txt").write_text(GONE)
    chart = ChartSource(ChartKind.FOLDER, str(folder), "4.4.0", name="jupyterhub")
    found = await checks(testbed, {"rbac": {"enabled": False}}, chart=chart)
    assert "rbac.enabled is gone" in found["helm renders it"].evidence
    assert found["removed settings"].evidence == (
        "rbac.enabled: gone since chart 2.0: use rbac.create, and serviceAccount.create of hub, "
        "proxy.traefik, scheduling.userScheduler and prePuller.hook"
    )
