"""Patches as tables of cases: what was there, the patch, what is there then."""

from __future__ import annotations

from typing import Any

import pytest

from hubtui.demo.api.patches import json_patched, merge_patched
from hubtui.demo.api.strategic import merged
from hubtui.demo.refusals import RefusedError

A, B, C = ({"name": name, "image": f"{name}:1"} for name in "abc")


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": 1, "b": 1}, {"a": None}, {"b": 1}),
        ({"a": {"b": 1, "c": 1}}, {"a": {"b": None}}, {"a": {"c": 1}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"a": {"b": None}}, {"a": {}}),
    ],
)
def test_a_merge_patch(before: Any, patch: Any, after: Any) -> None:
    assert merge_patched(before, patch) == after


@pytest.mark.parametrize(
    ("before", "operations", "after"),
    [
        ({"a": 1}, [{"op": "add", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
        ({"a": [1, 2]}, [{"op": "add", "path": "/a/0", "value": 0}], {"a": [0, 1, 2]}),
        ({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
        ({"a": [1, 2]}, [{"op": "remove", "path": "/a/0"}], {"a": [2]}),
        ({"x/y": 1}, [{"op": "replace", "path": "/x~1y", "value": 2}], {"x/y": 2}),
        ({"a": 1}, [{"op": "move", "from": "/a", "path": "/b"}], {"b": 1}),
        ({"a": 1}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": 1, "b": 1}),
        ({"a": 1}, [{"op": "test", "path": "/a", "value": 1}], {"a": 1}),
    ],
)
def test_a_json_patch(before: Any, operations: Any, after: Any) -> None:
    assert json_patched(before, operations) == after


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "remove", "path": "/b"},
        {"op": "replace", "path": "/b", "value": 1},
        {"op": "add", "path": "/b/c", "value": 1},
        {"op": "add", "path": "a", "value": 1},
        {"op": "fly", "path": "/a"},
        {"path": "/a"},
        7,
    ],
)
def test_a_json_patch_that_cannot_be_is_refused_and_changes_nothing(operation: Any) -> None:
    before = {"a": 1}
    with pytest.raises(RefusedError) as refused:
        json_patched(before, [{"op": "add", "path": "/z", "value": 1}, operation])
    assert refused.value.code == 422
    assert before == {"a": 1}


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        # A keyed list: an item is changed, a new one comes behind.
        (
            {"containers": [A, B]},
            {"containers": [{"name": "b", "image": "b:2"}, C]},
            {"containers": [A, {"name": "b", "image": "b:2"}, C]},
        ),
        (
            {"containers": [A, B]},
            {"containers": [{"$patch": "delete", "name": "a"}]},
            {"containers": [B]},
        ),
        ({"containers": [A, B]}, {"containers": [{"$patch": "replace"}, C]}, {"containers": [C]}),
        (
            {"containers": [A, B]},
            {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]},
            {"containers": [B, A]},
        ),
        (
            {"containers": [A, B]},
            {
                "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}, {"name": "b"}],
                "containers": [C],
            },
            {"containers": [C, A, B]},
        ),
        # What has no key is replaced.
        ({"args": ["a", "b"]}, {"args": ["c"]}, {"args": ["c"]}),
        (
            {"tolerations": [{"key": "a"}]},
            {"tolerations": [{"key": "b"}]},
            {"tolerations": [{"key": "b"}]},
        ),
        (
            {"taints": [{"key": "a"}]},
            {"taints": [{"key": "b"}]},
            {"taints": [{"key": "a"}, {"key": "b"}]},
        ),
        # Sets.
        ({"finalizers": ["a"]}, {"finalizers": ["a", "b"]}, {"finalizers": ["a", "b"]}),
        (
            {"finalizers": ["a", "b"]},
            {"$deleteFromPrimitiveList/finalizers": ["a"]},
            {"finalizers": ["b"]},
        ),
        # Mappings.
        ({"labels": {"a": "1", "b": "1"}}, {"labels": {"a": None}}, {"labels": {"b": "1"}}),
        (
            {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}},
            {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}},
            {"strategy": {"type": "Recreate"}},
        ),
        ({"emptyDir": {"medium": "Memory"}}, {"emptyDir": {"$patch": "replace"}}, {"emptyDir": {}}),
        ({"emptyDir": {"medium": "Memory"}}, {"emptyDir": {"$patch": "delete"}}, {"emptyDir": {}}),
    ],
)
def test_a_strategic_merge_patch(before: Any, patch: Any, after: Any) -> None:
    assert merged(before, patch) == after


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ({"containers": [{"image": "x"}]}, "does not contain declared merge key: name"),
        ({"spec": {"$patch": "fly"}}, "unknown patch type"),
    ],
)
def test_a_strategic_merge_patch_that_says_nothing_is_refused(patch: Any, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        merged({"containers": [A]}, patch)
