"""Helm releases of a z2jh-like chart, as Helm stores them: for tests without a cluster."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import Any

import yaml

COOKIE = "c0ffee" * 10 + "beef"
CLIENT_SECRET = "kanarienvogel-client-secret"
OTHER_SECRET = "ein-anderer-kanarienvogel"
TOKEN = "kanarienvogel-service-token"


def values(tag: str = "2026.11", limit: str = "4G", client_secret: str = CLIENT_SECRET) -> Any:
    """What an operator gives to the chart."""
    return {
        "singleuser": {
            "image": {"name": "quay.io/uni/ds-image", "tag": tag},
            "memory": {"limit": limit},
        },
        "hub": {
            "config": {
                "GitHubOAuthenticator": {"client_id": "abc", "client_secret": client_secret}
            },
            "services": {"hubtui": {"apiToken": TOKEN}},
        },
    }


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def labels(component: str, chart: str) -> dict[str, str]:
    return {
        "component": component,
        "app": "jupyterhub",
        "release": "hub",
        "helm.sh/chart": f"jupyterhub-{chart}",
        "app.kubernetes.io/managed-by": "Helm",
    }


def hub_objects(config: Any, chart: str = "4.4.0", prefix: str = "jupyterhub") -> list[Any]:
    """The objects that carry what changes: Secret, ConfigMap, hub, puller; with their source."""
    image = config["singleuser"]["image"]
    merged = {
        **config,
        "Chart": {"Name": "jupyterhub", "Version": chart, "AppVersion": "5.5.0"},
        "Release": {"Name": "hub"},
    }
    checksum = hashlib.sha256(json.dumps(merged).encode()).hexdigest()
    secret = {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {"name": "hub", "labels": labels("hub", chart)},
        "type": "Opaque",
        "data": {
            "values.yaml": b64(yaml.safe_dump(merged)),
            "hub.config.JupyterHub.cookie_secret": b64(COOKIE),
            "hub.services.hubtui.apiToken": b64(TOKEN),
        },
    }
    config_map = {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "hub", "labels": labels("hub", chart)},
        "data": {
            "hub": "hub",
            "checksum_hook-image-puller": checksum,
            "jupyterhub_config.py": "import os\n" + "c.Spawner.x = 1\n" * 400,
        },
    }
    hub = workload("Deployment", "hub", chart, f"quay.io/jupyterhub/k8s-hub:{chart}")
    hub["spec"]["template"]["metadata"] = {"annotations": {"checksum/secret": checksum}}
    hub["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "IMAGE", "value": image["tag"]},
        {
            "name": "GITHUB_TOKEN",
            "value": config["hub"]["config"]["GitHubOAuthenticator"]["client_secret"],
        },
    ]
    puller = workload("DaemonSet", "continuous-image-puller", chart, "registry.k8s.io/pause:3.10")
    puller["spec"]["template"]["spec"]["initContainers"] = [
        {"name": "image-pull-singleuser", "image": f"{image['name']}:{image['tag']}"}
    ]
    return [
        (f"{prefix}/templates/hub/secret.yaml", secret),
        (f"{prefix}/templates/hub/configmap.yaml", config_map),
        (f"{prefix}/templates/hub/deployment.yaml", hub),
        (f"{prefix}/templates/image-puller/daemonset.yaml", puller),
    ]


def workload(kind: str, name: str, chart: str, image: str) -> Any:
    return {
        "kind": kind,
        "apiVersion": "apps/v1",
        "metadata": {"name": name, "labels": labels(name, chart)},
        "spec": {
            "replicas": 1,
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": name,
                            "image": image,
                            "resources": {"requests": {"cpu": "200m", "memory": "512Mi"}},
                        }
                    ]
                }
            },
        },
    }


def filler(count: int, chart: str, size: int) -> list[Any]:
    """Objects that do not change, to the size of a real manifest."""
    text = {f"key-{index}": f"value {index} " + "x" * 50 for index in range(size)}
    return [
        (
            f"jupyterhub/templates/other/{index}.yaml",
            {
                "kind": "ConfigMap",
                "apiVersion": "v1",
                "metadata": {"name": f"other-{index}", "labels": labels("other", chart)},
                "data": text,
            },
        )
        for index in range(count)
    ]


def manifest(objects: list[Any]) -> str:
    """The objects as Helm joins them."""
    return "".join(
        f"---\n# Source: {source}\n{yaml.dump(body, Dumper=yaml.CSafeDumper)}"
        for source, body in objects
    )


def hook(image: str = "registry.k8s.io/pause:3.10", chart: str = "4.4.0") -> dict[str, Any]:
    body = workload("DaemonSet", "hook-image-puller", chart, image)
    path = "jupyterhub/templates/image-puller/daemonset-hook.yaml"
    return {
        "name": "hook-image-puller",
        "kind": "DaemonSet",
        "path": path,
        "manifest": manifest([(path, body)]),
        "events": ["pre-install", "pre-upgrade"],
        "weight": -10,
        "delete_policies": ["before-hook-creation", "hook-succeeded"],
        "last_run": {"started_at": "", "completed_at": "", "phase": "Succeeded"},
    }


def release(
    revision: int = 12,
    config: Any = None,
    chart: str = "4.4.0",
    others: int = 36,
    size: int = 4,
    **changes: Any,
) -> dict[str, Any]:
    """One revision as Helm's JSON."""
    given = values() if config is None else config
    found: dict[str, Any] = {
        "name": "hub",
        "namespace": "hub",
        "version": revision,
        "info": {
            "status": "deployed",
            "description": "Upgrade complete",
            "first_deployed": "2026-01-02T15:04:05.123456789Z",
            "last_deployed": "2026-05-02T15:04:05+02:00",
            "deleted": "",
        },
        "chart": {
            "metadata": {"name": "jupyterhub", "version": chart, "appVersion": "5.5.0"},
            "values": {"singleuser": {"memory": {"limit": None, "guarantee": "1G"}}},
        },
        "config": given,
        "manifest": "",
        "hooks": [hook(chart=chart)],
    }
    if "manifest" not in changes:
        found["manifest"] = manifest(hub_objects(given, chart) + filler(others, chart, size))
    return {**found, **changes}


def packed(document: Any, *, zipped: bool = True, config_map: bool = False) -> str:
    """A release as a storage object's `data.release`."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    inner = base64.b64encode(gzip.compress(raw, 9, mtime=0) if zipped else raw)
    return inner.decode() if config_map else base64.b64encode(inner).decode()
