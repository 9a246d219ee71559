"""What the hub is configured with: the chart's values as the live Secret `hub` holds them.

Read as the hub's own configuration does, at each start of the hub: the key `values.yaml` and the
tokens of services (facts.md §1.5). What the chart's stand-in leaves out has z2jh's defaults (§1.9).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from hubtui.demo.resources import SECRETS
from hubtui.demo.storage import Json
from hubtui.demo.world import World

SECRET: Final = "hub"  # noqa: S105 - the name of the Secret, not what is in it
_TOKEN: Final = re.compile(r"hub\.services\.(.+)\.apiToken")
_UNITS: Final = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_CULLER: Final = "jupyterhub-idle-culler"


@dataclass(frozen=True, slots=True)
class Culling:
    """The idle culler's settings; times in seconds (facts.md §4)."""

    enabled: bool = True
    timeout: int = 3600
    every: int = 600
    max_age: int = 0
    users: bool = False
    admin_users: bool = True
    remove_named: bool = False


@dataclass(frozen=True, slots=True)
class Spawning:
    """What a server is started with. Memory is KubeSpawner's: suffixes K, M, G, T of 1024."""

    image: str = "quay.io/jupyterhub/k8s-singleuser-sample:4.4.0"
    pull_policy: str = ""
    memory_guarantee: Any = "1G"
    memory_limit: Any = None
    cpu_guarantee: Any = None
    cpu_limit: Any = None
    storage: str = "dynamic"
    capacity: str = "10Gi"
    volumes: tuple[Json, ...] = ()
    mounts: tuple[Json, ...] = ()
    start_timeout: int = 300
    scheduler: str = ""
    priority: str = ""
    profiles: tuple[Json, ...] = ()
    extra_env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """The hub's configuration; limits of 0 are none."""

    version: str = "5.5.0"
    chart: str = "jupyterhub-4.4.0"
    app: str = "jupyterhub"
    authenticator: str = "dummy"
    concurrent_spawns: int = 64
    consecutive_failures: int = 5
    active_servers: int = 0
    named_servers: bool = False
    named_limit: int = 0
    open_metrics: bool = False
    tokens: Mapping[str, str] = field(default_factory=dict)
    scopes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    culling: Culling = Culling()
    spawning: Spawning = Spawning()

    @property
    def is_six(self) -> bool:
        """Whether the hub speaks JupyterHub 6's API."""
        return int(self.version.partition(".")[0]) >= 6

    @property
    def kubespawner(self) -> str:
        """KubeSpawner's version in the image of the hub (facts.md §0)."""
        return "7.1.0" if self.is_six else "7.0.0"

    @property
    def services(self) -> tuple[str, ...]:
        """The services of the hub; the culler is one without a token in the Secret."""
        names = sorted(self.tokens)
        return (*names, _CULLER) if self.culling.enabled else tuple(names)


def read(world: World, namespace: str, release: str) -> Settings:
    """The settings as they are in the cluster; z2jh's defaults without a Secret."""
    secret = world.objects.find(SECRETS, namespace, SECRET)
    if secret is None:
        return from_values({}, {}, release)
    data = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    values = yaml.load(data.get("values.yaml", ""), Loader=yaml.CSafeLoader) or {}
    named = {match[1]: data[key] for key in data if (match := _TOKEN.fullmatch(key))}
    return from_values(values, named, release)


def from_values(values: Json, tokens: Mapping[str, str], release: str) -> Settings:
    """The settings that merged values of the chart, and the tokens of services, make."""
    hub, chart = values.get("hub") or {}, values.get("Chart") or {}
    default = Settings()
    version = str(chart.get("Version") or "4.4.0")
    config = (hub.get("config") or {}).get("JupyterHub") or {}
    return Settings(
        version=str(chart.get("AppVersion") or default.version),
        chart=f"jupyterhub-{version.replace('+', '_')}",
        app=str(values.get("nameOverride") or default.app),
        authenticator=str(config.get("authenticator_class") or default.authenticator),
        concurrent_spawns=_number(hub, "concurrentSpawnLimit", 64),
        consecutive_failures=_number(hub, "consecutiveFailureLimit", 5),
        active_servers=_number(hub, "activeServerLimit", 0),
        named_servers=bool(hub.get("allowNamedServers")),
        named_limit=_number(hub, "namedServerLimitPerUser", 0),
        open_metrics=hub.get("authenticatePrometheus") is False,
        tokens=dict(tokens),
        scopes=_scopes(hub.get("loadRoles") or {}),
        culling=_culling(values.get("cull") or {}),
        spawning=_spawning(values, release, version),
    )


def _number(part: Json, name: str, default: int) -> int:
    value = part.get(name, default)
    return 0 if value is None else int(value)


def _scopes(roles: Json) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for role in roles.values():
        for service in role.get("services") or ():
            given = frozenset(map(str, role.get("scopes") or ()))
            found[service] = found.get(service, frozenset()) | given
    return found


def _culling(cull: Json) -> Culling:
    # A flag is only passed when its value is truthy, so 0 is the culler's own default (§1.9).
    timeout = _number(cull, "timeout", 3600) or 600
    return Culling(
        enabled=bool(cull.get("enabled", True)),
        timeout=timeout,
        every=_number(cull, "every", 600) or timeout // 2,
        max_age=_number(cull, "maxAge", 0),
        users=bool(cull.get("users", False)),
        admin_users=bool(cull.get("adminUsers", True)),
        remove_named=bool(cull.get("removeNamedServers", False)),
    )


def _spawning(values: Json, release: str, chart: str) -> Spawning:
    user, scheduling = values.get("singleuser") or {}, values.get("scheduling") or {}
    image = user.get("image") or {}
    name = str(image.get("name") or "quay.io/jupyterhub/k8s-singleuser-sample")
    memory, cpu = user.get("memory") or {"guarantee": "1G"}, user.get("cpu") or {}
    storage = user.get("storage") or {}
    own = (scheduling.get("userScheduler") or {}).get("enabled", True)
    priority = (scheduling.get("podPriority") or {}).get("enabled", False)
    return Spawning(
        image=f"{name}:{image.get('tag') or chart}",
        pull_policy=str(image.get("pullPolicy") or ""),
        memory_guarantee=memory.get("guarantee"),
        memory_limit=memory.get("limit"),
        cpu_guarantee=cpu.get("guarantee"),
        cpu_limit=cpu.get("limit"),
        storage=str(storage.get("type") or "dynamic"),
        capacity=str(storage.get("capacity") or "10Gi"),
        volumes=tuple(storage.get("extraVolumes") or ()),
        mounts=tuple(storage.get("extraVolumeMounts") or ()),
        start_timeout=_number(user, "startTimeout", 300),
        scheduler=f"{release}-user-scheduler" if own else "",
        priority=f"{release}-default-priority" if priority else "",
        profiles=tuple(user.get("profileList") or ()),
        extra_env={str(k): str(v) for k, v in (user.get("extraEnv") or {}).items()},
    )


def in_bytes(size: object) -> int:
    """A size as KubeSpawner reads it: a number, or one with K, M, G, T of 1024."""
    text = str(size)
    return int(float(text[:-1]) * _UNITS[text[-1]]) if text[-1] in _UNITS else int(float(text))


def profile_slug(profile: Json) -> str:
    """The name of a profile in user_options."""
    given = profile.get("slug") or profile.get("display_name") or ""
    return str(profile.get("slug") or re.sub(r"[^a-z0-9]+", "-", str(given).lower()).strip("-"))
