"""Selectors, pages, protobuf: how the apiserver reads what it is asked."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from hubtui.demo.api import bodies, messages, selectors, wire
from hubtui.demo.api.asked import target_of
from hubtui.demo.refusals import RefusedError
from hubtui.demo.resources import EVENTS, NODES, PODS, SECRETS, Resource

POD = {
    "metadata": {"name": "hub", "namespace": "hub", "labels": {"app": "jupyterhub", "x": ""}},
    "spec": {"nodeName": "core-1"},
    "status": {"phase": "Running"},
}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("app", True),
        ("!app", False),
        ("y", False),
        ("!y", True),
        ("app=jupyterhub", True),
        ("app==jupyterhub,x=", True),
        ("app!=jupyterhub", False),
        ("y!=a", True),
        ("app in (a, jupyterhub)", True),
        ("app in (a)", False),
        ("app notin (a,b),x", True),
        ("y notin (a)", True),
        ("app = jupyterhub, !y", True),
    ],
)
def test_labels_are_selected(selector: str, matches: bool) -> None:
    assert selectors.labels(selector)(POD) is matches


@pytest.mark.parametrize("selector", ["a in b", "=b", "a=b=c", "a b", ",", "a in (b"])
def test_a_label_selector_that_is_none_is_refused(selector: str) -> None:
    with pytest.raises(RefusedError) as refused:
        selectors.labels(selector)
    assert refused.value.code == 400


@pytest.mark.parametrize(
    ("resource", "selector", "thing", "matches"),
    [
        (PODS, "spec.nodeName=core-1", POD, True),
        (PODS, "spec.nodeName!=core-1,metadata.name=hub", POD, False),
        (PODS, "status.phase==Running", POD, True),
        (PODS, "metadata.namespace=other", POD, False),
        (SECRETS, "type=Opaque", {"type": "Opaque"}, True),
        (EVENTS, "involvedObject.kind=Pod", {"involvedObject": {"kind": "Pod"}}, True),
        (NODES, "spec.unschedulable=false", {"spec": {}}, True),
        (NODES, "spec.unschedulable=true", {"spec": {"unschedulable": True}}, True),
    ],
)
def test_fields_are_selected(
    resource: Resource, selector: str, thing: dict[str, Any], matches: bool
) -> None:
    assert selectors.fields(selector, resource)(thing) is matches


def test_a_field_that_cannot_be_selected_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"field label not supported: spec\.foo"):
        selectors.fields("spec.foo=bar", PODS)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/v1/namespaces", "namespaces||"),
        ("/api/v1/namespaces/hub", "namespaces||hub"),
        ("/api/v1/namespaces/hub/status", "namespaces||hub"),
        ("/api/v1/namespaces/hub/pods", "pods|hub|"),
        ("/api/v1/pods", "pods||"),
        ("/apis/apps/v1/namespaces/hub/deployments/hub/scale", "deployments|hub|hub"),
        ("/api/v1/nodes/core-1", "nodes||core-1"),
    ],
)
def test_a_path_names_objects(path: str, words: str) -> None:
    target = target_of(path)
    assert f"{target.resource.plural}|{target.namespace}|{target.name}" == words


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/api/v2/pods", "/apis/apps/v1", "/apis/apps/v1/foos", "/apis/foo/v1/deployments"),
        *("/api/v1/pods/hub", "/api/v1/namespaces/hub/nodes", "/api/v1/namespaces/hub/pods/a/foo"),
        "/api/v1/namespaces/hub/pods/a/log/more",
    ],
)
def test_a_path_that_is_none_is_not_found(path: str) -> None:
    with pytest.raises(RefusedError, match="could not find the requested resource"):
        target_of(path)


def _field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


def _envelope(kind: bytes, raw: bytes) -> bytes:
    return messages.MAGIC + _field(1, _field(1, b"v1") + _field(2, kind)) + _field(2, raw)


def test_a_secret_in_protobuf() -> None:
    meta = (
        _field(1, b"s")
        + _field(2, b"")
        + _field(8, b"")
        + _field(11, _field(1, b"a") + _field(2, b"b"))
    )
    raw = _field(1, meta) + _field(2, _field(1, b"k") + _field(2, b"\x00v")) + _field(3, b"Opaque")
    assert bodies.read_object(_envelope(b"Secret", raw), bodies.PROTOBUF) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "labels": {"a": "b"}},
        "data": {"k": "AHY="},
        "type": "Opaque",
    }


def test_delete_options_in_protobuf_keep_a_grace_of_0() -> None:
    raw = bytes([1 << 3, 0]) + _field(4, b"Background")
    found = bodies.read_object(_envelope(b"DeleteOptions", raw), bodies.PROTOBUF)
    assert found["gracePeriodSeconds"] == 0
    assert found["propagationPolicy"] == "Background"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"k8s", 400),
        (messages.MAGIC + b"\x0a\xff", 400),
        (messages.MAGIC + b"\x0a", 400),
        (_envelope(b"Secret", b"\x0a\x7f"), 400),
        (_envelope(b"Pod", b""), 415),
        (messages.MAGIC, 415),
        (messages.MAGIC + struct.pack("B", 1 << 3 | 3), 400),
    ],
)
def test_protobuf_that_cannot_be_read_is_refused(body: bytes, code: int) -> None:
    with pytest.raises(RefusedError) as refused:
        bodies.read_object(body, bodies.PROTOBUF)
    assert refused.value.code == code


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff", b"7"])
@pytest.mark.parametrize("kind", ["application/json", "application/yaml", "", "text/x"])
def test_a_body_that_is_no_object_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(RefusedError) as refused:
        bodies.read_object(body, kind)
    assert refused.value.code == 400


def test_a_negative_number_is_read() -> None:
    data = bytes([1 << 3]) + b"\xff" * 9 + b"\x01"
    assert wire.read(data, {1: wire.Field("n", "number")}) == {"n": -1}
