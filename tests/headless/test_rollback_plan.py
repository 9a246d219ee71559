"""`hubtui rollback N` plans from what a cluster says: real action, small apiserver, no helm."""

from __future__ import annotations

from typing import Any

import pytest

from tests.headless.apiserver import ApiServer
from tests.headless.cluster import helm_secret, with_more
from tests.headless.conftest import Command
from tests.releases import packed, release, values

ARGO = "argoproj.io/v1alpha1"
APPLICATIONS = [{"name": "applications", "kind": "Application", "namespaced": True}]


@pytest.fixture(autouse=True)
def no_helm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that is only looked at needs none."""
    monkeypatch.setenv("HUBTUI_HELM", "/nowhere/helm")


@pytest.fixture
def check(hubtui: Command, applied: ApiServer) -> Any:
    """A check of the plan to go back to a revision: its level and its evidence."""

    def call(name: str, revision: int = 1) -> tuple[str, str]:
        found = hubtui("rollback", str(revision), "--json")
        assert found.code == 0, found.err
        (one,) = [each for each in found.document["checks"] if each["name"] == name]
        return one["level"], one["evidence"]

    return call


def live(api: ApiServer, kind: str, name: str) -> dict[str, Any]:
    return next(o for o in api.objects if (o["kind"], o["metadata"]["name"]) == (kind, name))


# Edits by hand


def newest(api: ApiServer, status: str, tag: str = "2026.12") -> None:
    """A third revision that did not come to be deployed; the second one still is."""
    api.objects.append(helm_secret(3, status, packed(release(3, values(tag=tag), others=1))))


def test_edits_are_told_against_the_newest_revision_when_it_is_in_force(
    check: Any, applied: ApiServer
) -> None:
    assert check("edits by hand")[1] == "none: the cluster is as revision 2 says"
    live(applied, "Deployment", "hub")["spec"]["replicas"] = 0
    level, evidence = check("edits by hand")
    assert level == "warn"
    assert "(since revision 2): Deployment/hub: spec.replicas" in evidence


def test_edits_are_told_against_the_revision_in_force_when_a_newer_one_failed(
    check: Any, applied: ApiServer
) -> None:
    newest(applied, "failed")
    level, evidence = check("edits by hand")
    assert level == "ok"
    assert "the cluster is as revision 2 says" in evidence
    assert "revision 3 failed and may have applied a part of itself" in evidence
    live(applied, "Deployment", "hub")["spec"]["replicas"] = 0
    assert "these are undone (since revision 2)" in check("edits by hand", 2)[1]


def test_edits_are_not_told_while_a_revision_is_pending(check: Any, applied: ApiServer) -> None:
    newest(applied, "pending-upgrade")
    level, evidence = check("edits by hand")
    assert level == "warn"
    assert evidence.startswith("? not compared: revision 3 is pending-upgrade")


def test_edits_since_a_revision_that_cannot_be_read_are_not_told(
    check: Any, applied: ApiServer
) -> None:
    newest(applied, "failed")
    live(applied, "Secret", "sh.helm.release.v1.hub.v2")["data"]["release"] = "bm90aGluZw=="
    level, evidence = check("edits by hand")
    assert level == "warn"
    assert "? not compared: revision 2 cannot be read" in evidence


# Owner


def application(name: str, namespace: str = "hub") -> dict[str, Any]:
    """An Application, as its definition's schema has it (argoproj.io/v1alpha1)."""
    return {
        "apiVersion": ARGO,
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": "https://example.org/hubs.git", "chart": "jupyterhub"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
        },
    }


@pytest.fixture
def instance(applied: ApiServer) -> ApiServer:
    """The hub's Deployment carries the label by which Argo CD tracks, which charts set too."""
    labels = live(applied, "Deployment", "hub")["metadata"]["labels"]
    live(applied, "Deployment", "hub")["metadata"]["labels"] = {
        **labels,
        "app.kubernetes.io/instance": "hubs",
    }
    return applied


