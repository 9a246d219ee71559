"""A pod whose image is not there: what the registry said, and what that means."""

from __future__ import annotations

import pytest

from hubtui.model.why import explain
from hubtui.model.why_facts import Cause
from tests.explained import IMAGE, event, facts, node, pod, waiting

PULLS = [
    (
        'rpc error: code = NotFound desc = failed to pull and unpack image "quay.io/x": not found',
        "The registry has no such image or tag.",
    ),
    (
        'failed to pull and unpack image "q/x:1": failed to resolve reference "q/x:1": q/x:1: '
        "not found",
        "The registry has no such image or tag.",
    ),
    ("rpc error: code = Unknown desc = unauthorized: access denied", "The registry refuses"),
    ("toomanyrequests: You have reached your pull rate limit", "too many requests"),
    ("dial tcp: lookup quay.io: no such host", "does not reach the registry"),
    ("write /var/lib/x: no space left on device", "disk is full"),
    ("x509: certificate signed by unknown authority", "certificate is not trusted"),
    ("no matching manifest for linux/arm64 in the list", "architecture"),
    ("something of its own", ""),
]


@pytest.mark.parametrize(("said", "means"), PULLS)
def test_what_the_registry_said_and_what_that_means(said: str, means: str) -> None:
    told = event("Failed", f'Failed to pull image "{IMAGE}": {said}')
    found = explain(
        facts(pod(waiting("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"')), events=(told,))
    )
    assert found.cause is Cause.IMAGE
    assert found.happened.startswith(f"Image {IMAGE} cannot be pulled on user-1: ")
    bare = said.rpartition("desc = ")[2].rpartition('": ')[2]
    assert found.happened.endswith(f"on user-1: {bare}.")
    assert "rpc error" not in found.happened
    assert means in found.means


def test_without_events_the_container_says_what_it_waits_for() -> None:
    message = f'Back-off pulling image "{IMAGE}": ErrImagePull: manifest unknown'
    found = explain(facts(pod(waiting("ImagePullBackOff", message))))
    assert "manifest unknown" in found.happened
    bare = explain(facts(pod(waiting("ErrImagePull"))))
    assert bare.happened == f"Image {IMAGE} cannot be pulled on user-1 (ErrImagePull)."


def test_a_pull_under_way_says_since_when_and_how_large() -> None:
    images = [{"names": [f"{IMAGE}@sha256:1", IMAGE], "sizeBytes": 4 * 2**30}]
    found = explain(
        facts(
            pod(waiting("ContainerCreating")),
            events=(event("Pulling", f'Pulling image "{IMAGE}"', 130, "Normal"),),
            nodes=(node("user-1"), node("user-2", images=images)),
        )
    )
    assert found.cause is Cause.PULLING
    assert found.happened == f"user-1 pulls image {IMAGE} (4G) since 2 m 10 s."


def test_a_pull_that_has_ended_is_no_reason() -> None:
    events = (
        event("Pulled", f'Successfully pulled image "{IMAGE}"', 10, "Normal"),
        event("Pulling", f'Pulling image "{IMAGE}"', 130, "Normal"),
    )
    found = explain(
        facts(pod(waiting("ContainerCreating")), events=events, nodes=(node("user-1"),))
    )
    assert found.cause is Cause.STARTING
