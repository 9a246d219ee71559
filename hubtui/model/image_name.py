"""Names of container images, with what they leave out: registry, library, tag."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hubtui.model.diff_images import split_image

DOCKER_HUB = "docker.io"
LATEST = "latest"

MOST: Final = 4096
"""Names whose whole form is kept: nodes list the same ones again and again."""

_LABEL: Final = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME: Final = re.compile(
    rf"(?:(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?/)?{_PART}(?:/{_PART})*"
    r"(?::[\w][\w.-]{0,127})?"
    r"(?:@[a-zA-Z][a-zA-Z0-9]*(?:[+._-][a-zA-Z][a-zA-Z0-9]*)*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)
"""Source: the grammar of references of distribution (github.com/distribution/reference)."""


@dataclass(frozen=True, slots=True)
class ImageName:
    """One image: `registry` is a host with its port, `path` the repository there."""

    registry: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def reference(self) -> str:
        """What a registry is asked for: the digest, which cannot move, else the tag."""
        return self.digest or self.tag or LATEST

    def __str__(self) -> str:
        separator = "@" if self.digest else ":"
        return f"{self.registry}/{self.path}{separator}{self.reference}"


def image_name(image: str) -> ImageName:
    """The parts of an image's name.

    Source: how Docker reads names, "docker image pull", which Kubernetes follows ("Images").
    """
    name, at, digest = image.partition("@")
    name, tag = split_image(name)
    first, slash, rest = name.partition("/")
    known = slash and ("." in first or ":" in first or first == "localhost")
    registry, path = (first, rest) if known else (DOCKER_HUB, name)
    if registry in (DOCKER_HUB, f"index.{DOCKER_HUB}"):
        registry, path = DOCKER_HUB, path if "/" in path else f"library/{path}"
    return ImageName(registry, path, tag, digest if at else "")


@lru_cache(maxsize=MOST)
def full_name(image: str) -> str:
    """An image's name with nothing left out, as a node lists it."""
    return str(image_name(image))


def is_image(text: str) -> bool:
    """Whether a text is a name that an image can have."""
    return len(text) <= 512 and _NAME.fullmatch(text) is not None
