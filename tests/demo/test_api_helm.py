"""Real helm, both majors, against the demo's apiserver: what an operator does with a release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hubtui.demo.resources import DAEMONSETS, DEPLOYMENTS, JOBS, PODS, SECRETS
from tests.demo.conftest import Run, Server

CHART = str(Path(__file__).parents[2] / "hubtui" / "demo" / "chart")
MAJORS = pytest.mark.parametrize("helm", ["helm4", "helm3"])


async def _install(run: Run, helm: str, *more: str) -> None:
    ran = await run(helm, "install", "hub", CHART, "--timeout", "60s", *more)
    assert ran.code == 0, ran.err


@MAJORS
async def test_a_release_is_installed_with_its_hooks(run: Run, server: Server, helm: str) -> None:
    await _install(run, helm)
    objects = server.world.objects
    assert objects.find(DEPLOYMENTS, "hub", "hub") is not None
    assert objects.find(DAEMONSETS, "hub", "hook-image-puller") is None, "the hook is taken away"
    assert objects.find(JOBS, "hub", "hook-image-awaiter") is None
    stored = objects.get(SECRETS, "hub", "sh.helm.release.v1.hub.v1")
    assert stored["type"] == "helm.sh/release.v1"
    assert stored["metadata"]["labels"]["status"] == "deployed"


@MAJORS
async def test_it_is_upgraded_rolled_back_and_its_history_told(run: Run, helm: str) -> None:
    await _install(run, helm, "--set", "prePuller.hook.enabled=false")
    changed = ("--set", "prePuller.hook.enabled=false", "--set", "hub.concurrentSpawnLimit=7")
    ran = await run(helm, "upgrade", "hub", CHART, *changed)
    assert ran.code == 0, ran.err
    ran = await run("kubectl", "get", "configmap", "hub", "-o", "json")
    assert "concurrent_spawn_limit = 7" in json.loads(ran.out)["data"]["jupyterhub_config.py"]
    ran = await run(helm, "rollback", "hub", "1")
    assert ran.code == 0, ran.err
    ran = await run("kubectl", "get", "configmap", "hub", "-o", "json")
    assert "concurrent_spawn_limit = 64" in json.loads(ran.out)["data"]["jupyterhub_config.py"]
    ran = await run(helm, "history", "hub", "-o", "json")
    assert [each["status"] for each in json.loads(ran.out)] == [
        *("superseded", "superseded", "deployed"),
    ]
    ran = await run(helm, "list", "-o", "json")
    assert [each["revision"] for each in json.loads(ran.out)] == ["3"]


@MAJORS
async def test_a_dry_run_looks_up_the_live_secret_and_writes_nothing(
    run: Run, server: Server, helm: str
) -> None:
    await _install(run, helm, "--set", "prePuller.hook.enabled=false")
    secret = server.world.objects.get(SECRETS, "hub", "hub")
    version = server.world.storage.version
    ran = await run(helm, "upgrade", "hub", CHART, "--dry-run=server")
    assert ran.code == 0, ran.err
    assert secret["data"]["hub.config.JupyterHub.cookie_secret"] in ran.out
    assert [c for c in server.world.storage.since(version) if c.resource == SECRETS] == []


@MAJORS
async def test_waiting_ends_when_all_is_ready(run: Run, server: Server, helm: str) -> None:
    no_balancer = ("--set", "proxy.service.type=ClusterIP")
    await _install(run, helm, "--wait", *no_balancer)
    found = server.world.objects.get(DEPLOYMENTS, "hub", "hub")
    assert found["status"]["readyReplicas"] == 1


@MAJORS
async def test_an_uninstalled_release_leaves_nothing(run: Run, server: Server, helm: str) -> None:
    await _install(run, helm, "--set", "prePuller.hook.enabled=false")
    ran = await run(helm, "uninstall", "hub")
    assert ran.code == 0, ran.err
    ran = await run("kubectl", "wait", "--for=delete", "pod", "--all", "--timeout=30s")
    assert ran.code == 0, ran.err
    assert server.world.objects.all(PODS, "hub") == []
    assert server.world.objects.all(SECRETS, "hub") == []


async def test_a_namespace_is_made_on_the_way(run: Run, server: Server) -> None:
    hook = ("--set", "prePuller.hook.enabled=false")
    await _install(run, "helm4", "-n", "other", "--create-namespace", *hook)
    assert server.world.objects.find(DEPLOYMENTS, "other", "hub") is not None


async def test_helm_4_takes_over_what_helm_3_wrote(run: Run, server: Server) -> None:
    hook = ("--set", "prePuller.hook.enabled=false")
    await _install(run, "helm3", *hook)
    ran = await run("helm4", "upgrade", "hub", CHART, *hook, "--server-side=true")
    assert ran.code == 0, ran.err
    found = server.world.objects.get(DEPLOYMENTS, "hub", "hub")
    by = {(each["manager"], each["operation"]) for each in found["metadata"]["managedFields"]}
    assert ("helm", "Apply") in by


async def test_what_somebody_else_changed_is_a_conflict(run: Run) -> None:
    hook = ("--set", "prePuller.hook.enabled=false")
    await _install(run, "helm4", *hook)
    ran = await run("kubectl", "scale", "deployment/proxy", "--replicas=3")
    assert ran.code == 0, ran.err
    ran = await run("helm4", "upgrade", "hub", CHART, *hook)
    assert ran.code != 0
    assert (
        'conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas' in ran.err
    )
