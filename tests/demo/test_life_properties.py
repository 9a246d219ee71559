"""Whatever is done to a cluster: in the end it is as asked, no node is too full, and the same seed
tells the same story."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubtui.demo.faults import Crash
from hubtui.demo.life.amounts import add, asks
from hubtui.demo.life.fitting import allocatable
from hubtui.demo.life.reading import ENDED, is_active, is_ready, name_of, node_of, phase_of
from hubtui.demo.resources import DAEMONSETS, DEPLOYMENTS, NODES, PODS, STATEFULSETS, Resource
from hubtui.demo.storage import Change
from tests.demo.life_world import NAMESPACE, Cluster, container, requests

WORKLOADS: dict[str, Resource] = {
    "hub": DEPLOYMENTS,
    "proxy": DEPLOYMENTS,
    "user-placeholder": STATEFULSETS,
    "db": STATEFULSETS,
    "continuous-image-puller": DAEMONSETS,
}
SCALED = ("hub", "proxy", "user-placeholder", "db")
ENOUGH = 1200
"""Seconds after which everything has come to rest."""

steps = st.one_of(
    st.tuples(st.just("scale"), st.sampled_from(SCALED), st.integers(0, 4)),
    st.tuples(st.just("image"), st.sampled_from(tuple(WORKLOADS)), st.integers(1, 3)),
    st.tuples(st.just("delete"), st.sampled_from(tuple(WORKLOADS)), st.integers(0, 3)),
    st.tuples(st.just("node"), st.just(""), st.integers(0, 3)),
    st.tuples(st.just("cordon"), st.just(""), st.integers(0, 3)),
    st.tuples(st.just("remove"), st.just(""), st.integers(2, 3)),
    st.tuples(st.just("lose"), st.just(""), st.integers(0, 3)),
    st.tuples(st.just("crash"), st.sampled_from(tuple(WORKLOADS)), st.integers(0, 12)),
    st.tuples(st.just("hide"), st.just(""), st.integers(1, 3)),
    st.tuples(st.just("heal"), st.just(""), st.just(0)),
    st.tuples(st.just("wait"), st.just(""), st.integers(0, 40)),
    st.tuples(st.just("wait"), st.just(""), st.integers(200, 500)),
)
stories = st.lists(steps, max_size=12)


def begin(seed: int = 1) -> Cluster:
    """Two nodes, and one workload of each kind."""
    cluster = Cluster(seed)
    for number in range(2):
        cluster.node(f"node-{number}", memory="16Gi")
    spec = {"containers": [container(resources=requests(cpu="100m", memory="500Mi"))]}
    cluster.deployment("hub", strategy={"type": "Recreate"}, spec=spec)
    cluster.deployment("proxy", 2, spec=spec)
    cluster.stateful_set("user-placeholder", 2, podManagementPolicy="Parallel", spec=spec)
    cluster.stateful_set("db", 2, spec=spec)
    cluster.daemon_set("continuous-image-puller", spec=spec)
    return cluster


def do(cluster: Cluster, step: tuple[str, str, int]) -> None:
    """One step of a story."""
    what, name, number = step
    if what == "scale":
        cluster.change(WORKLOADS[name], name, replicas=number)
    elif what == "image":
        cluster.new_image(WORKLOADS[name], name, f"registry.k8s.io/pause:{number}")
    elif what == "delete":
        for pod in cluster.pods(name)[number : number + 1]:
            cluster.objects.delete(PODS, NAMESPACE, name_of(pod))
    elif what == "node" and cluster.objects.find(NODES, "", f"node-{number}") is None:
        cluster.node(f"node-{number}", memory="16Gi")
    elif what == "cordon" and number:
        cluster.objects.change(
            NODES, "", f"node-{number}", lambda node: node["spec"].update(unschedulable=True)
        )
    elif what == "remove" and cluster.objects.find(NODES, "", f"node-{number}") is not None:
        cluster.objects.delete(NODES, "", f"node-{number}")
    elif what == "wait":
        cluster.run(number)
    else:
        trouble(cluster, step)


def trouble(cluster: Cluster, step: tuple[str, str, int]) -> None:
    """Something goes wrong, or everything is well again."""
    what, name, number = step
    faults = cluster.world.faults
    if what == "lose":
        faults.lost_nodes.add(f"node-{number}")
    elif what == "crash":
        faults.crashes[name] = Crash(after=number)
    elif what == "hide":
        faults.missing_images.add(f"pause:{number}")
    elif what == "heal":
        for each in (faults.lost_nodes, faults.crashes, faults.missing_images):
            each.clear()


def asked_for(cluster: Cluster, name: str) -> int:
    """How many pods of a workload there should be."""
    if WORKLOADS[name] is DAEMONSETS:
        return len(cluster.objects.all(NODES))
    return int(cluster.get(WORKLOADS[name], name)["spec"]["replicas"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories)
def test_after_any_story_the_pods_that_are_asked_for_are_up(
    story: list[tuple[str, str, int]],
) -> None:
    cluster = begin()
    for step in story:
        do(cluster, step)
    do(cluster, ("heal", "", 0))
    cluster.run(ENOUGH)
    for name, resource in WORKLOADS.items():
        pods = [pod for pod in cluster.pods(name) if is_active(pod)]
        assert len(pods) == sum(map(is_ready, pods)) == asked_for(cluster, name)
        wanted = cluster.get(resource, name)["spec"]["template"]["spec"]["containers"][0]["image"]
        assert {pod["spec"]["containers"][0]["image"] for pod in pods} <= {wanted}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 40), max_size=30), stories)
def test_no_node_is_ever_asked_for_more_than_it_has(
    sizes: list[int], story: list[tuple[str, str, int]]
) -> None:
    cluster = begin()
    full: list[str] = []

    def check(change: Change) -> None:
        if change.resource is PODS and change.before is not None:
            bound = node_of(change.object) and not node_of(change.before)
            full.extend(overcommitted(cluster) if bound else ())

    cluster.world.storage.listen(check)
    for number, size in enumerate(sizes):
        asked = [container(resources=requests(memory=f"{size}00Mi", cpu=f"{size}0m"))]
        cluster.pod(f"jupyter-{number}", containers=asked)
        if number < len(story):
            do(cluster, story[number])
    cluster.run(ENOUGH)
    assert full == []


def overcommitted(cluster: Cluster) -> list[str]:
    """The nodes whose pods ask for more than they have, added up anew."""
    found = []
    for node in cluster.objects.all(NODES):
        total: dict[str, int] = {}
        for pod in cluster.objects.all(PODS):
            if node_of(pod) == name_of(node) and phase_of(pod) not in ENDED:
                add(total, asks(pod))
        has = allocatable(node)
        if any(number > has.get(name, 0) for name, number in total.items()):
            found.append(name_of(node))
    return found


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories, st.integers(1, 5))
def test_the_same_seed_tells_the_same_story(story: list[tuple[str, str, int]], seed: int) -> None:
    def tell() -> list[tuple[str, str, object]]:
        cluster = begin(seed)
        told: list[tuple[str, str, object]] = []
        cluster.world.storage.listen(
            lambda change: told.append((change.type, change.resource.name, change.object))
        )
        for step in story:
            do(cluster, step)
        cluster.run(300)
        return told

    assert tell() == tell()


def test_another_seed_tells_another_story() -> None:
    names = []
    for seed in (1, 2):
        cluster = begin(seed)
        cluster.run(60)
        names.append([name_of(pod) for pod in cluster.pods("hub")])
    assert names[0] != names[1]
