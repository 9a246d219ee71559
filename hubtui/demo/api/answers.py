"""Answers: JSON always, errors as the Status objects of a real apiserver."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from hubtui.demo.refusals import RefusedError
from hubtui.demo.storage import Json

JSON = "application/json"


def answer(body: object, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=msgspec.json.encode(body), status=status, content_type=JSON)


def status_of(error: RefusedError) -> Json:
    """A refusal as a Status object (meta/v1)."""
    body: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": error.message,
    }
    if error.reason:
        body["reason"] = error.reason
    details = {key: value for key, value in error.details.items() if value}
    if details:
        body["details"] = details
    return body | {"code": error.code}


def refusal(error: RefusedError) -> web.Response:
    """A refusal as an answer."""
    response = answer(status_of(error), error.code)
    seconds = error.details.get("retryAfterSeconds")
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    return response


def done(details: Json) -> Json:
    """The Status of something that succeeded and has nothing to show."""
    found = {key: value for key, value in details.items() if value}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": found,
    }
