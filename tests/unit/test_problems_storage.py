"""Full disks, the hub's database and volumes that do not come: what is said, and when nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from hubtui.model import kube
from hubtui.model.disk import Figures, Source
from hubtui.model.hub_db import DbSaid, DbTrouble, HubDb, said_of
from hubtui.model.kube_needs import Attachment, Claim
from hubtui.model.problem import Incident, Level, Problem, Verb
from hubtui.services.problems import problems_of
from hubtui.services.problems.situation import DiskSeen, Grower, Situation, VolumesSeen
from tests.situations import (
    NOW,
    ago,
    at,
    core,
    event,
    mounting,
    node,
    pod,
    silent,
    situation,
    waiting,
)

USER, GIB = "singleuser-server", 2**30
MULTI = (
    'Multi-Attach error for volume "pv-1" Volume is already exclusively attached to one node and '
    "can't be attached to another"
)
REFUSED = 'AttachVolume.Attach failed for volume "pv-1" : rpc error: code = Internal'
NFS_AWAY = 'MountVolume.SetUp failed for volume "pv-1" : mount.nfs: Connection timed out'


def figures(
    share: float, *, inodes: float = 0.1, size: int = 100 * GIB, doubt: str = ""
) -> Figures:
    """A file system that is so full."""
    used = int(size * share)
    return Figures(
        Source.PROMETHEUS, ago(30), size, used, size - used,
        1000, int(1000 * inodes), 1000 - int(1000 * inodes), doubt=doubt,
    )  # fmt: skip


def homes(share: float, **more: Any) -> DiskSeen:
    """The disk on which all homes are."""
    inodes, doubt = more.pop("inodes", 0.1), more.pop("doubt", "")
    seen = figures(share, inodes=inodes, doubt=doubt)
    return DiskSeen(
        name="nfs.example:/homes", claims=("home-nfs",), figures=seen, shared=True, **more
    )


def own(user: str, share: float, **more: Any) -> DiskSeen:
    """A user's own claim."""
    name = f"claim-{user}"
    return DiskSeen(name=name, claims=(name,), figures=figures(share), user=user, **more)


def database(share: float | None = None, **more: Any) -> HubDb:
    """The hub's database on a claim that is so full."""
    full = figures(share, size=GIB) if share is not None else None
    return HubDb(claim="hub-db-dir", phase=more.pop("phase", "Bound"), figures=full, **more)


def claim(name: str, volume: str = "pv-1", mode: str = "ReadWriteOnce") -> Claim:
    spec = {"accessModes": [mode], "volumeName": volume}
    return msgspec.convert({"metadata": {"name": name}, "spec": spec}, Claim)


def attachment(node_name: str, volume: str = "pv-1") -> Attachment:
    spec = {"nodeName": node_name, "source": {"persistentVolumeName": volume}}
    body = {"metadata": {"name": f"csi-{node_name}"}, "spec": spec, "status": {"attached": True}}
    return msgspec.convert(body, Attachment)


def starting(name: str, component: str, seconds: float, of: str, **more: Any) -> kube.Pod:
    """A pod that waits for its volume for so long."""
    return mounting(waiting(name, component, "ContainerCreating", seconds, **more), of)


def held(by: kube.Pod, of: str, *nodes: str) -> VolumesSeen:
    """The claim is held by a pod, its volume attached to these nodes."""
    return VolumesSeen(
        claims=[claim(of)], attachments=[attachment(each) for each in nodes], pods=[by]
    )


def of(seen: Situation, incident: Incident) -> list[Problem]:
    return [each for each in problems_of(seen) if each.incident is incident]


def the(seen: Situation, incident: Incident) -> Problem:
    (found,) = of(seen, incident)
    return found


