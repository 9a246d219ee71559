"""Which claims nobody comes back to, and why each of the others is none of them.

A claim is judged by its annotation: the label is a slug, the name another one. What is not known
speaks for the claim. Source: KubeSpawner's claims, the names it gave them and those that it
remembers (facts.md §2.2, §2.3; kubespawner #924, #937, z2jh #1214).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from hubtui.model.claims import MANY, ClaimKind, bytes_of, claimed_server, kind_of, size_of
from hubtui.model.hub import ServerKey
from hubtui.model.hub_listing import Listing
from hubtui.model.kube_needs import Claim
from hubtui.model.slugs import escaped, server_slug, user_slug
from hubtui.model.text import one_line
from hubtui.model.volumes import Volume
from hubtui.model.why_facts import listed


class Kind(StrEnum):
    """Why something is left over. The order is the order on the screen."""

    NO_USER = "no user"
    NO_SERVER = "no server"
    OLD_NAME = "old name"
    RELEASED = "released"
    FAILED = "failed"
    NONE = "none"
    """It is no leftover; somebody has named it."""


OF_VOLUMES: Final = frozenset({Kind.RELEASED, Kind.FAILED})
_PHASES: Final = {"Released": Kind.RELEASED, "Failed": Kind.FAILED}

DELETE, RETAIN, RECYCLE = "Delete", "Retain", "Recycle"
"""The reclaim policies of a volume."""

UNREAD: Final = "?"
"""The policy of a volume that may not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A claim, or a volume whose claim is gone. `evidence` says in words why it is left over.

    `size` and `used` are bytes. `volume` is behind the claim, "" where none was ever made;
    `reclaim` is its policy. `doubt` says why it is not deleted with others: somebody has to look
    first. `claim` is what a volume was bound to.
    """

    kind: Kind
    name: str
    evidence: str
    user: str = ""
    server: str = ""
    size: int | None = None
    used: int | None = None
    last_used: datetime | None = None
    created: datetime | None = None
    volume: str = ""
    reclaim: str = ""
    doubt: str = ""
    claim: str = ""

    @property
    def is_volume(self) -> bool:
        """Whether it is a volume, which hubtui does not delete."""
        return self.kind in OF_VOLUMES

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{'volume' if self.is_volume else 'claim'}/{self.name}"

    @property
    def owner(self) -> str:
        """Whose it was: `alice`, `alice/gpu`; "" where that is not known."""
        return str(ServerKey(self.user, self.server)) if self.user else ""

    @property
    def fate(self) -> str:
        """What a deletion does to the data, in words."""
        return volume_fate(self) if self.is_volume else fate(self.volume, self.reclaim)


def fate(volume: str, reclaim: str) -> str:
    """What becomes of the data when a claim is deleted."""
    if not volume:
        return "no volume was ever made for it: nothing is lost"
    if reclaim == DELETE:
        return "its disk is deleted with it (reclaim policy Delete)"
    if reclaim == RETAIN:
        return f"volume {volume} stays, Released, with the data (reclaim policy Retain)"
    if reclaim == RECYCLE:
        return "its disk is emptied (reclaim policy Recycle)"
    return f"what becomes of the data is not known: volume {volume} cannot be read"


def volume_fate(volume: Leftover) -> str:
    """What becomes of the disk when a volume is deleted."""
    if volume.reclaim == DELETE:
        return "its driver was to delete the disk, and has not"
    return "the disk stays where it is, and nothing in the cluster tells of it any more"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one claim: left over where there is a `kind`, else `words` say why not.

    `hard`: it is never deleted, whoever wants it.
    """

    words: str
    kind: Kind | None = None
    doubt: str = ""
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """What claims are judged by. `mounted` are the pods of a claim, `asked_for` the workload whose
    pods would mount it; `by_servers` names the claims that users' servers mount, `shared` those
    that all of them do by the values in force."""

    release: str
    listing: Listing
    mounted: Mapping[str, Sequence[str]] = field(default_factory=dict)
    asked_for: Mapping[str, str] = field(default_factory=dict)
    by_servers: Collection[str] = ()
    shared: Collection[str] = ()
    of_owner: Mapping[ServerKey, Sequence[str]] = field(default_factory=dict)


