"""The users pane: who goes next, what each server does, and what a filter makes of it."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubtui.errors import ConfigError, HubtuiError, UnreachableError
from hubtui.model.hub import HubServer, HubUser, ServerKey
from hubtui.model.idle import Forecast
from hubtui.model.usage import Usage
from hubtui.services.session import Session
from hubtui.services.store import Health, State
from hubtui.services.users import ServerRow
from hubtui.views import user_cells
from hubtui.views.cells import Cell, Tone, plain
from hubtui.views.document import Hung
from hubtui.views.stopping import idle_lines
from hubtui.views.table import fit
from hubtui.views.user_details import Evidence, user_details
from hubtui.views.users import COLUMNS, UsersView, words_of
from tests.tui import prepared, world
from tests.tui.world import NOW, World

TITLES = [column.id for column in COLUMNS]
Change = Callable[[World], None]


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


def opened(folder: Path, change: Change | None = None, *, everyone: bool = False) -> Session:
    """A session that has read its users once."""

    async def read() -> Session:
        known = world.hub()
        if change is not None:
            change(known)
        session = prepared.session(prepared.settings(folder), known)
        session.hub_feed.wants_all(everyone)
        await session.users.fill()
        return session

    return asyncio.run(read())


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return opened(tmp_path)


@pytest.fixture
def view(session: Session) -> UsersView:
    view = UsersView(session.users)
    view.drain()
    return view


def column(view: UsersView, key: str, title: str) -> str:
    return plain(view.cells(key, NOW)[TITLES.index(title)])


def names(view: UsersView) -> list[str]:
    return [key.partition("@")[0] for key in view.keys()]  # noqa: SIM118


def tell(session: Session, user: dict[str, Any]) -> None:
    """The hub tells a user anew."""
    session.hub_feed._table.put(msgspec.convert(user, HubUser), NOW)


def test_who_goes_next_comes_first(view: UsersView) -> None:
    assert names(view) == ["farid", "eve", "dmitri", "carla", "ana", "bo"]
    assert [column(view, key, "culled") for key in view.keys()] == [  # noqa: SIM118
        "6 m", "16 m", "56 m", "66 m", "never", "never",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("user", "ana", "farid"),
        ("activity", "farid", "bo"),
        ("age", "ana", "farid"),
        ("memory", "carla", "bo"),
        ("node", "eve", "bo"),
    ],
)
def test_rows_are_sorted_by_what_is_asked(
    view: UsersView, sort: str, first: str, last: str
) -> None:
    view.set_sort(sort, reverse=False)
    view.drain()
    assert (names(view)[0], names(view)[-1]) == (first, last)
    before = names(view)
    view.set_sort(sort, reverse=True)
    view.drain()
    assert names(view)[-1] == first
    assert sorted(names(view)) == sorted(before)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CARLA", ["carla"]),
        ("user:d", ["dmitri", "farid"]),
        ("server:gpu", ["ana"]),
        ("state:spawning", ["ana", "bo"]),
        ("status:ready", ["farid", "eve", "dmitri", "carla"]),
        ("state:ready -node:user-1", ["eve", "dmitri"]),
        ("profile:datascience node:user-0", ["eve"]),
        ("nobody", []),
    ],
)
def test_a_filter_looks_at_names_or_at_one_thing(
    view: UsersView, text: str, found: list[str]
) -> None:
    view.set_filter(text)
    view.drain()
    assert sorted(names(view)) == sorted(found)
    assert view.headline.endswith(f" · {text.lower()}")


def test_a_line_of_what_is_known(view: UsersView) -> None:
    carla = "carla@uni.example"
    assert column(view, carla, "state") == "● ready"
    assert column(view, carla, "activity") == "0 s"
    assert column(view, carla, "age") == "55 m"
    assert column(view, carla, "memory").split() == ["━━━─", "1.6/2G"]
    assert column(view, carla, "cpu") == "0.11"
    assert column(view, carla, "profile") == "datascience"
    assert column(view, carla, "node") == "user-1"
    gpu = "ana@uni.example/gpu"
    assert column(view, gpu, "state") == "✗ ImagePullBackOff 4 m"
    assert column(view, gpu, "activity") == "none yet"
    assert column(view, gpu, "memory") == "?"
    assert column(view, "bo@uni.example", "state") == "▲ scheduling 6 m"


def test_a_named_server_stands_behind_its_user_where_it_has_no_column(view: UsersView) -> None:
    gpu = "ana@uni.example/gpu"
    for width, shown in ((156, "ana@uni.example"), (76, "ana@uni.example /gpu")):
        view.resize(width)
        assert view.drain().keys
        assert column(view, gpu, "user") == shown
    assert column(view, gpu, "server") == "gpu"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (36, {"user"} | {"culled"}),
        (76, {"user", "state", "activity", "memory", "culled"}),
        (96, {"user", "state", "activity", "memory", "culled", "server", "age"}),
        (156, set(TITLES)),
    ],
)
def test_what_is_needed_least_gives_way_first(width: int, shown: set[str]) -> None:
    assert {TITLES[at] for at, _ in fit(COLUMNS, width)} == shown


@pytest.mark.parametrize(
    ("forecast", "shown", "tone"),
    [
        (Forecast(NOW + timedelta(minutes=40), None, ""), "40 m", Tone.PLAIN),
        (Forecast(NOW + timedelta(minutes=12), None, ""), "12 m", Tone.SOON),
        (Forecast(NOW + timedelta(minutes=12), None, "", at_least=True), "≥ 12 m", Tone.PLAIN),
        (Forecast(NOW + timedelta(minutes=90), None, ""), "90 m", Tone.PLAIN),
        (Forecast(NOW + timedelta(days=3), None, ""), "3 d", Tone.PLAIN),
        (Forecast(NOW, None, ""), "now", Tone.SOON),
        (Forecast(None, None, "never, because"), "never", Tone.MUTED),
        (Forecast(None, None, "not known", known=False), "?", Tone.MUTED),
        (None, "?", Tone.MUTED),
    ],
)
def test_when_a_server_goes(forecast: Forecast | None, shown: str, tone: Tone) -> None:
    cell = user_cells.culled_cell(HubServer(ready=True), forecast, NOW)
    assert (plain(cell), cell[0][1]) == (shown, tone)


@pytest.mark.parametrize(
    ("used", "limit", "shown"),
    [
        (2**30, "4Gi", "1/4G"),
        (600 * 2**20, "2Gi", "600M/2G"),
        (None, "2Gi", "?/2G"),
        (2**30, "", "1G"),
        (None, "", "?"),
    ],
)
def test_memory_that_is_not_known_is_no_zero(
    session: Session, used: int | None, limit: str, shown: str
) -> None:
    session.users.update()
    row = session.users.row("carla@uni.example")
    assert row is not None
    assert row.pod is not None
    resources = {"limits": {"memory": limit}} if limit else {}
    body = msgspec.to_builtins(row.pod)
    body["spec"]["containers"][0]["resources"] = resources
    pod = msgspec.convert(body, type(row.pod))
    cell = user_cells.memory_cell(replace(row, pod=pod, usage=Usage(None, used)))
    assert plain(cell).split()[-1] == shown


def test_the_headline_counts_and_what_could_not_be_measured_is_at_least(view: UsersView) -> None:
    assert view.headline == "6 servers · 2 pending · ≥ 2.8G in use"
    assert plain(view.note()) == "culler: idle 1 h · every 10 m"
    assert view.totals().servers == 6


def test_another_timeout_is_told_and_forecast(view: UsersView) -> None:
    view.ask(30 * 60)
    assert view.drain().keys == frozenset(view.keys())
    assert view.headline == "6 servers · 2 pending · what if 30 m: 2 would go now"
    assert column(view, "eve@uni.example", "culled") == "now"
    assert view.columns[-1].title == "IF 30m"
    view.ask(None)
    view.drain()
    assert column(view, "eve@uni.example", "culled") == "16 m"
    assert "what if" not in view.headline


def test_one_change_dirties_one_row(view: UsersView, session: Session) -> None:
    user = world.hub_user("eve@uni.example", world.hub_server("", 165, 0))
    tell(session, user)
    dirty = view.drain()
    assert dirty.keys == {"eve@uni.example"}
    assert dirty.order
    tell(session, user)
    assert not view.drain()
    assert column(view, "eve@uni.example", "activity") == "0 s"


def test_who_reads_beside_the_pane_takes_nothing_from_it(view: UsersView, session: Session) -> None:
    tell(session, world.hub_user("zed@uni.example", world.hub_server("", 5, 1)))
    assert session.users.update() == {"zed@uni.example"}
    assert "zed@uni.example" in view.drain().keys
    assert "zed" in names(view)


def test_all_users_are_shown_on_demand(tmp_path: Path) -> None:
    view = UsersView(opened(tmp_path, everyone=True).users)
    view.drain()
    assert "grace" not in names(view)
    view.show_all(True)
    view.drain()
    assert names(view)[-1] == "grace"
    grace = "grace@uni.example"
    assert column(view, grace, "state") == "○ no server"
    assert column(view, grace, "activity") == "3 d"
    assert column(view, grace, "culled") == ""
    assert view.headline.startswith("7 users · 6 servers")


def test_no_server_is_a_sentence(tmp_path: Path) -> None:
    def nobody(known: World) -> None:
        known.users.clear()

    view = UsersView(opened(tmp_path, nobody).users)
    view.drain()
    assert view.empty() == "No server is running. A shows all users."
    view.set_filter("ana")
    assert view.empty() == "No user matches ana."


@pytest.mark.parametrize(
    ("error", "state", "words", "sentence"),
    [
        (None, State.CONNECTING, "connecting", "Asking the hub"),
        (
            UnreachableError("the hub does not answer: refused", remedy="Look at its pod."),
            State.STALE,
            "stale 42 s · again in 4 s",
            "The hub cannot be asked. the hub does not answer: refused. Look at its pod.",
        ),
        (
            ConfigError("There is no token", remedy="Add the service."),
            State.DENIED,
            "There is no token",
            "The hub cannot be asked. There is no token. Add the service.",
        ),
    ],
)
def test_what_keeps_the_hub_from_being_asked_is_said(
    view: UsersView, session: Session, error: HubtuiError | None, state: State, words: str,
    sentence: str,
) -> None:  # fmt: skip
    since, again = NOW - timedelta(seconds=42), NOW + timedelta(seconds=4)
    session.hub_feed.health = Health(state, since, error, again if error else None)
    assert view.freshness(NOW).words == words
    assert view.freshness(NOW).stale is (error is not None)
    assert view.empty().startswith(sentence)
    assert len(view.keys()) == 6


def test_a_hub_that_is_slow_to_answer_is_told_by_the_age_of_its_answer(
    view: UsersView, session: Session
) -> None:
    session.hub_feed.as_of = NOW - timedelta(seconds=47)
    assert view.freshness(NOW).words == "live · hub 40 s"
    session.hub_feed.as_of = NOW - timedelta(seconds=7)
    assert view.freshness(NOW).words == "live"


def test_a_spawn_ticks_each_second_while_it_is_young(view: UsersView, session: Session) -> None:
    young = world.hub_server("", 1, None, pending="spawn", ready=False)
    tell(session, world.hub_user("bo@uni.example", young))
    view.drain()
    assert view.ticking("bo@uni.example") == "second"
    assert view.ticking("ana@uni.example/gpu") == "minute"
    assert view.ticking("carla@uni.example") == "minute"
    assert view.ticking("nobody") == "minute"


@given(st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_control_character_reaches_a_cell(view: UsersView, name: str, option: str) -> None:
    server = HubServer(name=name, ready=True, user_options={"profile": option}, started=NOW)
    user = HubUser(name=name, groups=(option,), servers={name: server})
    row = ServerRow(ServerKey(name, name), user, server, None, None, None, "ready")
    shown = [
        user_cells.name_cell(row, with_server=True),
        user_cells.state_cell(row, NOW),
        *[bare(line) for line in user_details(user, [row], Evidence(), NOW)],
    ]
    for cell in shown:
        kinds = {unicodedata.category(sign) for sign in plain(cell)}
        assert not kinds & {"Cc", "Zl", "Zp"}, ascii(plain(cell))


# Details, and who is idle


def bare(line: Cell | Hung) -> Cell:
    return line.cell if isinstance(line, Hung) else line


def details(session: Session, user: str, found: Evidence | None = None) -> str:
    session.users.update()
    rows = session.users.rows_of(user)
    lines = user_details(session.hub_feed.users[user], rows, found or Evidence(), NOW)
    return "\n".join(plain(bare(line)).strip() for line in lines)


def test_details_say_who_it_is_when_the_server_goes_and_what_it_runs_on(session: Session) -> None:
    said = details(session, "carla@uni.example", Evidence([], ["one", "two"]))
    assert said.splitlines()[0] == "carla@uni.example admin"
    for words in (
        "data-101", "● ready", "by the idle rule: timeout 1 h", "datascience",
        "hub/jupyter-carla", "user-1", "1.6G of 2G", "0.11 without a limit", "none in the last",
        "one\ntwo",
    ):  # fmt: skip
        assert words in said, words


def test_details_say_what_is_not_known(session: Session) -> None:
    said = details(session, "ana@uni.example", Evidence("no right to list events", "no log yet"))
    assert "Server gpu" in said
    assert "? without a limit" in said
    assert "passed over while its spawn is pending" in said
    assert "no right to list events" in said
    assert "no log yet" in said


def test_who_is_idle_for_the_time_that_is_asked(session: Session) -> None:
    session.users.update()
    lines = idle_lines(session.users.rows(), 45 * 60, NOW)
    said = [plain(bare(line)).strip() for line in lines]
    assert said[0] == "2 of 6 servers are idle for 45 m or longer."
    assert [" ".join(line.split()) for line in said[-2:]] == [
        "farid@uni.example idle 1 h",
        "eve@uni.example idle 48 m",
    ]


def test_what_a_row_can_be_found_by(session: Session) -> None:
    session.users.update()
    row = session.users.row("ana@uni.example/gpu")
    assert row is not None
    assert words_of(row)["state"] == "spawning: ImagePullBackOff"
