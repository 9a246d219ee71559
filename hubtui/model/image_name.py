"""Names of container images, with what they leave out: registry, library, tag."""

from __future__ import annotations

from dataclasses import dataclass

from hubtui.model.diff_images import split_image

DOCKER_HUB = "docker.io"
LATEST = "latest"


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
    if not slash:
        return ImageName(DOCKER_HUB, f"library/{name}", tag, digest if at else "")
    if not ("." in first or ":" in first or first == "localhost"):
        return ImageName(DOCKER_HUB, name, tag, digest if at else "")
    return ImageName(first, rest, tag, digest if at else "")


def full_name(image: str) -> str:
    """An image's name with nothing left out, as a node lists it."""
    return str(image_name(image))
