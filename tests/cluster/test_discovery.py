"""Which hub is found, and what is said when none is."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hubtui.config import Settings
from hubtui.errors import ConfigError, DeniedError
from hubtui.services import discovery
from hubtui.services.session import Several, connect, hubs_of, open_client
from tests.cluster.clusters import Cluster
from tests.cluster.opened import client_of, session_of
from tests.testbed import Testbed
from tests.testbed.api import Api
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.release import umbrella
from tests.testbed.users import NAMESPACE


@pytest.fixture
def unbound(cluster: Cluster, tmp_path: Path) -> Path:
    """Every right in the cluster, in a context that names no namespace."""
    document = yaml.safe_load(cluster.kubeconfig.read_text())
    for entry in document["contexts"]:
        entry["context"].pop("namespace", None)
    path = tmp_path / "unbound"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture
def elsewhere(api: Api) -> Iterator[str]:
    """Another namespace, empty."""
    name = f"elsewhere-{uuid.uuid4().hex[:6]}"
    api.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    # A namespace goes slowly, and its hub would be seen until then.
    api.request("DELETE", f"/apis/apps/v1/namespaces/{name}/deployments")
    api.request("DELETE", f"/api/v1/namespaces/{name}")


def install(api: Api, namespace: str, release: str, **labels: str) -> None:
    """A hub's Deployment, as the chart labels it."""
    chart = {"component": "hub", "app": "jupyterhub", "chart": "jupyterhub-4.3.3"}
    meta: dict[str, Any] = {"name": "hub", "namespace": namespace}
    meta["labels"] = {**chart, "release": release, **labels}
    spec: dict[str, Any] = {
        "replicas": 0,
        "selector": {"matchLabels": {"component": "hub"}},
        "template": {
            "metadata": {"labels": {"component": "hub"}},
            "spec": {"containers": [{"name": "hub", "image": "example/hub:1"}]},
        },
    }
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}
    api.request("POST", f"/apis/apps/v1/namespaces/{namespace}/deployments", body)


async def test_without_flags_the_hub_is_found_in_another_namespace(unbound: Path) -> None:
    """The context names no namespace: `default` holds no hub."""
    async with session_of(unbound) as session:
        assert (session.namespace, session.release) == (NAMESPACE, "hub")
        assert session.hub.chart_version == "4.4.0"


async def test_the_contexts_own_namespace_comes_first(
    reader: Path, api: Api, elsewhere: str
) -> None:
    install(api, elsewhere, "other")
    async with session_of(reader) as session:
        assert (session.namespace, session.release) == (NAMESPACE, "hub")


async def test_several_hubs_are_handed_back_for_a_choice(
    unbound: Path, api: Api, elsewhere: str
) -> None:
    install(api, elsewhere, "other")
    settings = Settings(kubeconfig=str(unbound))
    async with client_of(unbound) as client:
        found = await connect(settings, client)
    assert isinstance(found, Several)
    assert [(hub.namespace, hub.release) for hub in found.hubs] == [
        (elsewhere, "other"),
        (NAMESPACE, "hub"),
    ]


async def test_one_of_several_is_named_by_flags(unbound: Path, api: Api, elsewhere: str) -> None:
    install(api, elsewhere, "other")
    async with session_of(unbound, namespace=elsewhere) as session:
        assert (session.namespace, session.release) == (elsewhere, "other")
    async with session_of(unbound, release="other") as session:
        assert session.namespace == elsewhere


async def test_a_hub_that_is_a_sub_chart_is_of_its_parents_release(
    cluster: Cluster, unbound: Path, api: Api, elsewhere: str, tmp_path: Path
) -> None:
    rendered = cluster.run_helm("template", "campus", str(umbrella(tmp_path))).stdout
    (hub,) = [
        thing
        for thing in yaml.safe_load_all(rendered)
        if thing and (thing["kind"], thing["metadata"]["name"]) == ("Deployment", "hub")
    ]
    hub["metadata"]["namespace"] = elsewhere
    hub["spec"]["replicas"] = 0
    api.request("POST", f"/apis/apps/v1/namespaces/{elsewhere}/deployments", hub)
    async with session_of(unbound, namespace=elsewhere) as session:
        assert session.release == "campus"
        assert session.hub.chart_version == "4.4.0"


