"""The stories of the demo: what there is to find in each, and that the drills can be solved."""

from __future__ import annotations

import logging
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from hubtui.clients import helm_binary
from hubtui.config import Settings
from hubtui.demo import scenarios
from hubtui.demo.hub.records import Server
from hubtui.demo.life.claims import claims_of
from hubtui.demo.life.reading import component_of, is_ready, phase_of
from hubtui.demo.life.usage import usage_of
from hubtui.demo.resources import (
    BUDGETS,
    CLAIMS,
    DAEMONSETS,
    EVENTS,
    JOBS,
    NODES,
    PODS,
    SECRETS,
    VOLUMES,
)
from hubtui.demo.scenarios.drills.scale_down import LECTURER
from hubtui.demo.scenarios.leftovers import GONE
from hubtui.demo.scenarios.staging import Cluster
from hubtui.demo.scenarios.story import Chapter
from hubtui.demo.seed import __main__ as seeds
from hubtui.demo.seed import files
from hubtui.demo.seed.values import CRYPT_KEY, SEEDS
from hubtui.demo.storage import Json
from tests.demo.life_world import Failures

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PIECE = 500_000
"""Bytes of a release that a Secret can hold with room to spare."""


@pytest.fixture(autouse=True)
def failures() -> Iterator[None]:
    """A part of the demo that fails is only logged; here it fails the test."""
    log, seen = logging.getLogger("hubtui.demo.timeline"), Failures()
    log.addHandler(seen)
    yield
    log.removeHandler(seen)
    assert seen.seen == []


def told(name: str = "calm", drill: str = "", seed: int = 1, now: datetime = NOW) -> Cluster:
    return scenarios.build(name, drill, seed=seed, clock=lambda: now)


def passes(cluster: Cluster, minutes: float) -> None:
    timeline = cluster.world.timeline
    timeline.run_until(timeline.now + timedelta(minutes=minutes))


def pods(cluster: Cluster, component: str) -> list[Json]:
    return cluster.world.objects.all(PODS, "hub", component=component)


def reasons(cluster: Cluster) -> Counter[str]:
    """Why containers wait, over all pods."""
    return Counter(
        status["state"]["waiting"]["reason"]
        for pod in cluster.world.objects.all(PODS)
        for status in (
            *(pod["status"].get("initContainerStatuses") or ()),
            *(pod["status"].get("containerStatuses") or ()),
        )
        if status["state"].get("waiting")
    )


def history(cluster: Cluster) -> list[tuple[str, str, str]]:
    """Revision, status and description, as helm stored them."""
    found = []
    for secret in cluster.world.objects.all(SECRETS, "hub", owner="helm"):
        labels, release = secret["metadata"]["labels"], files.decoded(secret)
        assert labels["status"] == release["info"]["status"]
        assert labels["version"] == str(release["version"])
        assert secret["type"] == "helm.sh/release.v1"
        description = release["info"]["description"].partition(":")[0]
        found.append((labels["version"], labels["status"], description))
    return found


COURSE = [
    ("1", "superseded", "Install complete"),
    ("2", "failed", 'Upgrade "hub" failed'),
    ("3", "superseded", "Rollback to 1"),
    ("4", "deployed", "Upgrade complete"),
]


def messages(cluster: Cluster, reason: str) -> str:
    found = [e["message"] for e in cluster.world.objects.all(EVENTS) if e["reason"] == reason]
    return "\n".join(found)


def hub_runs(cluster: Cluster) -> bool:
    return any(is_ready(pod) for pod in pods(cluster, "hub"))


def test_a_calm_hub_has_people_at_work_and_two_things_to_find() -> None:
    cluster = told()
    assert history(cluster) == COURSE
    assert cluster.hub.is_up
    assert len(cluster.hub.users) == 60
    assert 30 <= sum(server.ready for server in cluster.hub.servers()) <= 50
    nodes = [
        each["metadata"]["name"].rpartition("-")[0] for each in cluster.world.objects.all(NODES)
    ]
    assert Counter(nodes) == {"core": 1, "users": 4, "large": 1}
    proxy = pods(cluster, "proxy")[0]["status"]["containerStatuses"][0]
    assert proxy["restartCount"] == 1
    assert proxy["lastState"]["terminated"]["reason"] == "OOMKilled"
    assert 1 <= reasons(cluster)["ImagePullBackOff"] <= 5
    assert all(is_ready(pod) for pod in pods(cluster, "user-placeholder"))


