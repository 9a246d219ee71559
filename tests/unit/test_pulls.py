"""How far a puller's pod has come, from the statuses of its containers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from hubtui.model.kube import Pod
from hubtui.model.pulls import Pull, PullState, merged, pulls_of

TAKEN = "2026-11-23T14:00:00Z"
A, B, PAUSE = "reg.io/a:1", "reg.io/b:2", "reg.io/pause:3"
DONE = {"terminated": {"startedAt": "2026-11-23T14:01:00Z", "finishedAt": "2026-11-23T14:01:01Z"}}
RUNS = {"running": {"startedAt": "2026-11-23T14:02:00Z"}}
INIT = {"waiting": {"reason": "PodInitializing"}}
NO_TAG = (
    'Back-off pulling image "reg.io/b:2": ErrImagePull: rpc error: code = NotFound desc = '
    "manifest unknown"
)
BACK_OFF = {"waiting": {"reason": "ImagePullBackOff", "message": NO_TAG}}

NO_SHELL = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off restarting"}}


def at(minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, 23, 14, minute, second, tzinfo=UTC)


def puller(
    *states: dict[str, Any], node: str = "n", images: tuple[str, ...] = (A, B), start: str = TAKEN
) -> Pod:
    """Two images in init containers and the container that waits; states in that order."""
    names = [f"image-pull-{index}" for index in range(len(images))]
    statuses = [
        {"name": name, "state": state}
        for name, state in zip([*names, "pause"], states, strict=False)
    ]
    init = [{"name": n, "image": i} for n, i in zip(names, images, strict=True)]
    spec = {"nodeName": node, "initContainers": init}
    spec["containers"] = [{"name": "pause", "image": PAUSE}]
    status: dict[str, Any] = {"initContainerStatuses": statuses[: len(names)]}
    status["containerStatuses"] = statuses[len(names) :]
    if start:
        status["startTime"] = start
    return msgspec.convert({"spec": spec, "status": status}, Pod)


@pytest.mark.parametrize(
    ("pod", "states"),
    [
        (puller(node="", start=""), "waiting waiting waiting"),
        (puller(start=""), "waiting waiting waiting"),
        (puller(INIT, INIT, INIT), "pulling waiting waiting"),
        (puller(DONE, INIT, INIT), "done pulling waiting"),
        (puller(RUNS, INIT, INIT), "done pulling waiting"),
        (puller(DONE, BACK_OFF, INIT), "done failed waiting"),
        (puller(NO_SHELL, INIT, INIT), "done waiting waiting"),
        (puller(DONE, DONE, INIT), "done done pulling"),
        (puller(DONE, DONE, RUNS), "done done done"),
    ],
    ids=["no node", "not taken", "first", "second", "runs", "failed", "no shell", "last", "all"],
)
def test_one_image_after_the_other(pod: Pod, states: str) -> None:
    assert " ".join(pull.state for pull in pulls_of(pod)) == states


def test_a_pull_lasts_since_the_one_before_had_ended() -> None:
    first, second, _ = pulls_of(puller(DONE, INIT, INIT))
    assert (first.since, second.since) == (at(1), at(1, 1))
    assert pulls_of(puller(INIT, INIT, INIT))[0].since == at(0)


def test_a_failure_has_the_registrys_words() -> None:
    assert pulls_of(puller(DONE, BACK_OFF, INIT))[1] == Pull(
        B, PullState.FAILED, at(1, 1), "ImagePullBackOff: manifest unknown"
    )


def test_an_image_that_comes_twice_is_one_and_there_once_it_was_pulled() -> None:
    pod = puller(DONE, INIT, INIT, images=(A, A))
    assert [(p.image, p.state) for p in pulls_of(pod)] == [
        (A, PullState.DONE),
        (PAUSE, PullState.WAITING),
    ]


def test_a_container_that_ends_badly_has_its_image() -> None:
    crashing = {"waiting": {"reason": "CrashLoopBackOff"}}
    assert pulls_of(puller(crashing, INIT, INIT))[0].state is PullState.DONE


def test_of_two_pods_on_a_node_the_one_that_has_come_further_counts() -> None:
    first = pulls_of(puller(BACK_OFF, INIT, INIT, images=(B, A)))
    second = pulls_of(puller(DONE, INIT, images=(A,)))
    states = {pull.image: pull.state.value for pull in merged((first, second))}
    assert states == {B: "failed", A: "done", PAUSE: "pulling"}
