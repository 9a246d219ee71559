"""A hub of a namespace of its own, on nodes of its own of random sizes, some of them taken.

Nothing else runs there: the nodes have a taint, and the hub's pods a node selector.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx

from hubtui.clients.gate import Gate
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import current_context
from hubtui.config import Settings
from hubtui.services.discovery import Hub
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.testbed import Testbed, extra_nodes
from tests.testbed.api import Api

Json = dict[str, Any]

OWN = "seats.hubtui/cluster"
GPU = "example.org/gpu"
GI = 2**30
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: jupyterhub\nversion: 4.4.0\nappVersion: 5.5.0\n",
    "templates/hub.yaml": """
# Of z2jh's chart just the Secret: its values are what is read.
apiVersion: v1
kind: Secret
metadata:
  name: hub
  labels: {app: jupyterhub, component: hub, release: {{ .Release.Name }}}
data:
  values.yaml: {{ .Values | toYaml | b64enc }}
""",
}


@dataclass
class RandomCluster:
    """`values` are those of the hub; `name` is its namespace, its release and its nodes' label."""

    cluster: Cluster
    name: str
    random: Random
    values: Json = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)
    started: int = 0
    counted: list[Json] = field(default_factory=list)
    """What the quotas count before any server is started."""

    @asynccontextmanager
    async def session(self, *, live: bool = False, **settings: Any) -> AsyncIterator[Session]:
        """A session on this hub."""
        chosen = Settings(kubeconfig=str(self.cluster.kubeconfig), **settings)
        context = current_context(chosen)
        client = KubeClient(chosen, context, Gate(chosen.read_only_reason(context.name)))
        opened = Session(chosen, context, client, Hub(self.name, self.name), live=live)
        try:
            yield opened
        finally:
            await opened.close()

    @property
    def pods(self) -> str:
        return f"/api/v1/namespaces/{self.name}/pods"

    def install(self, folder: Path) -> None:
        """The hub's release with its values, by the real helm."""
        for name, text in CHART.items():
            path = folder / "chart" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        given = folder / "values.json"
        given.write_text(json.dumps(self.values))
        words = ["upgrade", "--install", self.name, str(folder / "chart"), "-f", str(given)]
        subprocess.run(
            [str(self.cluster.helm()), *words, "--namespace", self.name],
            env=self.cluster.helm_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )

    def start(self, api: Api, manifest: Json, count: int, volumes: Sequence[str] = ()) -> int:
        """As many servers, one after the other, each with a volume of its own if there are any;
        how many a quota let through."""
        made = 0
        for number in range(count):
            self.started += 1  # no name twice: a late word about the first one is about that one
            name = f"server-{self.started}"
            if volumes:
                claim = {"claimName": volumes[number]}
                home = {"name": "home", "persistentVolumeClaim": claim}
                manifest = {**manifest, "spec": {**manifest["spec"], "volumes": [home]}}
            meta = {**manifest["metadata"], "name": name, "namespace": self.name}
            meta["labels"] = {**meta["labels"], "seats": "asked"}
            try:
                api.request("POST", self.pods, {**manifest, "metadata": meta})
            except httpx.HTTPStatusError as error:
                if "exceeded quota" not in error.response.text:
                    raise
            else:
                made += 1
        return made

    def placed(self, api: Api, count: int) -> list[str]:
        """On which nodes they run, when a scheduler has looked at each of them."""
        found = api.wait_items(
            self.pods,
            lambda pods: len(pods) == count and all(map(is_decided, pods)),
            labelSelector="seats=asked",
        )
        return [pod["spec"]["nodeName"] for pod in found if pod["spec"].get("nodeName")]

    def running(self, api: Api, count: int) -> list[str]:
        """On which nodes they run, when so many do."""
        found = api.wait_items(
            self.pods,
            lambda pods: sum(pod["status"]["phase"] == "Running" for pod in pods) >= count,
            labelSelector="seats=asked",
        )
        return [pod["spec"]["nodeName"] for pod in found if pod["spec"].get("nodeName")]

    def end(self, api: Api) -> None:
        """The servers go."""
        for pod in api.items(self.pods, labelSelector="seats=asked"):
            path = f"{self.pods}/{pod['metadata']['name']}"
            api.request("DELETE", path, {"gracePeriodSeconds": 0})
        api.wait_items(self.pods, lambda pods: not pods, labelSelector="seats=asked")
        api.wait_items(
            f"/api/v1/namespaces/{self.name}/resourcequotas",
            lambda quotas: [each["status"]["used"] for each in quotas] == self.counted,
        )