def test_ages_are_those_of_the_story() -> None:
    cluster = told()
    hub = pods(cluster, "hub")[0]
    assert hub["metadata"]["creationTimestamp"].startswith("2026-11-21T03:0")
    first = cluster.world.objects.get(SECRETS, "hub", "sh.helm.release.v1.hub.v1")
    assert first["metadata"]["creationTimestamp"] == "2026-10-13T06:00:00Z"
    release = files.decoded(first)
    assert release["info"]["first_deployed"] == "2026-10-13T06:00:00Z"


def test_a_seed_tells_one_story_whenever_it_is_told() -> None:
    def names(seed: int, later: float = 0.0) -> list[str]:
        world = told(seed=seed, now=NOW + timedelta(seconds=later)).world
        return [
            f"{pod['metadata']['name']} on {pod['spec'].get('nodeName')}"
            for pod in world.objects.all(PODS)
        ]

    story = names(3)
    for later in (0, 7.25, 43.6):
        assert names(3, later) == story
    assert names(4) != story


def test_people_come_and_go_on() -> None:
    cluster = told()
    before = {server.user.name for server in cluster.hub.servers() if server.ready}
    passes(cluster, 60)
    after = {server.user.name for server in cluster.hub.servers() if server.ready}
    assert after - before
    assert 20 <= len(after) <= 60
    for reason in ("FailedScheduling", "TriggeredScaleUp", "NotTriggerScaleUp", "ScaleDown"):
        assert messages(cluster, reason) == ""


def nodes(cluster: Cluster) -> int:
    return len(cluster.world.objects.all(NODES))


def test_on_monday_a_class_of_300_arrives_and_nodes_come_for_it() -> None:
    cluster = told("monday")
    before = nodes(cluster)
    assert sum(server.ready for server in cluster.hub.servers()) < 120
    passes(cluster, 15)
    assert sum(server.ready for server in cluster.hub.servers()) > 280
    assert nodes(cluster) > before


def test_what_clouds_run_is_on_every_node_and_disks_are_where_their_users_are() -> None:
    world = told().world
    here = [pod for pod in world.objects.all(PODS, "kube-system") if is_ready(pod)]
    daemons = Counter(
        pod["spec"]["nodeName"]
        for pod in here
        if pod["metadata"]["ownerReferences"][0]["kind"] == "DaemonSet"
    )
    assert daemons == {each["metadata"]["name"]: 4 for each in world.objects.all(NODES)}
    (budget,) = world.objects.all(BUDGETS, "kube-system")
    assert budget["status"]["disruptionsAllowed"] == 1
    zones = Counter(
        volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0][
            "values"
        ][0]
        for volume in world.objects.all(VOLUMES)
        if "csi" in volume["spec"]
    )
    assert zones == {"europe-west6-a": 2, "europe-west6-b": 66}


@pytest.mark.parametrize(
    ("image", "there"),
    [
        ("quay.io/jupyter/scipy-notebook:2026-10-05", True),
        ("quay.io/jupyter/scipy-notebook:2026-1O-05", False),
        ("quay.io/jupyter/scipy-notebook:newest", False),
        ("quay.io/jupyter/scipy-notebook", True),
        ("quay.io/jupyter/genomics-notebook:latest", False),
        (f"quay.io/jupyter/scipy-notebook@sha256:{'0' * 64}", True),
        ("quay.io/uni/course:2026.11", True),
    ],
)
def test_a_registry_has_what_was_pushed_to_it(image: str, there: bool) -> None:
    assert told("empty").world.faults.is_missing(image) is not there


def test_an_empty_hub_runs_and_has_no_users() -> None:
    cluster = told("empty")
    assert history(cluster) == [("1", "deployed", "Install complete")]
    assert hub_runs(cluster)
    assert not cluster.hub.users
    assert not pods(cluster, "singleuser-server")


def test_pending_release_left_its_hooks_and_a_revision_that_nobody_ends() -> None:
    cluster = told(drill="pending-release")
    assert history(cluster) == [*COURSE, ("5", "pending-upgrade", "Preparing upgrade")]
    assert cluster.world.objects.find(JOBS, "hub", "hook-image-awaiter") is not None
    assert hub_runs(cluster)
    passes(cluster, 60)
    assert history(cluster)[-1] == ("5", "pending-upgrade", "Preparing upgrade")


