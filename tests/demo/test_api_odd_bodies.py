"""Whatever is sent, the apiserver stores an object or refuses; it does not break."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.demo.api import writing
from hubtui.demo.api.asked import Target, Writer
from hubtui.demo.refusals import RefusedError
from hubtui.demo.resources import NAMESPACES, RESOURCES, Resource
from hubtui.demo.world import World

WRITER = Writer("test")
_names = st.sampled_from(
    [
        *("metadata", "labels", "annotations", "name", "finalizers", "managedFields", "spec"),
        *("template", "containers", "initContainers", "ports", "env", "volumes", "resources"),
        *("limits", "requests", "storage", "selector", "matchLabels", "strategy", "data"),
        *("stringData", "status", "type", "rules", "subjects", "roleRef", "fieldsV1", "f:x"),
        *("$patch", "$retainKeys", "$setElementOrder/containers", "key", "ingress", "configMap"),
    ]
)
_scalars = st.none() | st.booleans() | st.integers() | st.sampled_from(["", "a", "1Gi", "delete"])
_values: st.SearchStrategy[Any] = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=12,
)
_bodies = st.dictionaries(_names, _values, max_size=4)


def _world() -> World:
    world = World.make(datetime(2026, 11, 23, tzinfo=UTC))
    world.objects.create(NAMESPACES, {"metadata": {"name": "hub"}})
    return world


def _target(resource: Resource) -> Target:
    return Target(resource, "hub" if resource.namespaced else "", "", "")


@given(st.sampled_from(RESOURCES), _bodies, st.booleans())
def test_a_new_object(resource: Resource, body: Any, named: bool) -> None:
    if named and isinstance(body.get("metadata", {}), dict):
        body = {**body, "metadata": {**body.get("metadata", {}), "name": "a"}}
    world = _world()
    with suppress(RefusedError):
        writing.create(world, _target(resource), body, WRITER)
    stored = [each for each in world.objects.all(resource) if each["metadata"]["name"] != "hub"]
    assert all(each["kind"] == resource.kind for each in stored)


WEB: dict[str, Any] = {
    "metadata": {"name": "a", "labels": {"a": "b"}, "finalizers": ["x/y"]},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [{"name": "web", "image": "nginx:1"}],
                "volumes": [{"name": "v"}],
            },
        },
    },
}


@pytest.mark.parametrize("kind", [*writing.PATCHES[1:], writing.APPLY[0]])
@given(patch=_bodies, below=st.sampled_from(["", "spec", "template"]))
def test_a_patch(kind: str, patch: Any, below: str) -> None:
    world = _world()
    resource = next(each for each in RESOURCES if each.kind == "Deployment")
    writing.create(world, _target(resource), WEB, WRITER)
    if below == "template":
        patch = {"template": patch}
    if below:
        patch = {"spec": patch}
    target = Target(resource, "hub", "a", "")
    with suppress(RefusedError):
        writing.patch(world, target, msgspec.json.encode(patch), kind, WRITER)
    stored = world.objects.get(resource, "hub", "a")
    assert stored["spec"]["selector"] == {"matchLabels": {"app": "web"}}
