"""A fake of an image registry on loopback: one repository, anonymous tokens, blobs elsewhere.

It answers what the OCI distribution specification says of pulls and of lists of tags, and nothing
else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.webserver import serving

A_PAGE = 2
"""Tags on one page of a list."""
REPOSITORY, TAG = "uni/ds-image", "2026.11"
TOKEN = "an-anonymous-token"
CREATED = "2026-05-02T13:04:05.123456789Z"
LABELS = {
    "repo2docker.version": "2026.4.0",
    "repo2docker.repo": "https://github.com/uni/image",
    "repo2docker.ref": "3f2a1c9d0e5b7a6c4d8e9f0a1b2c3d4e5f6a7b8c",
}
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class FakeRegistry:
    """Its manifests by tag and digest, its blobs, and the requests that came, with their tokens.

    `status` is what it answers instead; `login` wants a password, as a private one does; `link` is
    where it says that the tags go on.
    """

    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    fetched: list[tuple[str, str]] = field(default_factory=list)
    """What was asked of the place where the blobs lie."""
    status: int = 0
    login: bool = False
    link: str = ""
    url: str = ""
    blobs_url: str = ""

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def push(self, tag: str, config: dict[str, Any], **manifest: Any) -> None:
        """An image of two platforms under a tag; linux/amd64 has this configuration."""
        chosen = self._image({"os": "linux", "architecture": "amd64", **config}, manifest)
        other = self._image({"os": "linux", "architecture": "arm64"}, {})
        index = {"mediaType": INDEX, "manifests": [other, chosen]}
        self.manifests[tag] = (INDEX, json.dumps(index).encode())

    def push_single(self, tag: str, config: dict[str, Any], **manifest: Any) -> None:
        """An image of one platform, without an index."""
        entry = self._image(config, manifest)
        self.manifests[tag] = self.manifests[entry["digest"]]

    def _image(self, config: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
        blob = json.dumps(config).encode()
        self.blobs[digest(blob)] = blob
        layers = [{"digest": digest(b"1"), "size": 700}, {"digest": digest(b"2"), "size": 300}]
        manifest = {"config": {"digest": digest(blob)}, "layers": layers, **more}
        content = json.dumps(manifest).encode()
        self.manifests[digest(content)] = (MANIFEST, content)
        platform = {name: config.get(name, "") for name in ("os", "architecture")}
        return {"digest": digest(content), "size": len(content), "platform": platform}

    async def answer(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "")
        self.requests.append((request.path, token))
        if self.status:
            return web.Response(status=self.status)
        if request.path == "/token":
            assert request.query["scope"] == f"repository:{REPOSITORY}:pull"
            return web.json_response({"token": TOKEN})
        if self.login or token != f"Bearer {TOKEN}":
            how = f'Bearer realm="{self.url}/token",service="fake"'
            challenge = 'Basic realm="ours"' if self.login else how
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        what, _, reference = request.path.removeprefix(f"/v2/{REPOSITORY}/").partition("/")
        if what == "tags":
            return self._tags(request.query.get("last", ""))
        if what == "blobs" and reference in self.blobs:
            return web.Response(status=307, headers={"Location": f"{self.blobs_url}/{reference}"})
        if what != "manifests" or reference not in self.manifests:
            return web.Response(status=404)
        kind, content = self.manifests[reference]
        headers = {"Docker-Content-Digest": digest(content), "Content-Type": kind}
        return web.Response(body=content, headers=headers)

    def _tags(self, last: str) -> web.Response:
        left = sorted(tag for tag in self.manifests if ":" not in tag and tag > last)
        page = left[:A_PAGE]
        more = f'</v2/{REPOSITORY}/tags/list?last={page[-1]}>; rel="next"' if left[A_PAGE:] else ""
        link = self.link or more
        headers = {"Link": link} if link else {}
        return web.json_response({"name": REPOSITORY, "tags": page}, headers=headers)

    async def blob(self, request: web.Request) -> web.Response:
        self.fetched.append((request.path, request.headers.get("Authorization", "")))
        return web.Response(body=self.blobs[request.path.removeprefix("/")])


@contextmanager
def registry() -> Iterator[FakeRegistry]:
    """A registry with one image that repo2docker built."""
    fake = FakeRegistry()
    fake.push(TAG, {"created": CREATED, "config": {"Labels": LABELS}})
    with ExitStack() as stack:
        for answer, name in ((fake.answer, "url"), (fake.blob, "blobs_url")):
            app = web.Application()
            app.router.add_get("/{path:.*}", answer)
            setattr(fake, name, stack.enter_context(serving(app)))
        yield fake