def test_db_schema_crashes_the_hub_until_the_newer_chart_is_back() -> None:
    cluster = told(drill="db-schema")
    assert history(cluster)[-2:] == [
        ("5", "superseded", "Upgrade complete"),
        ("6", "deployed", "Rollback to 4"),
    ]
    assert reasons(cluster)["CrashLoopBackOff"] == 1
    pod = pods(cluster, "hub")[0]["metadata"]["name"]
    log = cluster.world.logs.of("hub", pod, "hub")
    assert any("Can't locate revision" in text for _, text in (*log.lines, *(log.previous or ())))
    cluster.release.begin(Chapter(timedelta(), again=5))
    passes(cluster, 3)
    assert cluster.hub.settings.version == "6.1.1"
    assert hub_runs(cluster)


def test_hook_puller_waits_for_one_node_and_fails_in_the_end() -> None:
    cluster = told(drill="hook-puller")
    assert history(cluster)[-1] == ("5", "pending-upgrade", "Preparing upgrade")
    puller = cluster.world.objects.get(DAEMONSETS, "hub", "hook-image-puller")["status"]
    assert puller["numberReady"] == puller["desiredNumberScheduled"] - 1
    job = cluster.world.objects.get(JOBS, "hub", "hook-image-awaiter")
    assert job["status"]["active"] == 1
    passes(cluster, 4)
    assert history(cluster)[-1] == ("5", "failed", 'Upgrade "hub" failed')


def test_hook_puller_goes_on_when_the_node_is_left_out_and_not_by_a_cordon_alone() -> None:
    cluster = told(drill="hook-puller")
    objects = cluster.world.objects
    (slow,) = [pod for pod in pods(cluster, "hook-image-puller") if not is_ready(pod)]
    node = slow["spec"]["nodeName"]
    objects.change(NODES, "", node, lambda each: each["spec"].update(unschedulable=True))
    passes(cluster, 1)
    assert history(cluster)[-1] == ("5", "pending-upgrade", "Preparing upgrade")
    taint = {"key": "hubtui/pullers-off", "effect": "NoSchedule"}
    objects.change(NODES, "", node, lambda each: each["spec"]["taints"].append(taint))
    objects.delete(PODS, "hub", slow["metadata"]["name"])
    passes(cluster, 1)
    assert history(cluster)[-2:] == [
        ("4", "superseded", history(cluster)[-2][2]),
        ("5", "deployed", "Upgrade complete"),
    ]
    assert pods(cluster, "hook-image-puller") == []
    passes(cluster, 5)
    assert history(cluster)[-1] == ("5", "deployed", "Upgrade complete")
    assert hub_runs(cluster)


def test_pending_users_find_no_node() -> None:
    cluster = told(drill="pending-user")
    waiting = [p for p in pods(cluster, "singleuser-server") if not p["spec"].get("nodeName")]
    assert len(waiting) >= 3
    assert "Insufficient memory" in messages(cluster, "FailedScheduling")
    cluster.release.begin(Chapter(timedelta(), again=4))
    passes(cluster, 8)
    assert all(pod["spec"].get("nodeName") for pod in pods(cluster, "singleuser-server"))


def test_image_pull_keeps_every_new_server_from_starting() -> None:
    cluster = told(drill="image-pull")
    assert reasons(cluster)["ImagePullBackOff"] >= 5
    assert "2026-1O-05: not found" in messages(cluster, "Failed")
    cluster.release.begin(Chapter(timedelta(), again=4))
    passes(cluster, 12)
    images = {
        c["image"] for p in pods(cluster, "singleuser-server") for c in p["spec"]["containers"]
    }
    assert not any("2026-1O-05" in image for image in images)
    assert all(is_ready(pod) for pod in pods(cluster, "continuous-image-puller"))


def test_core_has_no_place_for_the_hub() -> None:
    cluster = told(drill="core")
    assert [(phase_of(p), p["spec"].get("nodeName")) for p in pods(cluster, "hub")] == [
        ("Pending", None)
    ]
    assert "Insufficient" in messages(cluster, "FailedScheduling")
    assert not cluster.hub.is_up
    cluster.release.begin(Chapter(timedelta(), again=4))
    passes(cluster, 2)
    assert hub_runs(cluster)


