"""What a release's pullers bring, from its DaemonSets, and from its values where those are off."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from hubtui.model.brought import cargo_of
from hubtui.model.manifest import Resource, read_document
from hubtui.model.yaml_text import dump

Json = dict[str, Any]

VALUES: Json = {
    "singleuser": {
        "image": {"name": "quay.io/x/lab", "tag": "1", "pullSecrets": ["private"]},
        "networkTools": {"image": {"name": "quay.io/x/tools", "tag": "4"}},
        "cloudMetadata": {"blockWithIptables": True},
        "initContainers": [{"name": "home", "image": "busybox"}],
        "extraContainers": [{"name": "side", "image": "registry:5000/side@sha256:" + "ab" * 32}],
        "nodeSelector": {"pool": "users"},
        "extraTolerations": [{"key": "gpu", "operator": "Exists"}],
        "extraNodeAffinity": {
            "required": [{"matchExpressions": [{"key": "z", "operator": "Exists"}]}]
        },
        "profileList": [
            {"display_name": "Small"},
            {"display_name": "R", "kubespawner_override": {"image": "quay.io/x/r:2"}},
            {
                "slug": "choice",
                "profile_options": {
                    "image": {
                        "choices": {
                            "a": {"kubespawner_override": {"image": "quay.io/x/a:1"}},
                            "lab": {"kubespawner_override": {"image": "quay.io/x/lab:1"}},
                            "own": {"kubespawner_override": {"image": "{username}/own"}},
                        }
                    }
                },
            },
        ],
    },
    "prePuller": {
        "extraImages": {"docs": {"name": "docker.io/docs", "tag": "3"}},
        "pause": {"image": {"name": "registry.k8s.io/pause", "tag": "3.9"}},
    },
    "scheduling": {"userPods": {"nodeAffinity": {"matchNodePurpose": "require"}}},
    "imagePullSecrets": [{"name": "shared"}],
}


def resource(body: Json) -> Resource:
    (found,) = read_document(dump(body))
    assert isinstance(found, Resource)
    return found


def secret(values: Json) -> Resource:
    """The chart's Secret `hub`, which has the computed values."""
    text = base64.b64encode(dump(values).encode()).decode()
    labels = {"component": "hub"}
    meta = {"name": "hub", "labels": labels}
    return resource({"apiVersion": "v1", "kind": "Secret", "metadata": meta,
                     "data": {"values.yaml": text}})  # fmt: skip


def puller(name: str, *images: str, **spec: Any) -> Resource:
    init = [{"name": f"image-pull-{n}", "image": image} for n, image in enumerate(images)]
    pod = {"initContainers": init, "containers": [{"name": "pause", "image": "pause:9"}], **spec}
    return resource(
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": f"R-{name}", "labels": {"component": name}},
            "spec": {"template": {"spec": pod}},
        }
    )


def priority(name: str) -> Resource:
    meta = {"name": name}
    return resource(
        {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": meta}
    )


def test_the_charts_puller_says_exactly_what_it_brings() -> None:
    there = puller(
        "continuous-image-puller",
        "quay.io/x/lab:1",
        "quay.io/x/r:2",
        tolerations=[{"key": "t"}],
        imagePullSecrets=[{"name": "shared"}],
        priorityClassName="R-image-puller-priority",
    )
    found = cargo_of([secret(VALUES), there], [puller("hook-image-puller", "quay.io/other:1")])
    assert found.pulled == ("quay.io/x/lab:1", "quay.io/x/r:2")
    by = {each.image: each.by for each in found.images}
    assert by["quay.io/x/lab:1"] == ("singleuser", "profile choice")
    assert by["quay.io/x/a:1"] == ("profile choice",)
    wear = found.wear
    assert (wear.source, wear.pause) == ("DaemonSet R-continuous-image-puller", "pause:9")
    assert (wear.tolerations, wear.pull_secrets) == ([{"key": "t"}], ("shared",))
    assert wear.priority_class == "R-image-puller-priority"


def test_the_hooks_puller_speaks_where_the_other_is_off() -> None:
    found = cargo_of([secret(VALUES)], [puller("hook-image-puller", "quay.io/x/lab:1")])
    assert found.pulled == ("quay.io/x/lab:1",)
    assert found.wear.source == "DaemonSet R-hook-image-puller"


def test_the_values_say_it_where_both_are_off() -> None:
    found = cargo_of(
        [secret(VALUES), priority("R-default-priority"), priority("R-image-puller-priority")]
    )
    assert found.pulled == (
        "quay.io/x/lab:1",
        "quay.io/x/tools:4",
        "busybox",
        "registry:5000/side@sha256:" + "ab" * 32,
        "quay.io/x/r:2",
        "quay.io/x/a:1",
        "docker.io/docs:3",
    )
    wear = found.wear
    assert [each.get("key") for each in wear.tolerations] == [
        "hub.jupyter.org/dedicated",
        "hub.jupyter.org_dedicated",
        "gpu",
    ]
    assert (wear.pause, wear.node_selector) == ("registry.k8s.io/pause:3.9", {"pool": "users"})
    assert wear.pull_secrets == ("shared", "private")
    assert wear.priority_class == "R-image-puller-priority"
    (term,) = wear.affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert [each["key"] for each in term["matchExpressions"]] == [
        "hub.jupyter.org/node-purpose",
        "z",
    ]


def test_profiles_are_told_and_not_pulled_where_the_values_say_so() -> None:
    values = {**VALUES, "prePuller": {"pullProfileListImages": False}}
    found = cargo_of([secret(values)])
    assert "quay.io/x/r:2" not in found.pulled
    assert "quay.io/x/r:2" in [each.image for each in found.images]


@pytest.mark.parametrize("values", [{}, {"singleuser": None}, {"singleuser": {"image": "x"}}])
def test_values_that_say_nothing_bring_nothing(values: Json) -> None:
    found = cargo_of([secret(values)])
    assert found.images == ()
    assert len(found.wear.tolerations) == 2
