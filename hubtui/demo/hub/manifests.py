"""A server's pod and claim as KubeSpawner makes them for z2jh (facts.md §2.1, §2.2)."""

from __future__ import annotations

from typing import Final

from hubtui.demo.chance import Chance
from hubtui.demo.hub.records import Server
from hubtui.demo.hub.settings import Settings, in_bytes, profile_slug
from hubtui.demo.storage import Json
from hubtui.model import slugs

COMPONENT: Final = "singleuser-server"
PORT: Final = 8888


def pod_name(user: str, server: str = "") -> str:
    """The name of a server's pod."""
    return f"jupyter-{slugs.server_slug(user, server)}"


def claim_name(user: str, server: str = "") -> str:
    """The name of a server's claim."""
    return f"claim-{slugs.server_slug(user, server)}"


def claim(server: Server, settings: Settings, namespace: str, release: str) -> Json:
    """The PersistentVolumeClaim of a server."""
    labels = _labels(server, settings, release) | {"component": "singleuser-storage"}
    del labels["hub.jupyter.org/servername"], labels["hub.jupyter.org/network-access-hub"]
    return {
        "metadata": {
            "name": server.claim,
            "namespace": namespace,
            "labels": labels,
            "annotations": _annotations(server, settings),
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": settings.spawning.capacity}},
            "volumeMode": "Filesystem",
        },
    }


def pod(server: Server, settings: Settings, namespace: str, release: str, dice: Chance) -> Json:
    """The pod of a server, with the choices of its profile."""
    spawning = settings.spawning
    chosen = _overrides(server, settings)
    spec: Json = {
        "automountServiceAccountToken": False,
        "containers": [_container(server, settings, chosen, dice)],
        "restartPolicy": "OnFailure",
        "securityContext": {"fsGroup": 100},
        "terminationGracePeriodSeconds": 30,
        "tolerations": chosen.get("tolerations") or _TOLERATIONS,
        "affinity": {"nodeAffinity": _AFFINITY},
        "volumes": _volumes(server, settings),
    }
    if spawning.scheduler:
        spec["schedulerName"] = spawning.scheduler
    if spawning.priority:
        spec["priorityClassName"] = spawning.priority
    if chosen.get("node_selector"):
        spec["nodeSelector"] = dict(chosen["node_selector"])
    return {
        "metadata": {
            "name": server.pod,
            "namespace": namespace,
            "labels": _labels(server, settings, release),
            "annotations": _annotations(server, settings),
        },
        "spec": spec,
    }


_TOLERATIONS: Final[list[Json]] = [
    {"key": key, "operator": "Equal", "value": "user", "effect": "NoSchedule"}
    for key in ("hub.jupyter.org/dedicated", "hub.jupyter.org_dedicated")
]
_AFFINITY: Final[Json] = {
    "preferredDuringSchedulingIgnoredDuringExecution": [
        {
            "weight": 100,
            "preference": {
                "matchExpressions": [
                    {"key": "hub.jupyter.org/node-purpose", "operator": "In", "values": ["user"]}
                ]
            },
        }
    ]
}


def _labels(server: Server, settings: Settings, release: str) -> Json:
    return {
        "app": settings.app,
        "app.kubernetes.io/component": COMPONENT,
        "app.kubernetes.io/instance": release,
        "app.kubernetes.io/managed-by": "kubespawner",
        "app.kubernetes.io/name": settings.app,
        "chart": settings.chart,
        "component": COMPONENT,
        "helm.sh/chart": settings.chart,
        "hub.jupyter.org/network-access-hub": "true",
        "hub.jupyter.org/servername": slugs.label(server.name),
        "hub.jupyter.org/username": slugs.label(server.user.name),
        "release": release,
    }


def _annotations(server: Server, settings: Settings) -> Json:
    named = {"hub.jupyter.org/servername": server.name} if server.name else {}
    return named | {
        "hub.jupyter.org/jupyterhub-version": settings.version,
        "hub.jupyter.org/kubespawner-version": settings.kubespawner,
        "hub.jupyter.org/username": server.user.name,
    }


