"""A part of a hub in a namespace of its own, and pods that go wrong: what small verbs work on."""

from __future__ import annotations

from typing import Any

from tests.cluster.clusters import Cluster
from tests.testbed.stages import STAGE

Json = dict[str, Any]

SCHEDULER = "user-scheduler"
QUOTA = "none"


def deployment(name: str = "sched", component: str = SCHEDULER) -> Json:
    """A Deployment with the chart's labels."""
    labels = {"app": "jupyterhub", "component": component}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec()},
        },
    }


def pod_spec() -> Json:
    return {
        "terminationGracePeriodSeconds": 0,
        "tolerations": [{"operator": "Exists"}],
        "containers": [{"name": "main", "image": "registry.k8s.io/pause:3.10"}],
    }


def server(name: str, user: str, stage: str = "") -> Json:
    """A user's server, with what goes wrong with it."""
    annotations = {"hub.jupyter.org/username": user, **({STAGE: stage} if stage else {})}
    labels = {"app": "jupyterhub", "component": "singleuser-server"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
        "spec": pod_spec(),
    }


class Place:
    """A namespace, as who sets it up sees it."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace

    def make(self, item: Json) -> None:
        """Creates a Deployment or a pod."""
        with self.cluster.api() as api:
            api.request("POST", self._path(item["kind"]), item)

    def patch(self, name: str, body: Json) -> None:
        """Changes a Deployment."""
        with self.cluster.api() as api:
            api.patch(f"{self._path('Deployment')}/{name}", body)

    def deployment(self, name: str) -> Json:
        with self.cluster.api() as api:
            return api.get(f"{self._path('Deployment')}/{name}")

    def pods(self, **labels: str) -> dict[str, Json]:
        """The pods by uid that are not on their way out."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        with self.cluster.api() as api:
            found = api.items(self._path("Pod"), labelSelector=selector)
        here = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
        return {pod["metadata"]["uid"]: pod for pod in here}

    def available(self, name: str) -> None:
        """Waits until a Deployment's rollout is over."""

        def there(items: Any) -> bool:
            return any(item["metadata"]["name"] == name and _is_over(item) for item in items)

        with self.cluster.api() as api:
            api.wait_items(self._path("Deployment"), there)

    def until(self, name: str, status: str) -> None:
        """Waits until a pod's container waits with a reason, or the pod is in a phase."""

        def there(items: Any) -> bool:
            return any(
                item["metadata"]["name"] == name and status in str(item["status"]) for item in items
            )

        with self.cluster.api() as api:
            api.wait_items(self._path("Pod"), there)

    def refuse_pods(self) -> None:
        """A quota refuses all pods from here on."""
        quota = {"metadata": {"name": QUOTA}, "spec": {"hard": {"pods": "0"}}}
        with self.cluster.api() as api:
            api.request("POST", self._quotas, quota)

    def take_pods(self) -> None:
        """The quota is gone."""
        with self.cluster.api() as api:
            api.request("DELETE", f"{self._quotas}/{QUOTA}")

    def delete(self, name: str) -> None:
        """Deletes a pod at once, as somebody else would."""
        with self.cluster.api() as api:
            path = f"{self._path('Pod')}/{name}"
            api.request("DELETE", path, {"gracePeriodSeconds": 0})

    @property
    def _quotas(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/resourcequotas"

    def _path(self, kind: str) -> str:
        root = "/api/v1" if kind == "Pod" else "/apis/apps/v1"
        return f"{root}/namespaces/{self.namespace}/{kind.lower()}s"


def _is_over(item: Json) -> bool:
    status, wanted = item["status"], item["spec"]["replicas"]
    counts = [status.get(f"{which}eplicas") for which in ("r", "updatedR", "availableR")]
    seen = status.get("observedGeneration") == item["metadata"]["generation"]
    return seen and counts == [wanted] * len(counts)


def level(plan: Any, name: str) -> str:
    return next(str(check.level) for check in plan.checks if check.name == name)


def evidence(plan: Any, name: str) -> str:
    return next(str(check.evidence) for check in plan.checks if check.name == name)


WRITES = {"create", "update", "patch", "delete", "deletecollection"}


def writes(cluster: Cluster, user: str, namespace: str) -> list[tuple[str, str, str]]:
    """Verb, resource and name of what a user wrote in a namespace, refused or not."""
    return [
        (
            entry["verb"],
            entry["objectRef"]["resource"],
            entry["objectRef"].get("name", ""),
        )
        for entry in cluster.audit_entries(user)
        if entry["verb"] in WRITES and entry.get("objectRef", {}).get("namespace") == namespace
        if not entry["objectRef"]["resource"].startswith("selfsubject")
    ]
