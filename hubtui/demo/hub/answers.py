"""Answers as JupyterHub writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from hubtui.demo.hub.refusals import HubRefusalError


def json_answer(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A JSON answer."""
    kind = {"Content-Type": "application/json"}
    text = json.dumps(body).encode()
    return web.Response(body=text, status=status, headers=kind | dict(headers or {}))


def empty(status: int = 200) -> web.Response:
    """An answer without a body; one that is accepted is text."""
    kind = "text/plain" if status == 202 else "application/json"
    return web.Response(status=status, headers={} if status == 204 else {"Content-Type": kind})


def refusal(error: HubRefusalError, *, is_six: bool) -> web.Response:
    """A refusal; one without words of its own is null in 6.x and the code's phrase in 5.x."""
    phrase = None if is_six else HTTPStatus(error.code).phrase
    body = {"status": error.code, "message": error.message or phrase}
    return json_answer(body, error.code, error.headers)
