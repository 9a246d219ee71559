"""Which claims nobody comes back to: whatever is not known for sure speaks for the claim."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hubtui.model.hub import HubServer, HubUser, ServerKey, ServerState
from hubtui.model.hub_listing import FRESH, Claimant, Listing
from hubtui.model.kube import Annotations, Meta, OwnerReference
from hubtui.model.kube_needs import Claim, ClaimSpec, ClaimStatus
from hubtui.model.leftovers import (
    Kind,
    Scene,
    by_owner,
    fate,
    is_named_after,
    is_old_name,
    judge,
    leftover_of,
    released,
)
from hubtui.model.slugs import escaped, server_slug
from hubtui.model.volumes import ClaimRef, Volume, VolumeSpec, VolumeStatus

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SCOPES = ("list:users", "read:users", "read:servers", "admin:server_state")
MAIL = "Alice.B@example.org"


def claim(name: str, user: str | None = None, server: str | None = None, **more: Any) -> Claim:
    meta: dict[str, Any] = {"labels": {"component": "singleuser-storage"}} | more
    modes = meta.pop("modes", ("ReadWriteOnce",))
    return Claim(
        metadata=Meta(
            name=name,
            namespace="hub",
            annotations=Annotations(username=user, servername=server),
            **meta,
        ),
        spec=ClaimSpec(access_modes=modes, volume_name=f"pv-{name}"),
        status=ClaimStatus(phase="Bound", capacity={"storage": "10Gi"}),
    )


def user(name: str, *servers: str, claims: str = "", created: datetime = NOW) -> HubUser:
    state = ServerState(pvc_name=claims or None)
    return HubUser(
        name=name, created=created, servers={s: HubServer(name=s, state=state) for s in servers}
    )


def listing(*users: HubUser, scopes: tuple[str, ...] = SCOPES, **more: Any) -> Listing:
    return Listing({each.name: each for each in users}, NOW, scopes, **more)


def scene(claims: list[Claim], *users: HubUser, **more: Any) -> Scene:
    known = more.pop("listing", None) or listing(*users)
    return Scene(release="hub", listing=known, of_owner=by_owner(claims), **more)


def test_a_claim_of_nobody_is_left_over_and_says_whether_kubespawner_7_left_it() -> None:
    new, old = claim("claim-gone", "gone"), claim(f"claim-{escaped(MAIL)}", MAIL)
    seen = scene([new, old], user("alice"))
    assert judge(new, seen).kind is Kind.NO_USER
    assert judge(new, seen).words == "the hub has no user gone"
    assert "a name of KubeSpawner 6" in judge(old, seen).words
    left = leftover_of(new, judge(new, seen), None)
    assert (left.user, left.size, left.reclaim) == ("gone", 10 * 2**30, "?")
    assert "cannot be read" in left.fate


@pytest.mark.parametrize(
    ("kept", "more", "words", "hard"),
    [
        (claim("hub-db-dir", labels={}), {}, "the hub's database", True),
        (claim("hub-db-dir", labels={"release": "other"}), {}, "the hub's database", True),
        (claim("home-nfs", labels={}), {}, "the homes of many", True),
        (
            claim("data", labels={}, modes=("ReadWriteMany",)),
            {"by_servers": {"data"}},
            "the homes of many",
            True,
        ),
        (claim("claim-gone", "gone"), {"mounted": {"claim-gone": ["jupyter-x"]}}, "mounts", True),
        (claim("homes", "gone"), {"shared": {"homes"}}, "all servers mount it", True),
        (claim("claim-gone", "gone"), {"asked_for": {"claim-gone": "Job x"}}, "asks for it", True),
        (claim("claim-gone", "gone", labels={"release": "b"}), {}, "of release b", True),
        (
            claim("claim-gone", "gone", owner_references=(OwnerReference("Pod", "p"),)),
            {},
            "belongs to Pod p",
            False,
        ),
        (claim("claim-gone"), {}, "for sure whose it is", False),
        (claim("data-0", labels={}), {}, "for sure whose it is", False),
        (claim("claim-alice", "alice"), {}, "the home of alice", False),
        (claim("claim-alice--gpu", "alice", "gpu"), {}, "the home of alice/gpu", False),
        (claim("claim-was", "was"), {}, "the hub's server renamed has it", False),
    ],
)
def test_these_are_never_left_over(kept: Claim, more: Any, words: str, hard: bool) -> None:
    people = (user("alice", "", "gpu"), user("renamed", "", claims="claim-was"))
    verdict = judge(kept, scene([kept], *people, **more))
    assert verdict.kind is None
    assert words in verdict.words
    assert verdict.hard is hard


def test_a_removed_named_server_leaves_its_claim_unless_others_may_mount_it() -> None:
    own = claim(f"claim-{server_slug('alice', 'gpu')}", "alice", "gpu")
    shared = claim("claim-alice", "alice", "gpu")
    seen = scene([own, shared], user("alice", ""))
    assert (judge(own, seen).kind, judge(own, seen).doubt) == (Kind.NO_SERVER, "")
    assert "other servers of alice may mount it" in judge(shared, seen).doubt
    blind = scene([own], listing=listing(user("alice"), scopes=("list:users",)))
    assert judge(own, blind).kind is None
    assert "is not told" in judge(own, blind).words


@pytest.mark.parametrize(
    ("left", "doubt"),
    [
        (claim("claim-gone", "gone"), ""),
        (claim(f"claim-{escaped(MAIL)}", MAIL), ""),
        (claim("claim-gone--gpu", "gone", "gpu"), ""),
        (claim("claim-gone", "gone", "gpu"), ""),
        (claim("course-data", "gone"), "its name does not say gone: others may mount it"),
        (
            claim("claim-gone", "gone", modes=("ReadWriteMany",)),
            "its access mode is ReadWriteMany: others may mount it",
        ),
    ],
)
def test_what_may_be_of_many_is_looked_at_before_it_goes_with_its_first_user(
    left: Claim, doubt: str
) -> None:
    verdict = judge(left, scene([left], user("alice")))
    assert (verdict.kind, verdict.doubt) == (Kind.NO_USER, doubt)


@pytest.mark.parametrize("told", ["remembered", "mounted", "named"])
def test_an_old_name_beside_a_new_one_is_looked_at_first(told: str) -> None:
    old, new = claim(f"claim-{escaped(MAIL)}", MAIL), claim(f"claim-{server_slug(MAIL)}", MAIL)
    name = new.metadata.name
    person = user(MAIL, "", claims=name if told == "remembered" else "")
    more = {"mounted": {name: ["jupyter-a"]}} if told == "mounted" else {}
    seen = scene([old, new], person, **more)
    assert judge(old, seen).kind is Kind.OLD_NAME
    assert judge(old, seen).words == f"beside it {MAIL} has {name}"
    assert "look first" in judge(old, seen).doubt
    assert judge(new, seen).kind is None
    remembers_old = scene([old, new], user(MAIL, "", claims=old.metadata.name))
    assert judge(old, remembers_old).kind is None
    assert judge(old, scene([old], user(MAIL, ""))).kind is None  # its only one


@pytest.mark.parametrize(
    ("name", "now", "doubted"),
    [
        ("Alice@Example.org", "alice@example.org", True),
        ("alice@example.org", "alice", True),
        ("ALICE", "alice@example.org", True),
        ("alice@old.example", "alice@new.example", True),
        ("alice", "alicia", False),
    ],
)
def test_somebody_under_another_name_now_is_looked_at_first(
    name: str, now: str, doubted: bool
) -> None:
    left = claim("claim-x", name)
    verdict = judge(left, scene([left], user(now)))
    assert verdict.kind is Kind.NO_USER
    assert (f"the hub has {now}" in verdict.doubt) is doubted


def test_further_claims_of_a_server_by_other_names_are_homes_too() -> None:
    usual, gpu = claim("claim-alice", "alice"), claim("claim-alice-gpu-profile", "alice")
    seen = scene([usual, gpu], user("alice", "", claims="claim-alice"))
    assert [judge(each, seen).kind for each in (usual, gpu)] == [None, None]


def test_one_that_goes_already_is_told() -> None:
    going = claim("claim-gone", "gone", deletion_timestamp=NOW)
    assert judge(going, scene([going], user("alice"))).doubt == "it is being deleted already"


@pytest.mark.parametrize(
    ("name", "owner", "old", "after"),
    [
        ("claim-alice-2eb", ServerKey("alice.b"), True, False),
        (f"claim-{server_slug('alice.b')}", ServerKey("alice.b"), False, False),
        ("claim-alice", ServerKey("alice"), False, False),
        ("claim-alice--gpu", ServerKey("alice", "gpu"), False, True),
        ("claim-alicegpu", ServerKey("alice", "gpu"), False, True),
        ("claim-alice-2eb--my-20srv", ServerKey("alice.b", "my srv"), True, True),
        ("claim-gpu", ServerKey("gpu", "gpu"), False, False),
        ("claim-alice", ServerKey("alice", "ice"), False, False),
    ],
)
def test_names_tell_who_made_them_and_for_which_server(
    name: str, owner: ServerKey, old: bool, after: bool
) -> None:
    assert is_old_name(name, owner) is old
    assert (bool(owner.server) and is_named_after(name, owner)) is after


# -- whether the hub's list can be relied on


def claimants(number: int, created: datetime = NOW) -> list[Claimant]:
    return [Claimant(f"user-{n}", created) for n in range(number)]


YEARS_AGO = NOW - timedelta(days=900)


@pytest.mark.parametrize(
    ("known", "claims", "later", "words"),
    [
        (listing(user("a")), claimants(3), 60.0, ""),
        (listing(user("a"), scopes=("read:users",)), [], 0.0, "it lacks list:users"),
        (
            listing(user("a"), scopes=("list:users!group=x",)),
            [],
            0.0,
            "list:users (only list:users!group=x)",
        ),
        (listing(user("a"), scopes=()), [], 0.0, "it lacks list:users"),
        (listing(user("a"), gap="the hub told 1 of 2"), [], 0.0, "the hub told 1 of 2"),
        (listing(user("a")), [], FRESH.total_seconds() + 1, "were read 5 m"),
        (listing(), claimants(1), 0.0, "no user at all"),
        (listing(), [], 0.0, ""),
        (listing(user("a")), claimants(6), 0.0, "claims name 6 others"),
        (listing(user("a", created=YEARS_AGO)), claimants(600), 0.0, ""),
        (
            listing(user("a", created=NOW)),
            claimants(600, YEARS_AGO),
            0.0,
            "its database may be new, or another one",
        ),
        (listing(*(user(f"user-{n}") for n in range(9))), claimants(17), 0.0, ""),
    ],
)
def test_a_list_that_may_lack_somebody_says_nothing_of_anybody(
    known: Listing, claims: list[Claimant], later: float, words: str
) -> None:
    found = known.mistrust(claims, NOW + timedelta(seconds=later))
    assert words in found
    assert bool(found) is bool(words)


# -- volumes, and what a deletion does


def volume(phase: str, namespace: str = "hub", policy: str = "Retain") -> Volume:
    return Volume(
        metadata=Meta(name="pv-1", creation_timestamp=NOW),
        spec=VolumeSpec(
            capacity={"storage": "1Ti"},
            persistent_volume_reclaim_policy=policy,
            claim_ref=ClaimRef(namespace, "claim-gone", "uid"),
        ),
        status=VolumeStatus(
            phase=phase, message="disk \x1b[31m is busy" if phase == "Failed" else ""
        ),
    )


def test_volumes_of_claims_that_are_gone_are_told_with_what_is_left_of_them() -> None:
    left = released(volume("Released"), "hub")
    assert left is not None
    assert (left.kind, left.claim, left.size) == (Kind.RELEASED, "claim-gone", 2**40)
    assert left.is_volume
    assert "nothing in the cluster tells of it any more" in left.fate
    failed = released(volume("Failed", policy="Delete"), "hub")
    assert failed is not None
    assert failed.evidence == r"its claim claim-gone is gone: disk \x1b[31m is busy"
    assert released(volume("Bound"), "hub") is None
    assert released(volume("Released", "other"), "hub") is None


@pytest.mark.parametrize(
    ("volume", "policy", "words"),
    [
        ("pv-1", "Delete", "its disk is deleted with it"),
        ("pv-1", "Retain", "volume pv-1 stays, Released, with the data"),
        ("pv-1", "Recycle", "is emptied"),
        ("pv-1", "?", "not known"),
        ("", "", "nothing is lost"),
    ],
)
def test_a_deletion_says_what_becomes_of_the_data(volume: str, policy: str, words: str) -> None:
    assert words in fate(volume, policy)
