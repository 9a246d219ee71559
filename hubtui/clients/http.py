"""Requests to hosts beyond the cluster: the one import of httpx, which comes late.

Every request, and every hop of a redirect, asks the gate: GETs only, to origins that were allowed
for this session, and no token in the clear; writes go to a hub's address alone. Proxies and
certificates are those of the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE), and those of `Tls`
beside them; what goes to this machine takes no proxy.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from hubtui import __version__
from hubtui.clients.gate import Gate
from hubtui.errors import ApiError, ConfigError, DecodeError, HubtuiError, UnreachableError
from hubtui.model.origin import Origin, origin_of

if TYPE_CHECKING:
    import httpx

TIMEOUT: Final = 15.0
"""Seconds for a whole request with its redirects."""

MAX_BODY: Final = 16 * 1024 * 1024
"""Bytes of an unpacked answer that are read at most."""

MAX_HOPS: Final = 5
"""Redirects that are followed."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_FOR_ALL: Final = frozenset({"accept", "accept-encoding", "user-agent"})
"""Headers that every host may see."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; the names of the headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        return HTTPStatus(200) <= self.status < HTTPStatus(300)


@dataclass(frozen=True, slots=True)
class Response:
    """The head of an answer, and its body as it comes; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of certificates: of an authority that is trusted beside those of the environment, and
    one that says who we are, with its key, which may stand in the same file."""

    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""


class Http:
    """The requests of one session."""

    def __init__(self, gate: Gate, timeout: float = TIMEOUT, tls: Tls = Tls()) -> None:
        self.gate = gate
        self._timeout = timeout
        self._tls = tls
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._making = asyncio.Lock()

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        token: str = "",
        elsewhere: bool = False,
    ) -> Answer:
        """GETs a URL, whatever the status of the answer is.

        `token` is sent as `Authorization: Bearer`, and to the URL's own origin only. A redirect to
        another origin is an error, or followed without token if `elsewhere` allows it.

        Raises ReadOnlyError, UnreachableError, ApiError for a redirect that is not followed,
        DecodeError for an answer that is too large, ConfigError for a URL that is none.
        """
        home = _origin(url)
        sent = {"user-agent": f"hubtui/{__version__}", **_lower(headers or {})}
        for _ in range(MAX_HOPS + 1):
            origin = _origin(url)
            carries = token if origin == home else ""
            self.gate.check_http("GET", origin, secret=bool(carries))
            shown = sent if origin == home else {k: v for k, v in sent.items() if k in _FOR_ALL}
            if carries:
                shown = {**shown, "authorization": f"Bearer {carries}"}
            answer = await self._send(origin, url, shown)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return answer
            url = self._hop(origin, url, answer, elsewhere=elsewhere)
        raise ApiError(f"{home} redirects without end", status=answer.status)

    @asynccontextmanager
    async def to_hub(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout: float | None,
    ) -> AsyncIterator[Response]:
        """One request to the hub's API, which `Gate.check_hub` has let through; a redirect is not
        followed. `timeout` are seconds between two reads, None for no end.

        Raises ReadOnlyError, UnreachableError, DecodeError, ConfigError.
        """
        origin = _origin(url)
        self.gate.check_hub_origin(method, origin)
        async with self._streamed(method, origin, url, headers, body, timeout) as response:
            yield response

    @asynccontextmanager
    async def stream(
        self, url: str, headers: Mapping[str, str], *, secret: bool, timeout: float | None
    ) -> AsyncIterator[Response]:
        """GETs a URL, and gives the answer as it comes; a redirect is not followed. `secret`: the
        headers hold a token or a password. `timeout` as in `to_hub`.

        Raises ReadOnlyError, UnreachableError, DecodeError, ConfigError.
        """
        origin = _origin(url)
        self.gate.check_http("GET", origin, secret=secret)
        async with self._streamed("GET", origin, url, headers, b"", timeout) as response:
            yield response

    @asynccontextmanager
    async def _streamed(
        self,
        method: str,
        origin: Origin,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout: float | None,
    ) -> AsyncIterator[Response]:
        client = await self._client(origin)
        import httpx

        client.cookies.clear()  # it is the headers that say who asks
        try:
            async with client.stream(
                method, url, headers=dict(headers), content=body or None, timeout=timeout
            ) as response:
                yield Response(
                    response.status_code, _lower(response.headers), response.aiter_bytes()
                )
        except httpx.TimeoutException as error:
            raise UnreachableError(f"{origin} does not answer in time", remedy=_WAY_OUT) from error
        except httpx.DecodingError as error:
            raise DecodeError(f"The answer of {origin} cannot be unpacked: {error}") from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise _unreachable(origin, error) from error

    def _hop(self, origin: Origin, url: str, answer: Answer, *, elsewhere: bool) -> str:
        """Where a redirect leads, if that is allowed."""
        status = answer.status
        try:
            url = urljoin(url, answer.headers["location"])
            target = origin_of(url)
        except ValueError as error:
            raise ApiError(f"{origin} redirects to nowhere: {error}", status=status) from None
        if target != origin:
            self._allow_hop(origin, target, status, elsewhere=elsewhere)
        return url

    def _allow_hop(self, origin: Origin, target: Origin, status: int, *, elsewhere: bool) -> None:
        if not elsewhere:
            raise ApiError(
                f"{origin} redirects to {target}",
                status=status,
                meaning="hubtui does not go there with your token.",
                remedy="Name the address that is meant in the configuration.",
            )
        if not target.safe or (target.loopback and not origin.loopback):
            raise ApiError(
                f"{origin} redirects to {target}",
                status=status,
                meaning="That is not followed: an answer from there could be anybody's.",
            )
        self.gate.allow_origin(target)

    async def _send(self, origin: Origin, url: str, headers: Mapping[str, str]) -> Answer:
        client = await self._client(origin)
        import httpx

        try:
            async with (
                asyncio.timeout(self._timeout),
                client.stream("GET", url, headers=dict(headers)) as response,
            ):
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_BODY:
                        raise DecodeError(f"{origin} answers with more than {MAX_BODY:,} bytes")
                return Answer(response.status_code, _lower(response.headers), bytes(body))
        except TimeoutError:
            raise UnreachableError(
                f"{origin} does not answer within {self._timeout:g} s", remedy=_WAY_OUT
            ) from None
        except httpx.DecodingError as error:
            raise DecodeError(f"The answer of {origin} cannot be unpacked: {error}") from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise _unreachable(origin, error) from error

    async def _client(self, origin: Origin) -> httpx.AsyncClient:
        async with self._making:
            client = self._clients.get(origin.loopback)
            if client is None:
                # Importing httpx and reading the certificates take 0.2 s.
                client = await asyncio.to_thread(
                    _make, through_proxy=not origin.loopback, tls=self._tls
                )
                self._clients[origin.loopback] = client
        return client

    async def close(self) -> None:
        """Ends the connections."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()


