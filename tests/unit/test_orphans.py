"""Where hub, pods and routes disagree: what is told, when, and what of half an answer is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from hubtui.model.disagreement import Disagreement, Kind, Look
from hubtui.model.hub import HubServer, Route, ServerKey
from hubtui.model.kube import Pod
from hubtui.model.orphan_routes import CHECKED
from hubtui.model.orphans import APART, POLLED, STOPPING, find
from hubtui.model.problem import Verb
from tests.hub_facts import HUB_ROUTE, pod_of, route, server, users
from tests.situations import NOW, ago


def look(
    servers: Iterable[tuple[ServerKey, HubServer]] = (),
    pods: Iterable[Pod] = (),
    routes: Iterable[tuple[str, Route]] = (),
) -> Look:
    """What the three said, whole."""
    every = dict((HUB_ROUTE, *routes))
    return Look(at=NOW, users=users(*servers), pods=tuple(pods), routes=every)


def replaced(pod: Pod) -> Pod:
    """Another pod of the same server."""
    return msgspec.structs.replace(
        pod, metadata=msgspec.structs.replace(pod.metadata, name=f"{pod.metadata.name}-2")
    )


def lasting(seen: Look, seconds: float = 3600) -> tuple[Disagreement, ...]:
    """What is told at NOW by somebody who has seen the same so many seconds before."""
    before = {each.key: NOW - timedelta(seconds=seconds) for each in find(seen, {})}
    return tuple(each for each in find(seen, before) if each.lasts)


ALL = [server("ana"), server("ana/gpu"), server("bo")]
WELL = look(
    ALL,
    [pod_of("ana", ip="10.0.0.1"), pod_of("ana/gpu", ip="10.0.0.2"), pod_of("bo", ip="10.0.0.3")],
    [route("ana", "10.0.0.1"), route("ana/gpu", "10.0.0.2"), route("bo", "10.0.0.3")],
)

AGREES: dict[str, Look] = {
    "nobody": look(),
    "everybody": WELL,
    "a spawn whose pod is not there yet": look([server("ana", 5, ready=False, pending="spawn")]),
    "a spawn whose pod waits": look(
        [server("ana", 400, ready=False, pending="spawn")], [pod_of("ana", phase="Pending", ip="")]
    ),
    "a hub that looks at its servers after a restart": look(
        [server("ana", ready=False, pending="check")], [pod_of("ana")], [route("ana")]
    ),
    "a route to a name": look([server("ana")], [pod_of("ana")], [route("ana", "ana.hub.svc")]),
    "a pod without annotations": look((), [pod_of("")]),
}


@pytest.mark.parametrize("seen", AGREES.values(), ids=AGREES)
def test_nothing_is_told_where_all_agree(seen: Look) -> None:
    assert find(seen, {}) == ()


DISAGREES: dict[str, tuple[Look, Kind, str, Verb]] = {
    "a pod that the hub knows nothing of": (
        look((), [pod_of("ana")]),
        Kind.ORPHAN_POD,
        "jupyter-ana is there, and the hub knows no server ana",
        Verb.DELETE_POD,
    ),
    "a pod of a server that is not the user's only one": (
        look([server("ana")], [pod_of("ana"), pod_of("ana/gpu")], [route("ana")]),
        Kind.ORPHAN_POD,
        "the hub knows no server ana/gpu",
        Verb.DELETE_POD,
    ),
    "a pod that has ended and was left": (
        look((), [pod_of("ana", phase="Failed")]),
        Kind.ORPHAN_POD,
        "jupyter-ana has ended and was left",
        Verb.DELETE_POD,
    ),
    "a second pod": (
        look(
            [server("ana")], [pod_of("ana"), replaced(pod_of("ana", ip="10.9.9.9"))], [route("ana")]
        ),
        Kind.SECOND_POD,
        "jupyter-ana-2 runs beside jupyter-ana",
        Verb.DELETE_POD,
    ),
    "a server without a pod": (
        look([server("ana")], (), [route("ana")]),
        Kind.LOST_SERVER,
        "the hub takes ana for ready, and there is no pod of it",
        Verb.STOP,
    ),
    "a server whose pod has ended": (
        look([server("ana")], [pod_of("ana", phase="Failed")], [route("ana")]),
        Kind.LOST_SERVER,
        "its pod jupyter-ana has ended",
        Verb.STOP,
    ),
    "a stop without a pod": (
        look([server("ana", ready=False, pending="stop")]),
        Kind.PENDING_STOP,
        "the hub is about to stop ana, and its pod is gone",
        Verb.RESTART,
    ),
    "a stop whose pod does not end": (
        look([server("ana", ready=False, pending="stop")], [pod_of("ana", deleted=400)]),
        Kind.PENDING_STOP,
        "and jupyter-ana does not end",
        Verb.WHY,
    ),
    "a stop whose pod was never deleted": (
        look([server("ana", ready=False, pending="stop")], [pod_of("ana")]),
        Kind.PENDING_STOP,
        "and jupyter-ana was never deleted",
        Verb.STOP,
    ),
    "a server without a route": (
        look([server("ana")], [pod_of("ana")]),
        Kind.NO_ROUTE,
        "ana is ready, and the proxy has no route to it",
        Verb.SYNC_ROUTES,
    ),
    "a route without a server": (
        look((), (), [route("ana")]),
        Kind.STALE_ROUTE,
        "the proxy leads /user/ana/ to http://10.0.0.7:8888, and there is no server ana",
        Verb.SYNC_ROUTES,
    ),
    "a route to another pod's address": (
        look([server("ana")], [pod_of("ana", ip="10.0.0.8")], [route("ana")]),
        Kind.WRONG_ROUTE,
        "the proxy leads ana to 10.0.0.7, and jupyter-ana is 10.0.0.8",
        Verb.SYNC_ROUTES,
    ),
}


@pytest.mark.parametrize(("seen", "kind", "words", "verb"), DISAGREES.values(), ids=DISAGREES)
def test_what_lasts_is_told_with_its_fix(seen: Look, kind: Kind, words: str, verb: Verb) -> None:
    (found,) = lasting(seen)
    assert found.kind is kind
    assert words in found.words
    assert found.fixes[0].verb is verb
    assert found.todo.endswith(".")


@pytest.mark.parametrize("seen", [each[0] for each in DISAGREES.values()], ids=DISAGREES)
def test_what_is_seen_once_is_not_told(seen: Look) -> None:
    (found,) = find(seen, {})
    assert not found.lasts
    assert not lasting(seen, APART - 1)


YOUNG_ONES = {
    "a pod that came before the hub says so": look((), [pod_of("ana", 20)]),
    "a pod that goes after the hub says so": look((), [pod_of("ana", deleted=5)]),
    "a server whose pod comes after it": look([server("ana", 20)]),
    "a route that comes after its server": look([server("ana", 20)], [pod_of("ana", 30)]),
}


@pytest.mark.parametrize("seen", YOUNG_ONES.values(), ids=YOUNG_ONES)
def test_what_is_young_is_not_told_however_often_it_is_seen(seen: Look) -> None:
    assert lasting(seen) == ()


@pytest.mark.parametrize(
    ("name", "patience"),
    [("a server without a pod", POLLED), ("a stop without a pod", STOPPING)],
)
def test_the_hub_has_time_to_see_by_itself(name: str, patience: float) -> None:
    seen = DISAGREES[name][0]
    assert lasting(seen, patience - 1) == ()
    assert len(lasting(seen, patience)) == 1


def test_a_new_proxy_gets_its_routes_before_they_are_missed() -> None:
    seen = look([server("ana")], [pod_of("ana")])
    assert lasting(replace(seen, proxy_since=ago(CHECKED - 10))) == ()
    assert len(lasting(replace(seen, proxy_since=ago(CHECKED)))) == 1


def test_a_pod_on_a_lost_node_is_told_as_that_and_as_nothing_else() -> None:
    seen = look((), [pod_of("ana", node="n2")])
    (found,) = lasting(replace(seen, silent={"jupyter-ana": ago(90)}))
    assert (found.kind, found.since) == (Kind.LOST_NODE, ago(90))
    assert "jupyter-ana is on n2, of which nobody hears" in found.words


WHOLE = look([server("ana"), server("bo")], [pod_of("bo"), pod_of("eve")], [route("zoe")])


def test_what_was_not_read_is_not_held_against_the_rest() -> None:
    kinds = {each.kind for each in lasting(WHOLE)}
    assert kinds == {Kind.ORPHAN_POD, Kind.LOST_SERVER, Kind.NO_ROUTE, Kind.STALE_ROUTE}
    assert lasting(replace(WHOLE, users=None)) == ()
    without_pods = {each.kind for each in lasting(replace(WHOLE, pods=None))}
    assert without_pods == {Kind.NO_ROUTE, Kind.STALE_ROUTE}
    without_routes = {each.kind for each in lasting(replace(WHOLE, routes=None))}
    assert without_routes == {Kind.ORPHAN_POD, Kind.LOST_SERVER}


def test_servers_whose_pods_are_in_other_namespaces_are_not_lost() -> None:
    seen = replace(WELL, pods=())
    assert seen.elsewhere
    assert lasting(seen) == ()


def test_a_deletion_by_force_is_for_what_does_not_end() -> None:
    (found,) = lasting(look((), [pod_of("ana", deleted=400)]))
    assert found.fixes[0].command == "hubtui delete-pod jupyter-ana --force"
    (orphan,) = lasting(look((), [pod_of("ana")]))
    assert orphan.fixes[0].command == "hubtui delete-pod jupyter-ana --orphan"