async def test_a_hub_without_the_old_labels_is_told_by_helms_own(
    unbound: Path, api: Api, elsewhere: str
) -> None:
    install(api, elsewhere, "", **{"app.kubernetes.io/instance": "modern"})
    async with session_of(unbound, namespace=elsewhere) as session:
        assert session.release == "modern"


async def test_no_hub_says_where_was_looked_and_what_to_pass(
    unbound: Path, proxy: FaultProxy
) -> None:
    empty = b'{"kind":"DeploymentList","metadata":{"resourceVersion":"1"},"items":[]}'
    proxy.answer(Match("/deployments"), 200, body=empty)
    with pytest.raises(ConfigError) as caught:
        async with session_of(proxy.kubeconfig_from(unbound)):
            pass
    assert caught.value.what == (
        "No hub found: looked for Deployments labelled app=jupyterhub,component=hub in "
        "namespace default; all namespaces"
    )
    assert "--namespace NS" in caught.value.remedy


async def test_a_namespace_that_does_not_exist_is_named(unbound: Path) -> None:
    with pytest.raises(ConfigError, match="There is no namespace nowhere in context "):
        async with session_of(unbound, namespace="nowhere"):
            pass


async def test_a_namespace_without_a_hub_is_not_left_for_another(
    unbound: Path, elsewhere: str
) -> None:
    """Who names a namespace means it."""
    with pytest.raises(ConfigError, match=f"in namespace {elsewhere}") as caught:
        async with session_of(unbound, namespace=elsewhere):
            pass
    assert "all namespaces" not in caught.value.what


async def test_without_the_cluster_wide_right_each_namespace_is_asked(
    unbound: Path, proxy: FaultProxy, api: Api, elsewhere: str
) -> None:
    proxy.answer(Match(r"^/apis/apps/v1/deployments$"), 403)
    refused = proxy.answer(Match(rf"/namespaces/{elsewhere}/deployments$"), 403)
    async with session_of(proxy.kubeconfig_from(unbound)) as session:
        assert session.namespace == NAMESPACE
    assert refused.hits


async def test_without_the_right_to_deployments_the_hubs_pod_is_looked_for(
    reader: Path, proxy: FaultProxy
) -> None:
    proxy.answer(Match("/deployments"), 403)
    async with session_of(proxy.kubeconfig_from(reader)) as session:
        assert (session.namespace, session.release) == (NAMESPACE, "hub")


async def test_a_namespace_only_user_is_told_what_could_not_be_looked_at(
    testbed: Testbed, viewer: Path
) -> None:
    """The real one alone, as the next: the demo's only user has every right."""
    empty = b'{"metadata":{"resourceVersion":"1"},"items":[]}'
    async with FaultProxy(testbed.server, ca_file=testbed.ca_file) as proxy:
        proxy.answer(Match(f"/namespaces/{NAMESPACE}/deployments"), 200, body=empty)
        with pytest.raises(ConfigError, match="no other namespace \\(no right to list them\\)"):
            async with session_of(proxy.kubeconfig_from(viewer)):
                pass


async def test_nobody_is_refused_with_the_missing_right(nobody: Path) -> None:
    async with client_of(nobody) as client:
        with pytest.raises(DeniedError, match="no right to list deployments") as caught:
            await discovery.find(client, "", "")
    assert (caught.value.verb, caught.value.resource) == ("list", "deployments.apps")


async def test_the_picker_shows_dead_contexts_beside_those_that_live(
    testbed: Testbed, admin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = testbed.kubeconfig_for("viewer", server="https://127.0.0.1:9")
    text = dead.read_text().replace(f"testbed-{testbed.name}", "dead")
    (tmp_path / "dead").write_text(text.replace("name: testbed", "name: dead-cluster"))
    monkeypatch.setenv("KUBECONFIG", f"{admin}:{tmp_path / 'dead'}")
    text = (tmp_path / "dead").read_text().replace("cluster: testbed", "cluster: dead-cluster")
    (tmp_path / "dead").write_text(text)
    found = {context.name: (hubs, error) async for context, hubs, error in hubs_of(Settings())}
    hubs, error = found[f"testbed-{testbed.name}"]
    assert ("hub", "hub") in [(hub.namespace, hub.release) for hub in hubs]
    assert error is None
    assert found["dead"][0] == []
    assert "https://127.0.0.1:9 does not answer" in str(found["dead"][1])


async def test_a_client_is_for_the_context_in_force(admin: Path) -> None:
    client = open_client(Settings(kubeconfig=str(admin)))
    assert client.context.current
    await client.close()
