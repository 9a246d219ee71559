"""The configuration of the testbed's JupyterHub, which behaves as z2jh's (facts.md §1.9, §2)."""

import json
import os
from pathlib import Path
from typing import Any

from jupyterhub.auth import DummyAuthenticator

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 - traitlets gives it
known = json.loads(Path(os.environ["TESTBED_HUB_SETTINGS"]).read_text())


class KeepsCapitals(DummyAuthenticator):  # type: ignore[misc]
    """Leaves user names as they are, as some OAuth providers do."""

    def normalize_username(self, username: str) -> str:
        """The name itself."""
        return username


def _label_chart(spawner: Any) -> None:
    """A server that was started under an older chart still says so in its labels."""
    if spawner.user.name in known["early"]:
        chart = known["early_chart"]
        spawner.extra_labels = {**spawner.extra_labels, "chart": chart, "helm.sh/chart": chart}


c.JupyterHub.authenticator_class = KeepsCapitals
c.JupyterHub.hub_bind_url = known["hub"]
c.JupyterHub.hub_connect_url = known["hub"]
c.JupyterHub.bind_url = known["proxy"] + known.get("base_url", "/")
c.JupyterHub.db_url = f"sqlite:///{known['database']}"
c.JupyterHub.cookie_secret = bytes.fromhex(known["cookie_secret"])
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False
c.JupyterHub.last_activity_interval = 60
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
c.JupyterHub.allow_named_servers = True
c.Authenticator.allow_all = True
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = known["proxy_api"]
c.ConfigurableHTTPProxy.auth_token = known["proxy_token"]

c.JupyterHub.services = [
    {"name": "hubtui", "api_token": known["token"]},
    {"name": "testbed", "api_token": known["admin_token"], "admin": True},
]
# facts.md §3, operator; read:hub and list:groups for the panes to come.
c.JupyterHub.load_roles = [
    {
        "name": "hubtui",
        "services": ["hubtui"],
        "scopes": [
            "list:users", "read:users", "read:servers", "read:users:activity", "list:groups",
            "read:groups", "list:services", "read:services", "read:hub", "read:metrics", "proxy",
            "servers", "admin:server_state",
        ],
    }
]  # fmt: skip

release, chart = known["release"], known["chart"]
c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
c.KubeSpawner.namespace = known["namespace"]
c.KubeSpawner.port = known["port"]
c.KubeSpawner.image = known["image"]
c.KubeSpawner.mem_guarantee = known["memory"]["guarantee"]
c.KubeSpawner.mem_limit = known["memory"]["limit"]
c.KubeSpawner.scheduler_name = f"{release}-user-scheduler"
c.KubeSpawner.priority_class_name = f"{release}-default-priority"
c.KubeSpawner.common_labels = {
    "app": "jupyterhub",
    "app.kubernetes.io/name": "jupyterhub",
    "release": release,
    "app.kubernetes.io/instance": release,
    "chart": chart,
    "helm.sh/chart": chart,
    "app.kubernetes.io/managed-by": "kubespawner",
}
c.KubeSpawner.extra_labels = {"hub.jupyter.org/network-access-hub": "true"}
c.KubeSpawner.pre_spawn_hook = _label_chart
c.KubeSpawner.tolerations = [
    {"key": key, "operator": "Equal", "value": "user", "effect": "NoSchedule"}
    for key in ("hub.jupyter.org/dedicated", "hub.jupyter.org_dedicated")
]
c.KubeSpawner.node_affinity_preferred = [
    {
        "weight": 100,
        "preference": {
            "matchExpressions": [
                {"key": "hub.jupyter.org/node-purpose", "operator": "In", "values": ["user"]}
            ]
        },
    }
]
c.KubeSpawner.storage_pvc_ensure = True
c.KubeSpawner.storage_capacity = "10Gi"
c.KubeSpawner.storage_access_modes = ["ReadWriteOnce"]
c.KubeSpawner.pvc_name_template = "claim-{user_server}"
c.KubeSpawner.volumes = [
    {"name": "volume-{user_server}", "persistentVolumeClaim": {"claimName": "{pvc_name}"}}
]
c.KubeSpawner.volume_mounts = [{"name": "volume-{user_server}", "mountPath": "/home/jovyan"}]
c.KubeSpawner.http_timeout = 30
c.KubeSpawner.start_timeout = 300
