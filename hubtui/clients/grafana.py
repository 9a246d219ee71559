"""Grafana's HTTP API, as much as reading dashboards needs. It only reads.

Source: Grafana 11, HTTP API, "Folder/Dashboard Search" and "Dashboard".
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec

from hubtui.clients.answers import UNREADABLE
from hubtui.clients.http import Answer, Http
from hubtui.errors import ApiError, DecodeError, DeniedError, LimitedError, NotFoundError
from hubtui.model.origin import origin_of
from hubtui.model.redact_text import MASK
from hubtui.model.text import one_line, safe_json

PER_PAGE: Final = 1000
"""Dashboards of one answer."""

MOST: Final = 5000
"""Dashboards that are listed."""

_UID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_GIVE_IT: Final = (
    "HUBTUI_GRAFANA_TOKEN, metrics.grafana_token_file or metrics.grafana_token_command give the"
    " token of a service account with the role Viewer."
)


class Listed(msgspec.Struct, frozen=True, rename="camel"):
    """A dashboard in a search; `folder_title` is empty at the top."""

    uid: str = ""
    title: str = ""
    folder_title: str = ""


class _Words(msgspec.Struct):
    message: str = ""


class Grafana:
    """One Grafana: `url` is its address, with the path in front of `/api` where it has one."""

    def __init__(self, http: Http, url: str, token: str) -> None:
        self._http = http
        self._base = url.rstrip("/")
        self._token = token
        origin = origin_of(self._base)
        http.gate.allow_origin(origin)
        self.where = f"Grafana at {origin}"

    async def search(self) -> list[Listed]:
        """All dashboards that the token may see.

        Raises DeniedError, LimitedError, ApiError, UnreachableError, DecodeError.
        """
        found: list[Listed] = []
        page = 1
        while len(found) < MOST:
            query = {"type": "dash-db", "limit": PER_PAGE, "page": page}
            body = await self._get("/api/search", urlencode(query))
            listed = self._decoded(body)
            found += (each for each in listed if _UID.fullmatch(each.uid))
            if len(listed) < PER_PAGE:
                break
            page += 1
        return found[:MOST]

    async def dashboard(self, uid: str) -> bytes:
        """One dashboard, as the API wraps it. Raises as `search`, and NotFoundError."""
        if not _UID.fullmatch(uid):
            raise NotFoundError(f"{uid!r} is no uid of a dashboard", status=HTTPStatus.NOT_FOUND)
        return await self._get(f"/api/dashboards/uid/{uid}")

    def _decoded(self, body: bytes) -> list[Listed]:
        try:
            return msgspec.json.decode(safe_json(body), type=list[Listed])
        except UNREADABLE as error:
            raise DecodeError(
                f"The answer of {self.where} cannot be read: {one_line(str(error))}",
                remedy="metrics.grafana is the address in front of /api.",
            ) from None

    async def _get(self, path: str, query: str = "") -> bytes:
        self._http.gate.check_grafana(path)
        url = f"{self._base}{path}" + (f"?{query}" if query else "")
        answer = await self._http.get(url, token=self._token)
        if not answer.ok:
            raise self._error(answer, path)
        return answer.body

    def _error(self, answer: Answer, path: str) -> ApiError:
        status, said = answer.status, self._said(answer)
        if status == HTTPStatus.UNAUTHORIZED:
            what = "does not accept the token" if self._token else "wants a token"
            return DeniedError(f"{self.where} {what}{said}", status=status, remedy=_GIVE_IT)
        if status == HTTPStatus.FORBIDDEN:
            return DeniedError(
                f"{self.where} does not let the token read dashboards{said}",
                status=status,
                remedy="Its service account needs the role Viewer, or dashboards:read.",
            )
        if status == HTTPStatus.NOT_FOUND:
            return NotFoundError(f"{self.where} has no {path}{said}", status=status)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return LimitedError(f"{self.where} has too much to do{said}", status=status, wait=None)
        return ApiError(f"{self.where} answers with HTTP {status}{said}", status=status)

    def _said(self, answer: Answer) -> str:
        """Its own words on one line, without the token should they repeat it."""
        try:
            message = msgspec.json.decode(safe_json(answer.body), type=_Words).message
        except UNREADABLE:
            return ""
        if self._token:
            message = message.replace(self._token, MASK)
        return f": {one_line(message)}" if message else ""
