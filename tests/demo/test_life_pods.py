"""Pods on their nodes: images, init steps, crashes, readiness, and how they end."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

import msgspec

from hubtui.demo.faults import Crash
from hubtui.demo.life.reading import condition_of, is_ready, name_of, phase_of
from hubtui.demo.life.usage import usage_of
from hubtui.demo.resources import CONFIGMAPS, DAEMONSETS, EVENTS, JOBS, NODES, PODS, SECRETS
from hubtui.demo.storage import Json
from hubtui.model.kube import Event, Pod
from hubtui.model.podstate import state_of
from tests.demo.life_world import NAMESPACE, START, Cluster, condition, container, waiting

IMAGE = "quay.io/jupyterhub/k8s-hub:4.4.0"
USERS_IMAGE = "quay.io/jupyter/scipy-notebook:2026-11-01"


def hub(cluster: Cluster, **more: Any) -> None:
    """The hub's Deployment."""
    main = container(IMAGE, **more) | {"name": "hub"}
    cluster.deployment("hub", strategy={"type": "Recreate"}, spec={"containers": [main]})


def shown(pod: Json) -> str:
    """kubectl's STATUS of a pod, as hubtui reads it."""
    return state_of(msgspec.convert(pod, Pod)).status


def status_of(cluster: Cluster, component: str) -> Json:
    """The status of the first container of the one pod of a component."""
    (pod,) = cluster.pods(component)
    found: Json = pod["status"]["containerStatuses"][0]
    return found


def states(cluster: Cluster, seconds: int, component: str) -> list[str]:
    """What kubectl would show, second by second, without repeats."""
    seen: list[str] = []
    for _ in range(seconds):
        cluster.run(1)
        for pod in cluster.pods(component):
            state = shown(pod)
            if not seen or seen[-1] != state:
                seen.append(state)
    return seen


def test_the_hub_is_ready_some_seconds_after_its_image_is_there(cluster: Cluster) -> None:
    hub(cluster)
    cluster.run(3)
    (pod,) = cluster.pods("hub")
    assert shown(pod) == "ContainerCreating"
    assert cluster.told(name_of(pod), "Pulling") == [f'Pulling image "{IMAGE}"']
    cluster.run(60)
    (pod,) = cluster.pods("hub")
    assert is_ready(pod)
    (pulled,) = cluster.told(name_of(pod), "Pulled")
    assert pulled.startswith(f'Successfully pulled image "{IMAGE}" in ')
    assert pulled.endswith(" bytes.")
    begun = datetime.fromisoformat(
        pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
    )
    ready = condition(pod["status"], "Ready")["lastTransitionTime"]
    assert 5 <= (datetime.fromisoformat(ready) - begun).total_seconds() <= 11
    assert pod["status"]["podIP"].startswith("10.244.0.")
    assert pod["status"]["hostIP"]
    (image,) = cluster.objects.get(NODES, "", "node-0")["status"]["images"]
    assert image["names"][1] == IMAGE
    assert f"Image size: {image['sizeBytes']} bytes." in pulled


def test_the_hubs_log_begins_with_the_version_of_its_release(cluster: Cluster) -> None:
    values = base64.b64encode(b"Chart:\n  AppVersion: 6.1.1\n").decode()
    head = {"name": "hub", "namespace": NAMESPACE}
    cluster.objects.create(SECRETS, {"metadata": head, "data": {"values.yaml": values}})
    main = container(IMAGE) | {"name": "hub"}
    volume = {"name": "secret", "secret": {"secretName": "hub"}}
    cluster.deployment("hub", spec={"containers": [main], "volumes": [volume]})
    cluster.run(60)
    log = cluster.world.logs.of(NAMESPACE, name_of(cluster.pods("hub")[0]), "hub")
    assert any(text.endswith("Running JupyterHub version 6.1.1") for _, text in log.lines)


