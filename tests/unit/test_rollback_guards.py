"""What a rollback would meet that no revision tells: nodes without the image, another owner, fields
that nobody may change, edits by hand."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hubtui.model.diff import ObjectDiff, RevisionDiff, Unread
from hubtui.model.diff_change import Change
from hubtui.model.diff_tree import Kind
from hubtui.model.kube_needs import Node
from hubtui.model.manifest import Key, Resource
from hubtui.model.node_facts import PURPOSE
from hubtui.model.node_images import has_image
from hubtui.model.plan import Level
from hubtui.services.actions import release_drift, release_images, release_owner
from hubtui.services.actions.release_immutable import check, differing
from tests.unit.test_rollback_checks import facts, side

IMAGE = "quay.example.org/class/notebook:2026.11"


def node(name: str, *images: str, purpose: str = "user", cordoned: bool = False) -> Node:
    document = {
        "metadata": {"name": name, "labels": {PURPOSE: purpose} if purpose else {}},
        "spec": {"unschedulable": cordoned},
        "status": {"images": [{"names": [image]} for image in images]},
    }
    return msgspec.convert(document, Node)


# Images


def test_nodes_that_lack_an_image_are_named() -> None:
    nodes = [node("u1", IMAGE), node("u2", "other:1"), node("u3", "other:1", cordoned=True)]
    found = release_images.verdict({IMAGE: False}, [*nodes, node("c1", "x:1", purpose="core")])
    assert found.level is Level.WARN
    assert "notebook:2026.11 is missing on u2;" in found.evidence
    assert "u3" not in found.evidence
    assert "c1" not in found.evidence


def test_an_image_that_is_everywhere_is_said_so() -> None:
    found = release_images.verdict({IMAGE: False}, [node("u1", IMAGE), node("u2", "a:1", IMAGE)])
    assert (found.level, found.evidence) == (
        Level.OK,
        "1 image: on every node that may run them",
    )


@pytest.mark.parametrize("listed", [(), tuple(f"image:{n}" for n in range(50))])
def test_a_full_or_empty_list_of_images_tells_nothing(listed: tuple[str, ...]) -> None:
    assert has_image(node("u1", *listed), IMAGE) is None
    found = release_images.verdict({IMAGE: False}, [node("u1", *listed)])
    assert found.level is Level.WARN
    assert "? on u1" in found.evidence
    assert "missing" not in found.evidence


def test_what_a_full_list_holds_is_there() -> None:
    listed = (*(f"image:{n}" for n in range(49)), IMAGE)
    assert has_image(node("u1", *listed), IMAGE) is True


def test_without_purposes_every_node_may_run_a_server() -> None:
    nodes = [node("a", IMAGE, purpose=""), node("b", "x:1", purpose="")]
    assert "missing on b" in release_images.verdict({IMAGE: False}, nodes).evidence


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ((), "notebook:2026.11 on 1 node"),
        (("x:1",), "notebook:2026.11 on 2 nodes"),
        (tuple(f"image:{n}" for n in range(50)), "on 1 node, perhaps on 1 more of 2"),
    ],
    ids=["one", "two", "one that cannot tell"],
)
def test_what_the_hook_puller_brings_is_no_warning(others: tuple[str, ...], says: str) -> None:
    nodes = [node("u1", "x:1"), *([node("u2", *others, purpose="core")] if others else [])]
    found = release_images.verdict({IMAGE: False}, nodes, {IMAGE: nodes})
    assert found.level is Level.OK
    assert found.evidence.startswith("the hook puller pulls beforehand: ")
    assert found.evidence.endswith(says)


# Owners


def test_fluxs_labels_on_the_manifest() -> None:
    labels = {"helm.toolkit.fluxcd.io/name": "hub", "helm.toolkit.fluxcd.io/namespace": "flux"}
    item = Resource("v1", "Service", "", "hub", {"metadata": {"labels": labels}})
    assert release_owner.by_flux_labels([item]) == "flux/hub"
    assert release_owner.by_flux_labels([Resource("v1", "Service", "", "hub", {})]) == ""


@pytest.mark.parametrize(
    ("meta", "spec", "found"),
    [
        (("hub", "hub"), {}, "hub/hub"),
        (("hub", "flux"), {"targetNamespace": "hub", "releaseName": "hub"}, "flux/hub"),
        (("x", "flux"), {"releaseName": "hub", "storageNamespace": "hub"}, "flux/x"),
        (("hub", "flux"), {"targetNamespace": "hub"}, ""),  # its release is called hub-hub
        (("hub", "other"), {}, ""),
        (("other", "hub"), {}, ""),
    ],
)
def test_a_helm_release_that_names_the_release(
    meta: tuple[str, str], spec: dict[str, Any], found: str
) -> None:
    name, namespace = meta
    item = {"metadata": {"name": name, "namespace": namespace}, "spec": spec}
    assert release_owner.names(item, "hub", "hub") == found


def test_argos_tracking() -> None:
    tracked = {"argocd.argoproj.io/tracking-id": "hubs:apps/Deployment:hub/hub"}
    assert release_owner.by_tracking([{"metadata": {"annotations": tracked}}]) == "hubs"
    labelled = {"argocd.argoproj.io/instance": "hubs"}
    assert release_owner.by_tracking([{"metadata": {"labels": labelled}}]) == "hubs"
    helm = {"app.kubernetes.io/instance": "hub"}
    assert release_owner.by_tracking([{"metadata": {"labels": helm}}]) == ""


# Fields that nobody may change


def item(kind: str, body: dict[str, Any]) -> Resource:
    return Resource("v1", kind, "", "x", {"kind": kind, **body})


def spec(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


@pytest.mark.parametrize(
    ("kind", "before", "after", "fields"),
    [
        ("StatefulSet", spec(serviceName="a"), spec(serviceName="b"), ["spec.serviceName"]),
        ("StatefulSet", spec(replicas=1, template=1), spec(replicas=2, template=2), []),
        ("StatefulSet", spec(podManagementPolicy="OrderedReady"), spec(), []),
        (
            "StatefulSet",
            spec(podManagementPolicy="Parallel"),
            spec(),
            ["spec.podManagementPolicy"],
        ),
        (
            "PersistentVolumeClaim",
            spec(storageClassName="a", accessModes=["ReadWriteOnce"]),
            spec(storageClassName="b", accessModes=["ReadWriteMany"]),
            ["spec.accessModes", "spec.storageClassName"],
        ),
        (
            "PersistentVolumeClaim",
            spec(resources={"requests": {"storage": "10Gi"}}),
            spec(resources={"requests": {"storage": "1Gi"}}),
            ["spec.resources.requests.storage (smaller)"],
        ),
        (
            "PersistentVolumeClaim",
            spec(resources={"requests": {"storage": "1Gi"}}),
            spec(resources={"requests": {"storage": "10Gi"}}),
            [],
        ),
        ("Service", spec(clusterIP="10.0.0.1"), spec(clusterIP="None"), ["spec.clusterIP"]),
        ("Service", spec(clusterIP="10.0.0.1"), spec(), []),
        ("Service", spec(type="ExternalName"), spec(clusterIP="10.0.0.1"), []),
        ("Deployment", spec(selector={"a": 1}), spec(selector={"a": 2}), ["spec.selector"]),
        ("Deployment", spec(template=1), spec(template=2), []),
        ("Job", spec(template=1), spec(template=2), ["spec.template"]),
        ("PriorityClass", {"value": 1}, {"value": 2}, ["value"]),
        ("RoleBinding", {"roleRef": 1}, {"roleRef": 2}, ["roleRef"]),
        ("ConfigMap", {"data": 1}, {"data": 2}, []),
        ("ConfigMap", {"data": 1, "immutable": True}, {"data": 2, "immutable": True}, ["data"]),
    ],
)
def test_which_fields_cannot_change(
    kind: str, before: dict[str, Any], after: dict[str, Any], fields: list[str]
) -> None:
    assert list(differing(item(kind, before), item(kind, after))) == fields


def test_it_stops_and_names_the_field() -> None:
    def claim(name: str) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "hub-db-dir"},
            "spec": {"storageClassName": name},
        }

    found = check(facts(side(2, objects=(claim("a"),)), side(1, objects=(claim("b"),))), "hub")
    assert (found.level, found.overridable) == (Level.STOP, True)
    assert "PersistentVolumeClaim/hub-db-dir: spec.storageClassName" in found.evidence
    same = check(facts(side(2, objects=(claim("a"),)), side(1, objects=(claim("a"),))), "hub")
    assert same.level is Level.OK


# Edits by hand


def drift(*objects: ObjectDiff, unread: tuple[Unread, ...] = ()) -> RevisionDiff:
    return RevisionDiff(before="12", after="live", objects=objects, unread=unread)


def edited(noise: str = "") -> ObjectDiff:
    change = Change("spec.replicas", Kind.CHANGED, 1, 2, noise=noise, by="kubectl-edit")
    key = Key("apps", "Deployment", "hub", "hub")
    return ObjectDiff(key, "Deployment/hub", Kind.CHANGED, (change,))


def test_edits_by_hand_are_named_with_who_made_them() -> None:
    found = release_drift.verdict(drift(edited()), "a rollback", same=False)
    assert found.level is Level.WARN
    assert "Deployment/hub: spec.replicas (by kubectl-edit)" in found.evidence


def test_to_roll_back_to_the_same_revision_is_to_undo_them() -> None:
    found = release_drift.verdict(drift(edited()), "a rollback", same=True)
    assert found.level is Level.OK
    assert "these are undone" in found.evidence


def test_noise_is_no_edit_and_what_is_unread_is_counted() -> None:
    found = release_drift.verdict(
        drift(edited("a default"), unread=(Unread("Secret/x", "no right"),)),
        "a rollback",
        same=False,
    )
    assert found.level is Level.OK
    assert "? 1 object not read" in found.evidence
