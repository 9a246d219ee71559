"""A reverse proxy in front of an apiserver that can be told to misbehave.

    async with FaultProxy(server, ca_file=ca) as proxy:
        kubeconfig = proxy.kubeconfig_from(real_kubeconfig)
        fault = proxy.answer(Match(r"/secrets$", method="GET"), 403)
        ...
        fault.clear()

Everything is passed on as it comes (pages, watches, request bodies, WebSockets, the client's own
credentials) until a fault is set. A watch fault strikes the open watches that it matches at once,
else the next ones. The apiserver refuses to proxy to nodes on loopback, so the kubelets' summary is
answered here for the nodes of `proxy.stats`.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from tests.testbed.fault_rules import (
    JSON_HEADERS,
    Answer,
    CutWatch,
    Delay,
    Drop,
    Effect,
    Fault,
    GoneWatch,
    Hang,
    Match,
    Seen,
    Truncate,
    default_answer,
    status_body,
)
from tests.testbed.fault_streams import OpenWatch, join_sockets
from tests.testbed.kubelet_figures import NodeUse, summary
from tests.testbed.pki import Authority

__all__ = ["Answer", "Fault", "FaultProxy", "Match", "NodeUse", "Seen"]

# RFC 9110 §7.6.1: these belong to one connection. Host is the upstream's own.
_HOP_BY_HOP = {"connection", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
_SUMMARY = re.compile(r"^/api/v1/nodes/([^/]+)/proxy/stats/summary$")
_FOREVER = aiohttp.ClientTimeout(total=None, sock_connect=10)


class FaultProxy:
    """Stands between a client and `upstream`; records what passes and breaks what it is told to."""

    def __init__(
        self,
        upstream: str,
        *,
        ca_file: Path | None = None,
        tls: bool = True,
        user: str = "operator",
        keeps_bodies: bool = False,
    ) -> None:
        self._upstream = upstream.rstrip("/")
        self._ca_file = ca_file
        self._tls = tls
        self._user = user
        self._keeps_bodies = keeps_bodies
        self._faults: list[Fault] = []
        self._watches: set[OpenWatch] = set()
        self._arrived = asyncio.Condition()
        self.requests: list[Seen] = []
        """Every request in the order of arrival."""
        self.stats: dict[str, NodeUse] = {}
        """By node: what its kubelet's summary says; "*" stands for any other node."""

    async def __aenter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="fault-proxy-")
        self.folder = Path(self._folder.name)
        authority = Authority(self.folder)
        self.ca_file = authority.certificate_file
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*authority.server("proxy", ()))
        trust: ssl.SSLContext | bool = True
        if self._ca_file is not None:
            trust = ssl.create_default_context(cafile=self._ca_file)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust, limit=0),
            timeout=_FOREVER,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", self._serve)
        # A client that goes away must end its watch upstream: hence handler_cancellation.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context if self._tls else None)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()
        await self._runner.cleanup()
        await self._session.close()
        self._folder.cleanup()

    def kubeconfig_from(self, path: Path) -> Path:
        """Write a kubeconfig that differs from `path` only in its server, which is this proxy."""
        config: dict[str, Any] = yaml.safe_load(path.read_text())
        for user in config["users"]:
            if any(key.startswith("client-certificate") for key in user["user"]):
                raise ValueError(f"user {user['name']}: a client certificate ends at the proxy")
        for entry in config["clusters"]:
            cluster = {"server": self.url}
            if self._tls:
                cluster["certificate-authority"] = str(self.ca_file)
            entry["cluster"] = cluster
        written = self.folder / "kubeconfig"
        written.touch(mode=0o600)
        written.write_text(yaml.safe_dump(config))
        return written

    # Faults

    def answer(
        self,
        match: Match,
        status: int,
        *,
        body: bytes | str | None = None,
        reason: str | None = None,
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
    ) -> Fault:
        """Answer `status`, in the apiserver's words unless `body` is given (a str: the message)."""
        if isinstance(body, str):
            body, headers = status_body(status, body, reason), {**JSON_HEADERS, **(headers or {})}
        return self._set(match, Answer(status, body, headers or {}), times)

    def delay(self, match: Match, seconds: float, *, times: int | None = None) -> Fault:
        """Pass a request on later, or as soon as the fault is cleared."""
        return self._set(match, Delay(seconds), times)

    def drop(self, match: Match, *, times: int | None = None) -> Fault:
        """Close the connection without an answer."""
        return self._set(match, Drop(), times)

    def hang(self, match: Match, *, times: int | None = None) -> Fault:
        """Never answer; requests caught so are dropped when the fault is cleared."""
        return self._set(match, Hang(), times)

    def truncate_list(
        self,
        match: Match,
        *,
        share: float = 0.5,
        broken_json: bool = False,
        times: int | None = None,
    ) -> Fault:
        """Cut an answer's body: the connection breaks, or (`broken_json`) it ends too early."""
        return self._set(match, Truncate(share, broken_json), times)

    def cut_watch(
        self,
        match: Match,
        *,
        after_bytes: int = 0,
        mid_line: bool = False,
        clean: bool = False,
        times: int | None = 1,
    ) -> Fault:
        """Break a watch; `mid_line` waits for the next event to be in the middle of it."""
        return self._set(match, CutWatch(after_bytes, mid_line, clean), times)

    def watch_gone(self, match: Match, *, times: int | None = 1) -> Fault:
        """Tell a watch that its resourceVersion is too old (410), in the stream."""
        return self._set(match, GoneWatch(), times)

    def clear(self) -> None:
        """End all faults."""
        for fault in self._faults:
            fault.clear()
        self._faults.clear()

    async def wait_for_request(
        self, match: Match, *, after: int = 0, answered: bool = False, timeout: float = 10
    ) -> Seen:
        """The first request that matches of `requests[after:]`, waiting until it is there."""

        def found() -> Seen | None:
            seen = (one for one in self.requests[after:] if match(one))
            return next((one for one in seen if one.status is not None or not answered), None)

        async with asyncio.timeout(timeout), self._arrived:
            await self._arrived.wait_for(lambda: found() is not None)
        result = found()
        assert result is not None
        return result

    def _set(self, match: Match, effect: Effect, times: int | None) -> Fault:
        fault = Fault(match, effect, times)
        self._faults.append(fault)
        if isinstance(effect, CutWatch | GoneWatch):
            for watch in list(self._watches):
                if fault.active and match(watch.seen):
                    fault.strike(watch.seen)
                    watch.arm(effect)
        return fault

    def _take(self, seen: Seen, *effects: type) -> Fault | None:
        for fault in self._faults:
            if fault.active and isinstance(fault.effect, effects) and fault.match(seen):
                fault.strike(seen)
                return fault
        return None

    # Passing on

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        agent = request.headers.get("User-Agent", "")
        seen = Seen(request.method, request.path, dict(request.query), agent=agent)
        self.requests.append(seen)
        if self._keeps_bodies:
            seen.body = await request.read()
        await self._tell()
        try:
            return await self._respond(request, seen)
        except aiohttp.ClientError:
            return _close(request)

    async def _respond(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        if (fault := self._take(seen, Delay)) and isinstance(fault.effect, Delay):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(fault.cleared(), fault.effect.seconds)
        fault = self._take(seen, Answer, Drop, Hang, Truncate)
        match fault:
            case Fault(effect=Answer() as answer):
                return await self._answered(seen, answer)
            case Fault(effect=Drop()):
                return _close(request, abruptly=True)
            case Fault(effect=Hang()):
                await fault.cleared()
                return _close(request, abruptly=True)
            case Fault(effect=Truncate() as cut):
                return await self._truncated(request, seen, cut)
        node = _SUMMARY.match(seen.path)
        use = node and (self.stats.get(node[1]) or self.stats.get("*"))
        if node and use:
            await self._tell(seen, 200)
            return web.json_response(summary(node[1], use))
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._websocket(request, seen)
        return await self._forward(request, seen)

    async def _answered(self, seen: Seen, answer: Answer) -> web.Response:
        usual = default_answer(seen, answer.status, self._user)
        whole = answer.body is not None
        await self._tell(seen, answer.status)
        return web.Response(
            status=answer.status,
            body=answer.body if whole else usual.body,
            headers={**({} if whole else usual.headers), **answer.headers},
        )

    async def _forward(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        async with self._ask(request) as answer:
            response = web.StreamResponse(status=answer.status, headers=_pass_on(answer.headers))
            await response.prepare(request)
            await self._tell(seen, answer.status)
            if seen.is_watch and answer.status == 200:
                if not await self._watch(OpenWatch(seen, answer.content, response)):
                    return _close(request, response)
            else:
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
            await response.write_eof()
            return response

    async def _watch(self, watch: OpenWatch) -> bool:
        fault = self._take(watch.seen, CutWatch, GoneWatch)
        if fault and isinstance(fault.effect, CutWatch | GoneWatch):
            watch.arm(fault.effect)
        self._watches.add(watch)
        try:
            return await watch.run()
        finally:
            self._watches.discard(watch)

    async def _truncated(
        self, request: web.Request, seen: Seen, cut: Truncate
    ) -> web.StreamResponse:
        # Asked for uncompressed, so that what is cut is JSON.
        async with self._ask(request, without="accept-encoding") as answer:
            body = await answer.read()
            part = body[: int(len(body) * cut.share)]
            headers = _pass_on(answer.headers)
            headers["Content-Length"] = str(len(part) if cut.broken_json else len(body))
            response = web.StreamResponse(status=answer.status, headers=headers)
            await response.prepare(request)
            await self._tell(seen, answer.status)
            await response.write(part)
            return response if cut.broken_json else _close(request, response)

    async def _websocket(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        wanted = request.headers.get("Sec-WebSocket-Protocol", "")
        protocols = tuple(filter(None, map(str.strip, wanted.split(","))))
        headers = _pass_on(request.headers)
        for name in [name for name in headers if name.lower().startswith("sec-websocket")]:
            del headers[name]
        try:
            upstream = await self._session.ws_connect(
                self._target(request), protocols=protocols, headers=headers, max_msg_size=0
            )
        except aiohttp.WSServerHandshakeError as error:
            return await self._answered(seen, Answer(error.status, None, {}))
        async with upstream:
            chosen = (upstream.protocol,) if upstream.protocol else ()
            client = web.WebSocketResponse(protocols=chosen, compress=False, max_msg_size=0)
            await client.prepare(request)
            await self._tell(seen, 101)
            await join_sockets(client, upstream)
            return client

    @asynccontextmanager
    async def _ask(
        self, request: web.Request, without: str = ""
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = _pass_on(request.headers)
        headers.popall(without, None)
        async with self._session.request(
            request.method,
            self._target(request),
            headers=headers,
            data=await self._sent(request),
            allow_redirects=False,
        ) as answer:
            yield answer

    async def _sent(self, request: web.Request) -> bytes | aiohttp.StreamReader | None:
        if not request.body_exists:
            return None
        return await request.read() if self._keeps_bodies else request.content

    def _target(self, request: web.Request) -> URL:
        return URL(self._upstream + request.raw_path, encoded=True)

    async def _tell(self, seen: Seen | None = None, status: int | None = None) -> None:
        if seen is not None:
            seen.status = status
        async with self._arrived:
            self._arrived.notify_all()


def _pass_on(headers: Mapping[str, str]) -> CIMultiDict[str]:
    kept = ((name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP)
    return CIMultiDict(kept)


def _close(
    request: web.Request, response: web.StreamResponse | None = None, *, abruptly: bool = False
) -> web.StreamResponse:
    """End the connection as a dying server does: no last chunk, no answer."""
    transport = request.transport
    if transport is not None and abruptly:
        transport.abort()
    elif transport is not None:
        transport.close()
    # aiohttp wants a response; it finds the connection closed and sends nothing.
    return response or web.Response()
