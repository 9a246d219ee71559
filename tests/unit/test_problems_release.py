"""Incidents of a release: stuck pending, its hook puller, a hub on another one's database."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import convert

from hubtui.model.hub_chart import BACKUP
from hubtui.model.kube import DaemonSet, Job, Pod
from hubtui.model.problem import Incident, Level, Problem, Verb
from hubtui.services.problems import problems_of
from hubtui.services.problems.hook_puller import at_work
from hubtui.services.problems.situation import HelmHere, HookPuller, Situation
from tests.situations import (
    FULL,
    ago,
    at,
    core,
    heads,
    hook,
    silent,
    situation,
    unscheduled,
    waiting,
)

HOOK = "hook-image-puller"
STUCK = heads("superseded", "deployed", "pending-upgrade", seconds=2580)


def only(seen: Situation) -> Problem:
    """The one problem of a situation."""
    (found,) = problems_of(seen)
    return found


def words(problem: Problem) -> str:
    """All evidence in one text."""
    return "\n".join(each.words for each in problem.evidence)


# -- pending-release


def test_a_release_that_stays_pending_leads_back_to_the_last_deployed_one() -> None:
    found = only(situation(*core(), heads=STUCK))
    assert (found.incident, found.level) == (Incident.PENDING_RELEASE, Level.NOW)
    assert found.title == "Release hub is stuck: revision 3 stays pending-upgrade"
    assert found.since == ago(2580)
    assert [fix.command for fix in found.fixes] == ["hubtui recover", "hubtui rollback 2"]
    assert "no helm seen from here" in words(found)
    assert "another operation is in progress" in found.effect


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback"])
def test_each_way_of_pending_is_seen(status: str) -> None:
    found = only(situation(*core(), heads=heads("superseded", "deployed", status, seconds=700)))
    assert status in found.title


def test_without_a_deployed_revision_the_last_superseded_one_is_the_way_back() -> None:
    stuck = heads("superseded", "superseded", "failed", "pending-upgrade", seconds=700)
    back = only(situation(*core(), heads=stuck)).fix(Verb.ROLLBACK)
    assert back is not None
    assert back.target == "2"


def test_a_first_install_has_no_way_back() -> None:
    found = only(situation(heads=heads("pending-install", seconds=700), expected={}))
    assert [fix.command for fix in found.fixes] == ["hubtui recover"]
    assert "mark this one as failed" in found.todo
    assert "helm uninstall" in found.todo


def test_a_helm_that_was_killed_here_needs_no_timeout() -> None:
    helm = HelmHere(left_by="rollback by carla@laptop", quiet_since=ago(6))
    young = heads("deployed", "pending-rollback", seconds=30)
    found = only(situation(*core(), heads=young, helm=helm))
    assert found.level is Level.NOW
    assert "left by a rollback by carla@laptop" in words(found)


def test_a_hook_that_still_works_may_be_of_a_longer_timeout() -> None:
    works = hook(3, 3, 900)
    late = heads("deployed", "pending-upgrade", seconds=900)
    found = only(situation(*core(), heads=late, hook=works))
    assert found.level is Level.SOON
    assert "a helm with a longer timeout may be at work" in words(found)
    very_late = heads("deployed", "pending-upgrade", seconds=4000)
    assert only(situation(*core(), heads=very_late, hook=works)).level is Level.NOW


# -- hook-puller


def pulling(*pods: Pod, ready: int = 2, seconds: float = 120) -> Situation:
    young = heads("superseded", "deployed", "pending-upgrade", seconds=seconds)
    return situation(*core(), *pods, heads=young, hook=hook(ready, 3, seconds))


def test_the_node_and_the_image_that_hold_an_upgrade_up_are_named() -> None:
    bad = waiting(
        "h1", HOOK, "ImagePullBackOff", 100, "Back-off pulling", image="ds:2", node="user-7"
    )
    found = only(pulling(bad))
    assert (found.incident, found.level) == (Incident.HOOK_PULLER, Level.NOW)
    assert "image ds:2 cannot be pulled on user-7" in found.title
    assert "2 of 3 nodes ready" in words(found)
    assert "8 m left of helm's timeout of 10 m" in words(found)
    assert [fix.command for fix in found.fixes][:2] == [
        "hubtui cordon user-7 --pullers-off",
        f"hubtui why {HOOK}",
    ]
    assert ("node", "user-7") in [(target.kind, target.name) for target in found.targets]


def test_where_no_node_can_pull_it_is_the_image_and_no_node_is_to_be_left_out() -> None:
    bad = [
        waiting(f"h{n}", HOOK, "ImagePullBackOff", 100, image="ds:2", node=f"user-{n}")
        for n in range(3)
    ]
    (found,) = [
        each
        for each in problems_of(pulling(*bad, ready=0))
        if each.incident is Incident.HOOK_PULLER
    ]
    assert [fix.command.split()[1] for fix in found.fixes] == ["why", "events"]


@pytest.mark.parametrize(
    ("stuck", "held", "told"),
    [
        ([silent("h1", HOOK, 60, "n1")], "node n1 does not answer", "h1 on n1"),
        (
            [silent("h1", HOOK, 60, "n1"), silent("h2", HOOK, 60, "n2")],
            "nodes n1, n2 do not answer",
            "h2 on n2",
        ),
        ([unscheduled("h1", HOOK, 60)], "its pod finds no node", f"h1 on no node: {FULL}"),
        (
            [unscheduled("h1", HOOK, 60), unscheduled("h2", HOOK, 60)],
            "2 of its pods find no node",
            f"h2 on no node: {FULL}",
        ),
        (
            [
                unscheduled("h1", HOOK, 60),
                waiting("h2", HOOK, "ErrImagePull", 60, image="ds:2", node="n2"),
            ],
            "image ds:2 cannot be pulled on n2",
            f"h1 on no node: {FULL}",
        ),
    ],
    ids=["silent", "two silent", "no node", "two without a node", "one of each"],
)
def test_a_puller_whose_node_is_no_good_holds_it_up_too(
    stuck: list[Pod], held: str, told: str
) -> None:
    seen = pulling(*stuck, ready=1)
    (found,) = [each for each in problems_of(seen) if each.incident is Incident.HOOK_PULLER]
    assert found.title == f"Revision 3 waits for its hook image puller: {held}"
    assert told in words(found)


def test_a_puller_that_still_pulls_late_is_a_word_of_warning() -> None:
    found = only(pulling(waiting("h1", HOOK, "PodInitializing", 420), seconds=420))
    assert (found.incident, found.level) == (Incident.HOOK_PULLER, Level.SOON)
    assert "is still being pulled" in found.title


def test_its_pods_are_an_image_problem_when_no_upgrade_waits_any_more() -> None:
    bad = waiting("h1", HOOK, "ImagePullBackOff", 100, image="ds:2")
    found = only(situation(*core(), bad, heads=heads("deployed", "failed")))
    assert (found.incident, found.level) == (Incident.IMAGE_PULL, Level.SOON)


def test_the_hook_is_told_from_the_job_that_waits() -> None:
    labels = {"component": HOOK, "release": "hub"}
    puller = {"metadata": {"name": HOOK, "labels": labels},
              "status": {"numberReady": 2, "desiredNumberScheduled": 3}}  # fmt: skip
    job: dict[str, Any] = {"metadata": {"name": "hook-image-awaiter"},
                           "status": {"active": 1, "startTime": at(90)}}  # fmt: skip
    daemonsets = [convert(puller, DaemonSet)]
    assert at_work(daemonsets, [convert(job, Job)], "hub") == HookPuller(2, 3, ago(90))
    assert at_work(daemonsets, [convert(job, Job)], "other") is None
    assert at_work(daemonsets, [convert({**job, "status": {"succeeded": 1}}, Job)], "hub") is None


# -- db-schema

ALEMBIC = "alembic.util.exc.CommandError: Can't locate revision identified by '4621fec11365'"
ORM = "Found database schema version 4621fec11365 != 651f5419b74d. Backup your database"
CRASH = {"exitCode": 1, "reason": "Error", "finishedAt": at(20)}


def crashed(**more: Any) -> Situation:
    hub = waiting("hub-2", "hub", "CrashLoopBackOff", 80, restarts=3, last=CRASH)
    return situation(*core("hub"), hub, **more)


@pytest.mark.parametrize("line", [ALEMBIC, ORM])
def test_a_hub_that_does_not_know_its_schema_leads_forward_again(line: str) -> None:
    seen = crashed(
        log=["starting", line, "bye"],
        heads=heads("superseded", "superseded", "deployed"),
        apps={1: "5.4.0", 2: "6.1.0", 3: "5.4.0"},
    )
    found = only(seen)
    assert (found.incident, found.level) == (Incident.DB_SCHEMA, Level.NOW)
    assert found.fix(Verb.ROLLBACK) is not None
    assert found.fixes[0].command == "hubtui rollback 2"
    assert line in words(found)
    assert "revision 2 ran 6.1.0" in words(found)
    assert BACKUP in found.todo
    assert found.missing == ()


def test_the_log_alone_is_enough_and_what_is_missing_is_said() -> None:
    found = only(crashed(log=[ALEMBIC]))
    assert found.incident is Incident.DB_SCHEMA
    assert [fix.command for fix in found.fixes] == ["hubtui logs hub --previous"]
    assert [each.source for each in found.missing] == ["releases"]


def just_upgraded(apps: dict[int, str]) -> Situation:
    young = heads("superseded", "superseded", "deployed", seconds=300)
    return crashed(log=["starting", ORM], heads=young, apps=apps)


@pytest.mark.parametrize("apps", [{1: "5.3.0", 2: "5.4.0", 3: "6.1.0"}, {}])
def test_a_schema_that_nobody_knows_to_be_newer_is_upgraded_or_its_hub_brought_back(
    apps: dict[int, str],
) -> None:
    found = only(just_upgraded(apps))
    assert (found.incident, found.level) == (Incident.DB_SCHEMA, Level.NOW)
    assert found.title == "The hub crashes: its database's schema is not that of this JupyterHub"
    assert "an older one" in found.todo
    assert "set hub.db.upgrade: true, or roll back to revision 2" in found.todo
    assert BACKUP not in found.todo
    assert found.fixes[0].command == "hubtui rollback 2"
    assert ORM in words(found)
    assert found.missing == ()


def test_a_schema_that_differs_long_after_an_upgrade_has_no_revision_to_go_back_to() -> None:
    found = only(crashed(log=[ORM]))
    assert "not that of this JupyterHub" in found.title
    assert [fix.command for fix in found.fixes] == ["hubtui logs hub --previous"]


def test_what_alembic_says_counts_before_the_mismatch_that_follows() -> None:
    found = only(crashed(log=[ALEMBIC, ORM]))
    assert "of a newer JupyterHub" in found.title


def test_without_the_log_the_history_is_a_guess_that_says_so() -> None:
    found = only(
        crashed(missing={"log": "no right to get pods/log"}, apps={1: "6.1.0", 2: "5.4.0"})
    )
    assert found.incident is Incident.DB_SCHEMA
    assert "as far as can be told without its log" in found.title
    assert [each.source for each in found.missing] == ["log"]


@pytest.mark.parametrize(
    "seen",
    [
        crashed(log=["ModuleNotFoundError: no module named ldap"]),
        crashed(log=["KeyError"], apps={1: "6.1.0", 2: "5.4.0"}),
        crashed(missing={"log": "denied"}, apps={1: "5.4.0", 2: "6.1.0"}),
        crashed(missing={"log": "denied"}, apps={1: "5.4.0", 2: "5.4.1"}),
    ],
    ids=["another reason", "older, but its log says otherwise", "an upgrade", "a patch"],
)
def test_a_hub_that_crashes_for_another_reason_is_the_cores_business(seen: Situation) -> None:
    assert only(seen).incident is Incident.CORE


def test_it_stays_while_the_hub_runs_for_its_few_seconds() -> None:
    status = {"name": "main", "ready": False, "restartCount": 4, "lastState": {"terminated": CRASH},
              "state": {"running": {"startedAt": at(2)}}}  # fmt: skip
    not_ready = {"type": "Ready", "status": "False", "lastTransitionTime": at(200)}
    hub = waiting("hub-2", "hub", "x", 200)
    running = convert(
        {
            "metadata": {"name": "hub-2", "namespace": "hub", "labels": hub.metadata.labels},
            "spec": {"nodeName": "n1", "containers": [{"name": "main"}]},
            "status": {"phase": "Running", "containerStatuses": [status],
                       "conditions": [not_ready]},
        },
        Pod,
    )  # fmt: skip
    found = only(situation(*core("hub"), running, log=[ALEMBIC]))
    assert found.incident is Incident.DB_SCHEMA