def test_an_image_that_is_there_is_not_pulled_again(cluster: Cluster) -> None:
    hub(cluster)
    cluster.run(60)
    cluster.objects.delete(PODS, NAMESPACE, name_of(cluster.pods("hub")[0]))
    cluster.run(20)
    (pod,) = cluster.pods("hub")
    assert cluster.told(name_of(pod), "Pulled") == [
        f'Container image "{IMAGE}" already present on machine'
    ]


def test_one_image_is_pulled_after_the_other(cluster: Cluster) -> None:
    cluster.world.faults.slow_pulls["scipy"] = 40.0
    cluster.pod("first", containers=[container(USERS_IMAGE)])
    cluster.run(2)
    cluster.pod("second", containers=[container(IMAGE)])
    cluster.run(30)
    assert [shown(cluster.get(PODS, name)) for name in ("first", "second")] == [
        "ContainerCreating",
        "ContainerCreating",
    ]
    cluster.run(30)
    assert shown(cluster.get(PODS, "second")) == "Running"
    (told,) = cluster.told("second", "Pulled")
    assert "including waiting" in told


def test_an_image_that_is_nowhere_is_tried_with_growing_pauses(cluster: Cluster) -> None:
    cluster.world.faults.missing_images.add("k8s-hub:4.4.0")
    hub(cluster)
    seen = states(cluster, 120, "hub")
    assert seen[:5] == [
        *("ContainerCreating", "ErrImagePull", "ImagePullBackOff", "ErrImagePull"),
        "ImagePullBackOff",
    ]
    (pod,) = cluster.pods("hub")
    name = name_of(pod)
    assert waiting(pod) == "ImagePullBackOff"
    message = pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"]
    assert message.startswith(f'Back-off pulling image "{IMAGE}": ErrImagePull: rpc error: ')
    failed = cluster.told(name, "Failed")
    assert "Error: ErrImagePull" in failed
    assert "Error: ImagePullBackOff" in failed
    assert any(each.endswith(f"{IMAGE}: not found") for each in failed)
    cluster.world.faults.missing_images.clear()
    cluster.run(320)
    assert cluster.ready("hub") == 1


