"""Which hub a command is about, by its flags."""

from __future__ import annotations

from typing import Any

import pytest

from tests.headless.apiserver import ApiServer
from tests.headless.cluster import workload
from tests.headless.conftest import Command


def hub(namespace: str, release: str) -> dict[str, Any]:
    found = workload("Deployment", "hub")
    found["metadata"] |= {"namespace": namespace}
    found["metadata"]["labels"] |= {"release": release}
    return found


@pytest.fixture(autouse=True)
def another(api: ApiServer) -> None:
    """A second hub, in another namespace than the context's."""
    namespace = {"kind": "Namespace", "metadata": {"name": "research"}}
    api.objects += [namespace, hub("research", "lab")]


def place(command: Command, *flags: str) -> tuple[str, str]:
    found = command("pods", "--json", *flags).document
    return found["namespace"], found["release"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], ("hub", "hub")),
        (["--release", "hub"], ("hub", "hub")),
        (["--release", "lab"], ("research", "lab")),
        (["-n", "research"], ("research", "lab")),
        (["-n", "hub", "--release", "lab"], ("hub", "lab")),  # a release of that namespace
    ],
)
def test_a_named_release_is_looked_for_everywhere_unless_a_namespace_is_named(
    hubtui: Command, flags: list[str], expected: tuple[str, str]
) -> None:
    assert place(hubtui, *flags) == expected


def test_a_release_that_is_nowhere_is_said_with_where_was_looked(hubtui: Command) -> None:
    found = hubtui("pods", "--release", "nowhere")
    assert found.code == 2
    assert "No hub found of release nowhere" in found.err
    assert "namespace hub; all namespaces" in found.err
