"""A fake of GitHub's REST API on loopback: the runs of one workflow, as the documentation has them.

It knows one repository, one workflow and one token; it pages, has ETags, and refuses on demand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.webserver import serving

TOKEN = "ghp_a-token-that-is-shown-nowhere"
REPOSITORY, WORKFLOW = "our-org/hubs", "deploy.yml"
SHA = "3f2a1c9d0e5b7a6c4d8e9f0a1b2c3d4e5f6a7b8c"


def run(number: int, **more: Any) -> dict[str, Any]:
    """One run as the API has it, a push to main that went well."""
    return {
        "id": 9000 + number,
        "run_number": number,
        "run_attempt": 1,
        "name": "deploy",
        "display_title": f"Raise the image ({number})",
        "event": "push",
        "status": "completed",
        "conclusion": "success",
        "head_branch": "main",
        "head_sha": SHA,
        "html_url": f"https://github.com/{REPOSITORY}/actions/runs/{9000 + number}",
        "created_at": "2026-05-02T13:00:00Z",
        "run_started_at": "2026-05-02T13:00:00Z",
        "updated_at": "2026-05-02T13:06:00Z",
        "actor": {"login": "ana"},
        "triggering_actor": {"login": "ana"},
        "head_commit": {"id": SHA, "message": "Raise the image", "author": {"name": "Ana"}},
        "pull_requests": [],
        **more,
    }


@dataclass
class FakeGitHub:
    """What it knows, and the requests that came: paths, and headers with names in lower case.

    `refusal` is what it answers instead: status, headers, message.
    """

    runs: list[dict[str, Any]] = field(default_factory=list)
    token: str = TOKEN
    refusal: tuple[int, Mapping[str, str], str] | None = None
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    sent: int = 0
    """Pages that were sent whole, and not as unchanged."""
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        """GET /repos/{owner}/{repo}/actions/workflows/{workflow}/runs"""
        self.requests.append((request.path_qs, {k.lower(): v for k, v in request.headers.items()}))
        if self.refusal is not None:
            status, headers, message = self.refusal
            return web.json_response({"message": message}, status=status, headers=dict(headers))
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"message": "Bad credentials"}, status=401)
        if request.path != f"/repos/{REPOSITORY}/actions/workflows/{WORKFLOW}/runs":
            return web.json_response({"message": "Not Found"}, status=404)
        return self._page(request)

    def _page(self, request: web.Request) -> web.Response:
        size, page = int(request.query["per_page"]), int(request.query["page"])
        shown = self.runs[(page - 1) * size : page * size]
        body = json.dumps({"total_count": len(self.runs), "workflow_runs": shown}).encode()
        headers = {"ETag": f'W/"{hashlib.sha256(body).hexdigest()}"'}
        if page * size < len(self.runs):
            following = request.url.update_query(page=page + 1)
            headers["Link"] = f'<{following}>; rel="next", <{following}>; rel="last"'
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        self.sent += 1
        return web.Response(body=body, headers=headers, content_type="application/json")


@contextmanager
def github(*runs: dict[str, Any]) -> Iterator[FakeGitHub]:
    """A server with these runs, the newest first."""
    fake = FakeGitHub(list(runs))
    app = web.Application()
    app.router.add_get("/{path:.*}", fake.answer)
    with serving(app) as fake.url:
        yield fake
