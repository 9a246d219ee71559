"""`hubtui nodes --seats`: how many more users fit, and what placeholders would do."""

from __future__ import annotations

import pytest

from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command

NODE = {
    "kind": "Node",
    "metadata": {"name": "node-2", "labels": {"agentpool": "users"}},
    "status": {
        "allocatable": {"cpu": "4", "memory": "32Gi", "pods": "110"},
        "conditions": [{"type": "Ready", "status": "True"}],
    },
}


@pytest.fixture
def node(api: ApiServer) -> ApiServer:
    """A hub without servers: its values alone say what one asks for."""
    servers = [each for each in api.objects if "jupyter-" in each["metadata"]["name"]]
    for each in servers:
        api.objects.remove(each)
    api.objects.append(NODE)
    return api


def test_the_seats_of_each_profile_and_node(hubtui: Command, node: ApiServer) -> None:
    found = hubtui("nodes", "--seats", "--json").document
    (usual,) = found["items"]

    assert (found["kind"], found["at_most"]) == ("seats", False)
    assert [(each["node"], each["seats"]) for each in usual["nodes"]] == [
        ("node-2", usual["seats"])
    ]
    assert usual["seats"] == 32 * 2**30 // usual["asks"]["memory"]
    assert usual["binds"] == "memory"
    assert f"{usual['seats']} seats, memory binds" in hubtui("nodes", "--seats").out


def test_a_number_of_placeholders_says_when_the_next_node_comes(
    hubtui: Command, node: ApiServer
) -> None:
    without, three = (
        hubtui("nodes", "--placeholders", number, "--json").document["placeholders"]
        for number in ("0", "3")
    )

    assert without["scale_up_at_user"] - three["scale_up_at_user"] == 3
    assert "With 3 placeholders" in hubtui("nodes", "--placeholders", "3").out


def test_the_newest_servers_pod_is_trusted_and_that_is_said(
    hubtui: Command, api: ApiServer
) -> None:
    api.objects.append(NODE)
    answered = hubtui("nodes", "--seats")

    assert "jupyter-alice asks for nothing, the values for memory 4G" in answered.out


def test_without_the_right_to_list_nodes_there_are_no_seats(
    hubtui: Command, node: ApiServer
) -> None:
    node.denied.add("nodes")
    found = hubtui("nodes", "--seats")

    assert (found.code, found.out) == (1, "")
    assert "no right to list nodes" in found.err
