"""What a user's pod asks for by the values."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hubtui.model.kube_needs import Node
from hubtui.model.placing import off
from hubtui.model.singleuser import (
    MOST,
    in_bytes,
    of_template,
    offers,
    placeholder,
    shared_claims,
)

GI = 2**30
GPU = "nvidia.com/gpu"


def values(**singleuser: Any) -> dict[str, Any]:
    return {"singleuser": {"memory": {"guarantee": "1G"}, **singleuser}}


def asked(**singleuser: Any) -> dict[str, int]:
    (offer,) = offers(values(**singleuser))
    return dict(offer.wanting.requests)


@pytest.mark.parametrize(
    ("singleuser", "requests"),
    [
        ({}, {"memory": GI}),
        ({"memory": {"guarantee": "512M"}}, {"memory": 512 * 2**20}),
        ({"memory": {"guarantee": "1.5G"}}, {"memory": GI * 3 // 2}),
        ({"memory": {"guarantee": 1000}}, {"memory": 1000}),
        ({"memory": {"guarantee": None, "limit": "2G"}}, {"memory": 2 * GI}),
        ({"memory": {"guarantee": None}}, {}),
        ({"cpu": {"guarantee": 0.05, "limit": 2}}, {"memory": GI, "cpu": 50}),
        ({"cpu": {"guarantee": None, "limit": 2}}, {"memory": GI, "cpu": 2000}),
        ({"extraResource": {"limits": {GPU: "1"}}}, {"memory": GI, GPU: 1}),
        (
            {"extraContainers": [{"resources": {"requests": {"memory": "1Gi", "cpu": 1}}}]},
            {"memory": 2 * GI, "cpu": 1000},
        ),
        (
            {"initContainers": [{"name": "big", "resources": {"requests": {"memory": "3Gi"}}}]},
            {"memory": 3 * GI},
        ),
        ({"extraPodConfig": {"overhead": {"memory": "1Gi"}}}, {"memory": 2 * GI}),
    ],
)  # fmt: skip
def test_requests(singleuser: dict[str, Any], requests: dict[str, int]) -> None:
    assert asked(**singleuser) == requests


def test_a_placeholder_is_smaller_than_a_user_of_the_same_words() -> None:
    """The chart writes 1G, which is 10^9 for Kubernetes, and KubeSpawner makes 1024^3 of it."""
    (offer,) = offers(values())

    assert placeholder(values()).requests == {"memory": 10**9}
    assert offer.wanting.requests == {"memory": 1024**3}


def test_a_placeholder_has_requests_of_its_own() -> None:
    given = values() | {
        "scheduling": {
            "podPriority": {"enabled": True},
            "userPlaceholder": {"resources": {"requests": {"memory": "4Gi"}}},
        }
    }

    assert placeholder(given).requests == {"memory": 4 * GI}
    assert placeholder(given).priority == -10


@pytest.mark.parametrize("written", ["1Gi", "1g", "", "G", "much"])
def test_memory_that_kubespawner_refuses_is_told(written: str) -> None:
    with pytest.raises(ValueError, match="KubeSpawner"):
        in_bytes(written)
    (offer,) = offers(values(memory={"guarantee": written or "x"}))
    assert "its memory guarantee" in offer.unknown[0]


def node(*taints: dict[str, str], **labels: str) -> Node:
    return labelled(labels, taints)


def labelled(labels: dict[str, str], taints: tuple[dict[str, str], ...] = ()) -> Node:
    meta = {"name": "n", "labels": labels}
    return msgspec.convert({"metadata": meta, "spec": {"taints": taints}}, Node)


DEDICATED = {"key": "hub.jupyter.org/dedicated", "value": "user", "effect": "NoSchedule"}
OTHER = {"key": "course", "value": "x", "effect": "NoSchedule"}


def test_where_it_may_run() -> None:
    required = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]
    given = values(
        nodeSelector={"pool": "big"},
        extraTolerations=[{"key": "course", "operator": "Exists"}],
        extraNodeAffinity={"required": required},
    )
    (offer,) = offers(given)

    assert off(offer.wanting, node(DEDICATED, OTHER, pool="big", zone="a")) is None
    assert off(offer.wanting, node(pool="small", zone="a")) is not None
    assert off(offer.wanting, node(pool="big", zone="b")) is not None


@pytest.mark.parametrize(("purpose", "takes"), [("require", False), ("prefer", True)])
def test_a_purpose_that_is_required_keeps_users_off_other_nodes(purpose: str, takes: bool) -> None:
    pods = {"userPods": {"nodeAffinity": {"matchNodePurpose": purpose}}}
    (offer,) = offers(values() | {"scheduling": pods})
    user, plain = labelled({"hub.jupyter.org/node-purpose": "user"}), node()

    assert off(offer.wanting, user) is None
    assert (off(offer.wanting, plain) is None) is takes


def test_profiles_and_choices_that_ask_for_something_else_are_offers() -> None:
    sizes = {
        "small": {"display_name": "1 GB", "kubespawner_override": {"mem_guarantee": "1G"}},
        "large": {"display_name": "8 GB", "kubespawner_override": {"mem_guarantee": "8G"}},
        "same": {"display_name": "Also 1 GB", "kubespawner_override": {"image": "other:1"}},
    }
    gpu = {"extra_resource_limits": {"nvidia.com/gpu": "1"}, "node_selector": {"gpu": "yes"}}
    found = offers(
        values(
            nodeSelector={"pool": "a"},
            profileList=[
                {"display_name": "GPU", "slug": "gpu", "kubespawner_override": gpu},
                {
                    "display_name": "Course work",
                    "default": True,
                    "profile_options": {"size": {"display_name": "Size", "choices": sizes}},
                },
            ],
        )
    )

    assert [(each.name, each.slug, each.is_default) for each in found] == [
        ("GPU", "gpu", False),
        ("Course work", "course-work", True),
        ("Course work: 8 GB", "course-work", False),
    ]
    assert found[0].wanting.selector == {"pool": "a", "gpu": "yes"}
    assert [each.wanting.requests["memory"] // GI for each in found] == [1, 1, 8]


def test_an_override_can_take_a_selector_away() -> None:
    override = {"node_selector": {"pool": None}, "tolerations": []}
    found = offers(
        values(nodeSelector={"pool": "a"}, profileList=[{"kubespawner_override": override}])
    )

    assert found[0].wanting.selector == {}
    assert found[0].wanting.tolerations == ()


def test_what_values_do_not_tell_is_named() -> None:
    free = {"enabled": True, "kubespawner_override": {"mem_guarantee": "{value}"}}
    options = {"size": {"unlisted_choice": free}}
    found = offers(
        values(
            extraPodAntiAffinity={"required": [{"topologyKey": "zone"}]},
            extraPodConfig={"runtimeClassName": "gvisor"},
            nodeSelector={"pool": 3},
            memory={"guarantee": "3G", "limit": "2G"},
            profileList=[{"display_name": "A", "profile_options": options}],
        )
    )

    words = " ".join(found[0].unknown)
    told = ("aversion", "runtime class", "where it may run", "somebody types for size", "its limit")
    assert [each for each in told if each not in words] == []


def test_storage_of_ones_own_is_a_volume_and_shared_storage_is_none() -> None:
    shared = values(storage={"type": "static", "static": {"pvcName": "homes"}})
    own = values(storage={"type": "dynamic"})

    assert [offers(each)[0].wanting.claims for each in (own, shared)] == [1, 0]
    assert (shared_claims(own), shared_claims(shared)) == (frozenset(), frozenset({"homes"}))


@pytest.mark.parametrize("broken", [{}, {"singleuser": None}, {"singleuser": {"profileList": 3}}])
def test_values_that_hold_nothing_are_the_charts_defaults(broken: dict[str, Any]) -> None:
    assert [each.wanting.requests for each in offers(broken)] == [{"memory": GI}]


def test_a_list_of_very_many_profiles_is_cut() -> None:
    many = [{"display_name": str(n)} for n in range(100)]

    assert len(offers(values(profileList=many))) == MOST


@pytest.mark.parametrize("template", [None, {}, {"spec": {"containers": 3}}])
def test_a_template_that_is_none_tells_nothing(template: object) -> None:
    assert of_template(template) is None
