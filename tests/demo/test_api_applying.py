"""Server-side apply: who owns what, what goes when nobody wants it, and conflicts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.demo.api import fieldsets
from hubtui.demo.api.applying import applied
from hubtui.demo.api.owners import Owner, owners_of, updated
from hubtui.demo.refusals import RefusedError
from hubtui.demo.storage import Json

WHEN = "2026-11-23T08:00:00Z"
HELM = Owner("helm", "Apply", "", "apps/v1", WHEN, frozenset())
FLUX = replace(HELM, manager="flux")
HAND = replace(HELM, manager="kubectl-edit", operation="Update")


def _thing(**spec: Any) -> Json:
    head = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "hub"}}
    return head | ({"spec": spec} if spec else {})


def _container(name: str, **more: Any) -> Json:
    return {"name": name, **more}


def test_what_is_applied_is_owned() -> None:
    after = applied(_thing(), _thing(replicas=1, args=["a"]), HELM, force=False)
    assert after["spec"] == {"replicas": 1, "args": ["a"]}
    assert after["metadata"]["managedFields"] == [
        {
            "manager": "helm",
            "operation": "Apply",
            "apiVersion": "apps/v1",
            "time": WHEN,
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {"f:replicas": {}, "f:args": {}}},
        }
    ]


def test_items_of_a_list_are_owned_by_their_keys() -> None:
    wanted = _thing(containers=[_container("hub", ports=[{"containerPort": 8081}])])
    after = applied(_thing(), wanted, HELM, force=False)
    port: Json = {".": {}, "f:containerPort": {}}
    assert after["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:containers"] == {
        'k:{"name":"hub"}': {
            ".": {},
            "f:name": {},
            "f:ports": {'k:{"containerPort":8081,"protocol":"TCP"}': port},
        }
    }


@pytest.mark.parametrize(
    ("first", "then", "left"),
    [
        ({"replicas": 1, "paused": True}, {"replicas": 1}, {"replicas": 1}),
        ({"a": {"b": 1, "c": 1}}, {"a": {"c": 1}}, {"a": {"c": 1}}),
        ({"x": 1, "a": {"b": 1}}, {"x": 1}, {"x": 1}),
        (
            {"containers": [_container("a"), _container("b")]},
            {"containers": [_container("b")]},
            {"containers": [_container("b")]},
        ),
    ],
)
def test_what_is_not_applied_again_goes(first: Json, then: Json, left: Json) -> None:
    live = applied(_thing(), _thing(**first), HELM, force=False)
    assert applied(live, _thing(**then), HELM, force=False)["spec"] == left


def test_what_somebody_else_applies_too_stays() -> None:
    live = applied(_thing(), _thing(replicas=1, paused=True), HELM, force=False)
    live = applied(live, _thing(paused=True), FLUX, force=False)
    after = applied(live, _thing(replicas=1), HELM, force=False)
    assert after["spec"] == {"replicas": 1, "paused": True}


def test_an_item_in_which_somebody_else_owns_a_field_stays() -> None:
    live = applied(
        _thing(), _thing(containers=[_container("a"), _container("b")]), HELM, force=False
    )
    touched = _thing(containers=[_container("a"), _container("b", tty=True)])
    live = updated(live, {**touched, "metadata": live["metadata"]}, HAND)
    after = applied(live, _thing(containers=[_container("a")]), HELM, force=False)
    assert [each["name"] for each in after["spec"]["containers"]] == ["a", "b"]


def test_a_value_that_somebody_else_set_is_a_conflict_in_the_servers_words() -> None:
    live = applied(_thing(), _thing(replicas=1), HELM, force=False)
    live = updated(live, {**_thing(replicas=3), "metadata": live["metadata"]}, HAND)
    with pytest.raises(RefusedError) as refused:
        applied(live, _thing(replicas=1), HELM, force=False)
    assert refused.value.code == 409
    assert refused.value.message == (
        'Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas'
    )
    assert refused.value.details["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "kubectl-edit" using apps/v1',
            "field": ".spec.replicas",
        }
    ]


def test_more_conflicts_are_listed() -> None:
    mine = _thing(replicas=1, containers=[_container("hub", image="a")])
    live = applied(_thing(), mine, FLUX, force=False)
    other = _thing(replicas=2, containers=[_container("hub", image="b")])
    with pytest.raises(RefusedError) as refused:
        applied(live, other, HELM, force=False)
    assert refused.value.message == (
        'Apply failed with 2 conflicts: conflicts with "flux":\n'
        '- .spec.containers[name="hub"].image\n'
        "- .spec.replicas"
    )


def test_the_same_value_is_shared() -> None:
    live = applied(_thing(), _thing(replicas=1), FLUX, force=False)
    after = applied(live, _thing(replicas=1), HELM, force=False)
    assert {owner.manager for owner in owners_of(after)} == {"helm", "flux"}


def test_force_takes_the_field() -> None:
    live = applied(_thing(), _thing(replicas=1, paused=True), FLUX, force=False)
    after = applied(live, _thing(replicas=2), HELM, force=True)
    owned = {owner.manager: owner.fields for owner in owners_of(after)}
    assert after["spec"]["replicas"] == 2
    assert ("f:spec", "f:replicas") in owned["helm"]
    assert ("f:spec", "f:replicas") not in owned["flux"]
    assert ("f:spec", "f:paused") in owned["flux"]


def test_an_update_takes_what_it_changes_and_nothing_else() -> None:
    live = applied(_thing(), _thing(replicas=1, paused=True), HELM, force=False)
    after = updated(live, {**_thing(replicas=2, paused=True), "metadata": live["metadata"]}, HAND)
    owned = {owner.manager: owner.fields for owner in owners_of(after)}
    assert owned["kubectl-edit"] == {("f:spec", "f:replicas")}
    assert owned["helm"] == {("f:spec", "f:paused")}


def test_the_same_again_changes_nothing() -> None:
    live = applied(_thing(), _thing(replicas=1), HELM, force=False)
    later = replace(HELM, time="2026-11-23T09:00:00Z")
    assert applied(live, _thing(replicas=1), later, force=False) == live


_steps = st.sampled_from(["f:a", "f:b", 'k:{"name":"a"}', 'v:"x"'])
_paths = st.frozensets(st.lists(_steps, min_size=1, max_size=4).map(tuple), max_size=12)


@given(_paths)
def test_fields_are_stored_and_read_back(fields: frozenset[tuple[str, ...]]) -> None:
    assert fieldsets.from_v1(fieldsets.to_v1(fields)) == fields
