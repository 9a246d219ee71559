"""A registry of container images, asked anonymously about one image at a time. It only reads.

Source: the OCI distribution specification 1.1, "Pull" and "Listing Tags", and Docker's "Token
Authentication", which registries follow for anonymous tokens too.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, TypeVar
from urllib.parse import urlencode, urljoin

import msgspec

from hubtui.clients.http import Answer, Http
from hubtui.errors import (
    ApiError,
    ConfigError,
    DecodeError,
    DeniedError,
    LimitedError,
    NotFoundError,
    UnreachableError,
)
from hubtui.model.image_facts import ImageFacts, built_at
from hubtui.model.image_name import DOCKER_HUB, ImageName
from hubtui.model.origin import is_loopback, origin_of
from hubtui.model.text import safe_json

T = TypeVar("T")

MOST_PAGES: Final = 20
"""Pages of tags that are read; a registry puts 50 to 1000 on one."""

_HUBS_API: Final = "registry-1.docker.io"
_INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_PREFERRED: Final = ("linux", "amd64")
_PART: Final = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_PATH: Final = re.compile(rf"{_PART}(?:/{_PART})*")
_REFERENCE: Final = re.compile(r"\w[\w.-]{0,127}|[a-z0-9]+:[0-9a-fA-F]{32,}", re.ASCII)
_NEXT: Final = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')
_CHALLENGE: Final = re.compile(r'(\w+)="([^"]*)"')


class _Platform(msgspec.Struct, frozen=True):
    os: str = ""
    architecture: str = ""


class _Blob(msgspec.Struct, frozen=True):
    digest: str = ""
    size: int = 0
    platform: _Platform = _Platform()


class _Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """An index has `manifests`, a manifest of one platform `config` and `layers`."""

    manifests: tuple[_Blob, ...] = ()
    config: _Blob | None = None
    layers: tuple[_Blob, ...] = ()
    annotations: dict[str, str] | None = None


class _Inner(msgspec.Struct, frozen=True):
    labels: dict[str, str] | None = msgspec.field(name="Labels", default=None)


class _Config(msgspec.Struct, frozen=True):
    created: str | None = ""
    os: str = ""
    architecture: str = ""
    config: _Inner | None = None


class _Tags(msgspec.Struct, frozen=True):
    tags: tuple[str, ...] | None = ()


class _Token(msgspec.Struct, frozen=True):
    token: str = ""
    access_token: str = ""


class Registries:
    """The registries of one session; what each lets anonymous readers see."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._tokens: dict[tuple[str, str], str] = {}

    async def facts(self, image: ImageName) -> ImageFacts:
        """What the image's registry tells of it, of linux/amd64 where there are several platforms.

        Raises DeniedError, NotFoundError, LimitedError, ApiError, UnreachableError, DecodeError,
        and ConfigError for what is no image's name.
        """
        if not (_PATH.fullmatch(image.path) and _REFERENCE.fullmatch(image.reference)):
            raise ConfigError(f"{image} is no name of an image")
        answer = await self._get(image, f"manifests/{image.reference}")
        if image.digest:
            _check(answer, image.digest)
        manifest = _decoded(answer, _Manifest)
        told = dict(manifest.annotations or {})
        digest = image.digest or answer.headers.get("docker-content-digest", "")
        if manifest.manifests:
            chosen = _chosen(manifest.manifests).digest
            answer = await self._get(image, f"manifests/{_safe_digest(chosen)}")
            _check(answer, chosen)
            manifest = _decoded(answer, _Manifest)
            told |= manifest.annotations or {}
        if manifest.config is None:
            raise DecodeError(f"{image} is no container image that hubtui can read")
        return await self._facts(image, manifest, manifest.config, told, digest)

    async def tags(self, image: ImageName) -> tuple[str, ...]:
        """The tags of an image, or the versions of a chart, as its registry lists them.

        Helm speaks TLS to every registry, so that comes first on this machine too. Raises what
        `facts` raises.
        """
        if not _PATH.fullmatch(image.path):
            raise ConfigError(f"{image.registry}/{image.path} is no name in a registry")
        base = f"{image.registry}/v2/{image.path}/tags/list?n=1000"
        try:
            return await self._listed(image, f"https://{base}")
        except UnreachableError:
            if not is_loopback(_host(image)):
                raise
            return await self._listed(image, f"http://{base}")

    async def _listed(self, image: ImageName, url: str) -> tuple[str, ...]:
        found: list[str] = []
        root = urljoin(url, "/")
        for _ in range(MOST_PAGES):
            answer = await self._answer(image, url)
            found += _decoded(answer, _Tags).tags or ()
            following = _NEXT.search(answer.headers.get("link", ""))
            url = urljoin(url, following[1]) if following else ""
            if not url.startswith(root):  # nor is another host asked
                break
        return tuple(found)

    async def _facts(
        self,
        image: ImageName,
        manifest: _Manifest,
        blob: _Blob,
        told: dict[str, str],
        digest: str,
    ) -> ImageFacts:
        answer = await self._get(image, f"blobs/{_safe_digest(blob.digest)}")
        _check(answer, blob.digest)
        config = _decoded(answer, _Config)
        labels = dict(config.config.labels or {}) if config.config else {}
        return ImageFacts(
            built=built_at(config.created or "", {**told, **labels}),
            digest=digest,
            size=sum(layer.size for layer in manifest.layers),
            platform=f"{config.os}/{config.architecture}" if config.os else "",
            labels={**told, **labels},
        )

    async def _get(self, image: ImageName, what: str) -> Answer:
        host = _HUBS_API if image.registry == DOCKER_HUB else image.registry
        # Registries on this machine have no certificate; Docker speaks HTTP to them too.
        scheme = "http" if is_loopback(host.rpartition(":")[0] or host) else "https"
        return await self._answer(image, f"{scheme}://{host}/v2/{image.path}/{what}")

    async def _answer(self, image: ImageName, url: str) -> Answer:
        """A good answer, with a token for everybody where one is wanted."""
        try:
            self._http.gate.allow_origin(origin_of(url))
        except ValueError as error:
            raise ConfigError(f"{image} is no name of an image: {error}") from None
        key = (image.registry, image.path)
        answer = await self._send(url, self._tokens.get(key, ""))
        if answer.status == 401:
            self._tokens[key] = await self._anonymous(image, answer)
            answer = await self._send(url, self._tokens[key])
        if not answer.ok:
            raise _error(image, answer)
        return answer

    async def _send(self, url: str, token: str) -> Answer:
        accept = {"accept": ", ".join((*_INDEXES, *_MANIFESTS))}
        # Blobs lie with a content delivery network, which wants no token.
        return await self._http.get(url, headers=accept, token=token, elsewhere=True)

    async def _anonymous(self, image: ImageName, refused: Answer) -> str:
        """The token that a registry has for everybody. Raises DeniedError where it has none."""
        challenge = refused.headers.get("www-authenticate", "")
        named = dict(_CHALLENGE.findall(challenge))
        realm = named.get("realm", "")
        if not challenge.lower().startswith("bearer ") or not realm:
            raise _error(image, refused)
        scope = named.get("scope") or f"repository:{image.path}:pull"
        query = urlencode({"service": named.get("service", ""), "scope": scope})
        try:
            origin = origin_of(realm)
        except ValueError:
            raise _error(image, refused) from None
        if not origin.safe or (origin.loopback and not is_loopback(_host(image))):
            raise _error(image, refused)
        self._http.gate.allow_origin(origin)
        answer = await self._http.get(f"{realm}{'&' if '?' in realm else '?'}{query}")
        if not answer.ok:
            raise _error(image, answer)
        found = _decoded(answer, _Token)
        return found.token or found.access_token


