"""`diff --live`: a revision against the cluster, as text and as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from hubtui.model.redact import MASK
from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command
from tests.releases import CLIENT_SECRET


@pytest.fixture
def cluster(applied: ApiServer) -> ApiServer:
    return applied


def _find(api: ApiServer, kind: str, name: str) -> dict[str, Any]:
    found = (o for o in api.objects if o["kind"] == kind and o["metadata"]["name"] == name)
    return next(found)


def test_a_cluster_as_the_revision_says_has_no_drift(hubtui: Command, cluster: ApiServer) -> None:
    found = hubtui("diff", "--live")
    assert (found.code, found.err) == (0, "")
    assert "Roll back" not in found.out
    document = hubtui("diff", "--live", "--json").document
    assert document["changes"]["counts"] == {"changed": 0, "added": 0, "removed": 0}
    assert (document["before"], document["after"]) == (2, "live")
    assert len(document["changes"]["unchanged"]) == 5


def test_drift_is_told_by_object_and_field(hubtui: Command, cluster: ApiServer) -> None:
    _find(cluster, "Deployment", "hub")["spec"]["replicas"] = 3
    cluster.objects.remove(_find(cluster, "ConfigMap", "other-0"))
    found = hubtui("diff", "--live")
    assert found.code == 0
    assert found.out.startswith("2 → live ~1 +0 -1")
    assert "+ spec.replicas: 3" in found.out
    assert found.out.rstrip().endswith("Roll back to the same revision to undo it.")
    objects = hubtui("diff", "--live", "--json").document["changes"]["objects"]
    assert {each["object"]: each["change"] for each in objects} == {
        "Deployment/hub": "changed",
        "ConfigMap/other-0": "removed",
    }


def test_a_secret_in_the_cluster_is_masked(hubtui: Command, cluster: ApiServer) -> None:
    env = _find(cluster, "Deployment", "hub")["spec"]["template"]["spec"]["containers"][0]["env"]
    env[1]["value"] = "another-client-secret"
    for argv in (["diff", "--live"], ["diff", "--live", "--json"]):
        found = hubtui(*argv)
        assert CLIENT_SECRET not in found.out
        assert "another-client-secret" not in found.out
        assert MASK in found.out


def test_what_may_not_be_read_is_a_row_and_a_note(hubtui: Command, cluster: ApiServer) -> None:
    cluster.denied.add("configmaps")
    found = hubtui("diff", "--live")
    assert found.code == 0
    assert "ConfigMap/hub  not readable: no right to get configmaps hub" in found.out
    assert "ConfigMap/hub: no right to get configmaps hub" in found.err


def test_an_unknown_kind_is_told_not_guessed(hubtui: Command, cluster: ApiServer) -> None:
    found = hubtui("diff", "1", "--live")
    assert found.code == 0
    assert "images" in found.out.lower()
    paths = {path for method, path, _ in cluster.requests if method == "GET"}
    assert not any("exec" in path or "proxy" in path.split("/")[-1] for path in paths)


@pytest.mark.parametrize("line", ["diff", "diff 1 2 --live"])
def test_a_line_that_says_too_little_or_too_much(
    hubtui: Command, api: ApiServer, line: str
) -> None:
    found = hubtui(*line.split())
    assert (found.code, found.out) == (2, "")
