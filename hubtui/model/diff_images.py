"""Which images change, each said once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hubtui.model.manifest import Image
from hubtui.model.redact import Redactor

_PULLERS = ("image-puller", "hook-image-puller", "continuous-image-puller")


@dataclass(frozen=True, slots=True)
class ImageChange:
    """One image that changes: "" on the side where the container is not there.

    `role` is what runs it (`singleuser`, `hub`, `proxy` …), `container` the container where the
    role alone does not say it.
    """

    role: str
    container: str
    before: str
    after: str

    @property
    def repository(self) -> str:
        """What both images have in common: name without tag or digest; "" when they differ."""
        old, new = split_image(self.before)[0], split_image(self.after)[0]
        return old if old == new else ""


def split_image(image: str) -> tuple[str, str]:
    """An image's repository, and its tag or digest."""
    name, at, digest = image.partition("@")
    if at:
        return name, digest
    head, colon, tag = image.rpartition(":")
    return (head, tag) if colon and "/" not in tag else (image, "")


def image_changes(
    before: Iterable[Image], after: Iterable[Image], redactor: Redactor
) -> tuple[ImageChange, ...]:
    """The images that differ, user servers first.

    The pullers run what others will run: their images are only said where no other container
    brings the same change, and not where a puller itself comes or goes (the chart renders its hook
    only when there is something to pull, facts.md §1.4).
    """
    old, new = _by_place(before), _by_place(after)
    found: dict[tuple[str, str, str, str], ImageChange] = {}
    explained: set[tuple[str, str]] = set()
    for place in sorted({**old, **new}, key=lambda place: place[0] in _PULLERS):
        role, title, container = place
        pair = old.get(place, ""), new.get(place, "")
        if pair[0] == pair[1]:
            continue
        if role in _PULLERS and (pair in explained or "" in pair):
            continue
        explained.add(pair)
        name = "" if container in (role, title) else container
        change = ImageChange(role, name, *(redactor.mask_text(image) for image in pair))
        found.setdefault((role, name, *pair), change)
    return tuple(found.values())


def _by_place(images: Iterable[Image]) -> dict[tuple[str, str, str], str]:
    return {(image.role, image.title, image.container): image.image for image in images}
