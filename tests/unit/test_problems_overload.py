"""A hub that has too much to do is found before it ends; a calm, a full and a new one are not."""

from __future__ import annotations

import pytest

from hubtui.model.hub import HubServer, ServerKey
from hubtui.model.hub_load import Failures
from hubtui.model.kube import Pod
from hubtui.model.problem import Incident, Level, Problem, Verb
from hubtui.services import metric_list
from hubtui.services.metrics import MetricRow
from hubtui.services.problems import problems_of
from hubtui.services.problems.situation import HubSeen, LoadSeen, Situation
from tests.situations import (
    NOW,
    ago,
    at,
    container_status,
    core,
    heads,
    pod,
    situation,
    unscheduled,
)

MIB = 2**20
USER = "singleuser-server"
ROWS = {metric.id: metric for metric in metric_list.with_own(())}


def number(metric: str, value: float) -> MetricRow:
    severity = ROWS[metric].severity_of(value)
    return MetricRow(ROWS[metric], value=value, source="Prometheus", as_of=NOW, severity=severity)


def numbers(latency: float = 0.1, lag: float = 0.01, errors: float = 0.0) -> tuple[MetricRow, ...]:
    return (
        number("hub-latency-p95", latency),
        number("hub-errors", errors),
        number("event-loop-lag", lag),
    )


def failing(failed: int, limit: int = 5, seconds: float = 5) -> LoadSeen:
    line = f"[W] {failed} consecutive spawns failed."
    return LoadSeen(failures=Failures(failed, limit, line), failed_at=ago(seconds))


def hub(seconds: float = 3600, limit: str = "1Gi") -> Pod:
    return pod("hub-1", "hub", seconds, limits={"memory": limit} if limit else {})


def listed(took: float, servers: int = 100) -> HubSeen:
    many = {ServerKey(f"u{n}"): HubServer(name="") for n in range(servers)}
    return HubSeen(at=NOW, servers=many, took=took)


def overloaded(seen: Situation) -> Problem:
    (found,) = problems_of(seen)
    assert found.incident is Incident.OVERLOAD
    return found


@pytest.mark.parametrize(
    ("load", "level", "words"),
    [
        (failing(3), Level.SOON, "3 spawns failed one after the other, after 2 more failures it"),
        (failing(4), Level.NOW, "4 spawns failed one after the other, after 1 more failure it"),
        (failing(5), Level.NOW, "5 spawns failed one after the other, it ends itself"),
        (failing(2, limit=3), Level.NOW, "after 1 more failure"),
    ],
)
def test_spawns_that_fail_in_a_row_are_counted_down(
    load: LoadSeen, level: Level, words: str
) -> None:
    found = overloaded(situation(*core("hub"), hub(), load=load))
    assert found.level is level
    assert words in found.title
    assert found.since == load.failed_at
    assert [fix.command for fix in found.fixes] == ["hubtui logs hub", "hubtui why users"]


def test_a_hub_near_its_memory_limit_is_told_with_the_value_that_mends_it() -> None:
    used = {"hub-1": 245 * MIB}
    load = LoadSeen(path=("jupyterhub",))
    found = overloaded(situation(*core("hub"), hub(limit="256Mi"), memory=used, load=load))
    assert found.title == "The hub uses 96 % of its memory limit, and is killed at it"
    assert "from 256Mi to 1Gi" in found.todo
    raised = found.fix(Verb.UPGRADE)
    assert raised is not None
    assert raised.command == (
        "hubtui upgrade --set jupyterhub.hub.resources.limits.memory=1Gi"
        " --values-mode reset-then-reuse"
    )
    assert found.fix(Verb.MAINTENANCE) is not None
    larger = overloaded(situation(*core("hub"), hub(limit="3Gi"), memory={"hub-1": 3000 * MIB}))
    assert larger.fixes[1].sets == (("hub.resources.limits.memory", "6Gi"),)