CALM: Mapping[str, Situation] = {
    "a disk with room": situation(*core(), disks=[homes(0.84)], hub_db=database(0.4)),
    "a full disk whose numbers are not believed": situation(
        *core(), disks=[homes(0.99, doubt="an elastic file system")]
    ),
    "a user who keeps a claim nearly full": situation(*core(), disks=[own("ana", 0.94)]),
    "data that is being copied to an empty disk": situation(
        *core(), disks=[homes(0.3, full_at=ago(-86400))]
    ),
    "a disk that will be full next week": situation(
        *core(), disks=[homes(0.7, full_at=ago(-7 * 86400))]
    ),
    "the hub moves to another node, its volume after it": situation(
        *core("hub"),
        starting("hub-2", "hub", 25, "hub-db-dir", node="n2"),
        events=[event("hub-2", "FailedAttachVolume", MULTI)],
        volumes=held(mounting(pod("hub-1", "hub", deleted=5, node="n1"), "hub-db-dir"),
                     "hub-db-dir", "n1"),
    ),
    "a volume that came in the meantime": situation(
        *core(),
        starting("u1", USER, 100, "claim-u1", user="u1"),
        events=[event("u1", "Pulling", seconds=5), event("u1", "FailedAttachVolume", MULTI, 90)],
    ),
    "a token that is late for a moment": situation(
        *core("hub"),
        starting("hub-2", "hub", 40, "hub-db-dir"),
        events=[event("hub-2", "FailedMount",
                'MountVolume.SetUp failed for volume "kube-api-access-x" : failed to sync')],
    ),
    "one that tries for a moment": situation(
        *core(),
        starting("u1", USER, 20, "claim-u1"),
        events=[event("u1", "FailedAttachVolume", REFUSED)],
    ),
    "a lock of an hour ago": situation(
        *core(), hub_db=database(said=(DbSaid(DbTrouble.LOCKED, "database is locked", ago(3600)),))
    ),
    "an evicted node's disk": situation(
        *core(),
        waiting("u1", USER, "ContainerCreating", 20, user="u1"),
        events=[event("u1", "Failed", "write /var/lib/containerd: no space left on device")],
    ),
    "a shared volume on several nodes": situation(
        *core(),
        starting("u1", USER, 90, "homes", node="n2"),
        events=[event("u1", "Scheduled", "")],
        volumes=VolumesSeen(claims=[claim("homes", mode="ReadWriteMany")],
                            attachments=[attachment("n1")]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("seen", CALM.values(), ids=CALM)
def test_what_is_usual_is_no_problem(seen: Situation) -> None:
    assert problems_of(seen) == ()


@pytest.mark.parametrize(
    ("disk", "level", "words"),
    [
        (homes(0.97), Level.NOW, "The homes' disk nfs.example:/homes is 97 % full"),
        (homes(0.88), Level.SOON, "is 88 % full"),
        (homes(0.4, inodes=0.96), Level.NOW, "has 96 % of its inodes taken"),
        (homes(0.7, full_at=ago(-2.5 * 86400)), Level.SOON, "is 70 % full, and full in 2 d 12 h"),
        (own("ana", 0.995), Level.NOW, "The home of ana is full"),
        (own("ana", 0.96), Level.SOON, "The home of ana is nearly full"),
    ],
)
def test_a_full_disk_is_told_with_how_urgent_it_is(
    disk: DiskSeen, level: Level, words: str
) -> None:
    found = the(situation(*core(), disks=[disk]), Incident.HOME_FULL)
    assert found.level is level
    assert words in found.title
    assert any("Prometheus" in each.words for each in found.evidence)


def test_who_fills_the_disk_is_told_with_what_they_add_a_day() -> None:
    disk = homes(0.9, growers=(Grower("ana", 30 * GIB, 2 * GIB), Grower("bo", 10 * GIB)))
    words = [e.words for e in the(situation(*core(), disks=[disk]), Incident.HOME_FULL).evidence]
    assert "ana: 30G, grows 2G a day" in words
    assert "bo: 10G" in words


@pytest.mark.parametrize(
    ("expandable", "command"),
    [(True, "hubtui expand home-nfs"), (None, "hubtui expand home-nfs"), (False, None)],
)
def test_a_claim_is_expanded_where_its_class_may_allow_it(
    expandable: bool | None, command: str | None
) -> None:
    seen = situation(*core(), disks=[homes(0.9, expandable=expandable, backing="the NFS server")])
    found = the(seen, Incident.HOME_FULL)
    fix = found.fix(Verb.EXPAND)
    assert (fix.command if fix else None) == command
    assert ("cannot be expanded: enlarge the NFS server" in found.todo) is (expandable is False)


def test_many_full_claims_of_users_are_one_problem() -> None:
    disks = [own(f"u{n}", 0.995) for n in range(40)] + [own("x", 0.96)]
    found = the(situation(*core(), disks=disks), Incident.HOME_FULL)
    assert found.title == "The homes of u0, u1, u10 and 37 more are full"
    assert len(found.targets) == 41


def test_a_server_that_says_no_space_is_left_makes_it_urgent_at_once() -> None:
    ana = waiting("jupyter-ana", USER, "CrashLoopBackOff", user="ana", restarts=3,
                  message="OSError: [Errno 28] No space left on device")  # fmt: skip
    measured = the(situation(*core(), ana, disks=[homes(0.9)]), Incident.HOME_FULL)
    assert measured.level is Level.NOW
    blind = situation(*core(), ana, missing={"disk figures": "no Prometheus found"})
    told = the(blind, Incident.HOME_FULL)
    assert told.title == "1 server (ana) says that no space is left"
    assert [each.reason for each in told.missing] == ["no Prometheus found"]


# -- the hub's database


@pytest.mark.parametrize(("share", "level"), [(0.86, Level.SOON), (0.96, Level.NOW)])
def test_the_disk_of_the_database_is_told_before_it_is_full(share: float, level: Level) -> None:
    found = the(situation(*core(), hub_db=database(share, expandable=True)), Incident.HUB_DB)
    assert (found.level, found.subject) == (level, "disk")
    assert found.fixes[0].command == "hubtui expand hub-db-dir"
    assert "hub.db.pvc.storage" in found.todo


@pytest.mark.parametrize(
    ("line", "level", "words"),
    [
        ("sqlite3.OperationalError: disk I/O error", Level.NOW, "its disk gives errors"),
        ("sqlite3.OperationalError: database is locked", Level.SOON, "it is locked"),
        ("sqlite3.DatabaseError: database disk image is malformed", Level.NOW, "is damaged"),
        ("sqlite3.OperationalError: unable to open database file", Level.NOW, "cannot be opened"),
        ("OSError: [Errno 28] No space left on device", Level.NOW, "its disk is full"),
    ],
)
def test_what_the_hub_complains_of_is_told(line: str, level: Level, words: str) -> None:
    seen = situation(*core(), hub_db=database(said=said_of([(ago(20), line)])))
    found = the(seen, Incident.HUB_DB)
    assert (found.level, found.subject) == (level, "log")
    assert words in found.title
    assert line in [each.words for each in found.evidence]
    assert found.fixes[-2].command == "hubtui logs hub"


def test_a_full_disk_that_nobody_measures_is_expanded_too() -> None:
    said = said_of([(ago(20), "sqlite3.OperationalError: database or disk is full")])
    found = the(situation(*core(), hub_db=database(said=said, expandable=True)), Incident.HUB_DB)
    assert found.fixes[0].command == "hubtui expand hub-db-dir"


def test_a_lock_again_and_again_is_urgent() -> None:
    said = tuple(DbSaid(DbTrouble.LOCKED, f"{n} database is locked", ago(n)) for n in (200, 90, 5))
    found = the(situation(*core(), hub_db=database(said=said)), Incident.HUB_DB)
    assert (found.level, found.since) == (Level.NOW, ago(200))


def test_the_last_words_of_a_hub_that_crashes_on_its_database_are_taken() -> None:
    end = {"reason": "Error", "exitCode": 1, "finishedAt": at(20)}
    hub = waiting("hub-1", "hub", "CrashLoopBackOff", restarts=3, last=end)
    seen = situation(*core("hub"), hub, log=["sqlite3.OperationalError: disk I/O error"])
    (found,) = problems_of(seen)
    assert (found.incident, found.level) == (Incident.HUB_DB, Level.NOW)
    assert "hubtui logs hub --previous" in [fix.command for fix in found.fixes]


@pytest.mark.parametrize("phase", ["Lost", "absent", "Terminating"])
def test_a_claim_that_is_lost_or_going_is_told_while_the_hub_still_runs(phase: str) -> None:
    found = the(situation(*core(), hub_db=database(phase=phase)), Incident.HUB_DB)
    assert (found.level, found.subject) == (Level.NOW, "claim")
    assert "hub-db-dir" in found.title
    assert found.effect.startswith("The hub runs on until its pod ends")


def test_a_hub_whose_volume_a_lost_node_holds_names_pod_and_node_at_once() -> None:
    old = mounting(silent("hub-1", "hub", 90, "n1", deleted=1), "hub-db-dir")
    seen = situation(
        *core("hub"),
        old,
        starting("hub-2", "hub", 4, "hub-db-dir", node="n2"),
        events=[event("hub-2", "FailedAttachVolume", MULTI)],
        nodes={"n1": node("n1", "Unknown", 90), "n2": node("n2")},
        nodes_at=NOW,
        volumes=held(old, "hub-db-dir", "n1"),
    )
    found = the(seen, Incident.HUB_DB)
    assert found.level is Level.NOW
    assert found.title == (
        "The hub waits: claim hub-db-dir is still attached to node n1, held by pod hub-1 (on n1, "
        "which does not answer, being deleted); it is needed on n2"
    )
    fix = found.fix(Verb.DELETE_POD)
    assert fix is not None
    assert fix.command == "hubtui delete-pod hub-1 --force"
    assert not of(seen, Incident.CORE)


def test_a_volume_that_does_not_follow_in_a_minute_is_told_without_any_holder() -> None:
    seen = situation(
        *core("hub"),
        starting("hub-2", "hub", 61, "hub-db-dir"),
        events=[event("hub-2", "FailedAttachVolume", MULTI)],
        missing={"volume attachments": "no right to list volumeattachments"},
    )
    found = the(seen, Incident.HUB_DB)
    assert "volume pv-1 is still attached to another node" in found.title
    assert [each.source for each in found.missing] == ["volume attachments"]
    assert found.fix(Verb.DELETE_POD) is None


# -- users' servers


def test_a_server_whose_claim_another_pod_holds_names_that_pod_and_its_node() -> None:
    other = mounting(pod("debug-ana", "", node="n1"), "claim-ana")
    seen = situation(
        *core(),
        starting("jupyter-ana", USER, 40, "claim-ana", user="ana", node="n2"),
        events=[event("jupyter-ana", "FailedAttachVolume", MULTI)],
        volumes=held(other, "claim-ana", "n1"),
    )
    found = the(seen, Incident.ATTACH)
    assert found.level is Level.NOW
    assert found.title.startswith("The server of ana waits: claim claim-ana is still attached to ")
    assert "held by pod debug-ana (on n1)" in found.title
    assert found.fix(Verb.DELETE_POD) is None
    assert {each.name for each in found.targets} >= {"jupyter-ana", "debug-ana", "n1", "n2"}


def test_an_attachment_elsewhere_tells_it_where_the_event_does_not() -> None:
    seen = situation(
        *core(),
        starting("jupyter-ana", USER, 70, "claim-ana", user="ana", node="n2"),
        events=[event("jupyter-ana", "FailedMount",
                "Unable to attach or mount volumes: unmounted volumes=[data], unattached "
                "volumes=[data config]: timed out waiting for the condition")],
        volumes=VolumesSeen(claims=[claim("claim-ana")], attachments=[attachment("n1")]),
    )  # fmt: skip
    assert "attached to node n1" in the(seen, Incident.ATTACH).title


def test_an_attachment_elsewhere_is_enough_where_nothing_is_said() -> None:
    old = mounting(pod("jupyter-ana-0", USER, node="n1", deleted=600), "claim-ana")
    seen = situation(
        *core(),
        starting("jupyter-ana", USER, 25, "claim-ana", user="ana", node="n2"),
        volumes=held(old, "claim-ana", "n1"),
    )
    found = the(seen, Incident.ATTACH)
    assert "held by pod jupyter-ana-0 (on n1, being deleted)" in found.title


def test_what_was_said_of_a_former_pod_of_that_name_does_not_count() -> None:
    told = event("jupyter-ana", "FailedMount", NFS_AWAY)
    former = msgspec.structs.replace(told.involved_object, uid="another")
    seen = situation(
        *core(),
        starting("jupyter-ana", USER, 40, "claim-ana", user="ana"),
        events=[msgspec.structs.replace(told, involved_object=former)],
    )
    assert of(seen, Incident.ATTACH) == []


def test_all_who_wait_for_one_nfs_are_one_problem() -> None:
    pods = [starting(f"jupyter-u{n}", USER, 90, "homes", user=f"u{n}") for n in range(30)]
    seen = situation(
        *core(), *pods, events=[event(p.metadata.name, "FailedMount", NFS_AWAY) for p in pods]
    )
    found = the(seen, Incident.ATTACH)
    assert found.title == (
        "30 servers (u0, u1, u10 and 27 more) wait for volumes that cannot be mounted"
    )
    assert any("Connection timed out" in each.words for each in found.evidence)


def test_a_pod_that_runs_waits_for_nothing() -> None:
    up = mounting(pod("jupyter-ana", USER, user="ana"), "claim-ana")
    seen = situation(*core(), up, events=[event("jupyter-ana", "FailedAttachVolume", MULTI)])
    assert of(seen, Incident.ATTACH) == []
