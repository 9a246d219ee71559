"""What differs between objects of a cluster: told by path, quiet about noise."""

from __future__ import annotations

import pytest

from hubtui.model.diff import Change, Kind, compare
from hubtui.model.diff_content import Content
from hubtui.model.diff_tree import differences
from hubtui.model.manifest import read
from hubtui.model.redact import MASK, Redactor
from tests import releases
from tests.differing import REVEAL, said


def _objects(*bodies: str) -> Content:
    return Content("live", "hub", objects=read("\n---\n".join(bodies)))


def _changes(before: str, after: str, redactor: Redactor = REVEAL) -> list[Change]:
    (found,) = compare(_objects(before), _objects(after), redactor).objects
    return list(found.changes)


DEPLOYMENT = "kind: Deployment\nmetadata: {name: hub}\nspec:\n  "


def test_paths_name_the_items_of_lists() -> None:
    before = DEPLOYMENT + "containers: [{name: a}, {name: hub, env: [{name: X, value: a}]}]"
    after = DEPLOYMENT + "containers: [{name: hub, env: [{name: X, value: b}]}, {name: a}]"
    changes = _changes(before, after)
    assert said(changes) == [
        ("spec.containers[hub].env[X].value", "changed", "a", "b"),
        ("spec.containers", "moved", ["a", "hub"], ["hub", "a"]),
    ]
    assert changes[1].noise == "only the order"


def test_the_order_of_init_containers_matters() -> None:
    before = DEPLOYMENT + "initContainers: [{name: a}, {name: b}]"
    after = DEPLOYMENT + "initContainers: [{name: b}, {name: a}]"
    (change,) = _changes(before, after)
    assert (change.kind, change.noise) == (Kind.MOVED, "")


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        (
            "ports: [{containerPort: 1}, {containerPort: 2}]",
            "ports: [{containerPort: 0}, {containerPort: 1}, {containerPort: 2}]",
            ["ports[0]"],
        ),
        ("args: [a, b, c]", "args: [a, x, b, c]", ["args[1]"]),
        ("args: [a, b, c]", "args: [a, c]", ["args[1]"]),
        ("args: [a, b, c]", "args: [a, d, c]", ["args[1]"]),
        ("env: [{name: A}, {name: A}]", "env: [{name: A}, {name: B}]", ["env[1].name"]),
        (
            "m: [{mountPath: /a, name: v}, {mountPath: /b, name: v}]",
            "m: [{mountPath: /b, name: v}]",
            ["m[/a]"],
        ),
    ],
)
def test_lists_are_matched_by_key_or_sequence(before: str, after: str, paths: list[str]) -> None:
    changes = _changes(DEPLOYMENT + before, DEPLOYMENT + after)
    assert [change.path.removeprefix("spec.") for change in changes] == paths


def test_quantities_are_normalised_in_resource_fields_only() -> None:
    before = DEPLOYMENT + "{resources: {limits: {memory: 1Gi, cpu: 0.5}}, label: 1Gi}"
    after = DEPLOYMENT + "{resources: {limits: {memory: 1024Mi, cpu: 500m}}, label: 1024Mi}"
    assert [(change.path, change.noise) for change in _changes(before, after)] == [
        ("spec.resources.limits.memory", "same quantity"),
        ("spec.resources.limits.cpu", "same quantity"),
        ("spec.label", ""),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("nodeSelector: null", "x: 1"),
        ("nodeSelector: null", "nodeSelector: {}"),
        ("tolerations: []", "x: 1"),
        ("affinity: {nodeAffinity: {}}", "x: 1"),
        ("paused: false", "x: 1"),
        ("volumes: [{name: a, emptyDir: {sizeLimit: null}}]", "volumes: [{name: a, emptyDir: {}}]"),
        ("ports: [{containerPort: 1}]", "ports: [{containerPort: 1, protocol: TCP}]"),
        ("ports: [{port: 1, name: a}]", "ports: [{port: 1, name: a, protocol: TCP}]"),
        ("ports: [{port: 1, protocol: null}]", "ports: [{port: 1, protocol: TCP}]"),
        ("env: [{name: A, value: ''}]", "env: [{name: A}]"),
    ],
)
def test_what_says_nothing_or_the_default_is_noise(before: str, after: str) -> None:
    before, after = (f"{DEPLOYMENT}{text}\n  x: 1" for text in (before, after))
    for one, other in ((before, after), (after, before)):
        (found,) = compare(_objects(one), _objects(other), REVEAL).objects
        assert [change.noise for change in found.changes] == ["the default"]
        assert found.counted == 0


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("v1, kind: PersistentVolumeClaim", "spec: {storageClassName: ''}", "spec: {}"),
        ("policy/v1, kind: PodDisruptionBudget", "spec: {selector: {}}", "spec: {}"),
        ("v1, kind: ConfigMap", "data: {a: ''}", "data: {}"),
        ("v1, kind: ConfigMap", "data: {protocol: TCP}", "data: {}"),
        ("v1, kind: Pod", "spec: {nodeSelector: {control-plane: ''}}", "spec: {nodeSelector: {}}"),
        ("v1, kind: Pod", "spec: {volumes: [{emptyDir: {}}]}", "spec: {volumes: [{}]}"),
        ("v1, kind: Pod", "spec: {replicas: 0}", "spec: {}"),
        ("v1, kind: Service", "spec: {ports: [{protocol: UDP}]}", "spec: {ports: [{}]}"),
        ("example.org/v1, kind: Widget", "spec: {paused: false}", "spec: {}"),
    ],
)
def test_what_says_something_is_a_change(kind: str, before: str, after: str) -> None:
    head = f"{{apiVersion: {kind}, metadata: {{name: a}}, "
    (change,) = _changes(f"{head}{before}}}", f"{head}{after}}}")
    assert not change.noise


