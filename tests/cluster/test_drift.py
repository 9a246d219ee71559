"""Drift: our own merge says what a dry run of the apply says."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubtui.model import manifest
from hubtui.model.diff import Kind, RevisionDiff
from hubtui.model.diff_tree import differences
from hubtui.model.drift import Compared, Manifested, compare_object
from hubtui.model.manifest import Resource
from hubtui.model.redact import MASK, Redactor
from hubtui.model.release import Payload
from hubtui.model.three_way import Method, bare
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.either_helm import either_helm as either_helm
from tests.cluster.opened import session_of
from tests.cluster.small_release import SmallRelease
from tests.testbed import Testbed
from tests.testbed.api import Api, object_path

_PATCHES = {
    Method.SERVER: ("application/apply-patch+yaml", {"fieldManager": "helm", "force": "true"}),
    Method.CLIENT: ("application/strategic-merge-patch+json", {"fieldManager": "helm"}),
}


@dataclass
class Copy:
    """The namespaced objects of a revision in a namespace of their own, as helm applied them."""

    api: Api
    namespace: str
    method: Method
    sent: dict[str, Manifested] = field(default_factory=dict)

    def path(self, title: str) -> str:
        return object_path(self.sent[title].wanted() | {"metadata": self._metadata(title)})

    def _metadata(self, title: str) -> dict[str, str]:
        return {"name": self.sent[title].target.name, "namespace": self.namespace}

    def create(self, each: Manifested) -> None:
        self.sent[each.title] = each
        self.patch(each, self.path(each.title))

    def patch(self, each: Manifested, path: str, **query: str) -> dict[str, Any]:
        content_type, params = _PATCHES[self.method]
        body, params = each.wanted(), params | query
        if self.method is Method.CLIENT and not query:
            collection = path.rpartition("/")[0]
            return self.api.request("POST", collection, body, params=params)
        headers = {"Content-Type": content_type}
        return self.api.request("PATCH", path, body, params=params, headers=headers)

    def edit(self, title: str, body: Any, path: str = "", kind: str = "strategic-") -> None:
        """What a hand does: kubectl edit, set env, scale, label."""
        self.api.request(
            "PATCH",
            self.path(title) + path,
            body,
            params={"fieldManager": "kubectl-edit"},
            headers={"Content-Type": f"application/{kind}merge-patch+json"},
        )

    def live(self, title: str) -> dict[str, Any]:
        return self.api.get(self.path(title))

    def compared(self, each: Manifested) -> tuple[Compared, dict[str, Any]]:
        """Our comparison and the server's dry run, of one and the same live object: controllers
        write theirs into it whenever they like."""
        while True:
            live = self.live(each.title)
            answered = self.patch(each, self.path(each.title), dryRun="All")
            if _version(self.live(each.title)) == _version(live):
                return compare_object(each, live), bare(answered)


@pytest.fixture
async def hub(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig) as session:
        yield session


@pytest.fixture
async def payloads(hub: Session) -> list[Payload]:
    """The revisions of the hub, newest first."""
    heads = await hub.releases.refresh(hub.release)
    return [await hub.releases.payload(head) for head in heads]


@pytest.fixture(params=list(Method))
def copy(
    request: pytest.FixtureRequest, cluster: Cluster, payloads: list[Payload]
) -> Iterator[Copy]:
    namespace = f"drift-{uuid.uuid4().hex[:6]}"
    with cluster.api() as api:
        api.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
        found = Copy(api, namespace, request.param)
        try:
            for item in _namespaced(payloads[0]):
                found.create(_manifested(item, item, found))
            yield found
        finally:
            with contextlib.suppress(httpx.HTTPStatusError):
                api.request("DELETE", f"/api/v1/namespaces/{namespace}")


def _namespaced(payload: Payload) -> list[Resource]:
    return [
        item
        for item in manifest.read(payload.manifest)
        if isinstance(item, Resource) and item.key("here").namespace and _unlike_a_hub(item)
    ]


def _unlike_a_hub(item: Resource) -> bool:
    """Other tests look for the only hub of the cluster: a copy must not be another one."""
    item.body["metadata"]["labels"]["app"] = "copy"
    return True


def _manifested(target: Resource, last: Resource | None, copy: Copy) -> Manifested:
    key = target.key(copy.namespace)
    return Manifested(key, target.title, target, last, copy.method, "hub", copy.namespace)


def _version(live: dict[str, Any]) -> str:
    return str(live["metadata"]["resourceVersion"])


def _same(ours: Any, theirs: Any) -> list[str]:
    found = differences(ours, theirs)
    return [f"{each.steps} {each.before!r} {each.after!r}" for each in found if not each.noise]


EDITS: list[tuple[str, dict[str, Any], str, str]] = [
    ("Deployment/hub", {"spec": {"replicas": 3}}, "/scale", ""),
    (
        "Deployment/proxy",
        {
            "metadata": {"labels": {"by-hand": "yes"}, "annotations": {"note": "look"}},
            "spec": {
                "replicas": 0,
                "template": {
                    "spec": {
                        "terminationGracePeriodSeconds": 5,
                        "nodeSelector": {"pool": "core"},
                        "tolerations": [{"key": "a", "operator": "Exists"}],
                        "containers": [
                            {
                                "name": "chp",
                                "image": "example.org/chp:hand",
                                "env": [{"name": "BY_HAND", "value": "1"}],
                                "resources": {"requests": {"cpu": "999m"}},
                            }
                        ],
                    }
                },
            },
        },
        "",
        "strategic-",
    ),
    ("ConfigMap/hub", {"data": {"z2jh.py": "print('hacked')", "more": "x"}}, "", ""),
    ("Secret/hub", {"data": {"values.yaml": "e30="}}, "", ""),
    ("Service/proxy-api", {"spec": {"ports": [{"port": 8001, "targetPort": 9}]}}, "", "strategic-"),
    ("NetworkPolicy/hub", {"spec": {"ingress": []}}, "", ""),
    ("Role/hub", {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}, "", ""),
    ("ServiceAccount/hub", {"metadata": {"labels": {"app": None}}}, "", ""),
    (
        "Deployment/user-scheduler",
        {"spec": {"template": {"spec": {"containers": [{"name": "kube-scheduler", "env": None}]}}}},
        "",
        "strategic-",
    ),
]


def test_nothing_that_the_server_fills_in_is_drift(copy: Copy) -> None:
    assert len(copy.sent) > 20
    for title, each in copy.sent.items():
        found = compare_object(each, copy.live(title)).differences
        assert [(title, one.steps) for one in found] == []


def test_our_merge_is_the_servers_dry_run_after_edits_by_hand(copy: Copy) -> None:
    for edit in EDITS:
        copy.edit(*edit)
    drifted = set()
    for title, each in copy.sent.items():
        found, answered = copy.compared(each)
        assert (title, _same(found.after_apply, answered)) == (title, [])
        if found.differences:
            drifted.add(title)
    assert drifted == {title for title, *_ in EDITS} - {"Deployment/user-scheduler"}


@pytest.mark.parametrize("copy", [Method.SERVER], indirect=True)
def test_our_merge_is_the_servers_dry_run_of_another_revision(
    copy: Copy, payloads: list[Payload]
) -> None:
    older = {item.title: item for item in _namespaced(payloads[-1])}
    copy.edit(*EDITS[1])
    compared = 0
    for title, now in copy.sent.items():
        if title not in older:
            continue
        found, answered = copy.compared(_manifested(older[title], now.target, copy))
        assert (title, _same(found.after_apply, answered)) == (title, [])
        compared += 1
    assert compared > 20


async def _drift(small: SmallRelease, kubeconfig: Path | None = None, **how: Any) -> RevisionDiff:
    async with small.session(kubeconfig, **how) as session:
        heads = await session.releases.refresh(session.release)
        return await session.compare_live(heads[0], heads, Redactor())


def _break(small: SmallRelease) -> None:
    with small.cluster.api() as api:
        copy = Copy(api, small.namespace, Method.SERVER)
        web = f"/apis/apps/v1/namespaces/{small.namespace}/deployments/web"
        api.request(
            "PATCH",
            f"{web}/scale",
            {"spec": {"replicas": 2}},
            params={"fieldManager": "kubectl"},
            headers={"Content-Type": "application/merge-patch+json"},
        )
        api.patch(web, {"metadata": {"labels": {"seen": "yes"}}})
        api.request("DELETE", f"/api/v1/namespaces/{copy.namespace}/configmaps/settings")


@pytest.mark.parametrize("read_only", [False, True])
async def test_drift_names_field_object_and_who_did_it(
    small: SmallRelease, read_only: bool
) -> None:
    assert (await _drift(small)).empty
    _break(small)
    found = await _drift(small, read_only=read_only)
    by_title = {each.title: each for each in found.objects}
    assert by_title["ConfigMap/settings"].kind is Kind.REMOVED
    counted = [each for each in by_title["Deployment/web"].changes if not each.noise]
    assert [(each.path, each.before, each.after) for each in counted] == [("spec.replicas", 1, 2)]
    assert counted[0].by == "kubectl (scale)"
    left = by_title["Deployment/web"].noise
    assert [each.path for each in left] == ["metadata.labels.seen"]
    assert str(found.counts) == "~1 +0 -1"
    assert "same revision" in found.advice


async def test_a_rollback_to_the_same_revision_undoes_it(small: SmallRelease) -> None:
    _break(small)
    conflicts = ("--force-conflicts",) if small.major == 4 else ()
    small.run("rollback", "small", "3", *conflicts)
    found = await _drift(small)
    assert [each.title for each in found.objects if each.counted] == []
    assert (await _drift(small)).advice == ""


# On the real control plane only: the demo has no roles.
async def test_one_denied_object_costs_one_row(testbed: Testbed, nosecrets: Path) -> None:
    async with session_of(testbed.kubeconfig) as session:
        heads = await session.releases.refresh(session.release)
        payload = await session.releases.payload(heads[0])
    async with session_of(nosecrets) as session:
        found = await session.drift.compare(payload, Redactor())
    unread = {each.title: each.reason for each in found.unread}
    assert "no right to get secrets hub" in unread["Secret/hub"]
    assert "ConfigMap/hub" in [*found.unchanged, *(each.title for each in found.objects)]


async def test_a_secret_changed_by_hand_is_masked(hub: Session, payloads: list[Payload]) -> None:
    payload = payloads[0]
    secret = next(item for item in _namespaced(payload) if item.title == "Secret/hub")
    changed = deepcopy(payload)
    text = str(secret.body["data"]["values.yaml"])
    object.__setattr__(changed, "manifest", payload.manifest.replace(text, "e30="))
    found = await hub.drift.compare(changed, Redactor())
    change = next(each for each in found.objects if each.title == "Secret/hub").changes[0]
    assert (change.path, change.before, change.after) == ("data.values.yaml", MASK, MASK)