def is_decided(pod: Json) -> bool:
    """Whether it runs, or no node takes it; one that pushes others out has its node in view."""
    if pod["spec"].get("nodeName"):
        return bool(pod["status"]["phase"] == "Running")
    if pod["status"].get("nominatedNodeName"):
        return False
    conditions = pod["status"].get("conditions") or ()
    return any(c["type"] == "PodScheduled" and c["reason"] == "Unschedulable" for c in conditions)


@contextmanager
def random_cluster(
    cluster: Cluster,
    folder: Path,
    name: str,
    seed: int,
    change: Callable[[Json], None] = lambda _: None,
    *,
    quota: bool = False,
) -> Iterator[RandomCluster]:
    """One whose nodes, pods and values follow from a seed. `change` changes the values; with
    `quota` there may be one, too."""
    made = RandomCluster(cluster, name, Random(seed))
    namespace = f"/api/v1/namespaces/{name}"
    with cluster.api() as api:
        api.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        try:
            _make_overhead(made, api)
            _make_nodes(made, api)
            _take_room(made, api)
            # In this order helm writes them for the hub, and the first choice is the default one.
            values = _values(made)
            change(values)
            made.values = json.loads(json.dumps(values, sort_keys=True))
            made.install(folder)
            yield made
        finally:
            for node in made.nodes:
                extra_nodes.remove(api, node)
            for path in (namespace, f"{_CLASSES}/{name}"):
                with contextlib.suppress(httpx.HTTPStatusError):
                    api.request("DELETE", path)


_CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
_OVERHEAD = {"memory": "120Mi", "cpu": "250m"}


def _make_overhead(made: RandomCluster, api: Api) -> None:
    """The real API server gives overhead to the pods of a class, and to no others."""
    if isinstance(made.cluster, Testbed):
        body = {
            "metadata": {"name": made.name},
            "handler": "sandboxed",
            "overhead": {"podFixed": _OVERHEAD},
        }
        api.request("POST", _CLASSES, body)


def _make_nodes(made: RandomCluster, api: Api) -> None:
    """Nodes of all sizes; some have a further taint, another pool, no purpose, a cordon."""
    random = made.random
    for number in range(random.randint(4, 7)):
        name = f"{made.name}-{number}"
        labels = {OWN: made.name, "kubernetes.io/hostname": name}
        labels |= {"pool": random.choice(["small", "large"]), "cores": str(random.randint(1, 9))}
        if random.random() < 0.7:
            labels["hub.jupyter.org/node-purpose"] = "user"
        taints = [{"key": OWN, "value": made.name, "effect": "NoSchedule"}]
        taints += random.choice([[], [], [_taint(random)], [_taint(random), _taint(random)]])
        taints = list({(t["key"], t["effect"]): t for t in taints}.values())
        room = {
            "cpu": random.choice(["2", "3500m", "7910m", "4"]),
            "memory": random.choice(["7Gi", "15100Mi", "30000000Ki", "16e9", "8G"]),
            "pods": str(random.choice([6, 11, 29, 110])),
            "ephemeral-storage": random.choice(["20Gi", "100G"]),
        }
        if random.random() < 0.4:
            room[GPU] = str(random.randint(1, 3))
        spec = {"taints": taints}
        node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": labels},
            "spec": spec,
            "status": {"allocatable": room, "capacity": room, "phase": "Pending"},
        }
        made.nodes.append(name)
        extra_nodes.add(api, node)
    for name in made.nodes[1:]:
        if random.random() < 0.15:
            api.patch(f"/api/v1/nodes/{name}", {"spec": {"unschedulable": True}})


def _taint(random: Random) -> Json:
    effects = ["NoSchedule", "PreferNoSchedule"]
    return {
        "key": random.choice(["hub.jupyter.org/dedicated", "course", "spot"]),
        "value": random.choice(["user", "genomics", ""]),
        "effect": random.choice(effects),
    }


def _take_room(made: RandomCluster, api: Api) -> None:
    """Pods that are there already, with init steps, sidecars and overhead; some ask for more than
    their node has, as when it has become smaller."""
    for number in range(made.random.randint(5, 18)):
        spec = _occupant(made)
        spec["nodeName"] = made.random.choice(made.nodes)
        meta = {"name": f"there-{number}", "labels": {"seats": "there"}}
        api.request("POST", made.pods, {"metadata": meta, "spec": spec})
    api.wait_items(
        made.pods,
        lambda pods: all(pod["status"]["phase"] == "Running" for pod in pods),
        labelSelector="seats=there",
    )