def test_an_application_named_by_the_instance_label_is_a_stop(
    check: Any, instance: ApiServer
) -> None:
    instance.served[ARGO] = APPLICATIONS
    instance.objects += [application("others"), application("hubs")]
    level, evidence = check("owner")
    assert level == "stop"
    assert "Argo CD's Application argocd/hubs manages these objects" in evidence


@pytest.mark.parametrize("app", [application("others"), application("hubs", "elsewhere")])
def test_another_application_is_none(check: Any, instance: ApiServer, app: dict[str, Any]) -> None:
    instance.served[ARGO] = APPLICATIONS
    instance.objects.append(app)
    assert check("owner") == ("ok", "no mark of Flux or Argo CD")


def test_applications_that_may_not_be_read_are_told(check: Any, instance: ApiServer) -> None:
    instance.served[ARGO] = APPLICATIONS
    instance.denied.add("applications")
    level, evidence = check("owner")
    assert level == "ok"
    assert "? not seen: Argo CD's Applications: no right to list applications" in evidence


def test_where_there_is_no_argo_nothing_is_missing(check: Any, instance: ApiServer) -> None:
    """To somebody without the right the server says 403 also of a kind that there is not."""
    instance.served[ARGO] = []
    instance.denied.add("applications")
    assert check("owner") == ("ok", "no mark of Flux or Argo CD")


def test_marks_that_may_not_be_read_are_told(check: Any, instance: ApiServer) -> None:
    instance.denied.add("deployments")
    assert "? not seen: marks on Deployments: no right to list" in check("owner")[1]


# Images


def node(name: str, *images: str) -> dict[str, Any]:
    return {
        "kind": "Node",
        "metadata": {"name": name},
        "spec": {},
        "status": {"images": [{"names": [image]} for image in images]},
    }


def test_nodes_that_lack_the_targets_image_are_named(check: Any, applied: ApiServer) -> None:
    image = "quay.io/uni/ds-image"
    applied.objects += [node("user-1", f"{image}:2026.09"), node("user-2", f"{image}:2026.11")]
    level, evidence = check("images")
    assert level == "warn"
    assert "ds-image:2026.09 is missing on user-2;" in evidence
    assert "user-1" not in evidence
    assert "hub" not in evidence  # whose image stays


def test_images_are_not_known_where_nodes_may_not_be_read(check: Any, applied: ApiServer) -> None:
    applied.denied.add("nodes")
    level, evidence = check("images")
    assert level == "warn"
    assert evidence.startswith("? whether nodes have them: no right to list nodes")


def test_where_no_image_changes_nodes_are_not_asked(hubtui: Command, applied: ApiServer) -> None:
    names = [each["name"] for each in hubtui("rollback", "2", "--json").document["checks"]]
    assert "images" not in names
    assert not any("nodes" in path for _, path, _ in applied.requests)


# Fields that nobody may change


def claim(storage_class: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "hub-db-dir"},
        "spec": {"storageClassName": storage_class, "accessModes": ["ReadWriteOnce"]},
    }


@pytest.mark.parametrize(("older", "level"), [("slow", "stop"), ("fast", "ok")])
def test_a_field_that_nobody_may_change_is_a_stop(
    check: Any, applied: ApiServer, older: str, level: str
) -> None:
    for revision, status, tag, name in (
        (1, "superseded", "2026.09", older),
        (2, "deployed", "2026.11", "fast"),
    ):
        stored = live(applied, "Secret", f"sh.helm.release.v1.hub.v{revision}")
        applied.objects.remove(stored)
        applied.objects.append(with_more(revision, status, tag, claim(name)))
    found, evidence = check("immutable fields")
    assert found == level
    assert ("PersistentVolumeClaim/hub-db-dir: spec.storageClassName" in evidence) is (
        level == "stop"
    )
