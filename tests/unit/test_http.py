"""Requests beyond the cluster: what is let through, where a token goes, what errors say."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from hubtui.clients import http
from hubtui.clients.gate import Gate
from hubtui.clients.http import Http
from hubtui.errors import ApiError, ConfigError, DecodeError, ReadOnlyError, UnreachableError
from hubtui.model.origin import Origin, origin_of
from tests.webserver import serving

TOKEN = "a-token-that-is-shown-nowhere"


@dataclass
class Site:
    """A server that tells what it was sent, and redirects where the query says."""

    url: str = ""
    seen: list[dict[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append({name.lower(): value for name, value in request.headers.items()})
        to = "/circle" if request.path == "/circle" else request.query.get("to")
        if to is not None:
            return web.Response(status=302, headers={"Location": to})
        return web.Response(body=b"x" * int(request.query.get("size", "2")))


def _served() -> Iterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    with serving(app) as site.url:
        yield site


site = pytest.fixture(_served, name="site")
other = pytest.fixture(_served, name="other")


@pytest.fixture
def gate(site: Site) -> Gate:
    """A gate of a read-only session that lets the site through."""
    gate = Gate("because")
    gate.allow_origin(origin_of(site.url))
    return gate


@pytest.fixture
async def asking(gate: Gate) -> AsyncIterator[Http]:
    asking = Http(gate)
    yield asking
    await asking.close()


async def test_a_host_that_was_allowed_is_asked_with_the_token(asking: Http, site: Site) -> None:
    answer = await asking.get(f"{site.url}/it", token=TOKEN, headers={"X-Own": "1"})
    assert (answer.status, answer.body) == (200, b"xx")
    (seen,) = site.seen
    assert seen["authorization"] == f"Bearer {TOKEN}"
    assert seen["x-own"] == "1"
    assert seen["user-agent"].startswith("hubtui/")


async def test_a_host_that_was_not_allowed_is_not_asked(asking: Http, other: Site) -> None:
    with pytest.raises(ReadOnlyError, match=r"GET http://127\.0\.0\.1:\d+ is not on the list"):
        await asking.get(other.url)
    assert other.seen == []


def test_only_gets_pass() -> None:
    gate, origin = Gate(), origin_of("https://api.github.com")
    gate.allow_origin(origin)
    gate.check_http("GET", origin, secret=True)
    for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD"):
        with pytest.raises(ReadOnlyError):
            gate.check_http(method, origin, secret=False)


def test_a_token_never_travels_in_the_clear_but_on_this_machine() -> None:
    gate = Gate()
    for url in ("http://hub.example.org", "http://127.0.0.1:80", "http://localhost:8000"):
        gate.allow_origin(origin_of(url))
    gate.check_http("GET", origin_of("http://localhost:8000"), secret=True)
    gate.check_http("GET", origin_of("http://127.0.0.1"), secret=True)
    gate.check_http("GET", origin_of("http://hub.example.org"), secret=False)
    with pytest.raises(ReadOnlyError, match="it would travel in the clear"):
        gate.check_http("GET", origin_of("http://hub.example.org"), secret=True)


async def test_a_redirect_on_the_same_host_is_followed_with_the_token(
    asking: Http, site: Site
) -> None:
    answer = await asking.get(f"{site.url}/?to=/renamed", token=TOKEN)
    assert answer.status == 200
    assert [each["authorization"] for each in site.seen] == [f"Bearer {TOKEN}"] * 2


async def test_a_redirect_to_another_host_is_an_error_and_not_followed(
    asking: Http, site: Site, other: Site
) -> None:
    with pytest.raises(ApiError) as told:
        await asking.get(f"{site.url}/?to={other.url}/it", token=TOKEN)
    assert other.seen == []
    assert "hubtui does not go there with your token" in str(told.value)
    assert TOKEN not in str(told.value)


async def test_where_it_may_go_elsewhere_the_token_and_own_headers_stay_behind(
    asking: Http, site: Site, other: Site
) -> None:
    own = {"X-Own": "1", "Accept": "text/plain"}
    answer = await asking.get(
        f"{site.url}/?to={other.url}/it", token=TOKEN, headers=own, elsewhere=True
    )
    assert answer.status == 200
    (seen,) = other.seen
    assert "authorization" not in seen
    assert "x-own" not in seen
    assert seen["accept"] == "text/plain"


@pytest.mark.parametrize("to", ["http://registry.example.org/", "ftp://example.org/", "//[bad"])
async def test_a_redirect_into_the_clear_or_to_nowhere_is_not_followed(
    asking: Http, site: Site, to: str
) -> None:
    with pytest.raises(ApiError, match="redirects to"):
        await asking.get(f"{site.url}/?to={to}", elsewhere=True)


async def test_what_is_read_as_it_comes_follows_no_redirect(
    asking: Http, site: Site, other: Site
) -> None:
    sent = {"authorization": f"Bearer {TOKEN}"}
    async with asking.stream(f"{site.url}/?size=5", sent, secret=True, timeout=5) as answer:
        assert b"".join([chunk async for chunk in answer.chunks]) == b"xxxxx"
    to = f"{site.url}/?to={other.url}"
    async with asking.stream(to, sent, secret=True, timeout=5) as answer:
        assert (answer.status, answer.headers["location"]) == (302, other.url)
    assert (len(site.seen), other.seen) == (2, [])


async def test_nothing_is_read_in_the_clear_with_a_secret_or_from_elsewhere(
    asking: Http, gate: Gate, other: Site
) -> None:
    gate.allow_origin(origin_of("http://prometheus.example.org"))
    for url in (other.url, "http://prometheus.example.org"):
        with pytest.raises(ReadOnlyError):
            async with asking.stream(url, {}, secret=True, timeout=5):
                pass
    assert other.seen == []


async def test_redirects_in_a_circle_end(asking: Http, site: Site) -> None:
    with pytest.raises(ApiError, match="redirects without end"):
        await asking.get(f"{site.url}/circle")
    assert len(site.seen) == http.MAX_HOPS + 1


async def test_an_answer_without_end_is_cut(
    asking: Http, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_BODY", 1000)
    with pytest.raises(DecodeError, match="more than 1,000 bytes"):
        await asking.get(f"{site.url}/?size=1001")
    assert len((await asking.get(f"{site.url}/?size=1000")).body) == 1000


async def test_a_host_that_does_not_answer_is_told(asking: Http, gate: Gate) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        gate.allow_origin(origin_of(url))
        with pytest.raises(UnreachableError, match=f"{url} does not answer"):
            await asking.get(url)


async def test_a_host_that_is_silent_is_told(gate: Gate) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        gate.allow_origin(origin_of(url))
        asking = Http(gate, timeout=0.05)
        with pytest.raises(UnreachableError, match=r"does not answer within 0\.05 s"):
            await asking.get(url)
        await asking.close()


async def test_the_proxy_of_the_environment_is_taken_but_not_to_this_machine(
    gate: Gate, site: Site, other: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", other.url)
    far = "http://registry.example.org/v2/"
    gate.allow_origin(origin_of(far))
    asking = Http(gate)
    await asking.get(far)
    await asking.get(site.url, token=TOKEN)
    await asking.close()
    assert [each["host"] for each in other.seen] == ["registry.example.org"]
    assert len(site.seen) == 1


async def test_a_proxy_that_is_none_is_told(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "nonsense://proxy:1")
    gate.allow_origin(origin_of("https://api.github.com"))
    with pytest.raises(ConfigError, match="proxy cannot be used"):
        await Http(gate).get("https://api.github.com/")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("api.github.com", "no https:// address"),
        ("file:///etc/passwd", "no https:// address"),
        ("https://", "no https:// address"),
        ("https://me:pw@api.github.com", "no user name and no password"),
        ("https://api.github.com:seven", "Port could not be cast"),
    ],
)
def test_what_is_no_address(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        origin_of(url)


def test_an_origin_is_written_as_in_a_url() -> None:
    assert origin_of("HTTPS://API.GitHub.com/x?y") == Origin("https", "api.github.com", 443)
    assert str(origin_of("https://ghe.example.org:8443/api/v3")) == "https://ghe.example.org:8443"
    assert str(origin_of("http://[::1]:80/")) == "http://[::1]"
    assert origin_of("http://[::1]/").safe
    assert not origin_of("http://localhost.example.org/").safe
