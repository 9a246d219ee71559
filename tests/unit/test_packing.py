"""What a pod asks of its node, by the scheduler's rule."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model import kube
from hubtui.model.packing import Share, amount, amounts, counts, largest, requests, share_of, sum_of
from hubtui.model.roles import Role

Json = dict[str, Any]

GIB = 2**30


def container(requests: Json | None = None, *, sidecar: bool = False, **limits: str) -> Json:
    found: Json = {"name": "c", "resources": {"requests": requests or {}, "limits": limits}}
    return found | ({"restartPolicy": "Always"} if sidecar else {})


def pod(*containers: Json, init: tuple[Json, ...] = (), phase: str = "Running", **spec: Any) -> Any:
    whole = {"nodeName": "n", "containers": containers, "initContainers": init, **spec}
    return msgspec.convert({"spec": whole, "status": {"phase": phase}}, kube.Pod)


@pytest.mark.parametrize(
    ("resource", "written", "number"),
    [
        ("cpu", "1", 1000),
        ("cpu", "250m", 250),
        ("cpu", "0.05", 50),
        ("cpu", "100u", 1),
        ("cpu", "1e3", 1_000_000),
        ("cpu", "2k", 2_000_000),
        ("memory", "1G", 10**9),
        ("memory", "1Gi", GIB),
        ("memory", "1073741824", GIB),
        ("memory", "1.5Gi", 3 * GIB // 2),
        ("memory", "128974848000m", 128974848),
        ("memory", "1e9", 10**9),
        ("memory", "0.5", 1),
        ("memory", "1E", 10**18),
        ("nvidia.com/gpu", "2", 2),
        ("pods", "110", 110),
        ("memory", "lots", 0),
        ("memory", "", 0),
    ],
)
def test_quantities_of_every_unit_are_whole_numbers_rounded_up(
    resource: str, written: str, number: int
) -> None:
    assert amount(resource, written) == number


def test_containers_that_run_together_are_added() -> None:
    one, other = {"cpu": "250m", "memory": "1Gi"}, {"cpu": "1", "nvidia.com/gpu": "1"}
    assert requests(pod(container(one), container(other), container())) == {
        "cpu": 1250,
        "memory": GIB,
        "nvidia.com/gpu": 1,
    }


def test_a_limit_without_a_request_is_one() -> None:
    found = requests(pod(container({"cpu": "1"}, cpu="2", memory="1Gi")))
    assert found == {"cpu": 1000, "memory": GIB}


@pytest.mark.parametrize(
    ("init", "memory"),
    [
        ((container({"memory": "1Gi"}),), 2),
        ((container({"memory": "3Gi"}),), 3),
        ((container({"memory": "3Gi"}), container({"memory": "5Gi"})), 5),
        ((container({"memory": "1Gi"}, sidecar=True),), 3),
        # The sidecar runs already beside the step that comes after it, not beside the one before.
        ((container({"memory": "1Gi"}, sidecar=True), container({"memory": "3Gi"})), 4),
        ((container({"memory": "3Gi"}), container({"memory": "1Gi"}, sidecar=True)), 3),
        ((container({"memory": "4Gi"}), container({"memory": "1Gi"}, sidecar=True)), 4),
    ],
)
def test_init_steps_and_sidecars_share_what_the_pod_asks_for(
    init: tuple[Json, ...], memory: int
) -> None:
    assert requests(pod(container({"memory": "2Gi"}), init=init)) == {"memory": memory * GIB}


def test_the_request_of_the_whole_pod_overrules_and_its_overhead_is_added() -> None:
    whole = {"requests": {"memory": "1Gi"}}
    overhead = {"cpu": "100m", "memory": "64Mi"}
    found = pod(container({"cpu": "1", "memory": "4Gi"}), resources=whole, overhead=overhead)
    assert requests(found) == {"cpu": 1100, "memory": GIB + 64 * 2**20}


def test_one_that_has_ended_or_has_no_node_takes_no_room() -> None:
    assert counts(pod(container()))
    assert counts(pod(container(), phase="Pending"))
    assert not counts(pod(container(), phase="Succeeded"))
    assert not counts(pod(container(), phase="Failed"))
    assert not counts(pod(container(), phase="Pending", nodeName=""))


def test_users_placeholders_and_all_else_have_shares_of_their_own() -> None:
    assert {role for role in Role if share_of(role) is Share.USERS} == {Role.USERS, Role.DASK}
    assert share_of(Role.USER_PLACEHOLDER) is Share.PLACEHOLDERS
    assert {share_of(role) for role in (Role.HUB, Role.CONTINUOUS_PULLER, Role.OTHER)} == {
        Share.CORE
    }


ASKED = st.dictionaries(
    st.sampled_from(["cpu", "memory", "nvidia.com/gpu"]),
    st.sampled_from(["0", "1", "100m", "2k", "1Gi", "1500M", "0.3", "7"]),
)
CONTAINERS = st.lists(ASKED.map(container), min_size=1, max_size=3)
INIT = st.lists(st.builds(lambda asked, s: container(asked, sidecar=s), ASKED, st.booleans()))


@given(CONTAINERS, INIT)
def test_a_pod_asks_for_the_most_that_runs_at_once_in_its_life(
    containers: list[Json], init: list[Json]
) -> None:
    """Each step of its life counted by itself, as the Kubernetes docs tell how it starts."""
    sidecars: list[Json] = []
    moments: list[list[Json]] = []
    for each in init:
        moments.append([*sidecars, each])
        if "restartPolicy" in each:
            sidecars.append(each)
    moments.append([*sidecars, *containers])
    most: dict[str, int] = {}
    for moment in moments:
        most = largest(most, sum_of(amounts(each["resources"]["requests"]) for each in moment))
    assert requests(pod(*containers, init=tuple(init))) == most