def owner_of(claim: Claim) -> ServerKey | None:
    """The server that a claim was made for, by its annotation; None where there is none."""
    user = claim.metadata.annotations.username
    return ServerKey(user, claimed_server(claim)) if user else None


def by_owner(claims: Sequence[Claim]) -> dict[ServerKey, list[str]]:
    """The names of the claims of each server."""
    found: dict[ServerKey, list[str]] = {}
    for claim in claims:
        owner = owner_of(claim)
        if owner is not None:
            found.setdefault(owner, []).append(claim.metadata.name)
    return found


def judge(claim: Claim, scene: Scene) -> Verdict:
    """Whether a claim is left over."""
    if (kept := next(_kept(claim, scene), None)) is not None:
        return kept
    if (owner := owner_of(claim)) is None:
        return Verdict("nothing on it tells for sure whose it is")
    if (key := scene.listing.remembered.get(claim.metadata.name)) is not None:
        return Verdict(f"the hub's server {key} has it for its own")
    return _of_owner(claim, owner, scene)


def _kept(claim: Claim, scene: Scene) -> Iterator[Verdict]:
    """Why a claim is no leftover, whatever the hub says."""
    meta = claim.metadata
    # Without the release: the database of another hub is nothing to delete either.
    kind = kind_of(claim, mounted_by_users=meta.name in scene.by_servers)
    if kind is ClaimKind.HUB_DB:
        yield Verdict("it holds the hub's database", hard=True)
    if kind is ClaimKind.HOME_SHARED:
        yield Verdict("it holds the homes of many", hard=True)
    if meta.name in scene.shared:
        yield Verdict("all servers mount it", hard=True)
    if pods := scene.mounted.get(meta.name):
        yield Verdict(f"{listed(list(pods))} mount{'s' if len(pods) == 1 else ''} it", hard=True)
    if workload := scene.asked_for.get(meta.name):
        yield Verdict(f"{workload} asks for it", hard=True)
    for owner in meta.owner_references:
        yield Verdict(f"it belongs to {owner.kind} {owner.name}, and goes with it")
    release = meta.labels.get("release") or meta.labels.get("app.kubernetes.io/instance", "")
    if release and scene.release and release != scene.release:
        yield Verdict(f"it is of release {release}", hard=True)


def _of_owner(claim: Claim, owner: ServerKey, scene: Scene) -> Verdict:
    """What the hub's list says of the server that a claim was made for."""
    name = claim.metadata.name
    doubt = "it is being deleted already" if claim.metadata.deletion_timestamp else ""
    user = scene.listing.users.get(owner.user)
    if user is None:
        old = f", and {_OLD}" if is_old_name(name, owner) else ""
        if other := scene.listing.like(owner.user):
            doubt = doubt or f"the hub has {other}, who may be the same person under another name"
        doubt = doubt or _of_many(claim, owner)
        return Verdict(f"the hub has no user {owner.user}{old}", Kind.NO_USER, doubt)
    if owner.server and not scene.listing.tells_servers:
        return Verdict(f"whether {owner.user} has a server {owner.server} still is not told")
    if owner.server and owner.server not in user.servers:
        words = f"the hub's user {owner.user} has no server {owner.server} any more"
        if not is_named_after(name, owner):
            doubt = doubt or (
                f"its name does not say {owner.server}: other servers of {owner.user} may mount it"
            )
        return Verdict(words, Kind.NO_SERVER, doubt)
    return _beside_another(name, owner, scene)


def _of_many(claim: Claim, owner: ServerKey) -> str:
    """Why a claim may hold more than what its owner has left; "" when it does not look so: where
    the template makes one claim of all users, it names the first of them."""
    name = claim.metadata.name
    if not is_named_after(name, owner) and not is_named_after(name, ServerKey(owner.user)):
        return f"its name does not say {owner.user}: others may mount it"
    if MANY in claim.spec.access_modes:
        return f"its access mode is {MANY}: others may mount it"
    return ""


