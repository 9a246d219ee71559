"""The hub's API as its client sees it: refusals in words, a token that is replaced, odd answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.clients import hub
from hubtui.clients.gate import Gate, WriteToken
from hubtui.clients.http import Response
from hubtui.clients.hub import HubClient, UnknownTokenError, permit_stop
from hubtui.errors import (
    ApiError,
    DecodeError,
    DeniedError,
    HubtuiError,
    LimitedError,
    NotFoundError,
    ReadOnlyError,
    UnreachableError,
)
from hubtui.model.hub import ServerKey

OLD, NEW = "the-old-token", "the-new-token"
CREDENTIALS = b'{"status": 403, "message": "Missing or invalid credentials."}'
SCOPE = (
    b'{"status": 403, "message": "Action is not authorized with current scopes;'
    b' requires any of [proxy]"}'
)
USERS = b'{"items": [{"name": "ana"}], "_pagination": {"total": 1}}'
ALICE = ServerKey("alice")


@dataclass
class Canned:
    """A fake wire: gives one answer to everything, and refuses all tokens but one, if told so."""

    status: int = 200
    body: bytes = USERS
    headers: Mapping[str, str] = field(default_factory=dict)
    knows: str = ""
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    where: str = "the hub (a fake)"

    @asynccontextmanager
    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout: float | None,
    ) -> AsyncIterator[Response]:
        token = headers.get("authorization", "").removeprefix("token ")
        self.seen.append((method, path, token))
        await asyncio.sleep(0)
        known = self.knows in ("", token)
        yield Response(
            self.status if known else 403, self.headers, _once(self.body if known else CREDENTIALS)
        )

    async def close(self) -> None:
        """Nothing is open."""


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def client_of(
    wire: Canned, renew: Callable[[str], Awaitable[str]] | None = None, gate: Gate | None = None
) -> HubClient:
    return HubClient(gate or Gate("because"), wire, OLD, "hub", renew)


@pytest.mark.parametrize(
    ("wire", "error", "words"),
    [
        (Canned(403, SCOPE), DeniedError, "lacks the scope proxy, which GET /users needs"),
        (Canned(403, CREDENTIALS), UnknownTokenError, "does not know this token"),
        (Canned(403, b"<html>"), DeniedError, "refuses GET /users: HTTP 403"),
        (Canned(404, b'{"message": null}'), NotFoundError, "there is no /users"),
        (Canned(404, b'{"message": "No such"}'), NotFoundError, "The hub: No such"),
        (Canned(429, b"", {"retry-after": "30"}), LimitedError, "too much to do: HTTP 429"),
        (Canned(500, b"<h1>Oh</h1>"), ApiError, "GET /users with 500: HTTP 500"),
        (Canned(500, b'{"message": "a\x1b[2J\\u001b[2Jb"}'), ApiError, "with 500"),
        (Canned(503, b"down"), UnreachableError, "is not up: HTTP 503"),
        (Canned(302, b"", {"location": "https://log.in"}), ApiError, "elsewhere"),
        (Canned(200, b"<html>log in</html>"), DecodeError, "a page"),
        (Canned(200, b'{"items": 5}'), DecodeError, "cannot be read"),
        (Canned(200, b"[]"), DecodeError, "cannot be read"),
    ],
    ids=lambda value: f"{value.status} {value.body[:40]!r}" if isinstance(value, Canned) else None,
)
async def test_a_refusal_says_what_it_means(
    wire: Canned, error: type[HubtuiError], words: str
) -> None:
    with pytest.raises(error) as told:
        await client_of(wire).users()
    assert words in str(told.value)
    assert OLD not in str(told.value)
    assert "\x1b" not in str(told.value)


async def test_a_hub_that_has_too_much_to_do_says_for_how_long() -> None:
    with pytest.raises(LimitedError) as told:
        await client_of(Canned(429, b"", {"retry-after": "30"})).users()
    assert told.value.wait == 30


async def test_the_scope_for_metrics_is_named_though_the_hub_only_sends_a_page() -> None:
    with pytest.raises(DeniedError, match="scope read:metrics"):
        await client_of(Canned(403, b"<html>")).metrics()


async def test_a_token_that_may_not_even_ask_who_it_is_is_not_known() -> None:
    with pytest.raises(UnknownTokenError):
        await client_of(Canned(403, b'{"message": null}')).caller()


async def test_an_answer_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_MAX_BODY", 10)
    with pytest.raises(DecodeError, match="more than 10 bytes"):
        await client_of(Canned()).users()


@given(body=st.binary() | st.from_regex(r'\{"(items|_pagination|message)": .*', fullmatch=True))
async def test_whatever_comes_is_an_answer_or_an_error_in_words(body: bytes | str) -> None:
    sent = body if isinstance(body, bytes) else body.encode(errors="replace")
    said = [await answer_of(Canned(status, sent)) for status in (200, 403, 500)]
    assert all(words.isprintable() for words in said)
    assert "" not in said[1:]


async def answer_of(wire: Canned) -> str:
    """What went wrong, in words; "" for an answer."""
    try:
        await client_of(wire).users()
    except HubtuiError as error:
        return error.what
    return ""


@dataclass
class Renewing:
    """Gives the next token, and counts how often it was asked."""

    gives: str = NEW
    asked: list[str] = field(default_factory=list)

    async def __call__(self, refused: str) -> str:
        self.asked.append(refused)
        await asyncio.sleep(0)
        return self.gives


async def test_a_token_that_was_replaced_is_read_again_once_for_all_who_ask() -> None:
    wire, renew = Canned(knows=NEW), Renewing()
    client = client_of(wire, renew)
    pages = await asyncio.gather(*(client.users() for _ in range(5)))
    assert [page.items[0].name for page in pages] == ["ana"] * 5
    assert renew.asked == [OLD]
    assert [token for _, _, token in wire.seen].count(NEW) == 5


async def test_a_token_that_was_revoked_is_not_looked_for_at_every_call() -> None:
    renew = Renewing(gives="")
    client = client_of(Canned(knows=NEW), renew)
    for _ in range(3):
        with pytest.raises(UnknownTokenError):
            await client.users()
    assert renew.asked == [OLD]


async def test_after_a_minute_it_is_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "RENEW_EVERY", 0.0)
    renew = Renewing(gives="")
    client = client_of(Canned(knows=NEW), renew)
    with pytest.raises(UnknownTokenError):
        await client.users()
    renew.gives = NEW
    assert (await client.users()).items[0].name == "ana"


async def test_a_new_token_that_the_hub_does_not_know_either_is_the_end() -> None:
    wire = Canned(knows="a third one")
    with pytest.raises(UnknownTokenError):
        await client_of(wire, Renewing()).users()
    assert [token for _, _, token in wire.seen] == [OLD, NEW]


async def test_a_stop_is_sent_with_the_token_of_its_plan_alone() -> None:
    gate, wire = Gate(), Canned(202, b"")
    client = client_of(wire, gate=gate)
    token = gate.grant("plan", [permit_stop("hub", ALICE)])
    assert await client.stop(ALICE, token) is False
    for other in (ServerKey("alice", "gpu"), ServerKey("bob")):
        with pytest.raises(ReadOnlyError, match="no plan permits it"):
            await client.stop(other, token)
    with pytest.raises(ReadOnlyError):
        await client.start(ALICE, token)
    with pytest.raises(ReadOnlyError):
        await client.sync_routes(token)
    gate.end(token)
    with pytest.raises(ReadOnlyError):
        await client.stop(ALICE, token)
    assert [(method, path) for method, path, _ in wire.seen] == [("DELETE", "/users/alice/server")]


async def test_in_read_only_mode_nothing_but_reads_leaves() -> None:
    wire = Canned()
    client = client_of(wire)
    token = WriteToken("forged", frozenset({permit_stop("hub", ALICE)}))
    for write in (client.stop(ALICE, token), client.start(ALICE, token), client.sync_routes(token)):
        with pytest.raises(ReadOnlyError, match="read-only"):
            await write
    await client.users()
    assert [method for method, _, _ in wire.seen] == ["GET"]


NAMES = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1)


@given(user=NAMES, server=st.just("") | NAMES)
async def test_any_name_reaches_its_own_server_or_nothing(user: str, server: str) -> None:
    key, gate, wire = ServerKey(user, server), Gate(), Canned(204, b"")
    token = gate.grant("plan", [permit_stop("hub", key)])
    client = client_of(wire, gate=gate)
    if {user, server} & {".", ".."}:
        with pytest.raises(ReadOnlyError):
            await client.stop(key, token)
        assert wire.seen == []
        return
    assert await client.stop(key, token) is True
    ((_, path, _),) = wire.seen
    assert path.isascii()
    assert path.count("/") == (4 if server else 3)
    assert not any(part in (".", "..") for part in path.split("/"))
