"""`diff --live`: a revision against the cluster, as text and as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from hubtui.model.redact import MASK
from tests.headless.apiserver import ApiServer
from tests.headless.cluster import MARKS, with_more
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


WIDGET: dict[str, Any] = {
    "apiVersion": "example.org/v1",
    "kind": "Widget",
    "metadata": {"name": "one"},
    "spec": {"size": 1, "paused": False},
}


@pytest.fixture
def widget(cluster: ApiServer) -> ApiServer:
    """The current revision has an object of a kind that hubtui knows nothing of."""
    name = "sh.helm.release.v1.hub.v2"
    cluster.objects.remove(_find(cluster, "Secret", name))
    cluster.objects.append(with_more(2, "deployed", "2026.11", WIDGET))
    return cluster


def test_an_unknown_kind_is_found_by_discovery(hubtui: Command, widget: ApiServer) -> None:
    kinds = [{"name": "widgets", "kind": "Widget", "namespaced": True}]
    status = {"name": "widgets/status", "kind": "Widget", "namespaced": True}
    widget.served["example.org/v1"] = [*kinds, status]
    metadata = {**WIDGET["metadata"], "namespace": "hub", "annotations": dict(MARKS)}
    metadata["labels"] = {"app.kubernetes.io/managed-by": "Helm"}
    live = {**WIDGET, "metadata": metadata}
    widget.objects.append(live)
    found = hubtui("diff", "--live", "--json").document["changes"]
    assert "Widget/one" in found["unchanged"]
    live["spec"] = {"size": 2, "paused": False}
    (changed,) = hubtui("diff", "--live", "--json").document["changes"]["objects"]
    assert [(each["path"], each["after"]) for each in changed["fields"]] == [("spec.size", 2)]
    path = "/apis/example.org/v1/namespaces/hub/widgets/one"
    assert path in {path for method, path, _ in widget.requests if method == "GET"}


def test_an_unknown_kind_is_told_not_guessed(hubtui: Command, widget: ApiServer) -> None:
    found = hubtui("diff", "--live")
    assert found.code == 0
    assert "the server knows no Widget in example.org/v1" in found.out
    paths = {path for method, path, _ in widget.requests if method == "GET"}
    assert not any("widget" in path for path in paths)


def test_what_the_server_says_of_the_apply_is_believed(hubtui: Command, cluster: ApiServer) -> None:
    """A webhook sets a field back, so that an apply would change nothing: no drift."""
    hub = _find(cluster, "Deployment", "hub")
    hub["spec"]["replicas"] = 3
    drifted = hubtui("diff", "--live", "--json").document["changes"]
    assert [each["object"] for each in drifted["objects"]] == ["Deployment/hub"]
    cluster.dry_runs["hub"] = hub
    settled = hubtui("diff", "--live", "--json").document["changes"]
    assert settled["objects"] == []
    assert "Deployment/hub" in settled["unchanged"]
    asked = [query for method, _, query in cluster.requests if method == "PATCH"]
    assert all(query["dryRun"] == "All" for query in asked)
    alone = hubtui("--read-only", "diff", "--live", "--json").document["changes"]
    assert [each["object"] for each in alone["objects"]] == ["Deployment/hub"]
    assert len([m for m, _, _ in cluster.requests if m == "PATCH"]) == len(asked)


def test_objects_in_another_namespace_are_read_there_and_say_so(
    hubtui: Command, cluster: ApiServer
) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}}
    placed = {**body, "metadata": {"name": "shared", "namespace": "elsewhere"}}
    name = "sh.helm.release.v1.hub.v2"
    cluster.objects.remove(_find(cluster, "Secret", name))
    cluster.objects.append(with_more(2, "deployed", "2026.11", placed))
    cluster.objects.append({**body, "metadata": {"name": "shared", "namespace": "hub"}})
    found = hubtui("diff", "--live", "--json").document["changes"]
    assert [(each["object"], each["change"]) for each in found["objects"]] == [
        ("ConfigMap/shared in elsewhere", "removed")
    ]
    between = hubtui("diff", "1", "2", "--json").document["changes"]
    added = [each["object"] for each in between["objects"] if each["change"] == "added"]
    assert added == ["ConfigMap/shared in elsewhere"]


@pytest.mark.parametrize("line", ["diff", "diff 1 2 --live"])
def test_a_line_that_says_too_little_or_too_much(
    hubtui: Command, api: ApiServer, line: str
) -> None:
    found = hubtui(*line.split())
    assert (found.code, found.out) == (2, "")