_OLD: Final = "it has a name of KubeSpawner 6, which version 7 leaves when its user goes"


def _beside_another(name: str, owner: ServerKey, scene: Scene) -> Verdict:
    """A claim of a server that there is: left over where the server has another one."""
    others = [each for each in scene.of_owner.get(owner, ()) if each != name]
    home = Verdict(f"it is the home of {owner}, whom the hub has")
    # Other names may be those of another profile, or of another template.
    if not others or not is_old_name(name, owner):
        return home
    remembered = [n for n in others if scene.listing.remembered.get(n) == owner]
    used = [*remembered, *(n for n in others if scene.mounted.get(n))]
    if not used:
        new = server_slug(owner.user, owner.server)
        used = [each for each in others if _tail(each, new)]
    if not used:
        return home
    return Verdict(
        f"beside it {owner} has {used[0]}",
        Kind.OLD_NAME,
        f"the work of {owner.user} may be in it still, from before the names changed: look first",
    )


def is_old_name(name: str, owner: ServerKey) -> bool:
    """Whether KubeSpawner named a claim so before version 7, and names it otherwise now."""
    old = escaped(owner.user) + (f"--{escaped(owner.server)}" if owner.server else "")
    new = server_slug(owner.user, owner.server)
    return old != new and _tail(name, old) and not _tail(name, new)


def is_named_after(name: str, owner: ServerKey) -> bool:
    """Whether the name of a claim holds that of its owner, in any of KubeSpawner's ways: else the
    template makes one claim of all servers of a user, or of all users."""
    if _tail(name, server_slug(owner.user, owner.server)):
        return True
    users = {user_slug(owner.user), escaped(owner.user)}
    if not owner.server:
        return any(_tail(name, user) for user in users)
    servers = {user_slug(owner.server), escaped(owner.server)}
    return any(
        name.endswith(f"{user}{between}{server}")
        for user in users
        for server in servers
        for between in ("", "-", "--")
    )


def _tail(name: str, slug: str) -> bool:
    """Whether a slug is what the template has filled in: the name, or what follows its prefix."""
    return name == slug or name.endswith(f"-{slug}")


def released(volume: Volume, namespace: str) -> Leftover | None:
    """A volume of a claim of the namespace that is gone; None for any other."""
    kind, of = _PHASES.get(volume.status.phase), volume.spec.claim_ref
    if kind is None or of is None or of.namespace != namespace:
        return None
    said = one_line(volume.status.message)
    return Leftover(
        kind=kind,
        name=volume.metadata.name,
        evidence=f"its claim {of.name} is gone{f': {said}' if said else ''}",
        size=bytes_of(volume.spec.capacity.get("storage", "")),
        created=volume.metadata.creation_timestamp,
        volume=volume.metadata.name,
        reclaim=volume.spec.persistent_volume_reclaim_policy,
        claim=of.name,
    )


def leftover_of(claim: Claim, verdict: Verdict, volume: Volume | None) -> Leftover:
    """A claim as it was judged; `volume` is None where it cannot be read."""
    owner = owner_of(claim) or ServerKey("")
    return Leftover(
        kind=verdict.kind or Kind.NONE,
        name=claim.metadata.name,
        evidence=verdict.words,
        user=owner.user,
        server=owner.server,
        size=size_of(claim),
        created=claim.metadata.creation_timestamp,
        volume=claim.spec.volume_name,
        reclaim=reclaim_of(claim, volume),
        doubt=verdict.doubt,
    )


def reclaim_of(claim: Claim, volume: Volume | None) -> str:
    """The reclaim policy of the volume behind a claim: "" without one."""
    if not claim.spec.volume_name:
        return ""
    return volume.spec.persistent_volume_reclaim_policy if volume is not None else UNREAD
