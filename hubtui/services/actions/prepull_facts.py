"""What a prepull rests on: the images that are asked for, the pods that bring them, the nodes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hubtui.errors import ApiError, UsageError
from hubtui.model.brought import Brought, Cargo, Wear
from hubtui.model.daemon_nodes import DaemonPod
from hubtui.model.image_name import full_name, is_image
from hubtui.model.kinds import QUOTAS
from hubtui.model.kube_needs import Node, Quota
from hubtui.model.plan import Basis
from hubtui.model.prepull import SECONDS, Left
from hubtui.model.release import RevisionHead
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import who_answers
from hubtui.services.prepull import Survey, in_force_cargo, left_behind, pod_of, survey

MOST: Final = 100
"""Images at a time: each is a container of one pod."""

LONGEST: Final = 24 * 60 * 60.0
"""Seconds that a prepull takes at most."""

_TYPED: Final = "typed"


@dataclass(frozen=True, slots=True)
class PrepullRequest:
    """Which images; without any those that the chart's own pullers would bring. `timeout` is in
    seconds. With the `cargo` of a planned upgrade it is that revision's images, and its pods'."""

    images: tuple[str, ...] = ()
    timeout: float = SECONDS
    cargo: Cargo | None = None

    def __post_init__(self) -> None:
        for image in self.images:
            if not is_image(image):
                raise UsageError(
                    f"{image!r} is no name of an image",
                    remedy="Write it as registry/name:tag or registry/name@sha256:digest.",
                )
        if len(self.images) > MOST:
            raise UsageError(f"No more than {MOST} images can be pulled at a time")
        if self.timeout <= 0:
            raise UsageError("A prepull takes some time", remedy="Use a time such as 20m.")
        if self.timeout > LONGEST:
            raise UsageError(
                "A prepull takes no longer than a day", remedy="Use a time such as 2h."
            )


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read. `quotas` and `left` are None where they may not be read."""

    images: tuple[Brought, ...]
    wear: Wear
    pod: DaemonPod
    planned: bool
    head: RevisionHead | None
    seen: Survey
    quotas: tuple[Quota, ...] | None
    left: tuple[Left, ...] | None
    basis: Basis

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes that a puller goes to, as far as they are known."""
        return self.seen.nodes or ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The nodes that lack an image, or may lack one."""
        found = {name for each in self.seen.images for name in (*each.lacks, *each.unknown)}
        return tuple(sorted(found))


async def read(session: ActionSession, request: PrepullRequest) -> Facts:
    """Reads everything anew.

    Raises DeniedError, UnreachableError, DecodeError; UsageError where nothing is to be pulled.
    """
    force = await in_force_cargo(session)
    cargo = request.cargo or force.cargo
    images = _asked(request.images, cargo)
    if not images:
        raise UsageError(
            "There is no image to pull", remedy="The release names none that can be read: type one."
        )
    pod = pod_of(cargo.wear)
    seen, quotas, left, answers = await asyncio.gather(
        survey(session, images, pod), _quotas(session), _left(session), who_answers(session)
    )
    return Facts(
        images=images,
        wear=cargo.wear,
        pod=pod,
        planned=request.cargo is not None,
        head=force.head,
        seen=seen,
        quotas=quotas,
        left=left,
        basis=basis_of(answers, force.head),
    )


def basis_of(answers: dict[str, str], head: RevisionHead | None) -> Basis:
    """What a prepull rests on: who answers, and the revision whose pods it is like."""
    force = f"{head.revision}, {head.uid}@{head.resource_version}" if head else "none"
    return Basis.of({**answers, "revision in force": force})


def until(began: datetime, seconds: float) -> datetime:
    """When a prepull ends by itself."""
    return began + timedelta(seconds=seconds)


def _asked(typed: tuple[str, ...], cargo: Cargo) -> tuple[Brought, ...]:
    """The images that are asked for, each once, with who runs them."""
    known = {full_name(each.image): each for each in cargo.images}
    if not typed:
        return tuple(each for each in cargo.images if each.pulled)
    names = {full_name(image): image for image in typed}
    return tuple(
        known.get(name, Brought(image, (_TYPED,), pulled=False)) for name, image in names.items()
    )


async def _quotas(session: ActionSession) -> tuple[Quota, ...] | None:
    try:
        return tuple(await session.client.list(QUOTAS, session.namespace))
    except ApiError:
        return None


async def _left(session: ActionSession) -> tuple[Left, ...] | None:
    try:
        return await left_behind(session)
    except ApiError:
        return None
