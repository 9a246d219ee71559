"""The images of a revision, and what their registries tell of them when somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from hubtui.clients.gate import Gate
from hubtui.clients.http import Http
from hubtui.clients.registry import Registries
from hubtui.errors import HubtuiError
from hubtui.model.diff_content import content_steps
from hubtui.model.image_facts import ImageFacts
from hubtui.model.image_name import image_name
from hubtui.model.redact import Redactor
from hubtui.model.release import Payload
from hubtui.services.unhurried import unhurried

AT_ONCE: Final = 4
"""Images that registries are asked about at the same time."""

NOT_ASKED: Final = "the registry was not asked"

_PULLERS: Final = "image-puller"


@dataclass(frozen=True, slots=True)
class ReleaseImage:
    """One image of a revision: `used_by` are the roles that run it, those of user servers first.

    Without `facts`, `unknown` says why.
    """

    image: str
    used_by: tuple[str, ...]
    facts: ImageFacts | None = None
    unknown: str = NOT_ASKED


async def images_of(payload: Payload, redactor: Redactor) -> tuple[ReleaseImage, ...]:
    """The images of a revision, each once, those of user servers first."""
    found = (await unhurried(content_steps(payload))).images
    users: dict[str, list[str]] = {}
    for each in found:
        users.setdefault(redactor.mask_text(each.image), []).append(each.role)
    return tuple(ReleaseImage(image, _roles(roles)) for image, roles in users.items())


def _roles(roles: Sequence[str]) -> tuple[str, ...]:
    """Who runs an image; the pullers only where nobody else does: they fetch it for others."""
    found = tuple(dict.fromkeys(roles))
    return tuple(role for role in found if _PULLERS not in role) or found


async def asked(images: Sequence[ReleaseImage], gate: Gate) -> tuple[ReleaseImage, ...]:
    """The images with what their registries tell; what one does not tell is its own `unknown`."""
    http, at_once = Http(gate), asyncio.Semaphore(AT_ONCE)
    registries = Registries(http)

    async def one(each: ReleaseImage) -> ReleaseImage:
        async with at_once:
            try:
                facts = await registries.facts(image_name(each.image))
            except HubtuiError as error:
                return replace(each, unknown=error.what)
        return replace(each, facts=facts, unknown="" if facts.built else "it does not say when")

    try:
        return tuple(await asyncio.gather(*map(one, images)))
    finally:
        await http.close()
