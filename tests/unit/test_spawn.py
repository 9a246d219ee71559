"""The parts of a spawn, as the pod and its events show them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hubtui.model.announcement import place, service, snippet
from hubtui.model.kube import Event, Pod
from hubtui.model.plan import StepState
from hubtui.model.spawn import Part, Trace, parts_of

CREATED, SCHEDULED, PULLED, STARTED = (
    Part.CREATED,
    Part.SCHEDULED,
    Part.PULLED,
    Part.STARTED,
)
WAITS = {"waiting": {"reason": "ContainerCreating"}}
RUNS = {"running": {"startedAt": "2026-11-27T12:00:00Z"}}


def pod(node: str = "", *states: dict[str, Any]) -> Pod:
    """A pod with the containers notebook and proxy; the states are theirs."""
    names = ("notebook", "proxy")
    statuses = [{"name": n, "state": s} for n, s in zip(names, states, strict=False)]
    document = {
        "spec": {"nodeName": node, "containers": [{"name": name} for name in names]},
        "status": {"containerStatuses": statuses},
    }
    return msgspec.convert(document, Pod)


def pulled(*containers: str) -> tuple[Event, ...]:
    return tuple(
        msgspec.convert(
            {"reason": "Pulled", "involvedObject": {"fieldPath": f"spec.containers{{{name}}}"}},
            Event,
        )
        for name in containers
    )


@pytest.mark.parametrize(
    ("seen", "events", "parts"),
    [
        (pod(), (), (CREATED,)),
        (pod("user-1", WAITS, WAITS), (), (CREATED, SCHEDULED)),
        (pod("user-1", WAITS, WAITS), pulled("notebook"), (CREATED, SCHEDULED)),
        (pod("user-1", WAITS, WAITS), pulled("notebook", "proxy"), (CREATED, SCHEDULED, PULLED)),
        (pod("user-1", RUNS, WAITS), pulled("notebook"), (CREATED, SCHEDULED)),
        (pod("user-1", RUNS), (), (CREATED, SCHEDULED)),
        (pod("user-1", RUNS, RUNS), (), (CREATED, SCHEDULED, PULLED, STARTED)),
    ],
)
def test_what_a_pod_shows(seen: Pod, events: tuple[Event, ...], parts: tuple[Part, ...]) -> None:
    assert parts_of(seen, events) == parts


def test_each_part_has_its_own_seconds_and_the_one_under_way_is_named() -> None:
    trace = Trace().reach((Part.REQUESTED,), 0.5).reach((CREATED, SCHEDULED), 2.0)
    steps = {step.name: step for step in trace.steps(10.0, stuck="no node")}
    assert trace.waits_for is PULLED
    assert [steps[part.value].seconds for part in (Part.REQUESTED, CREATED, SCHEDULED)] == [
        0.5,
        1.5,
        0.0,
    ]
    assert (steps[PULLED.value].state, steps[PULLED.value].reason) == (StepState.STUCK, "no node")
    assert steps[PULLED.value].seconds == 8.0
    assert steps[Part.READY.value].state is StepState.WAITING


def test_without_the_right_to_its_pod_only_the_hubs_word_is_waited_for() -> None:
    trace = Trace(unseen="no right").reach((Part.REQUESTED,), 1.0)
    assert trace.waits_for is Part.READY
    states = {step.name: step.state for step in trace.steps(3.0)}
    assert states[STARTED.value] is StepState.UNKNOWN
    assert trace.reach((Part.READY,), 4.0).waits_for is None


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({}, "hub.templateVars.announcement"),
        (
            {"hub": {"templateVars": {"announcement_spawn": "x"}}},
            "hub.templateVars.announcement_spawn",
        ),
        (
            {"hub": {"config": {"JupyterHub": {"template_vars": {"announcement": "x"}}}}},
            "hub.config.JupyterHub.template_vars.announcement",
        ),
    ],
)
def test_the_announcement_goes_where_the_values_have_it(values: dict[str, Any], path: str) -> None:
    assert ".".join(place(values)) == path


def test_the_announcement_as_values() -> None:
    lines = snippet(("hub", "templateVars", "announcement"), ("**Noon**", "", "- save"))
    assert lines == (
        "hub:",
        "  templateVars:",
        "    announcement: |",
        "      **Noon**",
        "",
        "      - save",
    )
    assert service({"hub": {"services": {"announcement-board": {}}}}) == "announcement-board"
