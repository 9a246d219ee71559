"""What a busy hub's cluster is made of: nodes, user pods and helm releases, as the API takes them.

Pods are made by KubeSpawner's own `make_pod`, with the labels of a z2jh 4 hub (facts.md §2.1)
that blocks the cloud's metadata by a NetworkPolicy (no init container: one step of KWOK a pod).
Everything carries the label LOAD, so that `clear` finds it and nothing else.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

LOAD = "testbed.hubtui/load"
NAMESPACE = "hub"
HOME_CLAIM = "home-nfs"

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hub:
    """The release whose user pods are made."""

    release: str = "hub"
    chart: str = "jupyterhub-4.4.0"
    image: str = "quay.io/jupyterhub/k8s-singleuser-sample:4.4.0"
    port: int = 8888
    """Where their servers listen: KubeSpawner reads it from the pod."""


def node_name(number: int) -> str:
    return f"load-user-{number:03d}"


def user_name(number: int) -> str:
    """Plain names, institutional ones and addresses: their slugs differ (facts.md §2.3)."""
    match number % 5:
        case 3:
            return f"ada.{number:04d}@example.org"
        case 4:
            return f"s_{number:04d}"
        case _:
            return f"student-{number:04d}"


def node(number: int) -> Object:
    """A user node of a pool, with room for 25 user pods of 1 GiB; KWOK keeps it alive."""
    name = node_name(number)
    room = {"cpu": "8", "memory": "32Gi", "ephemeral-storage": "98831908Ki", "pods": "110"}
    free = room | {"cpu": "7910m", "memory": "27Gi", "ephemeral-storage": "47060071478"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                LOAD: "true",
                "hub.jupyter.org/node-purpose": "user",
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": "n2-highmem-8",
                "topology.kubernetes.io/region": "us-central1",
                "topology.kubernetes.io/zone": f"us-central1-{'abc'[number % 3]}",
            },
        },
        "spec": {
            "taints": [
                {"key": key, "value": "user", "effect": "NoSchedule"}
                for key in ("hub.jupyter.org/dedicated", "hub.jupyter.org_dedicated")
            ]
        },
        "status": {"capacity": room, "allocatable": free},
    }


def home_claim() -> Object:
    """The one claim of all homes, as hubs with NFS homes have it (storage.type static)."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": HOME_CLAIM, "labels": {LOAD: "true"}},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "1Ti"}},
        },
    }


class Users:
    """The names of users' things in KubeSpawner's scheme `safe`; it is loaded once, here."""

    def __init__(self) -> None:
        from kubespawner.slugs import is_valid_label, safe_slug

        self._safe, self._is_label = safe_slug, is_valid_label

    def pod(self, number: int) -> str:
        return f"jupyter-{self.home(number)}"

    def claim(self, number: int) -> str:
        """The claim of a home of one's own."""
        return f"claim-{self.home(number)}"

    def home(self, number: int) -> str:
        """The folder of a home on a claim of all."""
        return str(self._safe(user_name(number)))

    def slug(self, number: int) -> str:
        """The label of the user."""
        return str(self._safe(user_name(number), is_valid=self._is_label))