def test_a_hub_that_crashes_is_started_with_pauses_that_double(cluster: Cluster) -> None:
    lines = ("Traceback (most recent call last):", "sqlalchemy.exc.OperationalError")
    cluster.world.faults.crashes["hub"] = Crash(lines=lines)
    hub(cluster)
    cluster.run(90)
    seen = states(cluster, 90, "hub")
    assert {"CrashLoopBackOff", "Error"} <= set(seen)
    (pod,) = cluster.pods("hub")
    found = status_of(cluster, "hub")
    assert found["restartCount"] >= 4
    ended = found["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("Error", 1)
    told = cluster.told(name_of(pod), "BackOff")
    assert told == [
        f"Back-off restarting failed container hub in pod {name_of(pod)}_hub"
        f"({pod['metadata']['uid']})"
    ]
    log = cluster.world.logs.of(NAMESPACE, name_of(pod), "hub")
    assert log.previous is not None
    assert [text for _, text in log.previous][-2:] == list(lines)
    starts = found["restartCount"]
    cluster.run(3600)
    later = status_of(cluster, "hub")["restartCount"]
    assert 3600 / 320 - 2 <= later - starts <= 3600 / 300 + 3
    cluster.world.faults.crashes.clear()
    cluster.run(320)
    assert cluster.ready("hub") == 1


def test_a_fault_that_is_set_later_ends_a_running_container(cluster: Cluster) -> None:
    hub(cluster)
    cluster.run(60)
    cluster.world.faults.crashes_by_image["k8s-hub"] = Crash("OOMKilled", 137)
    cluster.run(60)
    found = status_of(cluster, "hub")
    assert found["lastState"]["terminated"]["reason"] == "OOMKilled"
    assert found["lastState"]["terminated"]["exitCode"] == 137
    assert cluster.ready("hub") == 0


def test_init_steps_run_one_after_the_other(cluster: Cluster) -> None:
    steps = [
        container(USERS_IMAGE) | {"name": "image-pull-singleuser"},
        container(IMAGE) | {"name": "image-pull-extra"},
    ]
    cluster.daemon_set("hook-image-puller", spec={"initContainers": steps})
    seen = states(cluster, 120, "hook-image-puller")
    assert [each for each in seen if each != "PodInitializing"] == [
        *("Init:0/2", "Init:1/2", "Running"),
    ]
    (pod,) = cluster.pods("hook-image-puller")
    assert [each["ready"] for each in pod["status"]["initContainerStatuses"]] == [True, True]


def test_a_sidecar_is_up_before_the_rest_and_counts_for_ready(cluster: Cluster) -> None:
    sidecar = container(IMAGE, restartPolicy="Always") | {"name": "sidecar"}
    cluster.pod("some", initContainers=[sidecar])
    cluster.run(30)
    state = state_of(msgspec.convert(cluster.get(PODS, "some"), Pod))
    assert (state.status, state.ready, state.containers) == ("Running", 2, 2)


def test_the_awaiter_ends_when_every_node_has_the_images(cluster: Cluster) -> None:
    cluster.node("node-1")
    cluster.world.faults.slow_pulls["node-1/quay.io/jupyter/scipy"] = 90.0
    step = container(USERS_IMAGE) | {"name": "image-pull-singleuser"}
    cluster.daemon_set("hook-image-puller", spec={"initContainers": [step]})
    awaiter = container("quay.io/jupyterhub/k8s-image-awaiter:4.4.0") | {
        "name": "hook-image-awaiter",
        "command": [
            "/image-awaiter",
            "-daemonset=hook-image-puller",
            "-namespace=hub",
            "-pod-scheduling-wait-duration=10",
        ],
    }
    cluster.job("hook-image-awaiter", {"restartPolicy": "Never", "containers": [awaiter]})
    cluster.run(80)
    status = cluster.status(JOBS, "hook-image-awaiter")
    assert (status["active"], status.get("succeeded")) == (1, None)
    assert cluster.status(DAEMONSETS, "hook-image-puller")["numberReady"] == 1
    cluster.run(60)
    status = cluster.status(JOBS, "hook-image-awaiter")
    assert status["succeeded"] == 1
    assert "active" not in status
    assert condition(status, "Complete")["reason"] == "CompletionsReached"
    assert status["completionTime"] > status["startTime"]
    (pod,) = [each for each in cluster.pods() if "job-name" in each["metadata"]["labels"]]
    assert phase_of(pod) == "Succeeded"
    assert shown(pod) == "Completed"
    assert cluster.told("hook-image-awaiter", "Completed") == ["Job completed"]


def test_a_job_whose_pods_fail_gives_up_after_its_limit(cluster: Cluster) -> None:
    cluster.world.faults.crashes_by_image["worker"] = Crash(code=2, after=1)
    spec = {"restartPolicy": "Never", "containers": [container("quay.io/x/worker:1")]}
    cluster.job("work", spec, backoffLimit=2)
    cluster.run(300)
    status = cluster.status(JOBS, "work")
    assert status["failed"] == 3
    assert condition(status, "Failed")["reason"] == "BackoffLimitExceeded"
    assert [phase_of(pod) for pod in cluster.pods()] == ["Failed"] * 3


def test_a_job_that_takes_too_long_is_ended_and_one_that_is_over_goes(cluster: Cluster) -> None:
    cluster.world.faults.slow_pulls["worker"] = 600
    spec = {"restartPolicy": "Never", "containers": [container("quay.io/x/worker:1")]}
    cluster.job("work", spec, activeDeadlineSeconds=60, ttlSecondsAfterFinished=120)
    cluster.run(100)
    assert condition(cluster.status(JOBS, "work"), "Failed")["reason"] == "DeadlineExceeded"
    assert cluster.pods() == []
    cluster.run(120)
    assert cluster.objects.find(JOBS, NAMESPACE, "work") is None


def test_a_server_that_ends_by_itself_without_an_error_is_not_started_again(
    cluster: Cluster,
) -> None:
    cluster.world.faults.crashes["singleuser-server"] = Crash("Completed", 0, after=30)
    cluster.pod("jupyter-ana", component="singleuser-server", restartPolicy="OnFailure")
    cluster.run(120)
    pod = cluster.get(PODS, "jupyter-ana")
    assert phase_of(pod) == "Succeeded"
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 0


def test_a_pod_is_given_its_grace_time_to_end(cluster: Cluster) -> None:
    hub(cluster)
    cluster.run(60)
    name = name_of(cluster.pods("hub")[0])
    cluster.objects.delete(PODS, NAMESPACE, name)
    assert shown(cluster.get(PODS, name)) == "Terminating"
    cluster.run(3)
    assert cluster.objects.find(PODS, NAMESPACE, name) is None
    assert cluster.told(name, "Killing") == ["Stopping container hub"]


def test_a_pod_waits_for_what_it_mounts(cluster: Cluster) -> None:
    volume = {"name": "config", "configMap": {"name": "hub"}}
    cluster.pod("some", volumes=[volume])
    cluster.run(20)
    assert shown(cluster.get(PODS, "some")) == "ContainerCreating"
    words = 'MountVolume.SetUp failed for volume "config" : configmap "hub" not found'
    assert cluster.told("some", "FailedMount") == [words]
    cluster.config_map("hub")
    cluster.run(60)
    assert shown(cluster.get(PODS, "some")) == "Running"


def test_a_variable_without_its_secret_keeps_a_container_from_being_made(
    cluster: Cluster,
) -> None:
    source = {"secretKeyRef": {"name": "hub", "key": "token"}}
    hub(cluster, env=[{"name": "TOKEN", "valueFrom": source}])
    cluster.run(60)
    (pod,) = cluster.pods("hub")
    assert shown(pod) == "CreateContainerConfigError"
    secret = {"metadata": {"name": "hub", "namespace": NAMESPACE}, "data": {"token": ""}}
    cluster.objects.create(SECRETS, secret)
    cluster.run(30)
    assert cluster.ready("hub") == 1


def test_events_are_counted_and_gone_after_an_hour(cluster: Cluster) -> None:
    cluster.world.faults.crashes["hub"] = Crash()
    hub(cluster)
    cluster.run(600)
    found = [msgspec.convert(each, Event) for each in cluster.objects.all(EVENTS, NAMESPACE)]
    back_off = next(each for each in found if each.reason == "BackOff")
    assert back_off.times > 3
    assert back_off.last_seen is not None
    assert back_off.last_seen > START + timedelta(seconds=120)
    assert back_off.involved_object.field_path == "spec.containers{hub}"
    cluster.run(3 * 3600)
    left = {each["reason"] for each in cluster.objects.all(EVENTS, NAMESPACE)}
    assert {"BackOff", "Started"} <= left
    assert not {"Scheduled", "SuccessfulCreate", "Pulling"} & left


def test_what_a_user_uses_stays_below_the_limit_and_follows_the_time(cluster: Cluster) -> None:
    limits = {"limits": {"memory": "512Mi", "cpu": "500m"}}
    main = container(USERS_IMAGE, resources=limits) | {"name": "notebook"}
    cluster.pod("jupyter-ana", component="singleuser-server", containers=[main])
    assert usage_of(cluster.world, cluster.get(PODS, "jupyter-ana")).memory == 0
    cluster.run(120)
    seen = set()
    for _ in range(50):
        cluster.run(120)
        pod = cluster.get(PODS, "jupyter-ana")
        used = usage_of(cluster.world, pod)
        assert used == usage_of(cluster.world, pod)
        assert 0 < used.cpu < 0.5
        assert 100 * 2**20 < used.memory < 512 * 2**20
        seen.add(used)
    assert len(seen) == 50


def test_a_pod_made_by_somebody_else_gets_what_an_apiserver_fills_in(cluster: Cluster) -> None:
    cluster.pod("some")
    cluster.run(0)
    pod = cluster.get(PODS, "some")
    assert pod["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert pod["spec"]["schedulerName"] == "default-scheduler"
    assert pod["spec"]["priority"] == 0
    assert condition_of(pod, "PodScheduled") is None
    assert cluster.objects.all(CONFIGMAPS) == []
