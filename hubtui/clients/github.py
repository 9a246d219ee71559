"""GitHub's REST API, as much as the runs of one workflow need. It only reads.

Source: the API's documentation, version 2022-11-28, and that of its rate limits.
"""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlencode

import msgspec

from hubtui import config
from hubtui.clients.http import Answer, Http
from hubtui.errors import (
    ApiError,
    DecodeError,
    DeniedError,
    LimitedError,
    NotFoundError,
)
from hubtui.model.age import short
from hubtui.model.origin import origin_of
from hubtui.model.redact_text import MASK
from hubtui.model.text import one_line, safe_json
from hubtui.model.workflow import WorkflowRun

PER_PAGE: Final = 100
"""The most that a page holds (documented)."""

_HEADERS: Final = {
    "accept": "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
}
_NEXT: Final = re.compile(r'<[^>]*>\s*;[^,]*\brel="?next"?')
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _NOT_MODIFIED = 401, 403, 404, 429, 304
_RIGHT: Final = (
    "A fine-grained token needs the repository's permission Actions: read, a classic one `repo`."
)

_SIGN_ON: Final = "Authorise the token for the organisation's single sign-on (github.com/settings)."


class _Page(msgspec.Struct, frozen=True):
    workflow_runs: tuple[WorkflowRun, ...]


class _Words(msgspec.Struct, frozen=True):
    message: str = ""


class GitHub:
    """One repository's workflow, asked with one token."""

    def __init__(self, http: Http, settings: config.GitHub, token: str) -> None:
        self._http = http
        self._settings = settings
        self._token = token
        self._api = settings.api.rstrip("/")
        self._kept: dict[str, tuple[str, Answer]] = {}
        http.gate.allow_origin(origin_of(self._api))

    async def runs(self, limit: int = 30) -> tuple[WorkflowRun, ...]:
        """The latest runs of the workflow, newest first, page by page.

        Raises DeniedError, NotFoundError, LimitedError, ApiError, UnreachableError, DecodeError.
        """
        found: list[WorkflowRun] = []
        page = 1
        while len(found) < limit:
            answer = await self._page(page, min(limit, PER_PAGE))
            found += _decoded(answer).workflow_runs
            if not _NEXT.search(answer.headers.get("link", "")):
                break
            page += 1
        return tuple(found[:limit])

    async def _page(self, page: int, size: int) -> Answer:
        """A page; one that has not changed is not sent again, and does not count as a request."""
        asked = self._settings
        query = urlencode({"per_page": size, "page": page, "exclude_pull_requests": "true"})
        path = f"/repos/{asked.repository}/actions/workflows/{asked.workflow}/runs"
        url = f"{self._api}{path}?{query}"
        tag, kept = self._kept.get(url, ("", None))
        headers = {**_HEADERS, **({"if-none-match": tag} if tag else {})}
        answer = await self._http.get(url, headers=headers, token=self._token)
        if kept is not None and answer.status == _NOT_MODIFIED:
            return kept
        if not answer.ok:
            raise self._error(answer)
        self._kept[url] = (answer.headers.get("etag", ""), answer)
        return answer

    def _error(self, answer: Answer) -> ApiError:
        """What GitHub's refusal means."""
        status, said = answer.status, self._said(answer)
        name = f"{self._settings.repository} {self._settings.workflow}"
        if (limited := _limited(answer)) is not None:
            return limited
        if status == _UNAUTHORIZED:
            return DeniedError(
                f"GitHub does not accept the token{said}",
                status=status,
                remedy="It has expired, was revoked, or is another server's (github.api).",
            )
        if status == _FORBIDDEN:
            single_sign_on = answer.headers.get("x-github-sso", "").startswith("required")
            return DeniedError(
                f"GitHub does not let the token read the runs of {name}{said}",
                status=status,
                remedy=_SIGN_ON if single_sign_on else _RIGHT,
            )
        if status == _NOT_FOUND:
            return NotFoundError(
                f"GitHub knows no workflow {name}, or the token may not see it",
                status=status,
                remedy=f"Check github.repository and github.workflow. {_RIGHT}",
            )
        return ApiError(f"GitHub answers with HTTP {status}{said}", status=status)

    def _said(self, answer: Answer) -> str:
        """The server's own words on one line, without the token should they repeat it."""
        try:
            message = msgspec.json.decode(safe_json(answer.body), type=_Words).message
        except msgspec.MsgspecError:
            return ""
        return f": {one_line(message.replace(self._token, MASK))}" if message else ""


def _decoded(answer: Answer) -> _Page:
    try:
        return msgspec.json.decode(safe_json(answer.body), type=_Page)
    except msgspec.MsgspecError as error:
        raise DecodeError(
            f"The answer cannot be understood as GitHub's: {error}", remedy="Check github.api."
        ) from error


def _limited(answer: Answer) -> LimitedError | None:
    """The two rate limits: the hourly one tells when it ends, the secondary how long to wait."""
    refused = answer.status in (_FORBIDDEN, _TOO_MANY)
    wait, reset = (answer.headers.get(each, "") for each in ("retry-after", "x-ratelimit-reset"))
    used_up = answer.headers.get("x-ratelimit-remaining") == "0"
    if not refused or not (used_up or wait or answer.status == _TOO_MANY):
        return None
    seconds: float | None = None
    if wait.isdecimal():
        seconds = float(wait)
    elif reset.isdecimal():
        seconds = max(0.0, float(reset) - _clock(answer))
    again = f"; it answers again in {short(seconds)}" if seconds is not None else ""
    return LimitedError(
        f"GitHub has had too many requests with this token{again}",
        status=answer.status,
        wait=seconds,
        remedy="A token of hubtui's own does not share its limit with others.",
    )


def _clock(answer: Answer) -> float:
    """The server's own time, in seconds since 1970: this machine's may differ."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return time.time()
