"""Objects in the demo: identities, conflicts, deletion and owners, as any kind has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hubtui.demo.objects import owner_of
from hubtui.demo.refusals import RefusedError
from hubtui.demo.resources import CONFIGMAPS, DEPLOYMENTS, NAMESPACES, PODS, REPLICASETS
from hubtui.demo.storage import Change, Json
from hubtui.demo.world import World

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    made = World.make(START)
    made.objects.create(NAMESPACES, {"metadata": {"name": "hub"}})
    return made


def thing(name: str, **more: object) -> Json:
    return {"metadata": {"name": name, "namespace": "hub"}, **more}


def test_a_new_object_has_an_identity_and_a_time(world: World) -> None:
    made = world.objects.create(DEPLOYMENTS, thing("hub", spec={"replicas": 1}))
    metadata = made["metadata"]
    assert (made["apiVersion"], made["kind"]) == ("apps/v1", "Deployment")
    assert metadata["creationTimestamp"] == "2026-11-20T08:00:00Z"
    assert metadata["generation"] == 1
    assert len(metadata["uid"]) == 36
    assert int(metadata["resourceVersion"]) == world.storage.version


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        (thing("twice"), 409, "AlreadyExists"),
        ({"metadata": {"name": "a", "namespace": "nowhere"}}, 404, "NotFound"),
    ],
)
def test_what_cannot_be_made_is_refused(world: World, body: Json, code: int, reason: str) -> None:
    world.objects.create(CONFIGMAPS, thing("twice"))
    with pytest.raises(RefusedError) as refused:
        world.objects.create(CONFIGMAPS, body)
    assert (refused.value.code, refused.value.reason) == (code, reason)


def test_a_name_is_generated(world: World) -> None:
    body = {"metadata": {"generateName": "hub-", "namespace": "hub"}, "spec": {}}
    names = {world.objects.create(PODS, body)["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("hub-") and len(name) == len("hub-") + 5 for name in names)


def test_an_update_of_something_older_is_a_conflict(world: World) -> None:
    first = world.objects.create(CONFIGMAPS, thing("names", data={"a": "1"}))
    world.objects.update(CONFIGMAPS, {**first, "data": {"a": "2"}})
    with pytest.raises(RefusedError) as refused:
        world.objects.update(CONFIGMAPS, {**first, "data": {"a": "3"}})
    assert refused.value.reason == "Conflict"
    assert world.objects.get(CONFIGMAPS, "hub", "names")["data"] == {"a": "2"}


def test_only_a_changed_spec_is_a_new_generation_and_only_status_writes_the_status(
    world: World,
) -> None:
    made = world.objects.create(DEPLOYMENTS, thing("hub", spec={"replicas": 1}))
    seen = world.objects.update_status(DEPLOYMENTS, {**made, "status": {"replicas": 1}})
    assert seen["metadata"]["generation"] == 1
    scaled = world.objects.update(
        DEPLOYMENTS, {**seen, "spec": {"replicas": 2}, "status": {"replicas": 99}}
    )
    assert scaled["metadata"]["generation"] == 2
    assert scaled["status"] == {"replicas": 1}


def test_what_stays_as_it_was_is_no_change(world: World) -> None:
    made = world.objects.create(CONFIGMAPS, thing("names", data={"a": "1"}))
    version = world.storage.version
    world.objects.update(CONFIGMAPS, {**made, "data": {"a": "1"}})
    assert world.storage.version == version


def test_a_dry_run_changes_nothing(world: World) -> None:
    made = world.objects.create(CONFIGMAPS, thing("names"))
    version = world.storage.version
    world.objects.create(CONFIGMAPS, thing("others"), dry_run=True)
    world.objects.update(CONFIGMAPS, {**made, "data": {"a": "1"}}, dry_run=True)
    world.objects.delete(CONFIGMAPS, "hub", "names", dry_run=True)
    assert world.storage.version == version


def test_a_pod_on_a_node_ends_and_one_without_is_gone(world: World) -> None:
    world.objects.create(PODS, thing("waits", spec={}))
    world.objects.create(PODS, thing("runs", spec={"nodeName": "user-1"}))
    world.objects.delete(PODS, "hub", "waits")
    world.objects.delete(PODS, "hub", "runs")
    assert world.objects.find(PODS, "hub", "waits") is None
    ending = world.objects.get(PODS, "hub", "runs")["metadata"]
    assert ending["deletionGracePeriodSeconds"] == 30
    assert ending["deletionTimestamp"] == "2026-11-20T08:00:00Z"
    world.objects.delete(PODS, "hub", "runs", grace=0)
    assert world.objects.find(PODS, "hub", "runs") is None


@pytest.mark.parametrize("orphan", [False, True])
def test_what_is_owned_ends_with_its_owner(world: World, orphan: bool) -> None:
    deployment = world.objects.create(DEPLOYMENTS, thing("hub", spec={}))
    owned = {"metadata": {**thing("hub-1")["metadata"], "ownerReferences": [owner_of(deployment)]}}
    replicas = world.objects.create(REPLICASETS, {**owned, "spec": {}})
    pod = thing("hub-1-x", spec={})
    pod["metadata"]["ownerReferences"] = [owner_of(replicas)]
    world.objects.create(PODS, pod)
    assert world.objects.owned(REPLICASETS, deployment) == [replicas]
    world.objects.delete(DEPLOYMENTS, "hub", "hub", orphan=orphan)
    world.timeline.run_until(START + timedelta(seconds=1))
    left = [len(world.objects.all(resource)) for resource in (DEPLOYMENTS, REPLICASETS, PODS)]
    assert left == ([0, 1, 1] if orphan else [0, 0, 0])


def test_an_object_with_a_finalizer_goes_when_the_last_one_is_taken_away(world: World) -> None:
    body = thing("kept")
    body["metadata"]["finalizers"] = ["example.org/keep"]
    world.objects.create(CONFIGMAPS, body)
    world.objects.delete(CONFIGMAPS, "hub", "kept")
    assert "deletionTimestamp" in world.objects.get(CONFIGMAPS, "hub", "kept")["metadata"]
    world.objects.change(CONFIGMAPS, "hub", "kept", lambda each: each["metadata"].pop("finalizers"))
    assert world.objects.find(CONFIGMAPS, "hub", "kept") is None


def test_each_change_is_told_once_and_what_is_forgotten_is_too_old(world: World) -> None:
    told: list[Change] = []
    stop = world.storage.listen(told.append)
    version = world.storage.version
    world.objects.create(CONFIGMAPS, thing("a"))
    world.objects.change(CONFIGMAPS, "hub", "a", lambda each: each.update(data={"b": "1"}))
    world.objects.delete(CONFIGMAPS, "hub", "a")
    stop()
    world.objects.create(CONFIGMAPS, thing("unseen"))
    assert [change.type for change in told] == ["ADDED", "MODIFIED", "DELETED"]
    assert [change.type for change in world.storage.since(version)][:3] == [
        *("ADDED", "MODIFIED", "DELETED")
    ]
    world.storage.forget()
    with pytest.raises(RefusedError) as refused:
        world.storage.since(version)
    assert refused.value.code == 410