def _limit(made: RandomCluster, api: Api) -> None:
    """A quota that may let less through than the nodes would take."""
    root = f"/api/v1/namespaces/{made.name}/resourcequotas"
    hard = made.random.choice([{"pods": "24"}, {"requests.memory": "30Gi"}, {"count/pods": "21"}])
    api.request("POST", root, {"metadata": {"name": "most"}, "spec": {"hard": hard}})
    found = api.wait_items(root, lambda quotas: all(map(_has_counted, quotas)))
    made.counted = [each["status"]["used"] for each in found]


def _has_counted(quota: Json) -> bool:
    return bool(quota["status"].get("used"))


def _occupant(made: RandomCluster) -> Json:
    random = made.random
    spec: Json = {
        "terminationGracePeriodSeconds": 0,
        "tolerations": [{"operator": "Exists"}],
        "containers": [_container(random, n) for n in range(random.randint(1, 2))],
    }
    if random.random() < 0.5:
        kinds = [{"restartPolicy": "Always"}, {}]
        steps = range(random.randint(1, 3))
        spec["initContainers"] = [_container(random, n + 5) | random.choice(kinds) for n in steps]
    if random.random() < 0.3:
        real = isinstance(made.cluster, Testbed)
        spec |= {"runtimeClassName": made.name} if real else {"overhead": _OVERHEAD}
    return spec


def _container(random: Random, number: int) -> Json:
    cpu = random.choice(["100m", "0.25", "1", "333m"])
    memory = random.choice(["128Mi", "1G", "500M", "2Gi", "1e9", "123456789"])
    kind = random.choice(["requests", "limits", "none"])
    resources: Json = {} if kind == "none" else {kind: {"cpu": cpu, "memory": memory}}
    image = "registry.k8s.io/pause:3.10"
    return {"name": f"c{number}", "image": image, "resources": resources}


def _values(made: RandomCluster) -> Json:
    """A hub for these nodes, whose profiles ask for more, or for other nodes."""
    random = made.random
    own = {"key": OWN, "operator": "Equal", "value": made.name, "effect": "NoSchedule"}
    singleuser: Json = {
        "memory": {
            "guarantee": random.choice(["1G", "512M", "1.5G", 800_000_000]),
            "limit": "8G",
        },
        "cpu": {"guarantee": random.choice([0.1, 0.5, None]), "limit": None},
        "nodeSelector": {OWN: made.name},
        "extraTolerations": [own],
        "storage": {"type": "none"},
        "profileList": _profiles(random),
    }
    if random.random() < 0.4:
        resources = {"requests": {"memory": "300Mi"}}
        image = "registry.k8s.io/pause:3.10"
        singleuser["extraContainers"] = [{"name": "side", "image": image, "resources": resources}]
    match = random.choice(["prefer", "ignore", "require"])
    return {
        "hub": {"config": {}},
        "singleuser": singleuser,
        "scheduling": {
            "userScheduler": {"enabled": False},
            "userPods": {"nodeAffinity": {"matchNodePurpose": match}},
            "podPriority": {"enabled": False},
        },
    }


def _profiles(random: Random) -> list[Json]:
    many_cores = {"key": "cores", "operator": "Gt", "values": ["4"]}
    course = {"key": "course", "operator": "Exists"}
    sizes = {
        "s": {"display_name": "2 GB", "kubespawner_override": {"mem_guarantee": "2G"}},
        "l": {"display_name": "6 GB", "kubespawner_override": {"mem_guarantee": "6G"}},
    }
    known: list[Json] = [
        {"display_name": "Large", "kubespawner_override": {"mem_guarantee": "3G"}},
        {"display_name": "Busy", "kubespawner_override": {"cpu_guarantee": 1.2}},
        {"display_name": "GPU", "kubespawner_override": {"extra_resource_limits": {GPU: "1"}}},
        {"display_name": "Pool", "kubespawner_override": {"node_selector": {"pool": "large"}}},
        {"display_name": "Chosen", "profile_options": {"size": {"choices": sizes}}},
        {"display_name": "Bare", "kubespawner_override": {"tolerations": [course]}},
        {
            "display_name": "Cores",
            "kubespawner_override": {
                "node_affinity_required": [{"matchExpressions": [many_cores]}],
                "tolerations": [{"operator": "Exists"}],
            },
        },
    ]
    usual = {"display_name": "Usual", "default": True}
    return [usual, *random.sample(known, 3)]
