"""The three-way merge: what an apply leaves of a live object, without a server.

That it is what the real one leaves is proved in tests/cluster/test_drift.py.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.diff_tree import Item, differences
from hubtui.model.drift import Manifested, compare_object, object_diff
from hubtui.model.managed_fields import Owners
from hubtui.model.manifest import Resource
from hubtui.model.redact import MASK, Redactor
from hubtui.model.three_way import Method, applied, bare, desired

Json = dict[str, Any]


def deployment(**pod: Any) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "hub", "labels": {"app": "hub"}},
        "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "hub", **pod}]}}},
    }


def container(found: Json) -> Json:
    containers: list[Json] = found["spec"]["template"]["spec"]["containers"]
    return containers[0]


# No 0 and 1: Python takes them for False and True, a manifest does not.
_VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(2, 5), st.sampled_from(("a", "b", "c"))),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("pqrs"), inner, min_size=1, max_size=3),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)
_OBJECTS = st.builds(
    lambda fields: {"apiVersion": "example.org/v1", "kind": "Widget", "spec": fields},
    st.dictionaries(st.sampled_from("xyz"), _VALUES, max_size=3),
)


@given(last=_OBJECTS, target=_OBJECTS, live=_OBJECTS, method=st.sampled_from(Method))
def test_after_an_apply_a_second_one_changes_nothing(
    last: Json, target: Json, live: Json, method: Method
) -> None:
    once = applied(last, target, live, method)
    assert applied(target, target, once, method) == once


@given(last=_OBJECTS, target=_OBJECTS, live=_OBJECTS)
def test_all_that_the_target_says_is_there_afterwards(last: Json, target: Json, live: Json) -> None:
    spec = applied(last, target, live)["spec"]
    for key, value in target["spec"].items():
        if not isinstance(value, dict):
            assert spec[key] == value
    for key in last["spec"]:
        assert key in target["spec"] or key not in spec


@given(target=_OBJECTS)
def test_what_is_as_the_manifest_says_does_not_change(target: Json) -> None:
    assert applied(target, target, target) == target


def test_what_only_the_server_says_stays() -> None:
    live = deployment(image="a:1", imagePullPolicy="IfNotPresent")
    live["spec"]["revisionHistoryLimit"] = 10
    wanted = deployment(image="a:1", env=[], command=None)
    assert applied(wanted, wanted, live) == live


@pytest.mark.parametrize(
    ("written", "kept"), [("1000m", "1"), (1, "1"), ("1024Mi", "1Gi"), ("0.5", "500m")]
)
def test_the_same_quantity_is_no_change(written: Any, kept: str) -> None:
    wanted = deployment(resources={"requests": {"cpu": written}})
    live = deployment(resources={"requests": {"cpu": kept}})
    assert applied(wanted, wanted, live) == live


def test_lists_merge_by_their_keys_and_what_was_ours_goes() -> None:
    last = deployment(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "1"}])
    wanted = deployment(env=[{"name": "A", "value": "2"}])
    live = deployment(env=[*container(last)["env"], {"name": "C", "value": "theirs"}])
    assert container(applied(last, wanted, live))["env"] == [
        {"name": "A", "value": "2"},
        {"name": "C", "value": "theirs"},
    ]


def test_ports_with_and_without_their_protocol_are_the_same() -> None:
    wanted = deployment(ports=[{"containerPort": 8081, "name": "http"}])
    live = deployment(ports=[{"containerPort": 8081, "name": "http", "protocol": "TCP"}])
    assert applied(wanted, wanted, live) == live


def test_a_list_without_keys_is_replaced() -> None:
    wanted, live = deployment(args=["a", "b"]), deployment(args=["a", "b", "c"])
    assert container(applied(wanted, wanted, live))["args"] == ["a", "b"]


def test_on_the_servers_side_what_others_own_too_is_not_taken() -> None:
    last, wanted = deployment(image="a"), deployment(image="a")
    last["metadata"]["labels"]["team"] = "x"
    live = deployment(image="a")
    live["metadata"]["labels"]["team"] = "x"
    path = ("metadata", "labels", "team")
    kept = applied(last, wanted, live, Method.SERVER, lambda each: each == path)
    assert kept["metadata"]["labels"] == {"app": "hub", "team": "x"}
    for gone in (
        applied(last, wanted, live, Method.SERVER),
        applied(last, wanted, live, Method.CLIENT, bool),
    ):
        assert gone["metadata"]["labels"] == {"app": "hub"}


def test_a_secret_is_compared_as_the_server_stores_it() -> None:
    body = {"kind": "Secret", "data": {"a": "YWJj\nZGVm"}, "stringData": {"b": "word"}}
    expected = {"a": "YWJjZGVm", "b": base64.b64encode(b"word").decode()}
    assert desired(body)["data"] == expected


def test_status_and_the_servers_metadata_are_not_compared() -> None:
    live = {**deployment(), "status": {"replicas": 1}}
    live["metadata"] = {**live["metadata"], "uid": "u", "managedFields": [], "generation": 4}
    assert bare(live) == deployment()


def managed(manager: str, fields: Json, **more: Any) -> Json:
    time = "2026-11-23T13:05:00Z"
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields, **more}


ENV: Json = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"hub"}': {"f:env": {
    'k:{"name":"A"}': {"f:value": {}}}}}}}}}  # fmt: skip


def _live(*entries: Any) -> Json:
    found = deployment(env=[{"name": "A", "value": "2"}])
    found["metadata"]["managedFields"] = list(entries)
    return found


def _compare(live: Json, kind: str = "Deployment") -> Any:
    body = deployment(env=[{"name": "A", "value": "1"}])
    item = Resource("apps/v1", kind, "", "hub", body)
    each = Manifested(item.key("hub"), item.title, item, item, Method.SERVER, "hub", "hub")
    live["metadata"]["labels"] |= {"app.kubernetes.io/managed-by": "Helm"}
    live["metadata"]["annotations"] = {
        "meta.helm.sh/release-name": "hub",
        "meta.helm.sh/release-namespace": "hub",
    }
    return object_diff(compare_object(each, live), Redactor())


def test_who_changed_a_field_is_named_with_the_time() -> None:
    found = _compare(_live(managed("kubectl-edit", ENV)))
    (change,) = found.changes
    assert change.path == "spec.template.spec.containers[hub].env[A].value"
    assert (change.before, change.after) == ("1", "2")
    assert change.by == "kubectl-edit, 2026-11-23 13:05 UTC"


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [{}],
        ["nonsense"],
        [managed("x", {"f:spec": {}}, time=7)],
        [managed("x", {"k:nonsense": {}})],
    ],
)
def test_broken_managed_fields_cost_only_the_name(entries: list[Any]) -> None:
    (change,) = _compare(_live(*entries)).changes
    assert change.after == "2"
    assert "2026" not in change.by


def test_what_others_added_and_an_apply_leaves_is_noise() -> None:
    live = _live(managed("kubectl-label", {"f:metadata": {"f:labels": {"f:team": {}}}}))
    live["metadata"]["labels"]["team"] = "x"
    container(live)["env"][0]["value"] = "1"
    found = _compare(live)
    assert [each.path for each in found.noise] == ["metadata.labels.team"]
    assert found.counted == 0


def test_the_field_of_an_item_is_found_by_the_items_keys() -> None:
    live = _live(managed("set-env", ENV))
    item, env = Item("hub", 0, 0), Item("A", 0, 0)
    steps = ("spec", "template", "spec", "containers", item, "env", env, "value")
    owner = Owners.of(live).of_field(live, steps)
    assert owner is not None
    assert owner.manager == "set-env"
    assert Owners.of(live).of_field(live, ("spec", "replicas")) is None


def test_the_owner_of_a_field_goes_before_the_owner_of_what_it_is_in() -> None:
    # helm 3 keeps the map when the same second's edit takes its only key over.
    live = {"data": {"mark": "by hand"}, "metadata": {"managedFields": [
        managed("helm", {"f:data": {}}),
        managed("kubectl-edit", {"f:data": {"f:mark": {}}}),
    ]}}  # fmt: skip
    owner = Owners.of(live).of_field(live, ("data", "mark"))
    assert owner is not None
    assert owner.manager == "kubectl-edit"


def test_secrets_of_a_drifted_object_are_masked() -> None:
    live = _live()
    container(live)["env"][0] = {"name": "A", "value": "x", "token": "abc"}
    body = deployment(env=[{"name": "A", "value": "x", "token": "def"}])
    item = Resource("apps/v1", "Deployment", "", "hub", body)
    each = Manifested(item.key("hub"), item.title, item, item, Method.SERVER, "hub", "hub")
    found = object_diff(compare_object(each, live), Redactor())
    assert found is not None
    token = next(each for each in found.changes if each.path.endswith("token"))
    assert (token.before, token.after, token.masked) == (MASK, MASK, True)


@given(target=_OBJECTS, live=_OBJECTS)
def test_drift_applied_to_the_merge_gives_live(target: Json, live: Json) -> None:
    after = applied(target, target, live)
    assert (after == live) == (not list(differences(after, live)))


@pytest.mark.parametrize("field", ["data", "nodeSelector"])
def test_an_empty_text_that_is_an_entry_of_its_own_is_applied(field: str) -> None:
    target = {"apiVersion": "v1", "kind": "ConfigMap", field: {"a": ""}}
    live = {"apiVersion": "v1", "kind": "ConfigMap", field: {}}
    assert applied(target, target, live)[field] == {"a": ""}


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize(
    ("spec", "field", "left"),
    [
        ({"replicas": 3}, "replicas", 1),
        ({"minReadySeconds": 3}, "minReadySeconds", None),
        ({"paused": True}, "paused", None),
    ],
)
def test_a_field_that_is_taken_away_comes_back_as_the_default(
    method: Method, spec: Json, field: str, left: Any
) -> None:
    last = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}
    found = applied(last, {**last, "spec": {}}, last, method)
    assert found["spec"].get(field) == left


def test_a_services_port_without_a_target_leads_to_its_own_number() -> None:
    port = {"name": "http", "port": 80, "protocol": "TCP"}
    last = {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{**port, "targetPort": 81}]}}
    found = applied(last, {**last, "spec": {"ports": [port]}}, last)
    assert found["spec"]["ports"] == [{**port, "targetPort": 80}]


def test_null_takes_away_what_somebody_else_owns_too() -> None:
    live = {"apiVersion": "v1", "kind": "Pod", "spec": {"nodeSelector": {"hand": "1"}}}
    target = {**live, "spec": {"nodeSelector": None}}
    assert applied(target, target, live, Method.SERVER, lambda _path: True)["spec"] == {}