@pytest.mark.parametrize(
    ("told", "took", "level"),
    [
        (numbers(latency=2, lag=0.8), 0.1, Level.SOON),
        (numbers(latency=9, lag=0.8), 0.1, Level.NOW),
        (numbers(latency=2, errors=0.2), 0.1, Level.SOON),
        (numbers(lag=0.2), 12, Level.SOON),
        (numbers(latency=2, lag=0.2), 12, Level.SOON),
    ],
)
def test_a_hub_is_slow_where_two_numbers_say_so(
    told: tuple[MetricRow, ...], took: float, level: Level
) -> None:
    seen = situation(*core("hub"), hub(), load=LoadSeen(numbers=told), hub=listed(took))
    found = overloaded(seen)
    assert found.level is level
    assert found.title.startswith("The hub has too much to do: ")
    assert any(each.warning for each in found.evidence)


CLASS = [unscheduled(f"u{n}", USER, 20) for n in range(300)]
CALM: dict[str, Situation] = {
    "all is well": situation(
        *core("hub"), hub(), load=LoadSeen(numbers=numbers()), memory={"hub-1": 400 * MIB}
    ),
    "a class starts: answers wait for servers, the loop is busy": situation(
        *core("hub"), hub(), *CLASS, load=LoadSeen(numbers=numbers(latency=9, lag=0.3)),
        hub=listed(2, 400),
    ),
    "a few errors alone": situation(
        *core("hub"), hub(), load=LoadSeen(numbers=numbers(errors=0.3))
    ),
    "a way to the hub that is slow": situation(*core("hub"), hub(), hub=listed(30)),
    "many servers to tell of": situation(
        *core("hub"), hub(), hub=listed(9, 2000), load=LoadSeen(numbers=numbers(lag=0.2))
    ),
    "a hub that came a minute ago, in an upgrade": situation(
        *core("hub"), hub(60), heads=heads("superseded", "deployed", "pending-upgrade", seconds=90),
        load=LoadSeen(numbers=numbers(latency=9, lag=0.9, errors=0.2)), hub=listed(12),
    ),
    "two spawns that failed": situation(*core("hub"), hub(), load=failing(2)),
    "four that failed, yesterday": situation(*core("hub"), hub(), load=failing(4, 5, 90_000)),
    "a hub without a limit": situation(
        *core("hub"), hub(limit=""), memory={"hub-1": 90_000 * MIB}
    ),
    "memory that was not measured": situation(*core("hub"), hub(limit="1Mi")),
}  # fmt: skip


@pytest.mark.parametrize("seen", CALM.values(), ids=CALM)
def test_no_false_alarm(seen: Situation) -> None:
    assert problems_of(seen) == ()


FAILED = (
    "[W JupyterHub base:1] {} consecutive spawns failed.  Hub will exit if failure count reaches 5"
    " before succeeding"
)
STARTED = "[I JupyterHub base:1] User ana took 3.125 seconds to start"


def test_the_log_counts_failures_until_a_server_starts() -> None:
    known = Failures().after(["[I] 200 GET /hub/health", FAILED.format(2), FAILED.format(3)])
    assert (known.failed, known.limit, known.left) == (3, 5, 2)
    assert known.after(["[C] Aborting due to 5 consecutive spawn failures"]).left == 0
    assert known.after([STARTED]) == Failures()
    assert known.after([STARTED, FAILED.format(2)]).failed == 2
    assert known.after([]) is known


def test_a_hub_that_was_killed_shows_that_it_fills_again() -> None:
    last = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": at(200)}
    running = {"running": {"startedAt": at(199)}}
    statuses = [container_status(running, restarts=1, last=last)]
    again = pod("hub-1", "hub", containerStatuses=statuses, limits={"memory": "256Mi"})
    found = overloaded(situation(*core("hub"), again, memory={"hub-1": 250 * MIB}))
    assert found.title == "The hub was restarted: it used more memory than its limit"
    assert "hub-1 uses 250 of 256 MiB" in [each.words for each in found.evidence]
    assert found.fixes[1].verb is Verb.UPGRADE