def _overrides(server: Server, settings: Settings) -> Json:
    profiles = settings.spawning.profiles
    wanted = server.options.get("profile")
    chosen = next((each for each in profiles if profile_slug(each) == wanted), None)
    chosen = chosen or next((each for each in profiles if each.get("default")), None)
    chosen = chosen or (profiles[0] if profiles else {})
    return dict(chosen.get("kubespawner_override") or {})


def _container(server: Server, settings: Settings, chosen: Json, dice: Chance) -> Json:
    spawning = settings.spawning
    image = str(chosen.get("image") or spawning.image)
    limits = {
        "memory": chosen.get("mem_limit", spawning.memory_limit),
        "cpu": chosen.get("cpu_limit", spawning.cpu_limit),
    }
    requests = {
        "memory": chosen.get("mem_guarantee", spawning.memory_guarantee),
        "cpu": chosen.get("cpu_guarantee", spawning.cpu_guarantee),
    }
    policy = {"imagePullPolicy": spawning.pull_policy} if spawning.pull_policy else {}
    return policy | {
        "name": "notebook",
        "image": image,
        "args": ["jupyterhub-singleuser"],
        "env": [{"name": k, "value": v} for k, v in _environment(server, settings, image, dice)],
        "ports": [{"containerPort": PORT, "name": "notebook-port", "protocol": "TCP"}],
        "resources": _resources(requests, limits),
        "securityContext": {"allowPrivilegeEscalation": False, "runAsUser": 1000},
        "volumeMounts": _mounts(server, settings),
    }


def _resources(requests: Json, limits: Json) -> Json:
    given = {"requests": _amounts(requests), "limits": _amounts(limits)}
    return {name: amounts for name, amounts in given.items() if amounts}


def _amounts(wanted: Json) -> Json:
    found: Json = {}
    if wanted["memory"]:
        found["memory"] = str(in_bytes(wanted["memory"]))
    if wanted["cpu"]:
        milli = round(float(wanted["cpu"]) * 1000)
        found["cpu"] = f"{milli}m" if milli % 1000 else str(milli // 1000)
    return found


def _environment(
    server: Server, settings: Settings, image: str, dice: Chance
) -> list[tuple[str, str]]:
    user, api = server.user, "http://hub:8081/hub/api"
    token = f"{dice.of('token', server.log_name, server.run).getrandbits(128):032x}"
    own = {
        "JUPYTERHUB_ACTIVITY_URL": f"{api}/users/{user.name}/activity",
        "JUPYTERHUB_API_TOKEN": token,
        "JUPYTERHUB_API_URL": api,
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_CLIENT_ID": f"jupyterhub-user-{user.name}",
        "JUPYTERHUB_HOST": "",
        "JUPYTERHUB_SERVER_NAME": server.name,
        "JUPYTERHUB_SERVICE_PREFIX": server.path,
        "JUPYTERHUB_USER": user.name,
        "JUPYTER_IMAGE": image,
        "JUPYTER_IMAGE_SPEC": image,
    }
    return sorted((own | dict(settings.spawning.extra_env)).items())


def _volumes(server: Server, settings: Settings) -> list[Json]:
    further = list(settings.spawning.volumes)
    if settings.spawning.storage != "dynamic":
        return further
    claim = {"claimName": server.claim}
    return [{"name": _own_volume(server), "persistentVolumeClaim": claim}, *further]


def _mounts(server: Server, settings: Settings) -> list[Json]:
    found = []
    if settings.spawning.storage == "dynamic":
        found.append({"mountPath": "/home/jovyan", "name": _own_volume(server)})
    folder = slugs.user_slug(server.user.name)
    for each in settings.spawning.mounts:
        path = {"subPath": each["subPath"].format(username=folder)} if "subPath" in each else {}
        found.append({**each, **path})
    return found


def _own_volume(server: Server) -> str:
    return f"volume-{slugs.server_slug(server.user.name, server.name)}"