def _host(image: ImageName) -> str:
    return image.registry.rpartition(":")[0] or image.registry


def _chosen(platforms: tuple[_Blob, ...]) -> _Blob:
    for each in platforms:
        if (each.platform.os, each.platform.architecture) == _PREFERRED:
            return each
    return next((each for each in platforms if each.platform.os == "linux"), platforms[0])


def _safe_digest(digest: str) -> str:
    """A digest as part of a path. Raises DecodeError for what is none."""
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise DecodeError(f"The registry names a digest that hubtui cannot check: {digest[:80]!r}")
    return digest


def _check(answer: Answer, digest: str) -> None:
    """Whether the content is what its digest says. Raises DecodeError."""
    if hashlib.sha256(answer.body).hexdigest() != _safe_digest(digest).partition(":")[2]:
        raise DecodeError(
            f"The registry's answer is not what {digest} stands for", meaning="It is not believed."
        )


def _decoded(answer: Answer, struct: type[T]) -> T:
    try:
        return msgspec.json.decode(safe_json(answer.body), type=struct)
    except msgspec.MsgspecError as error:
        raise DecodeError(f"The registry's answer cannot be understood: {error}") from error


def _error(image: ImageName, answer: Answer) -> ApiError:
    """What a registry's refusal means."""
    status, registry = answer.status, image.registry
    if status in (401, 403):
        return DeniedError(
            f"{registry} shows {image.path} only to who logs in",
            status=status,
            remedy="hubtui asks registries without a login.",
        )
    if status == 404:
        return NotFoundError(f"{registry} has no {image.path}:{image.reference}", status=status)
    if status == 429:
        wait = answer.headers.get("retry-after", "")
        return LimitedError(
            f"{registry} has had too many requests from here",
            status=status,
            wait=float(wait) if wait.isdecimal() else None,
        )
    return ApiError(f"{registry} answers with HTTP {status}", status=status)