def test_overload_fills_the_hub_and_kills_it_until_it_has_memory_again() -> None:
    cluster = told(drill="overload")
    hub = pods(cluster, "hub")[0]
    used = [usage_of(cluster.world, hub).memory]
    assert hub["status"]["containerStatuses"][0]["restartCount"] == 0
    passes(cluster, 0.8)
    used.append(usage_of(cluster.world, pods(cluster, "hub")[0]).memory)
    assert used[0] < 0.95 * 2**28 < used[1] < 2**28
    passes(cluster, 8)
    status = pods(cluster, "hub")[0]["status"]["containerStatuses"][0]
    assert status["restartCount"] >= 2
    assert status["lastState"]["terminated"]["reason"] == "OOMKilled"
    cluster.release.begin(Chapter(timedelta(), again=4))
    passes(cluster, 30)
    hub = pods(cluster, "hub")[0]
    assert is_ready(hub)
    assert hub["status"]["containerStatuses"][0]["restartCount"] == 0


def disagreements(cluster: Cluster) -> tuple[int, int, int]:
    """Pods without a server, servers without a pod, servers without a route."""
    there = {pod["metadata"]["name"] for pod in pods(cluster, "singleuser-server")}
    ready = [each for each in cluster.hub.servers() if each.ready]
    known = {each.pod for each in cluster.hub.servers() if each.is_active}
    routes = cluster.hub.routes.table
    return (
        len(there - known),
        sum(each.pod not in there for each in ready),
        sum(each.path not in routes for each in ready),
    )


def test_orphans_are_a_pod_a_server_and_a_route_until_somebody_mends_them() -> None:
    assert disagreements(told()) == (0, 0, 0)
    cluster = told(drill="orphans")
    assert disagreements(cluster) == (1, 1, 1)
    passes(cluster, 3)
    assert disagreements(cluster) == (1, 1, 1)
    gone = next(each for each in cluster.hub.servers() if each.pod in cluster.world.faults.unseen)
    cluster.hub.spawner.stop(gone)
    cluster.hub.routes.check()
    passes(cluster, 0.5)
    assert disagreements(cluster) == (1, 0, 0)


def test_proxy_has_no_routes_until_the_hub_is_asked_to_look() -> None:
    cluster = told(drill="proxy")
    assert disagreements(cluster)[2] > 20
    proxy = pods(cluster, "proxy")[0]["status"]["containerStatuses"][0]
    assert (proxy["restartCount"], proxy["ready"]) == (2, True)
    cluster.hub.routes.check()
    assert disagreements(cluster) == (0, 0, 0)


def test_culling_stops_nobody_until_the_hub_is_started_anew() -> None:
    cluster = told(drill="culling")
    late = [each for each in cluster.hub.servers() if each.ready and idle(cluster, each) > 4000]
    assert late
    name = pods(cluster, "hub")[0]["metadata"]["name"]
    cluster.world.objects.delete(PODS, "hub", name)
    passes(cluster, 15)
    assert not any(each.ready for each in late)


def test_scale_down_leaves_the_node_of_a_course_to_one_server_that_nobody_uses() -> None:
    cluster = told(drill="scale-down")
    (course,) = [each for each in cluster.hub.servers() if each.user.name == LECTURER]
    assert course.ready
    assert 4 * 3600 < idle(cluster, course) < 5 * 3600
    node = cluster.world.objects.get(PODS, "hub", course.pod)["spec"]["nodeName"]
    there = [p for p in cluster.world.objects.all(PODS, "hub") if p["spec"].get("nodeName") == node]
    assert [pod["metadata"]["name"] for pod in there] == [course.pod]
    passes(cluster, 60)
    assert course.ready
    cluster.hub.spawner.stop(course)
    passes(cluster, 15)
    assert cluster.world.objects.find(NODES, "", node) is None


def full(cluster: Cluster, claim: str) -> float:
    """The share of a claim's file system that is taken."""
    found = cluster.world.disks.at(("hub", claim), cluster.hub.now.timestamp())
    return found.used / (found.used + found.available)


