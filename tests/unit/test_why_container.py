"""A pod whose containers end or are not ready: exit codes and probes in words."""

from __future__ import annotations

import pytest

from hubtui.model.why import explain
from hubtui.model.why_facts import Cause
from tests.explained import ago, ended, event, facts, pod, waiting

EXITS = [
    (1, "Error", Cause.CRASH, "it ended with an error of its own (exit code 1)."),
    (137, "OOMKilled", Cause.MEMORY, "it used more memory than its limit of 2Gi and was killed"),
    (137, "Error", Cause.CRASH, "it was killed (SIGKILL, exit code 137)"),
    (143, "Error", Cause.CRASH, "it was asked to end (SIGTERM), exit code 143."),
    (139, "Error", Cause.CRASH, "it crashed on a memory fault (SIGSEGV), exit code 139."),
    (127, "Error", Cause.CRASH, "its command was not found, exit code 127."),
    (0, "Completed", Cause.CRASH, "it ended by itself, without an error (exit code 0)."),
]


@pytest.mark.parametrize(("code", "reason", "cause", "words"), EXITS)
def test_exit_codes_in_words(code: int, reason: str, cause: Cause, words: str) -> None:
    status = waiting("CrashLoopBackOff", restartCount=4, lastState=ended(code, reason))
    limits = {"limits": {"memory": "2Gi"}}
    found = explain(facts(pod(status, resources=limits), last_words=("Traceback: boom",)))
    assert found.cause is cause
    assert found.happened.startswith("Container notebook has ended 4 times, last 20 s ago: ")
    assert words in found.happened
    assert ("log", "Traceback: boom") in [(e.source, e.words) for e in found.evidence]


def test_a_config_error_says_what_is_not_there() -> None:
    found = explain(facts(pod(waiting("CreateContainerConfigError", 'secret "hub" not found'))))
    assert found.cause is Cause.CONFIG
    assert 'secret "hub" not found.' in found.happened


def test_an_init_step_under_way_is_counted() -> None:
    inits = [{"name": "block", "image": "i"}, {"name": "chown", "image": "i"}]
    states = [
        {"name": "block", "state": ended(0, "Completed")},
        {"name": "chown", "state": {"running": {"startedAt": ago(245)}}},
    ]
    status = {**waiting("PodInitializing"), "initContainerStatuses": states}
    found = explain(facts(pod(status, initContainers=inits)))
    assert found.cause is Cause.INIT
    assert found.happened == "Init step 2 of 2 (chown) runs since 4 m 5 s."


def test_a_failed_init_step_is_the_reason_of_a_pod_that_initialises() -> None:
    inits = [{"name": "block", "image": "i"}]
    states = [
        {
            "name": "block",
            "restartCount": 1,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": ended(1),
        }
    ]
    status = {**waiting("PodInitializing"), "initContainerStatuses": states}
    found = explain(facts(pod(status, initContainers=inits)))
    assert found.cause is Cause.CRASH
    assert found.happened.startswith("Init step 1 of 1 (block) has ended, last 20 s ago")


def test_not_ready_says_what_the_probe_said() -> None:
    running = {"name": "notebook", "state": {"running": {"startedAt": ago(60)}}, "ready": False}
    status = {"phase": "Running", "containerStatuses": [running]}
    probe = event("Unhealthy", "Readiness probe failed: connection refused")
    found = explain(facts(pod(status), events=(probe,)))
    assert found.cause is Cause.NOT_READY
    assert "since 1 m and is not ready: Readiness probe failed" in found.happened
    silent = explain(facts(pod(status)))
    assert silent.happened.endswith("it has not answered its probe yet.")


def test_a_pod_that_is_up_tells_its_last_restart() -> None:
    running = {"name": "notebook", "ready": True, "state": {"running": {"startedAt": ago(20)}}}
    last = {"restartCount": 1, "lastState": ended(137, "OOMKilled")}
    status = {"phase": "Running", "containerStatuses": [{**running, **last}]}
    found = explain(facts(pod(status)))
    assert found.cause is Cause.UP
    assert found.means.startswith("Container notebook was restarted once, last 20 s ago: it used")