class Pods:
    """Makes user pods, whose homes are on one claim unless they are their own."""

    def __init__(self, hub: Hub | None = None, *, own_homes: bool = False) -> None:
        self._users = Users()
        self._own_homes = own_homes
        self._hub = hub or Hub()
        self._template = self._manifest()

    def name(self, number: int) -> str:
        return self._users.pod(number)

    def pod(self, number: int, node: str) -> Object:
        """The pod of one user, already on its node: 5,000 are not the scheduler's affair."""
        user = user_name(number)
        pod = copy.deepcopy(self._template)
        meta, spec = pod["metadata"], pod["spec"]
        meta["name"] = self.name(number)
        meta["labels"]["hub.jupyter.org/username"] = self._users.slug(number)
        meta["annotations"]["hub.jupyter.org/username"] = user
        spec["nodeName"] = node
        container = spec["containers"][0]
        if self._own_homes:
            del container["volumeMounts"][0]["subPath"]
            claim = {"claimName": self._users.claim(number)}
            spec["volumes"] = [{"name": "home", "persistentVolumeClaim": claim}]
        else:
            container["volumeMounts"][0]["subPath"] = self._users.home(number)
        for entry in container["env"]:
            entry["value"] = entry["value"].replace("{user}", user)
        return pod

    def _manifest(self) -> Object:
        from kubernetes_asyncio.client import ApiClient, Configuration
        from kubespawner.objects import make_pod

        made = make_pod(
            name="jupyter-user",
            cmd=["jupyterhub-singleuser"],
            port=self._hub.port,
            image=self._hub.image,
            image_pull_policy="IfNotPresent",
            fs_gid=100,
            env=_environment(self._hub),
            volumes=[{"name": "home", "persistentVolumeClaim": {"claimName": HOME_CLAIM}}],
            volume_mounts=[{"name": "home", "mountPath": "/home/jovyan", "subPath": "{user}"}],
            labels=_labels(self._hub),
            annotations=_annotations(),
            mem_guarantee=1 << 30,
            cpu_guarantee=0.05,
            automount_service_account_token=False,
            scheduler_name=f"{self._hub.release}-user-scheduler",
            tolerations=_tolerations(),
            node_affinity_preferred=[_user_nodes()],
        )
        serializer = object.__new__(ApiClient)  # without the session that __init__ opens
        serializer.configuration = Configuration()
        plain = serializer.sanitize_for_serialization(made)
        spec: Object = {"apiVersion": "v1", "kind": "Pod", **plain}
        return spec


def _labels(hub: Hub) -> dict[str, str]:
    return {
        LOAD: "true",
        "app": "jupyterhub",
        "app.kubernetes.io/component": "singleuser-server",
        "app.kubernetes.io/instance": hub.release,
        "app.kubernetes.io/managed-by": "kubespawner",
        "app.kubernetes.io/name": "jupyterhub",
        "chart": hub.chart,
        "component": "singleuser-server",
        "helm.sh/chart": hub.chart,
        "hub.jupyter.org/network-access-hub": "true",
        "hub.jupyter.org/servername": "",
        "release": hub.release,
    }


def _annotations() -> dict[str, str]:
    import jupyterhub
    from kubespawner import __version__

    return {
        "hub.jupyter.org/jupyterhub-version": jupyterhub.__version__,
        "hub.jupyter.org/kubespawner-version": __version__,
    }


def _environment(hub: Hub) -> dict[str, str]:
    """What a hub hands to a server; the token opens nothing."""
    base = {
        "ACTIVITY_URL": "http://hub:8081/hub/api/users/{user}/activity",
        "ADMIN_ACCESS": "1",
        "API_TOKEN": "load-" + "0" * 27,
        "API_URL": "http://hub:8081/hub/api",
        "BASE_URL": "/",
        "CLIENT_ID": "jupyterhub-user-{user}",
        "COOKIE_HOST_PREFIX_ENABLED": "0",
        "COOKIE_OPTIONS": "{}",
        "DEBUG": "",
        "DEFAULT_URL": "/lab",
        "HOST": "",
        "OAUTH_ACCESS_SCOPES": '["access:servers!server={user}/", "access:servers!user={user}"]',
        "OAUTH_CALLBACK_URL": "/user/{user}/oauth_callback",
        "OAUTH_CLIENT_ALLOWED_SCOPES": "[]",
        "OAUTH_SCOPES": '["access:servers!server={user}/", "access:servers!user={user}"]',
        "PUBLIC_HUB_URL": "",
        "PUBLIC_URL": "",
        "SERVER_NAME": "",
        "SERVICE_PREFIX": "/user/{user}/",
        "SERVICE_URL": f"http://0.0.0.0:{hub.port}/user/{{user}}/",
        "USER": "{user}",
    }
    named = {f"JUPYTERHUB_{key}": value for key, value in base.items()}
    limits = {"CPU_GUARANTEE": "0.05", "MEM_GUARANTEE": str(1 << 30)}
    image = {"JUPYTER_IMAGE": hub.image, "JUPYTER_IMAGE_SPEC": hub.image}
    return named | limits | image


def _tolerations() -> list[Object]:
    keys = ("hub.jupyter.org/dedicated", "hub.jupyter.org_dedicated")
    common = {"operator": "Equal", "value": "user", "effect": "NoSchedule"}
    return [{"key": key, **common} for key in keys]


def _user_nodes() -> Object:
    purpose = {"key": "hub.jupyter.org/node-purpose", "operator": "In", "values": ["user"]}
    return {"weight": 100, "preference": {"matchExpressions": [purpose]}}
