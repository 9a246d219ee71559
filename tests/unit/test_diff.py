"""What differs between two revisions: complete, quiet about noise, silent on secrets."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.diff import (
    Change,
    Kind,
    RevisionDiff,
    compare,
    compare_payloads,
    payload_steps,
)
from hubtui.model.diff_change import masked_change
from hubtui.model.diff_content import Content
from hubtui.model.diff_images import ImageChange, split_image
from hubtui.model.diff_text import line_diff
from hubtui.model.diff_tree import Item, differences
from hubtui.model.manifest import read
from hubtui.model.redact import MASK, Redactor
from hubtui.model.release import decode_payload
from tests import releases

OTHER_SECRET = "ein-anderer-kanarienvogel"
REVEAL = Redactor(reveal=True)


def _payload(*args: Any, **kwargs: Any) -> Any:
    return decode_payload(releases.packed(releases.release(*args, **kwargs)))


def _diff(redactor: Redactor | None = None) -> RevisionDiff:
    before = _payload(12)
    after = _payload(11, releases.values("2026.09", "2G", OTHER_SECRET))
    return compare_payloads(before, after, redactor or Redactor())


def _objects(*bodies: str) -> Content:
    return Content("live", "hub", objects=read("\n---\n".join(bodies)))


def _changes(before: str, after: str, redactor: Redactor = REVEAL) -> list[Change]:
    (found,) = compare(_objects(before), _objects(after), redactor).objects
    return list(found.changes)


def _said(changes: list[Change]) -> list[tuple[str, str, Any, Any]]:
    return [(change.path, str(change.kind), change.before, change.after) for change in changes]


DEPLOYMENT = "kind: Deployment\nmetadata: {name: hub}\nspec:\n  "


def test_the_change_of_an_image_is_said_once_and_first() -> None:
    assert _diff().images == (
        ImageChange(
            "singleuser", "", "quay.io/uni/ds-image:2026.11", "quay.io/uni/ds-image:2026.09"
        ),
    )


def test_values_are_compared_leaf_by_leaf() -> None:
    assert _said(list(_diff().values)) == [
        ("singleuser.image.tag", "changed", "2026.11", "2026.09"),
        ("singleuser.memory.limit", "changed", "4G", "2G"),
        ("hub.config.GitHubOAuthenticator.client_secret", "changed", MASK, MASK),
    ]


def test_a_value_that_comes_is_noted_with_the_default_that_it_replaces() -> None:
    given_values = releases.values()
    given_values["singleuser"]["memory"]["guarantee"] = "2G"
    (change,) = compare_payloads(_payload(11), _payload(12, given_values), REVEAL).values
    assert _said([change]) == [("singleuser.memory.guarantee", "added", None, "2G")]
    assert change.note == "default 1G"
    given_values["singleuser"]["memory"]["guarantee"] = "1G"
    (change,) = compare_payloads(_payload(11), _payload(12, given_values), REVEAL).values
    assert change.noise == "the chart's default"


def test_objects_are_folded_and_noise_is_told_apart() -> None:
    diff = _diff()
    assert [(each.title, each.counted, len(each.noise)) for each in diff.objects] == [
        ("Secret/hub", 1, 0),
        ("ConfigMap/hub", 0, 1),
        ("Deployment/hub", 2, 1),
        ("DaemonSet/continuous-image-puller", 1, 0),
    ]
    assert str(diff.counts) == "~3 +0 -0"
    assert len(diff.unchanged) == 36
    assert diff.hooks == ()


def test_the_hubs_values_file_points_to_the_values() -> None:
    (change,) = _diff().objects[0].changes
    assert (change.path, change.before, change.after) == ("data.values.yaml", MASK, MASK)
    assert change.note == "shown as Values above"
    assert change.masked


def test_another_chart_version_is_noise_in_labels_only() -> None:
    before, after = _payload(12), _payload(13, chart="4.5.0")
    diff = compare_payloads(before, after, Redactor())
    assert diff.chart_after == "jupyterhub-4.5.0"
    assert [each.title for each in diff.objects if each.counted] == ["Secret/hub", "Deployment/hub"]
    assert [image.role for image in diff.images] == ["hub"]
    assert [each.counted for each in diff.hooks] == [0]


def test_a_secret_that_the_chart_makes_up_is_noise_unless_it_is_given() -> None:
    before = _payload(12)
    text = before.manifest
    new = text.replace(releases.b64(releases.COOKIE), releases.b64("f" * 44))
    after = decode_payload(releases.packed(releases.release(13, manifest=new)))
    (secret,) = compare_payloads(before, after, Redactor()).objects
    assert [(change.path, change.noise) for change in secret.changes] == [
        ("data.hub.config.JupyterHub.cookie_secret", "generated secret")
    ]
    given_values = releases.values()
    given_values["hub"]["cookieSecret"] = "f" * 44
    after = decode_payload(releases.packed(releases.release(13, given_values, manifest=new)))
    (secret,) = compare_payloads(before, after, Redactor()).objects
    assert [change.noise for change in secret.changes] == [""]


def test_paths_name_the_items_of_lists() -> None:
    before = DEPLOYMENT + "containers: [{name: a}, {name: hub, env: [{name: X, value: a}]}]"
    after = DEPLOYMENT + "containers: [{name: hub, env: [{name: X, value: b}]}, {name: a}]"
    changes = _changes(before, after)
    assert _said(changes) == [
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
    assert _said(list(found.changes)) == [("spec.x", "changed", 2, 3)]
    assert found.remark == "written twice, the last one counts: x (line 3) in live"
    assert compare(before, _objects(pod % 2), REVEAL).objects == ()
    (gone,) = compare(before, _objects("null"), REVEAL).objects
    assert gone.remark == found.remark


def test_a_hook_that_is_also_in_the_manifest_is_told_as_both() -> None:
    def payload(image: str) -> Any:
        hook = releases.hook(image)
        document = releases.release(12, manifest=hook["manifest"], hooks=[hook])
        return decode_payload(releases.packed(document))

    diff = compare_payloads(payload("a:1"), payload("a:2"), REVEAL)
    title = "DaemonSet/hook-image-puller"
    assert [each.title for each in diff.hooks] == [title]
    assert [each.title for each in diff.objects] == [title]
    assert str(diff.counts) == "~1 +0 -0"
    assert len([change for change in diff.images if change.after == "a:2"]) == 1


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
    broken = "# Source: c/templates/x.yaml\nkind: Secret\ndata: {token: " + OTHER_SECRET
    diff = compare(_objects(broken), _objects(broken + "2"), Redactor())
    (found,) = diff.objects
    assert found.title == "c/templates/x.yaml"
    assert found.broken.startswith("cannot be compared: line ")
    assert OTHER_SECRET not in repr(diff)
    assert compare(_objects(broken), _objects(broken), Redactor()).empty


@pytest.mark.parametrize("kind", ["added", "removed", "changed"])
def test_no_secret_is_in_a_diff(kind: str) -> None:
    secret = "kind: Secret\nmetadata: {name: s}\ndata: {a: %s}\n"
    env = (
        "kind: Pod\nmetadata: {name: p}\n"
        "spec: {env: [{name: T_TOKEN, value: %s}, {name: T_TOKEN, value: x}]}"
    )
    full = _objects(secret % releases.CLIENT_SECRET, env % releases.CLIENT_SECRET)
    other = _objects(secret % OTHER_SECRET, env % OTHER_SECRET)
    sides = {
        "added": (_objects("null"), full),
        "removed": (full, _objects("null")),
        "changed": (full, other),
    }
    diff = compare(*sides[kind], Redactor())
    assert len(diff.objects) == 2
    assert releases.CLIENT_SECRET not in repr(diff)
    assert OTHER_SECRET not in repr(diff)


def test_nothing_of_a_real_diff_leaks() -> None:
    shown = repr(_diff())
    for canary in (releases.CLIENT_SECRET, OTHER_SECRET, releases.COOKIE, releases.TOKEN):
        assert canary not in shown
        assert releases.b64(canary) not in shown


def test_it_goes_step_by_step() -> None:
    steps = payload_steps(_payload(12), _payload(11), Redactor())
    seen = list(steps)
    assert len(seen) > 3 * 40
    assert seen[0].startswith("# Source: jupyterhub/")
    assert seen[-1] == "ConfigMap/other-35"


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("quay.io/a/b:1", ("quay.io/a/b", "1")),
        ("localhost:5000/b", ("localhost:5000/b", "")),
        ("a@sha256:ff", ("a", "sha256:ff")),
    ],
)
def test_an_image_is_a_repository_and_a_tag(image: str, parts: tuple[str, str]) -> None:
    assert split_image(image) == parts


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(0, 3)
    | st.sampled_from(["", "a", "b", "1Gi", "1024Mi", "x\ny", "x\nz", "TCP"])
)
NAMES = st.sampled_from(
    ["name", "value", "limits", "containers", "a", "b", "key", "port", "protocol", "paused"]
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=25,
)
BODIES = st.dictionaries(NAMES, TREES, max_size=6)


@given(BODIES)
def test_a_tree_does_not_differ_from_itself(body: dict[str, Any]) -> None:
    assert list(differences(body, copy.deepcopy(body))) == []


@given(BODIES, BODIES)
def test_the_differences_applied_to_the_one_give_the_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    found = [masked_change(each, REVEAL) for each in differences(before, after)]
    assert same(apply(before, found), after)


@given(BODIES, BODIES)
def test_no_name_of_a_change_comes_twice(before: dict[str, Any], after: dict[str, Any]) -> None:
    steps = [(each.steps, each.kind) for each in differences(before, after)]
    assert len(set(steps)) == len(steps)


@given(st.lists(st.sampled_from("ab"), max_size=8), st.lists(st.sampled_from("ab"), max_size=8))
def test_the_signs_of_a_line_diff_add_up(before: list[str], after: list[str]) -> None:
    lines = line_diff("\n".join(before), "\n".join(after))
    grown = sum((line.sign == "+") - (line.sign == "-") for line in lines)
    assert grown == max(1, len(after)) - max(1, len(before))


KINDS = st.sampled_from(["Pod", "Secret", "ConfigMap"])
CONTENTS = st.lists(st.tuples(KINDS, st.sampled_from("abc"), BODIES), max_size=5).map(
    lambda items: Content(
        "x",
        "hub",
        objects=tuple(
            each
            for kind, name, body in items
            for each in read(
                str({"kind": kind, "metadata": {"name": name}, "spec": 1, "data": body})
            )
        ),
    )
)


@given(CONTENTS, CONTENTS)
def test_a_diff_backwards_counts_the_same(before: Content, after: Content) -> None:
    there, back = compare(before, after, Redactor()), compare(after, before, Redactor())
    assert there.counts.changed == back.counts.changed
    assert (there.counts.added, there.counts.removed) == (back.counts.removed, back.counts.added)
    assert sorted(there.unchanged) == sorted(back.unchanged)
    assert compare(before, before, Redactor()).empty


def apply(tree: Any, changes: list[Change]) -> Any:
    """The tree with the changes made: only of a diff that shows secrets."""
    whole = [change for change in changes if not change.steps]
    if whole and whole[0].kind is Kind.CHANGED:
        return copy.deepcopy(whole[0].after)
    if isinstance(tree, dict):
        return _apply_to_mapping(tree, changes)
    return _apply_to_list(tree, changes) if isinstance(tree, list) else tree


def _inner(changes: list[Change], step: object) -> list[Change]:
    return [
        Change("", each.kind, each.before, each.after, steps=each.steps[1:], order=each.order)
        for each in changes
        if each.steps and each.steps[0] == step
    ]


def _direct(changes: list[Change], kind: Kind) -> list[Change]:
    return [each for each in changes if len(each.steps) == 1 and each.kind is kind]


def _apply_to_mapping(tree: dict[str, Any], changes: list[Change]) -> dict[str, Any]:
    gone = {each.steps[0] for each in _direct(changes, Kind.REMOVED)}
    made = {
        key: apply(value, _inner(changes, key)) for key, value in tree.items() if key not in gone
    }
    for each in _direct(changes, Kind.ADDED):
        assert isinstance(each.steps[0], str)
        made[each.steps[0]] = each.after
    return made


def _apply_to_list(tree: list[Any], changes: list[Change]) -> list[Any]:
    gone = {each.steps[0].before for each in _direct(changes, Kind.REMOVED)}  # type: ignore[union-attr]
    items = {
        step.before: step for each in changes for step in each.steps[:1] if isinstance(step, Item)
    }
    kept = {
        place: apply(value, _inner(changes, items[place]) if place in items else [])
        for place, value in enumerate(tree)
        if place not in gone
    }
    moved = [each.order for each in changes if each.kind is Kind.MOVED and not each.steps]
    made = [kept[place] for place in (moved[0] if moved else kept)]
    for each in sorted(_direct(changes, Kind.ADDED), key=lambda each: each.steps[0].after):  # type: ignore[union-attr,return-value,arg-type]
        made.insert(each.steps[0].after, each.after)  # type: ignore[union-attr,arg-type]
    return made


def same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
