"""A manifest is read object by object, and a broken document costs only itself."""

from __future__ import annotations

import pytest

from hubtui.model import manifest, yaml_text
from hubtui.model.manifest import Broken, Key, Resource
from tests import releases

MANY = """---
# Source: chart/templates/a.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
---
# Source: chart/templates/empty.yaml
---
null
--- # the next is a list
apiVersion: v1
kind: ConfigMapList
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: other}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
---
# Source: chart/templates/broken.yaml
kind: Secret
data: {a: b
---
kind: Pod
metadata: {name: d}
data: |
  --- not a separator
  x
"""


def test_documents_are_split_flattened_and_skipped() -> None:
    found = manifest.read(MANY)
    assert [each.title for each in found] == [
        "Deployment/a",
        "ConfigMap/b",
        "ConfigMap/c",
        "chart/templates/broken.yaml",
        "Pod/d",
    ]
    first, broken = found[0], found[3]
    assert first.source == "chart/templates/a.yaml"
    assert isinstance(broken, Broken)
    assert "did not find" in broken.error
    assert broken.line == 5


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("just text", "is not an object"),
        ("- 1", "is not an object"),
        ("kind: Pod", "has no kind or no name"),
        ("kind: Pod\nmetadata: text", "has no kind or no name"),
        ("a: &a [*a]", "nested too deeply"),
        ("a: !python/object:os.system x", "could not determine a constructor"),
        ("a: [" * 20_000, "nested too deeply|expands|did not find|cannot"),
    ],
)
def test_a_document_that_is_no_object_is_told(text: str, error: str) -> None:
    (broken,) = manifest.read_document(text)
    assert isinstance(broken, Broken)
    assert any(part in broken.error for part in error.split("|"))


@pytest.mark.parametrize(
    "text", ["token: !kanarienvogel x", "a: *kanarienvogel", "a: !!int kanarie"]
)
def test_an_error_quotes_nothing_of_the_document(text: str) -> None:
    (broken,) = manifest.read_document(text)
    assert isinstance(broken, Broken)
    assert "kanarie" not in broken.error
    assert "kanarie" not in repr(broken)


def test_aliases_cannot_multiply_without_end() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{step}: &a{step} [{', '.join([f'*a{step - 1}'] * 10)}]\n" for step in range(1, 9)
    )
    (broken,) = manifest.read_document(bomb)
    assert isinstance(broken, Broken)
    assert "expands to more than" in broken.error


def test_keys_tell_objects_apart() -> None:
    (given,) = manifest.read_document(
        "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: a}"
    )
    (role,) = manifest.read_document("apiVersion: rbac/v1\nkind: ClusterRole\nmetadata: {name: a}")
    assert isinstance(given, Resource)
    assert isinstance(role, Resource)
    assert given.key("hub") == Key("apps", "Deployment", "hub", "a")
    assert role.key("hub") == Key("rbac", "ClusterRole", "", "a")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-01", "2026-01-01"),
        ("1:30", "1:30"),
        ("1e3", 1000.0),
        ("0755", 493),
        ("on", True),
        ("=", "="),
        (".nan", "nan"),
        ('"\\x1b[31m"', "\\x1b[31m"),
        ('"\\u202e"', "\\u202e"),
    ],
)
def test_scalars_are_read_as_helm_reads_them(text: str, value: object) -> None:
    assert yaml_text.load(f"a: {text}") == {"a": value}


def test_keys_become_text() -> None:
    assert yaml_text.load("2: a\non: b\n") == {"2": "a", "true": "b"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026.11", '"2026.11"'),
        ("4G", "4G"),
        (None, "null"),
        (True, "true"),
        ("true", '"true"'),
        ("", '""'),
        ("a: b", '"a: b"'),
        ({"a": [1]}, "{a: [1]}"),
        ("x\ny", '"x\\ny"'),
    ],
)
def test_a_scalar_is_quoted_only_where_it_would_read_otherwise(value: object, shown: str) -> None:
    assert yaml_text.scalar(value) == shown


def test_images_of_all_containers_are_found() -> None:
    objects = releases.hub_objects(releases.values())
    found = manifest.images(manifest.read(releases.manifest(objects)))
    assert [(image.role, image.container, image.image, image.init) for image in found] == [
        ("hub", "hub", "quay.io/jupyterhub/k8s-hub:4.4.0", False),
        ("continuous-image-puller", "image-pull-singleuser", "quay.io/uni/ds-image:2026.11", True),
        ("continuous-image-puller", "continuous-image-puller", "registry.k8s.io/pause:3.10", False),
    ]


def test_the_image_of_user_servers_comes_from_the_values() -> None:
    assert manifest.singleuser_image(releases.values()) == "quay.io/uni/ds-image:2026.11"
    assert manifest.singleuser_image({"singleuser": {"image": {"name": "a", "tag": ""}}}) == "a"
    assert manifest.singleuser_image({}) == ""


def test_documents_that_are_known_are_not_read_again() -> None:
    (text, items), *_ = manifest.documents(MANY)
    (_, again), *_ = manifest.documents(MANY, {text: items})
    assert again is items


def test_a_key_that_comes_twice_is_noted_and_the_last_one_counts() -> None:
    text = "kind: Pod\nmetadata: {name: a}\nspec:\n  x: 1\n  z: {a: 1, a: 2}\n  x: 2\n"
    (found,) = manifest.read(text)
    assert isinstance(found, Resource)
    assert found.body["spec"] == {"x": 2, "z": {"a": 2}}
    assert sorted((one.key, one.line) for one in found.repeated) == [("a", 5), ("x", 6)]


@pytest.mark.parametrize(
    "spec",
    [
        "{x: 1, y: {x: 1}}",
        "[{x: 1}, {x: 1}]",
        "{1: a, '1': b}",
        "{a: &a {x: 1}, b: {<<: *a, x: 2}}",
    ],
)
def test_the_same_key_elsewhere_is_no_repetition(spec: str) -> None:
    (found,) = manifest.read(f"kind: Pod\nmetadata: {{name: a}}\nspec: {spec}\n")
    assert isinstance(found, Resource)
    assert found.repeated == ()
