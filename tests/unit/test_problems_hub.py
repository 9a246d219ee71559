"""The incidents of the hub's own view: orphans, proxy and culling, and when there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from hubtui.model.disagreement import Disagreement, Kind, Look
from hubtui.model.hub import HubServer, ServerKey
from hubtui.model.kube import Pod
from hubtui.model.orphans import find
from hubtui.model.problem import Incident, Level, Problem, Verb
from hubtui.services.problems import problems_of
from hubtui.services.problems.situation import HubSeen, Situation
from tests.hub_facts import HUB_ROUTE, pod_of, route, server, users
from tests.situations import NOW, ago, at, container_status, core, heads, pod, situation

CULL = {"enabled": True, "timeout": 3600, "every": 600, "maxAge": 0}
KILLED = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": at(600)}
EXITED = {"reason": "Error", "exitCode": 1, "finishedAt": at(300)}

Servers = Sequence[tuple[ServerKey, HubServer]]


def disagreements(
    servers: Servers, pods: Sequence[Pod], routes: Sequence[str], seconds: float = 600
) -> tuple[Disagreement, ...]:
    """What lasts for so long."""
    every = dict((HUB_ROUTE, *(route(key) for key in routes)))
    look = Look(at=NOW, users=users(*servers), pods=pods, routes=every)
    before = {each.key: NOW - timedelta(seconds=seconds) for each in find(look, {})}
    return tuple(each for each in find(look, before) if each.lasts)


def hub(servers: Servers = (), **more: Any) -> HubSeen:
    """What the hub said a moment ago, with the culler on."""
    return HubSeen(**{"at": NOW, "servers": dict(servers), "cull": CULL, **more})


def proxy(seconds: float = 3600, last: dict[str, Any] | None = None, **more: Any) -> Pod:
    """The proxy, whose container runs for so long, after it was restarted once, or never."""
    restarts = 1 if last else 0
    state = {"running": {"startedAt": at(seconds)}}
    statuses = [container_status(state, restarts=restarts, last=last)]
    return pod("proxy-1", "proxy", 90_000, containerStatuses=statuses, **more)


def told(seen: Situation) -> Problem:
    (problem,) = problems_of(seen)
    return problem


def lost_routes(count: int, seconds: float = 600) -> tuple[Disagreement, ...]:
    names = [f"u{number}" for number in range(count)]
    pods = [pod_of(name) for name in names]
    return disagreements([server(name) for name in names], pods, [], seconds)


# -- orphans


def test_disagreements_of_all_kinds_are_one_problem_with_a_fix_of_each_verb() -> None:
    lasting = disagreements(
        [server("ana"), server("bo", ready=False, pending="stop")],
        [pod_of("eve"), pod_of("kim")],
        ["ana"],
    )
    found = told(situation(*core(), hub=hub(lasting=lasting)))
    assert found.incident is Incident.ORPHANS
    assert found.level is Level.NOW
    for words in ("2 orphan pods", "1 lost server", "1 pending stop"):
        assert words in found.title
    assert {fix.verb for fix in found.fixes} == {Verb.DELETE_POD, Verb.STOP, Verb.RESTART}
    assert {target.name for target in found.targets} >= {"ana", "jupyter-eve", "jupyter-kim"}
    assert len(found.evidence) == 4


def test_an_orphan_pod_alone_keeps_nobody_from_work() -> None:
    lasting = disagreements([], [pod_of("eve")], [])
    found = told(situation(*core(), hub=hub(lasting=lasting), missing={"routes": "no scope"}))
    assert found.level is Level.SOON
    assert found.missing[0].source == "routes"


def test_the_hub_mends_a_single_route_before_it_is_a_problem() -> None:
    parts = (*core("proxy"), proxy(7200))
    assert problems_of(situation(*parts, hub=hub(lasting=lost_routes(1, 60)))) == ()
    found = told(situation(*parts, hub=hub(lasting=lost_routes(1, 80))))
    assert (found.incident, found.level) == (Incident.ORPHANS, Level.NOW)
    assert found.fix(Verb.SYNC_ROUTES) is not None


# -- proxy


def test_routes_that_are_lost_together_are_the_proxys() -> None:
    found = told(situation(*core(), hub=hub(lasting=lost_routes(5, 6))))
    assert (found.incident, found.level) == (Incident.PROXY, Level.NOW)
    assert found.title == "The proxy has lost the routes of 5 servers"
    assert found.fixes[0].verb is Verb.SYNC_ROUTES
    assert "u0, u1, u2 and 2 more" in found.evidence[0].words


def test_a_proxy_that_was_restarted_is_told_with_its_routes() -> None:
    parts = (*core("proxy"), proxy(300, EXITED))
    found = told(situation(*parts, hub=hub(lasting=lost_routes(1, 80))))
    assert found.incident is Incident.PROXY
    assert any("was restarted once, last: Error, exit code 1" in e.words for e in found.evidence)
    logs = found.fix(Verb.LOGS)
    assert logs is not None
    assert logs.previous


def test_routes_that_lead_nowhere_are_less_urgent() -> None:
    lasting = disagreements([], [], ["a", "b", "c"])
    found = told(situation(*core(), hub=hub(lasting=lasting)))
    assert (found.incident, found.level) == (Incident.PROXY, Level.SOON)
    assert "3 stale routes" in found.title


def test_a_proxy_that_was_killed_for_its_memory_is_told_for_an_hour() -> None:
    found = told(situation(*core("proxy"), proxy(600, KILLED)))
    assert (found.incident, found.subject) == (Incident.PROXY, "memory")
    assert found.title == "The proxy was killed for its memory once"
    long_ago = {**KILLED, "finishedAt": at(7200)}
    assert problems_of(situation(*core("proxy"), proxy(7200, long_ago))) == ()


def test_memory_close_to_the_limit_is_told_and_without_a_limit_nothing_is() -> None:
    used = {"proxy-1": 480 * 2**20}
    limited = situation(*core("proxy"), proxy(limits={"memory": "512Mi"}), memory=used)
    found = told(limited)
    assert found.title == "The proxy uses 94 % of its memory limit"
    assert "proxy-1 uses 480 of 512 MiB" in [each.words for each in found.evidence]
    assert problems_of(situation(*core("proxy"), proxy(), memory=used)) == ()
    room = {"proxy-1": 400 * 2**20}
    wide = situation(*core("proxy"), proxy(limits={"memory": "512Mi"}), memory=room)
    assert problems_of(wide) == ()


# -- culling


def idle(seconds: float, *names: str) -> Servers:
    """Servers that nobody has used for so long."""
    return [server(name, 90_000, last_activity=ago(seconds)) for name in names]


LINES = ("[I 261123 13:51:58 __init__:251] Culling server zoe (inactive for 01:00:12)",)
FAILING = ("[E 2026-11-23 13:59:58 JupyterHub service:430] Service jupyterhub-idle-culler exited "
           "with status 2",)  # fmt: skip


def test_servers_that_a_run_has_left_are_told_with_the_cullers_last_lines() -> None:
    servers = [*idle(6000, "ana", "bo"), *idle(3700, "eve"), *idle(60, "kim")]
    found = told(situation(*core(), hub=hub(servers, culler=LINES)))
    assert (found.incident, found.level) == (Incident.CULLING, Level.SOON)
    assert found.title == "The culler leaves 2 idle servers running"
    assert [target.name for target in found.targets] == ["ana", "bo"]
    assert found.evidence[-1].words == LINES[0]
    assert found.fixes[0].command == "hubtui restart hub"


def test_a_culler_that_fails_is_not_mended_by_a_restart() -> None:
    found = told(situation(*core(), hub=hub(idle(6000, "ana"), culler=FAILING)))
    assert "say why it fails" in found.todo
    assert found.evidence[-1].warning


def test_age_is_a_rule_as_well() -> None:
    old = [server("ana", 20_000)]
    seen = situation(*core(), hub=hub(old, cull={**CULL, "maxAge": 7200}))
    assert problems_of(situation(*core(), hub=hub(old))) == ()
    assert told(seen).title == "The culler leaves 1 idle server running"


TRAPS: dict[str, tuple[dict[str, Any], Level, str]] = {
    "0 is not off": ({"timeout": 0}, Level.SOON, "cull.timeout is 0, which is not off"),
    "null is not off": ({"timeout": None}, Level.SOON, "cull.timeout is null, which is not off"),
    "shorter than activity is told": ({"timeout": 300}, Level.NOW, "servers in use are stopped"),
}


@pytest.mark.parametrize(("cull", "level", "words"), TRAPS.values(), ids=TRAPS)
def test_a_timeout_that_takes_what_is_in_use(
    cull: dict[str, Any], level: Level, words: str
) -> None:
    servers = [server("ana")]
    seen = situation(
        *core(),
        hub=hub(servers, cull={**CULL, **cull}),
        heads=heads("superseded", "deployed", seconds=600),
    )
    found = told(seen)
    assert (found.incident, found.level) == (Incident.CULLING, level)
    assert words in found.title
    rollback = found.fix(Verb.ROLLBACK)
    assert rollback is not None
    assert rollback.target == "1"


def test_culling_that_is_off_is_worth_a_word_when_much_is_left_over() -> None:
    off = {**CULL, "enabled": False}
    many = idle(2 * 86400, *(f"u{number}" for number in range(12)))
    found = told(situation(*core(), hub=hub(many, cull=off)))
    assert (found.incident, found.level) == (Incident.CULLING, Level.SOON)
    assert "12 servers idle for more than 1 d" in found.title
    assert problems_of(situation(*core(), hub=hub(many[:5], cull=off))) == ()


def test_a_culler_that_cannot_start_is_told() -> None:
    found = told(situation(*core(), hub=hub(cull={**CULL, "every": "ten"}, culler=FAILING)))
    assert (
        found.title == "Nothing is culled: the culler cannot start: cull.every is no whole number"
    )


# -- and when there is none

QUIET: dict[str, Situation] = {
    "a hub without a token": situation(*core(), hub=None, missing={"hub": "There is no token"}),
    "a hub whose settings were not read": situation(*core(), hub=hub(idle(9000, "ana"), cull=None)),
    "a hub at work": situation(*core(), hub=hub([server("ana"), *idle(3000, "bo")])),
    "a server that the next run takes": situation(*core(), hub=hub(idle(4000, "ana"))),
    "an idle server that is about to stop": situation(
        *core(), hub=hub([server("ana", ready=False, pending="stop", last_activity=ago(9000))])
    ),
    "a hub that has just begun, and its culler with it": situation(
        pod("hub-1", "hub", 200), *core("hub"), hub=hub(idle(90_000, "ana"))
    ),
    "a proxy that was just rolled": situation(*core("proxy"), proxy(20), hub=hub([server("ana")])),
    "a proxy that somebody restarted": situation(
        *core("proxy"), proxy(20, EXITED), hub=hub([server("ana")])
    ),
    "no culler of the chart": situation(*core(), hub=hub(idle(9000, "ana"), cull={})),
    "a pod on a lost node, which is another incident": situation(
        *core(),
        hub=hub(lasting=[Disagreement(kind=Kind.LOST_NODE, server=ServerKey("ana"), pod="p",
                                      words="", todo="", since=ago(90), lasts=True)]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("seen", QUIET.values(), ids=QUIET)
def test_there_is_no_problem(seen: Situation) -> None:
    assert problems_of(seen) == ()