def test_a_key_that_comes_twice_is_told() -> None:
    pod = "kind: Pod\nmetadata: {name: a}\nspec: {x: 1, x: %s}\n"
    before, after = _objects(pod % 2), _objects("kind: Pod\nmetadata: {name: a}\nspec: {x: 3}\n")
    (found,) = compare(before, after, REVEAL).objects
    assert said(found.changes) == [("spec.x", "changed", 2, 3)]
    assert found.remark == "written twice, the last one counts: x (line 3) in live"
    assert compare(before, _objects(pod % 2), REVEAL).objects == ()
    (gone,) = compare(before, _objects("null"), REVEAL).objects
    assert gone.remark == found.remark


def test_objects_of_other_namespaces_are_told_apart() -> None:
    item = "{kind: ConfigMap, metadata: {name: a%s}, data: {x: '%s'}}"
    there = ", namespace: elsewhere"
    before = _objects(item % ("", 1), item % (there, 1))
    after = _objects(item % ("", 1), item % (there, 2))
    diff = compare(before, after, REVEAL)
    assert [each.title for each in diff.objects] == ["ConfigMap/a in elsewhere"]
    assert diff.unchanged == ("ConfigMap/a",)


def test_true_is_not_one() -> None:
    found = list(differences({"a": [True, 0]}, {"a": [1, 0.0]}))
    assert [(each.before, each.after) for each in found] == [(True, 1), (0, 0.0)]


def test_text_in_a_config_map_is_compared_by_line() -> None:
    lines = [f"line {number}" for number in range(20)]
    config = "kind: ConfigMap\nmetadata: {name: a}\ndata:\n  f: |\n    "
    before = config + "\n    ".join([*lines, "password: eins", "end"])
    after = config + "\n    ".join([*lines, "password: zwei", "end"])
    (change,) = _changes(before, after, Redactor())
    assert [(line.sign, line.text) for line in change.lines] == [
        ("@", "18 lines the same"),
        (" ", "line 18"),
        (" ", "line 19"),
        ("-", f"password: {MASK}"),
        ("+", f"password: {MASK}"),
        (" ", "end"),
    ]
    assert change.masked


def test_objects_come_go_and_stay_whatever_their_api_version() -> None:
    before = _objects(
        "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: a}}",
        "{kind: Pod, metadata: {name: gone}}",
    )
    after = _objects(
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a, namespace: hub}}",
        "{kind: Pod, metadata: {name: new}}",
    )
    diff = compare(before, after, Redactor())
    assert [(each.title, str(each.kind)) for each in diff.objects] == [
        ("PodDisruptionBudget/a", "changed"),
        ("Pod/gone", "removed"),
        ("Pod/new", "added"),
    ]
    assert str(diff.counts) == "~1 +1 -1"


def test_objects_of_one_name_are_kept_apart() -> None:
    pod = "{kind: Pod, metadata: {name: a}, spec: {x: %s}}"
    diff = compare(_objects(pod % 1, pod % 2), _objects(pod % 1, pod % 3), Redactor())
    assert [each.title for each in diff.objects] == ["Pod/a #2"]
    assert diff.unchanged == ("Pod/a",)


def test_a_broken_document_costs_only_itself() -> None:
    broken = "# Source: c/templates/x.yaml\nkind: Secret\ndata: {token: " + releases.OTHER_SECRET
    diff = compare(_objects(broken), _objects(broken + "2"), Redactor())
    (found,) = diff.objects
    assert found.title == "c/templates/x.yaml"
    assert found.broken.startswith("cannot be compared: line ")
    assert releases.OTHER_SECRET not in repr(diff)
    assert compare(_objects(broken), _objects(broken), Redactor()).empty


@pytest.mark.parametrize("kind", ["added", "removed", "changed"])
def test_no_secret_is_in_a_diff(kind: str) -> None:
    secret = "kind: Secret\nmetadata: {name: s}\ndata: {a: %s}\n"
    env = (
        "kind: Pod\nmetadata: {name: p}\n"
        "spec: {env: [{name: T_TOKEN, value: %s}, {name: T_TOKEN, value: x}]}"
    )
    full = _objects(secret % releases.CLIENT_SECRET, env % releases.CLIENT_SECRET)
    other = _objects(secret % releases.OTHER_SECRET, env % releases.OTHER_SECRET)
    sides = {
        "added": (_objects("null"), full),
        "removed": (full, _objects("null")),
        "changed": (full, other),
    }
    diff = compare(*sides[kind], Redactor())
    assert len(diff.objects) == 2
    assert releases.CLIENT_SECRET not in repr(diff)
    assert releases.OTHER_SECRET not in repr(diff)
