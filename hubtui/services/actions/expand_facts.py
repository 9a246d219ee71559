"""What the expansion of a claim is planned from: the claim, what is behind it, who mounts it, what
the chart says of its size."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from hubtui.errors import ApiError, HubtuiError, NotFoundError
from hubtui.model import hub_db
from hubtui.model.claims import ClaimKind, asked_of, kind_of, size_of
from hubtui.model.expansion import STORAGE, Standing, standing_of
from hubtui.model.kinds import CLAIMS, EVENTS, PODS, QUOTAS, STORAGE_CLASSES, VOLUMES
from hubtui.model.kube import Event, Pod
from hubtui.model.kube_needs import Claim, Quota
from hubtui.model.manifest import Resource, read_document, texts
from hubtui.model.packing import ended
from hubtui.model.plan import Basis
from hubtui.model.release import Payload, in_force
from hubtui.model.text import one_line
from hubtui.model.values_path import at
from hubtui.model.volumes import StorageClass, Volume
from hubtui.model.why_facts import Missing, claim_names
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import who_answers
from hubtui.services.store import State

T = TypeVar("T")

_LIKE: Final = 5


@dataclass(frozen=True, slots=True)
class Charted:
    """A claim that the release's manifest has: the size that stands there, and in the values of the
    hub's chart, below `path`, where it is the hub's database."""

    size: str
    value: str = ""
    path: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that was read for one plan. `volume` and `made_by` are None where there is none or
    it may not be read, which `missing` tells apart; `pods` mount the claim now. `charted` is None
    for a claim that the release does not make, `unread` why that is not known."""

    claim: Claim
    volume: Volume | None
    made_by: StorageClass | None
    quotas: tuple[Quota, ...]
    pods: tuple[Pod, ...]
    standing: Standing
    charted: Charted | None
    unread: str
    release: str
    missing: tuple[Missing, ...]
    basis: Basis

    @property
    def name(self) -> str:
        return self.claim.metadata.name

    @property
    def size(self) -> int | None:
        """The bytes that it has; None before it is bound."""
        return size_of(self.claim)

    @property
    def asked(self) -> int | None:
        """The bytes that it asks for already."""
        return asked_of(self.claim)

    @property
    def kind(self) -> ClaimKind:
        return kind_of(self.claim, self.release)

    def reason(self, source: str) -> str:
        """Why a source could not be read; empty where it was."""
        return next((each.reason for each in self.missing if each.source == source), "")


async def read(session: ActionSession, name: str) -> Facts:
    """Reads everything anew. Raises NotFoundError, DeniedError, UnreachableError."""
    client, namespace = session.client, session.namespace
    try:
        claim = await client.get(CLAIMS, namespace, name)
    except NotFoundError as error:
        raise await no_such_claim(session, name) from error
    missing: list[Missing] = []
    spec = claim.spec
    volume, made_by, quotas, pods, events, (charted, unread) = await asyncio.gather(
        _one("volume", client.get(VOLUMES, "", spec.volume_name), missing)
        if spec.volume_name
        else _none(),
        _one("storage class", client.get(STORAGE_CLASSES, "", spec.storage_class_name), missing)
        if spec.storage_class_name
        else _none(),
        _one("resource quotas", client.list(QUOTAS, namespace), missing),
        _one("pods", pods_with(session, name), missing),
        _one("events", events_of(session, name), missing),
        _charted(session, name),
    )
    return Facts(
        claim=claim,
        volume=volume,
        made_by=made_by,
        quotas=tuple(quotas or ()),
        pods=pods or (),
        standing=standing_of(claim, asked_of(claim) or 0, events or ()),
        charted=charted,
        unread=unread,
        release=session.release,
        missing=tuple(missing),
        basis=await basis_of(session, claim),
    )


async def _one(source: str, answer: Awaitable[T], missing: list[Missing]) -> T | None:
    """An answer; None where there is none, with the reason. Raises UnreachableError."""
    try:
        return await answer
    except ApiError as error:
        missing.append(Missing(source, error.what))
        return None


async def _none() -> None:
    """There is nothing to ask."""


async def no_such_claim(session: ActionSession, name: str) -> NotFoundError:
    """Says which claims have a name like it."""
    try:
        names = [
            each.metadata.name for each in await session.client.list(CLAIMS, session.namespace)
        ]
    except ApiError:
        names = []
    like = get_close_matches(name, names, n=_LIKE)
    remedy = f"There are: {', '.join(like)}." if like else "See hubtui storage."
    return NotFoundError(f"There is no claim {one_line(name)}", status=404, remedy=remedy)


async def events_of(session: ActionSession, name: str) -> list[Event]:
    """The events of a claim, newest first. Raises DeniedError, UnreachableError."""
    fields = f"involvedObject.kind=PersistentVolumeClaim,involvedObject.name={name}"
    found = await session.client.list(EVENTS, session.namespace, fields=fields)
    return sorted(found, key=lambda event: str(event.last_seen), reverse=True)


async def pods_with(session: ActionSession, claim: str) -> tuple[Pod, ...]:
    """The pods that mount a claim: of those that are followed, or asked for.

    Raises DeniedError, UnreachableError.
    """
    store = session.pods.stores.pods
    followed = store.complete and store.health.state is State.LIVE
    pods = store if followed else await session.client.list(PODS, session.namespace)
    return tuple(pod for pod in pods if claim in claim_names(pod) and not ended(pod))


async def basis_of(session: ActionSession, claim: Claim) -> Basis:
    """What it rests on: this very claim, what it has and asks for."""
    meta = claim.metadata
    return Basis.of(
        {
            **await who_answers(session),
            "claim": f"{meta.name} ({meta.uid})",
            "phase": claim.status.phase or "unknown",
            "capacity": claim.status.capacity.get(STORAGE, "none"),
            "asked for": claim.spec.resources.requests.get(STORAGE, "none"),
        }
    )


async def _charted(session: ActionSession, name: str) -> tuple[Charted | None, str]:
    """What the release in force says of a claim, or why that cannot be read."""
    try:
        heads = await session.releases.refresh(session.release)
        force = in_force(heads) or (heads[0] if heads else None)
        if force is None:
            return None, ""
        payload = await session.releases.payload(force)
        values: Mapping[str, Any] = await session.hub_link.values()
        path = await session.hub_link.chart_path()
    except HubtuiError as error:
        return None, error.what
    written = await asyncio.to_thread(_written, payload, name)
    if written is None:
        return None, ""
    if not name.endswith(hub_db.DEFAULT_CLAIM):
        return Charted(written), ""
    value = at(values, hub_db.SIZE)
    return Charted(written, one_line(str(value)) if value is not None else "", path), ""


def _written(payload: Payload, name: str) -> str | None:
    """The size of a claim in a manifest; None for one that is not in it."""
    for text in texts(payload.manifest):
        if CLAIMS.kind not in text or name not in text:
            continue
        for each in read_document(text):
            if isinstance(each, Resource) and each.kind == CLAIMS.kind and each.name == name:
                size = at(each.body, ("spec", "resources", "requests", STORAGE))
                return one_line(str(size)) if size is not None else ""
    return None