_WAY_OUT: Final = "Check the way out of this network; HTTPS_PROXY names a proxy."


def _context(tls: Tls) -> ssl.SSLContext:
    import httpx

    try:
        context = httpx.create_ssl_context(trust_env=True)
    except OSError as error:
        raise ConfigError(
            f"The certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be read: {error}"
        ) from error
    try:
        if tls.ca_file:
            context.load_verify_locations(Path(tls.ca_file).expanduser())
    except OSError as error:
        raise ConfigError(f"The certificates of {tls.ca_file} cannot be read: {error}") from error
    if tls.certificate_file:
        _identify(context, tls)
    return context


def _identify(context: ssl.SSLContext, tls: Tls) -> None:
    certificate = Path(tls.certificate_file).expanduser()
    key = Path(tls.key_file).expanduser() if tls.key_file else None
    try:
        # Without a password of ours, ssl would ask for one on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except OSError as error:  # SSLError, too
        named = f"{tls.certificate_file} and its key {tls.key_file}".removesuffix(" and its key ")
        raise ConfigError(
            f"The certificate {named} cannot be used: {error.strerror or error}",
            remedy="Both are PEM; the key belongs to the certificate, and has no password.",
        ) from error


def _make(*, through_proxy: bool, tls: Tls) -> httpx.AsyncClient:
    import httpx

    try:
        return httpx.AsyncClient(
            trust_env=through_proxy,
            verify=_context(tls),
            timeout=httpx.Timeout(None),  # the whole request has one, in `_send`
        )
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise ConfigError(
            f"The environment's proxy cannot be used: {error}",
            remedy="Look at HTTPS_PROXY, HTTP_PROXY and ALL_PROXY.",
        ) from error


_OF_OURS: Final = re.compile("ALERT_(BAD_)?CERTIFICATE", re.ASCII)
"""In the names of OpenSSL's errors for what a server says of our certificate."""


def _unreachable(origin: Origin, error: Exception) -> HubtuiError:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return UnreachableError(
            f"{origin} has a certificate that is not trusted: {cause.verify_message}",
            remedy="SSL_CERT_FILE names the certificates of an authority of your own.",
        )
    # TLS 1.3 tells it after the handshake, to who reads.
    if cause is not None and _OF_OURS.search(str(cause.reason)):
        return UnreachableError(
            f"{origin} wants a certificate of ours, or another one",
            remedy="metrics.certificate_file names the one for Prometheus.",
        )
    return UnreachableError(f"{origin} does not answer: {error or _name(error)}", remedy=_WAY_OUT)


def _name(error: Exception) -> str:
    """An error without words is told by its name: ReadError, RemoteProtocolError."""
    return type(error).__name__


def _origin(url: str) -> Origin:
    try:
        return origin_of(url)
    except ValueError as error:
        raise ConfigError(f"That is no address to ask: {error}") from None


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
