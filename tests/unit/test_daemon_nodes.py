"""On which nodes a DaemonSet wants a pod."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hubtui.model.daemon_nodes import daemon_pod
from hubtui.model.kube_needs import Node

USER = {"key": "hub.jupyter.org/dedicated", "value": "user", "effect": "NoSchedule"}
CORDON = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
GONE = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}
SOFT = {"key": "busy", "effect": "PreferNoSchedule"}


def node(*taints: dict[str, str], **labels: str) -> Node:
    body = {
        "metadata": {"name": "n1", "labels": {"purpose": "user", "size": "16", **labels}},
        "spec": {"taints": taints},
    }
    return msgspec.convert(body, Node)


def goes(spec: dict[str, Any], to: Node) -> bool:
    pod = daemon_pod({"spec": {"template": {"spec": spec}}})
    assert pod is not None
    return pod.goes_to(to)


@pytest.mark.parametrize(
    ("tolerations", "taints", "does"),
    [
        (None, (), True),
        ([], (USER,), False),
        ([{"key": USER["key"], "operator": "Exists"}], (USER,), True),
        ([{"key": USER["key"], "value": "core", "effect": "NoSchedule"}], (USER,), False),
        ([], (CORDON,), True),
        ([], (GONE,), True),
        ([], (CORDON, USER), False),
        ([], (SOFT,), True),
        ([{"operator": "Exists"}], (USER, SOFT), True),
    ],
)
def test_taints(
    tolerations: list[dict[str, str]] | None, taints: tuple[dict[str, str], ...], does: bool
) -> None:
    assert goes({"tolerations": tolerations}, node(*taints)) is does


@pytest.mark.parametrize(("wanted", "does"), [("user", True), ("core", False)])
def test_a_node_selector(wanted: str, does: bool) -> None:
    assert goes({"nodeSelector": {"purpose": wanted}}, node()) is does


@pytest.mark.parametrize(
    ("expression", "does"),
    [
        ({"key": "purpose", "operator": "In", "values": ["user", "gpu"]}, True),
        ({"key": "purpose", "operator": "In", "values": ["core"]}, False),
        ({"key": "purpose", "operator": "NotIn", "values": ["core"]}, True),
        ({"key": "gpu", "operator": "NotIn", "values": ["a100"]}, True),
        ({"key": "purpose", "operator": "Exists"}, True),
        ({"key": "gpu", "operator": "Exists"}, False),
        ({"key": "gpu", "operator": "DoesNotExist"}, True),
        ({"key": "size", "operator": "Gt", "values": ["8"]}, True),
        ({"key": "size", "operator": "Lt", "values": ["8"]}, False),
        ({"key": "purpose", "operator": "Gt", "values": ["8"]}, False),
    ],
)
def test_a_required_affinity(expression: dict[str, Any], does: bool) -> None:
    assert goes(required({"matchExpressions": [expression]}), node()) is does


@pytest.mark.parametrize(
    ("terms", "does"),
    [
        ([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}], True),
        ([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n2"]}]}], False),
        ([{}], False),
        ([], False),
        ([{}, {"matchExpressions": [{"key": "purpose", "operator": "Exists"}]}], True),
    ],
)
def test_terms(terms: list[dict[str, Any]], does: bool) -> None:
    assert goes(required(*terms), node()) is does


def required(*terms: dict[str, Any]) -> dict[str, Any]:
    selector = {"nodeSelectorTerms": list(terms)}
    kind = "requiredDuringSchedulingIgnoredDuringExecution"
    return {"affinity": {"nodeAffinity": {kind: selector}}}


@pytest.mark.parametrize(
    "body",
    [{}, {"spec": None}, {"spec": {"template": {"spec": {"tolerations": "all"}}}}],
    ids=["empty", "null", "wrong type"],
)
def test_what_cannot_be_read_is_no_pod(body: dict[str, Any]) -> None:
    assert daemon_pod(body) is None
