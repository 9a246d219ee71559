"""Real kubectl against the demo's apiserver: what an operator types beside hubtui."""

from __future__ import annotations

import json

import pytest

from hubtui.demo.resources import CONFIGMAPS, DEPLOYMENTS, NAMESPACES, NODES, PODS, SECRETS
from tests.demo.conftest import Run, Server

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {tier: front}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1", env: [{name: A, value: "1"}, {name: B, value: "2"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: "1", b: "2"}
"""
CHANGED = WEB.replace(', b: "2"', "").replace(', {name: B, value: "2"}', "")


async def _apply(run: Run, text: str, *more: str) -> str:
    ran = await run("kubectl", "apply", "-f", "-", *more, given=text)
    assert ran.code == 0, ran.err
    return ran.out


@pytest.mark.parametrize("side", ["--server-side=false", "--server-side=true"])
async def test_apply_takes_away_what_is_not_there_any_more(
    run: Run, server: Server, side: str
) -> None:
    await _apply(run, WEB, side)
    await _apply(run, CHANGED, side)
    objects = server.world.objects
    assert objects.get(CONFIGMAPS, "hub", "settings")["data"] == {"a": "1"}
    template = objects.get(DEPLOYMENTS, "hub", "web")["spec"]["template"]
    assert template["spec"]["containers"][0]["env"] == [{"name": "A", "value": "1"}]


@pytest.mark.parametrize("side", ["--server-side=false", "--server-side=true"])
async def test_the_same_again_changes_nothing(run: Run, server: Server, side: str) -> None:
    await _apply(run, WEB, side)
    before = server.world.objects.get(CONFIGMAPS, "hub", "settings")
    await _apply(run, WEB, side)
    assert server.world.objects.get(CONFIGMAPS, "hub", "settings") == before


async def test_client_side_apply_is_handed_over_to_server_side(run: Run, server: Server) -> None:
    await _apply(run, WEB, "--server-side=false")
    await _apply(run, WEB, "--server-side=true")
    owners = server.world.objects.get(CONFIGMAPS, "hub", "settings")["metadata"]["managedFields"]
    names = {(each["manager"], each["operation"]) for each in owners}
    assert ("kubectl", "Apply") in names
    assert ("kubectl-client-side-apply", "Update") not in names


async def test_a_conflict_is_told_and_can_be_forced(run: Run, server: Server) -> None:
    await _apply(run, WEB, "--server-side")
    await run("kubectl", "scale", "deployment/web", "--replicas=3")
    ran = await run("kubectl", "apply", "--server-side", "-f", "-", given=WEB)
    assert ran.code == 1
    assert (
        "Apply failed with 1 conflict: conflict with "
        '"kubectl" with subresource "scale" using apps/v1: .spec.replicas'
    ) in ran.err
    await _apply(run, WEB, "--server-side", "--force-conflicts")
    assert server.world.objects.get(DEPLOYMENTS, "hub", "web")["spec"]["replicas"] == 2


async def test_a_rollout_is_followed_and_undone(run: Run, server: Server) -> None:
    await _apply(run, WEB)
    await _apply(run, WEB.replace("nginx:1", "nginx:2"))
    ran = await run("kubectl", "rollout", "status", "deployment/web", "--timeout=30s")
    assert "successfully rolled out" in ran.out, ran.err
    ran = await run("kubectl", "rollout", "undo", "deployment/web")
    assert ran.code == 0, ran.err
    template = server.world.objects.get(DEPLOYMENTS, "hub", "web")["spec"]["template"]
    assert template["spec"]["containers"][0]["image"] == "nginx:1"


async def test_pods_are_described_and_their_logs_read(run: Run, server: Server) -> None:
    await _apply(run, WEB)
    await run("kubectl", "rollout", "status", "deployment/web", "--timeout=30s")
    ran = await run("kubectl", "describe", "pod", "-l", "app=web")
    assert "Scheduled" in ran.out, "the events are found by their selector"
    pod = server.world.objects.all(PODS, "hub", app="web")[0]["metadata"]["name"]
    server.world.logs.write("hub", pod, "web", "a line of the test")
    ran = await run("kubectl", "logs", pod, "--tail=1")
    assert ran.out == "a line of the test\n"
    ran = await run("kubectl", "logs", pod, "--previous")
    assert f'previous terminated container "web" in pod "{pod}" not found' in ran.err


async def test_a_node_is_drained(run: Run, server: Server) -> None:
    await _apply(run, WEB)
    await run("kubectl", "rollout", "status", "deployment/web", "--timeout=30s")
    node = server.world.objects.all(PODS, "hub", app="web")[0]["spec"]["nodeName"]
    ran = await run("kubectl", "drain", node, "--timeout=30s")
    assert ran.code == 0, ran.err
    assert server.world.objects.get(NODES, "", node)["spec"]["unschedulable"] is True
    on_it = [p for p in server.world.objects.all(PODS, "hub") if p["spec"].get("nodeName") == node]
    assert on_it == []
    ran = await run("kubectl", "uncordon", node)
    assert "unschedulable" not in server.world.objects.get(NODES, "", node)["spec"]


async def test_things_are_made_labelled_and_deleted(run: Run, server: Server) -> None:
    objects = server.world.objects
    ran = await run("kubectl", "create", "secret", "generic", "s", "--from-literal=a=b")
    assert ran.code == 0, ran.err
    assert objects.get(SECRETS, "hub", "s")["data"] == {"a": "Yg=="}
    await run("kubectl", "label", "secret", "s", "x=y")
    await run("kubectl", "annotate", "secret", "s", "who=me")
    metadata = objects.get(SECRETS, "hub", "s")["metadata"]
    assert (metadata["labels"], metadata["annotations"]) == ({"x": "y"}, {"who": "me"})
    ran = await run("kubectl", "delete", "secret", "s")
    assert 'secret "s" deleted' in ran.out, ran.err
    ran = await run("kubectl", "create", "namespace", "other")
    assert objects.get(NAMESPACES, "", "other")["status"]["phase"] == "Active", ran.err
    ran = await run("kubectl", "create", "namespace", "Not_A_Name")
    assert "RFC 1123 label" in ran.err


async def test_a_deployment_goes_with_its_pods(run: Run, server: Server) -> None:
    await _apply(run, WEB)
    ran = await run("kubectl", "delete", "deployment", "web", "--cascade=foreground")
    assert ran.code == 0, ran.err
    assert server.world.objects.all(PODS, "hub", app="web") == []


async def test_what_is_there_is_shown_as_a_cluster_shows_it(run: Run, server: Server) -> None:
    await _apply(run, WEB)
    await run("kubectl", "rollout", "status", "deployment/web", "--timeout=30s")
    ran = await run("kubectl", "get", "pods", "-o", "json")
    assert len(json.loads(ran.out)["items"]) == 2
    ran = await run("kubectl", "get", "pods")
    assert ran.out.split()[:5] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert ran.out.split()[6:8] == ["1/1", "Running"]
    ran = await run("kubectl", "get", "deployments")
    assert ran.out.split()[:5] == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    ran = await run("kubectl", "top", "pods")
    assert "web-" in ran.out, ran.err


async def test_who_may_do_what(run: Run) -> None:
    ran = await run("kubectl", "auth", "can-i", "delete", "pods")
    assert ran.out == "yes\n"
    ran = await run("kubectl", "auth", "whoami", "-o", "json")
    assert json.loads(ran.out)["status"]["userInfo"]["username"] == "demo"
