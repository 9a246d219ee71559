"""Which servers a cull by hand takes, which it leaves alone and why, and what is said of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hubtui.model.hub import Caller, HubServer, HubUser
from hubtui.model.idle import CullRule, would_cull
from hubtui.model.plan import Level
from hubtui.services.actions import stop_checks
from hubtui.services.actions.cull import CullRequest, choose
from hubtui.services.actions.stop_facts import Facts, word_of
from hubtui.services.actions.stopping_server import ToStop

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = 3600.0


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def server(name: str = "", *, idle: float | None = 90, **more: object) -> HubServer:
    given = {"ready": True, "started": ago(300), "last_activity": ago(idle) if idle else None}
    return HubServer(name=name, **(given | more))  # type: ignore[arg-type]


def facts(*users: HubUser) -> Facts:
    return Facts(NOW, {user.name: user for user in users}, None, "hub/hub as hubtui", {})


def user(name: str, *servers: HubServer, admin: bool = False) -> HubUser:
    return HubUser(name=name, admin=admin, servers={each.name: each for each in servers})


WHY = [
    (user("ana", server()), ""),
    (user("ana", server("gpu", idle=60)), ""),
    (user("ana", server(idle=None)), ""),
    (user("ana", server(idle=59.9)), "not idle for 1 h"),
    (user("ana", server(idle=None, started=ago(59))), "not idle for 1 h"),
    (user("ana", server(ready=False, pending="spawn")), "with a pending spawn"),
    (user("ana", server(pending="stop")), "with a pending stop"),
    (user("boss", server(), admin=True), "of admins"),
    (user("shared-1", server()), "kept (hub.keep: shared-*)"),
    (user("shared-1", server(idle=1)), "not idle for 1 h"),
]


@pytest.mark.parametrize(("who", "why"), WHY, ids=str)
def test_what_is_taken_and_why_not(who: HubUser, why: str) -> None:
    chosen, left = choose(facts(who), CullRequest(HOUR), ("shared-*",))
    assert [each.why for each in left] == ([why] if why else [])
    assert len(chosen) == (0 if why else 1)


def test_it_takes_what_the_idle_culler_would_with_that_timeout() -> None:
    known = facts(*(who for who, _ in WHY[:7]), user("ben", server(idle=61)), user("cat", server()))
    chosen, _ = choose(known, CullRequest(HOUR), ())
    running = {each.key: each.server for each in known.servers}
    assert {each.key for each in chosen} == set(would_cull(running, CullRule(timeout=3600), NOW))
    assert [str(each.key) for each in chosen] == ["cat", "ben"]


def test_admins_can_be_asked_for() -> None:
    boss = user("boss", server(), admin=True)
    chosen, left = choose(facts(boss), CullRequest(HOUR, include_admins=True), ())
    assert ([each.key.user for each in chosen], left) == (["boss"], [])


def test_a_thousand_servers_are_counted_and_all_of_them_named() -> None:
    many = facts(*(user(f"user-{n:04}", server(idle=70 + n)) for n in range(1000)))
    chosen, _ = choose(many, CullRequest(HOUR), ())
    check = stop_checks.servers(chosen, NOW, "none")
    assert check.evidence == "1000 servers of 1000 users, idle for 1 h 10 m to 17 h 49 m"
    assert len(check.details) == 1000
    assert check.details[0] == "user-0999: idle for 17 h 49 m, started 5 h ago"


def test_what_is_in_use_is_warned_of() -> None:
    known = facts(user("ana", server(idle=4)), user("ben", server(idle=6)))
    check = stop_checks.unsaved(known.servers, NOW)
    assert check is not None
    assert check.level is Level.WARN
    assert check.evidence.startswith("1 server in use in the last 5 m: ana; whether kernels")


@pytest.mark.parametrize(
    ("scopes", "level"),
    [
        (("delete:servers",), Level.OK),
        (("list:users",), Level.STOP),
        (("delete:servers!group=course",), Level.WARN),
        ((), Level.WARN),
    ],
)
def test_a_token_without_the_scope_stops_it(scopes: tuple[str, ...], level: Level) -> None:
    caller = Caller("service", "hubtui", scopes)
    assert stop_checks.scope(caller, stop_checks.STOPS, "stop servers").level is level


def test_another_activity_is_another_basis() -> None:
    before = ToStop.of("ana", server(idle=90))
    assert word_of([before]) == word_of([ToStop.of("ana", server(idle=90))])
    assert word_of([before]) != word_of([ToStop.of("ana", server(idle=2))])
    assert word_of([before]) != word_of([before, before])
