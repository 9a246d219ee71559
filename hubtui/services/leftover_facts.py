"""What leftovers are judged by, read anew: claims and who mounts them, volumes, the hub's users."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hubtui.errors import HubtuiError
from hubtui.model import kube
from hubtui.model.claims import ClaimKind, kind_of
from hubtui.model.hub_listing import Claimant, Listing
from hubtui.model.kinds import (
    DAEMONSETS,
    DEPLOYMENTS,
    PODS,
    STATEFULSETS,
    VOLUMES,
    WHOLE_CLAIMS,
    Kind,
)
from hubtui.model.kube import Pod
from hubtui.model.kube_needs import WholeClaim
from hubtui.model.leftovers import Scene, Verdict, by_owner, judge
from hubtui.model.roles import Role, role_of
from hubtui.model.singleuser import shared_claims
from hubtui.model.volumes import Volume
from hubtui.model.why_facts import Missing, claim_names
from hubtui.services.hub_listing import read_all
from hubtui.services.store import utc_now

if TYPE_CHECKING:
    from hubtui.services.actions import ActionSession

T = TypeVar("T", bound=kube.Object)

_WORKLOADS: Final[tuple[Kind[Any], ...]] = (DEPLOYMENTS, STATEFULSETS, DAEMONSETS)
_NO_USERS: Final = Listing({}, datetime.min.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read at `at`. `refusal` is why nobody may be called gone, and no claim left over;
    `volumes` is None where they may not be read. `missing` is what else could not be."""

    at: datetime
    release: str
    claims: Mapping[str, WholeClaim]
    volumes: Mapping[str, Volume] | None
    scene: Scene
    refusal: str = ""
    missing: tuple[Missing, ...] = ()

    @property
    def listing(self) -> Listing | None:
        """The hub's users; None where they were not told."""
        return self.scene.listing if self.scene.listing is not _NO_USERS else None

    def verdict(self, claim: WholeClaim) -> Verdict:
        """Whether a claim is left over; where that may not be said of any, why not."""
        found = judge(claim, self.scene)
        if found.kind is not None and self.refusal:
            return Verdict(f"it cannot be told: {self.refusal}")
        return found

    def volume_of(self, claim: WholeClaim) -> Volume | None:
        """What is behind a claim, as far as it may be read."""
        return (self.volumes or {}).get(claim.spec.volume_name)


async def read(session: ActionSession) -> Facts:
    """Reads everything anew. Raises DeniedError, UnreachableError where claims or pods cannot be
    read."""
    client, namespace = session.client, session.namespace
    missing: list[Missing] = []
    listing, refused = await _users(session)
    shared = await _shared(session)
    # The cluster comes last: a server that started while the hub told its users has a pod by now.
    claims, pods, volumes, workloads = await asyncio.gather(
        client.list(WHOLE_CLAIMS, namespace),
        client.list(PODS, namespace),
        _or_none(session, VOLUMES, "", missing),
        _workloads(session, missing),
    )
    at = utc_now()
    refusal = refused or listing.mistrust(list(_claimants(claims, session.release)), at)
    if refusal:
        missing.insert(0, Missing("hub", refusal))
    mounted, by_servers = _mounts(pods)
    scene = Scene(
        release=session.release,
        listing=listing,
        mounted=mounted,
        asked_for=_asked_for(claims, workloads),
        by_servers=by_servers,
        shared=shared,
        of_owner=by_owner(claims),
    )
    return Facts(
        at=at,
        release=session.release,
        claims={claim.metadata.name: claim for claim in claims},
        volumes=None if volumes is None else {v.metadata.name: v for v in volumes},
        scene=scene,
        refusal=refusal,
        missing=tuple(missing),
    )


async def _users(session: ActionSession) -> tuple[Listing, str]:
    """The hub's users; why they are not known."""
    try:
        return await read_all(session.hub_link), ""
    except HubtuiError as error:
        return _NO_USERS, error.what


async def _shared(session: ActionSession) -> frozenset[str]:
    """The claims that all servers mount by the values in force; none where these cannot be read."""
    try:
        return shared_claims(await session.hub_link.values())
    except HubtuiError:
        return frozenset()


async def _or_none(
    session: ActionSession, kind: Kind[T], namespace: str, missing: list[Missing]
) -> list[T] | None:
    try:
        return await session.client.list(kind, namespace)
    except HubtuiError as error:
        missing.append(Missing(kind.plural, error.what))
        return None


async def _workloads(session: ActionSession, missing: list[Missing]) -> list[kube.Workload]:
    read = (_or_none(session, kind, session.namespace, missing) for kind in _WORKLOADS)
    return [each for found in await asyncio.gather(*read) for each in found or ()]


def _claimants(claims: Iterable[WholeClaim], release: str) -> Iterator[Claimant]:
    """Whom the claims of this hub's users name."""
    for claim in claims:
        user = claim.metadata.annotations.username
        of = claim.metadata.labels.get("release", "")
        if user and of in ("", release) and kind_of(claim, release) is ClaimKind.USER:
            yield Claimant(user, claim.metadata.creation_timestamp)


def _mounts(pods: Iterable[Pod]) -> tuple[dict[str, list[str]], frozenset[str]]:
    """The pods of each claim, also those that have ended, for they keep it from going; and which
    claims servers mount."""
    found: dict[str, list[str]] = {}
    by_servers: set[str] = set()
    for pod in pods:
        names = claim_names(pod)
        for name in names:
            found.setdefault(name, []).append(pod.metadata.name)
        if names and role_of(pod) is Role.USERS:
            by_servers.update(names)
    return found, frozenset(by_servers)


def _asked_for(claims: Sequence[WholeClaim], workloads: Iterable[kube.Workload]) -> dict[str, str]:
    """The workload of each claim that one would mount if it had pods: by its template, and what a
    StatefulSet makes for each of its pods by its name."""
    found: dict[str, str] = {}
    sets: dict[str, str] = {}
    for each in workloads:
        title = f"{type(each).__name__} {each.metadata.name}"
        for name in _template_claims(each.spec.template):
            found[name] = title
        if isinstance(each, kube.StatefulSet):
            sets[each.metadata.name] = title
    for claim in claims:
        of, _, number = claim.metadata.name.rpartition("-")
        maker = next((n for n in sets if number.isdecimal() and of.endswith(f"-{n}")), None)
        if maker is not None:
            found.setdefault(claim.metadata.name, sets[maker])
    return found


def _template_claims(template: Any) -> Iterator[str]:
    spec = template.get("spec") if isinstance(template, dict) else None
    volumes = spec.get("volumes") if isinstance(spec, dict) else None
    for volume in volumes if isinstance(volumes, list) else ():
        source = volume.get("persistentVolumeClaim") if isinstance(volume, dict) else None
        if isinstance(source, dict) and isinstance(source.get("claimName"), str):
            yield source["claimName"]
