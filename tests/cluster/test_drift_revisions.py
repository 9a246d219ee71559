"""What an apply of another revision would leave, foretold and then done by the real helm."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubtui.model import manifest
from hubtui.model.diff import RevisionDiff
from hubtui.model.diff_tree import differences
from hubtui.model.drift import Manifested, compare_object
from hubtui.model.manifest import Resource
from hubtui.model.redact import Redactor
from hubtui.model.release import Payload
from hubtui.model.three_way import Method, bare
from tests.cluster.clusters import Cluster
from tests.cluster.small_release import NAME, SmallRelease
from tests.testbed.api import object_path

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: small\nversion: 0.1.0\nappVersion: '1'\n",
    "values.yaml": "more: false\n",
    "templates/all.yaml": """
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {kept: "yes"{{ if .Values.more }}, new: "yes"{{ end }}}
data:
  mark: {{ .Values.more | quote }}
  {{- if .Values.more }}
  only-new: "1"
  {{- else }}
  only-old: "1"
  {{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  {{- if .Values.more }}
  annotations: {team: genomics}
  {{- end }}
spec:
  {{- if .Values.more }}
  replicas: 2
  minReadySeconds: 3
  {{- end }}
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      terminationGracePeriodSeconds: 0
      {{- if .Values.more }}
      nodeSelector: {pool: none-has-it}
      tolerations: [{operator: Exists}]
      volumes: [{name: scratch, emptyDir: {}}, {name: settings, configMap: {name: settings}}]
      {{- else }}
      nodeSelector: null
      tolerations: [{key: a, operator: Exists}, {key: b, operator: Exists}]
      volumes: [{name: settings, configMap: {name: settings}}]
      {{- end }}
      containers:
        {{- if .Values.more }}
        - name: sidecar
          image: registry.k8s.io/pause:2
        {{- end }}
        - name: web
          image: registry.k8s.io/pause:{{ .Values.more }}
          {{- if .Values.more }}
          env: [{name: A, value: "1"}, {name: NEW, value: "1"}]
          ports: [{containerPort: 80}, {containerPort: 81, protocol: UDP}]
          resources: {limits: {memory: 1Gi}, requests: {cpu: 100m}}
          {{- else }}
          env: [{name: A, value: "2"}, {name: OLD, value: "1"}]
          ports: [{containerPort: 80, name: http}]
          resources: {limits: {memory: 512Mi}}
          {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
    - {name: http, port: 80{{ if .Values.more }}, targetPort: 81{{ end }}}
    {{- if .Values.more }}
    - {name: more, port: 81}
    {{- end }}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata:
  name: {{ .Release.Namespace }}
  labels: {kept: "yes"{{ if .Values.more }}, new: "yes"{{ end }}}
value: 10
description: {{ if .Values.more }}newer{{ else }}older{{ end }}
""",
}


ROLLED_OUT = "deployment.kubernetes.io/revision"
"""Counted by the Deployment's controller when the apply is over."""


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def small(
    request: pytest.FixtureRequest, cluster: Cluster, tmp_path: Path
) -> Iterator[SmallRelease]:
    """A release whose newer revision has fields that the older one has not, and the other way."""
    for name, text in CHART.items():
        path = tmp_path / "chart" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    namespace = f"revisions-{uuid.uuid4().hex[:6]}"
    release = SmallRelease(cluster, namespace, tmp_path / "chart", request.param)
    with cluster.api() as api:
        api.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    try:
        release.run("install", NAME, str(release.chart))
        release.run("upgrade", NAME, str(release.chart), "--set", "more=true")
        yield release
    finally:
        with cluster.api() as api, contextlib.suppress(httpx.HTTPStatusError):
            api.request("DELETE", f"/api/v1/namespaces/{namespace}")
            api.request("DELETE", f"/apis/scheduling.k8s.io/v1/priorityclasses/{namespace}")


def _edit(small: SmallRelease) -> None:
    """By hand: values that both revisions say something of, and some that neither does."""
    where = f"namespaces/{small.namespace}"
    container = {"name": "web", "env": [{"name": "HAND", "value": "1"}], "image": "hand:1"}
    pod = {"containers": [container], "priorityClassName": "", "nodeSelector": {"hand": "1"}}
    edits: dict[str, Any] = {
        f"/apis/apps/v1/{where}/deployments/web": {
            "metadata": {"labels": {"hand": "1"}},
            "spec": {"replicas": 3, "template": {"spec": pod}},
        },
        f"/api/v1/{where}/configmaps/settings": {"data": {"mark": "hand", "hand": "1"}},
        f"/apis/scheduling.k8s.io/v1/priorityclasses/{small.namespace}": {
            "metadata": {"labels": {"hand": "1", "new": "no"}}
        },
    }
    with small.cluster.api() as api:
        for path, body in edits.items():
            api.request(
                "PATCH",
                path,
                body,
                params={"fieldManager": "kubectl-edit"},
                headers={"Content-Type": "application/strategic-merge-patch+json"},
            )


async def _payloads(small: SmallRelease) -> list[Payload]:
    async with small.session() as session:
        heads = await session.releases.refresh(session.release)
        return [await session.releases.payload(head) for head in heads]


def _foretold(small: SmallRelease, target: Payload, last: Payload) -> dict[str, Any]:
    """Each object of the target as our merge says that an apply would leave it."""
    old = {item.title: item for item in _items(last)}
    found = {}
    with small.cluster.api() as api:
        for item in _items(target):
            each = Manifested(
                key=item.key(small.namespace),
                title=item.title,
                target=item,
                last=old[item.title],
                method=Method(last.apply_method),
                release=NAME,
                namespace=small.namespace,
            )
            found[item.title] = compare_object(each, api.get(_path(small, item))).after_apply
    return found


def _items(payload: Payload) -> list[Resource]:
    return [item for item in manifest.read(payload.manifest) if isinstance(item, Resource)]


def _path(small: SmallRelease, item: Resource) -> str:
    namespaced = item.key(small.namespace).namespace
    meta = {"name": item.name, **({"namespace": namespaced} if namespaced else {})}
    return object_path({**item.body, "kind": item.kind, "metadata": meta})


async def test_an_apply_of_another_revision_leaves_what_was_foretold(small: SmallRelease) -> None:
    newer, older = await _payloads(small)
    assert older.apply_method == ("ssa" if small.major == 4 else "")
    _edit(small)
    foretold = _foretold(small, older, newer)
    conflicts = ("--force-conflicts",) if small.major == 4 else ()
    small.run("rollback", NAME, "1", *conflicts)
    with small.cluster.api() as api:
        for item in _items(older):
            live = bare(api.get(_path(small, item)))
            found = differences(foretold[item.title], live)
            told = [
                (each.steps, each.before, each.after)
                for each in found
                if not each.noise and each.steps[-1] != ROLLED_OUT
            ]
            assert (item.title, told) == (item.title, [])
    container = foretold["Deployment/web"]["spec"]["template"]["spec"]["containers"][0]
    names = [each["name"] for each in container["env"]]
    assert "NEW" not in names
    assert {"A", "OLD"} <= set(names)


async def _drift(small: SmallRelease, revision: int, **how: Any) -> RevisionDiff:
    async with small.session(**how) as session:
        heads = await session.releases.refresh(session.release)
        head = next(each for each in heads if each.revision == revision)
        return await session.compare_live(head, heads, Redactor())


@pytest.mark.parametrize("read_only", [False, True])
async def test_an_object_of_the_whole_cluster_is_compared_too(
    small: SmallRelease, read_only: bool
) -> None:
    title = f"PriorityClass/{small.namespace}"
    assert title in (await _drift(small, 2, read_only=read_only)).unchanged
    _edit(small)
    found = await _drift(small, 2, read_only=read_only)
    (each,) = [each for each in found.objects if each.title == title]
    counted = [change for change in each.changes if not change.noise]
    assert [(c.path, c.before, c.after) for c in counted] == [("metadata.labels.new", "yes", "no")]
    assert counted[0].by.startswith("kubectl-edit")
    assert [c.path for c in each.noise] == ["metadata.labels.hand"]


async def test_fields_that_only_the_newer_revision_has_are_told_of_the_older(
    small: SmallRelease,
) -> None:
    found = await _drift(small, 1, read_only=True)
    changed = {each.title: {c.path for c in each.changes if not c.noise} for each in found.objects}
    assert changed["ConfigMap/settings"] == {
        "data.mark",
        "data.only-new",
        "data.only-old",
        "metadata.labels.new",
    }
    assert "spec.minReadySeconds" in changed["Deployment/web"]
    assert changed["Service/web"] >= {"spec.ports[more]"}