def test_a_calm_hub_has_a_home_that_is_nearly_full_and_claims_of_users_who_are_gone() -> None:
    cluster = told()
    assert full(cluster, "shared-home") == pytest.approx(0.70, abs=0.01)
    shares = {each.claim: full(cluster, each.claim) for each in cluster.hub.servers() if each.ready}
    assert max(shares.values()) == pytest.approx(0.88, abs=0.001)
    assert sum(share > 0.80 for share in shares.values()) == 1
    owners = Counter(
        claim["metadata"]["annotations"]["hub.jupyter.org/username"]
        for claim in cluster.world.objects.all(CLAIMS, "hub")
        if claim["metadata"]["name"].startswith("claim-")
    )
    assert owners.keys() - cluster.hub.users.keys() == set(GONE)
    twice = [name for name, count in owners.items() if count == 2]
    assert twice == ["ana@uni.example", "ben@uni.example"]
    (kept,) = [v for v in cluster.world.objects.all(VOLUMES) if v["status"]["phase"] != "Bound"]
    assert kept["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert messages(cluster, "FailedAttachVolume") == ""


def test_home_full_has_room_again_when_its_claim_is_expanded() -> None:
    cluster = told(drill="home-full")
    assert 0.98 < full(cluster, "shared-home") < 0.99
    spec = {"resources": {"requests": {"storage": "300Gi"}}}
    objects = cluster.world.objects
    objects.change(CLAIMS, "hub", "home-nfs", lambda each: each["spec"].update(spec))
    passes(cluster, 1)
    assert 0.6 < full(cluster, "shared-home") < 0.7


@pytest.mark.parametrize(
    ("drill", "component"), [("hub-db", "hub"), ("attach", "singleuser-server")]
)
def test_a_disk_that_a_lost_node_holds_comes_free_when_the_old_pod_is_deleted_by_force(
    drill: str, component: str
) -> None:
    cluster = told(drill=drill)
    objects = cluster.world.objects
    (old,) = [p for p in objects.all(PODS, "hub") if "deletionTimestamp" in p["metadata"]]
    name = old["metadata"]["name"]
    assert f"Volume is already used by pod(s) {name}" in messages(cluster, "FailedAttachVolume")
    passes(cluster, 20)
    waiting = [p for p in pods(cluster, component) if p["status"]["phase"] == "Pending"]
    assert "FailedMount" in {event["reason"] for event in cluster.world.objects.all(EVENTS)}
    assert waiting
    objects.delete(PODS, "hub", name, grace=0)
    passes(cluster, 15)
    assert cluster.hub.is_up
    (held,) = claims_of(old)
    (there,) = [each for each in pods(cluster, component) if held in claims_of(each)]
    assert is_ready(there)


def idle(cluster: Cluster, server: Server) -> float:
    """Seconds since the hub knew of somebody at work."""
    seen = server.activity(cluster.hub.now)
    return (cluster.hub.now - seen).total_seconds() if seen else 0.0


@pytest.mark.parametrize("name", scenarios.DRILLS)
def test_every_drill_goes_on_where_a_history_ends(name: str) -> None:
    cluster = told("monday", name)
    assert history(cluster)[:3] == COURSE[:3]
    assert scenarios.DRILLS[name].page.startswith("hub: ")
    assert len(scenarios.DRILLS[name].page) < 160


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_is_what_the_chart_renders_today(name: str, tmp_path: Path) -> None:
    seed = SEEDS[name]
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(seed.values))
    rendered = subprocess.run(
        [
            *(helm_binary.find(Settings()), "template", "hub", seeds.chart(tmp_path, seed.chart)),
            *("--namespace", "hub", "--no-hooks", "--values", values),
        ],
        capture_output=True,
        check=True,
        text=True,
    ).stdout

    def comparable(text: str) -> list[Json]:
        documents = [each for each in yaml.safe_load_all(text) if each]
        for each in documents:
            if each["kind"] == "Secret":  # the chart makes this key up without a cluster
                each["data"]["hub.config.CryptKeeper.keys"] = files.base64_of(CRYPT_KEY)
        return sorted(documents, key=lambda each: (each["kind"], each["metadata"]["name"]))

    assert comparable(files.read(name)["manifest"]) == comparable(rendered)


async def test_a_seed_is_what_helm_stores() -> None:
    helm = helm_binary.find(Settings())
    stored = files.reduced(await seeds.made("installed", helm))
    assert stored == yaml.safe_load(files.path_of("installed").read_text())
    assert stored["apply_method"] == "ssa"


def test_seeds_are_small_and_hold_the_charts_files_once() -> None:
    assert sum(path.stat().st_size for path in files.HERE.glob("*.yaml")) < 300_000
    secret = told().world.objects.get(SECRETS, "hub", "sh.helm.release.v1.hub.v4")
    release = files.decoded(secret)
    assert {each["name"] for each in release["chart"]["templates"]} >= {"templates/hub.yaml"}
    assert len(secret["data"]["release"]) < PIECE


def test_components_are_those_of_a_hub() -> None:
    found = {component_of(pod) for pod in told("empty").world.objects.all(PODS, "hub")}
    assert found == {
        *("hub", "proxy", "user-scheduler", "user-placeholder", "continuous-image-puller"),
        *("shared-volume-metrics", "shared-dirsize-metrics"),
    }
