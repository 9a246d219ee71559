"""What the fault proxy does to which request, and what a real apiserver would say.

Values only: the proxy itself is in `faults.py`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
"""`reason` of the apiserver's Status by code (apimachinery `StatusReason`)."""

JSON_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-cache, private"}


@dataclass(slots=True)
class Seen:
    """One request that came through the proxy, of the program `agent`; `status` is None until it is
    answered, `body` empty where the proxy keeps none."""

    method: str
    path: str
    query: Mapping[str, str]
    status: int | None = None
    body: bytes = b""
    agent: str = ""

    @property
    def is_watch(self) -> bool:
        return self.query.get("watch") in {"1", "true"}


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests are meant: `path` is a regular expression, searched in the request's path;
    `agent` is how the program's name begins."""

    path: str = ""
    method: str | None = None
    watch: bool | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    agent: str = ""

    def __call__(self, seen: Seen) -> bool:
        return (
            re.search(self.path, seen.path) is not None
            and self.method in {None, seen.method}
            and self.watch in {None, seen.is_watch}
            and seen.agent.startswith(self.agent)
            and all(seen.query.get(name) == value for name, value in self.query.items())
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer in the apiserver's place; without a body in its words for this request."""

    status: int
    body: bytes | None
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Delay:
    """Hold the request for so long, then pass it on."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection without a word."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Take the request and never answer, until the fault is cleared; then drop it."""


@dataclass(frozen=True, slots=True)
class Truncate:
    """Send `share` of the body, then close (or, `broken_json`, end the answer as if whole)."""

    share: float
    broken_json: bool


@dataclass(frozen=True, slots=True)
class CutWatch:
    """Break a watch after so many more bytes; `mid_line`: in an event; `clean`: a proper end."""

    after_bytes: int
    mid_line: bool
    clean: bool


@dataclass(frozen=True, slots=True)
class GoneWatch:
    """Send the 410 ERROR event in the stream, as an apiserver does whose history is compacted."""


Effect = Answer | Delay | Drop | Hang | Truncate | CutWatch | GoneWatch


class Fault:
    """One fault in force: strikes `times` requests (None: every one) until it is cleared."""

    def __init__(self, match: Match, effect: Effect, times: int | None) -> None:
        self.match = match
        self.effect = effect
        self.left = times
        self.hits: list[Seen] = []
        self._cleared = asyncio.Event()

    @property
    def active(self) -> bool:
        return not self._cleared.is_set() and self.left != 0

    def strike(self, seen: Seen) -> None:
        """Count this request as one of the `times`."""
        if self.left is not None:
            self.left -= 1
        self.hits.append(seen)

    def clear(self) -> None:
        """End the fault; requests that hang on it are dropped now."""
        self._cleared.set()

    async def cleared(self) -> None:
        await self._cleared.wait()


def status_body(code: int, message: str, reason: str | None = None, **details: str) -> bytes:
    """A `Status` as the apiserver encodes it."""
    body: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason or REASONS.get(code, "Unknown"),
        "code": code,
    }
    if details:
        body["details"] = details
    return json.dumps(body).encode() + b"\n"


def default_answer(seen: Seen, status: int, user: str) -> Answer:
    """What an apiserver says with this code to this request."""
    headers = dict(JSON_HEADERS)
    if status == 429:
        # The max-in-flight filter answers in plain text, not with a Status.
        return Answer(
            429,
            b"Too many requests, please try again later.\n",
            {"Content-Type": "text/plain; charset=utf-8", "Retry-After": "1"},
        )
    if status == 403:
        return Answer(status, _forbidden(seen, user), headers)
    messages = {
        401: "Unauthorized",
        404: "the server could not find the requested resource",
        410: "The resourceVersion for the provided list is too old.",
        500: "Internal error occurred: etcdserver: leader changed",
        503: "the server is currently unable to handle the request",
        504: "Timeout: request did not complete within the allotted timeout",
    }
    return Answer(status, status_body(status, messages.get(status, "the server said no")), headers)


_RESOURCE = re.compile(
    r"^/(?:api/v1|apis/(?P<group>[^/]+)/[^/]+)(?:/namespaces/(?P<ns>[^/]+))?"
    r"(?:/(?P<resource>[^/]+))?(?:/(?P<name>[^/]+))?(?:/(?P<sub>[^/]+))?"
)
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def _forbidden(seen: Seen, user: str) -> bytes:
    found = _RESOURCE.match(seen.path)
    if found is None or found["resource"] is None:
        message = f'forbidden: User "{user}" cannot get path "{seen.path}"'
        return status_body(403, message)
    resource = "/".join(filter(None, (found["resource"], found["sub"])))
    group, name = found["group"] or "", found["name"]
    verb = _VERBS.get(seen.method) or ("watch" if seen.is_watch else "get" if name else "list")
    kind = f"{found['resource']}.{group}" if group else found["resource"]
    where = f'in the namespace "{found["ns"]}"' if found["ns"] else "at the cluster scope"
    message = (
        f"{kind} {json.dumps(name) + ' ' if name else ''}is forbidden: "
        f'User "{user}" cannot {verb} resource "{resource}" in API group "{group}" {where}'
    )
    details = {"kind": found["resource"], **({"group": group} if group else {})}
    return status_body(403, message, **details, **({"name": name} if name else {}))


def gone_event() -> bytes:
    """The line of a watch whose resourceVersion was compacted away."""
    status = status_body(410, "too old resource version: 1 (2)", "Expired").strip()
    return b'{"type":"ERROR","object":' + status + b"}\n"
