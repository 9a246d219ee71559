"""What the programs in the containers do: how long they take, and what they write."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final

from hubtui.demo.life.reading import component_of, labels_of, name_of, namespace_of
from hubtui.demo.objects import Objects
from hubtui.demo.resources import SECRETS
from hubtui.demo.storage import Json

_APP_VERSION: Final = re.compile(rb"AppVersion: \"?([\w.]+)")


@dataclass(frozen=True, slots=True)
class Program:
    """A program: seconds until it is ready, its first lines, and, where it ends by itself, after
    how many seconds. `awaits` names the DaemonSet that an image awaiter waits for."""

    ready: float = 0.3
    ends: float | None = None
    lines: tuple[str, ...] = ()
    awaits: str = ""
    patience: int = 10


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when a program runs: its pod, the tag of its image, and dice of its own."""

    objects: Objects
    pod: Json
    container: Json
    now: datetime
    dice: Random

    @property
    def tag(self) -> str:
        """The tag of the image."""
        return str(self.container["image"]).rpartition(":")[2]

    @property
    def time(self) -> str:
        """The time as Python's programs write it."""
        return f"{self.now:%Y-%m-%d %H:%M:%S}.{self.now.microsecond // 1000:03d}"


Writer = Callable[[Setting], Program]


def program_of(at: Setting, *, init: bool) -> Program:
    """The program of a container. An init step and the container of a Job end by themselves."""
    container, pod = at.container, at.pod
    name = str(container["name"])
    if init and container.get("restartPolicy") != "Always":
        return _step(container, at.dice)
    command = [*(container.get("command") or ()), *(container.get("args") or ())]
    if command and str(command[0]).endswith("image-awaiter"):
        return _awaiter(command)
    known = _KNOWN.get(name)
    if known is not None:
        return known(at)
    if pod["spec"].get("restartPolicy") in ("Never", "OnFailure") and not component_of(pod):
        return Program(ends=at.dice.uniform(2, 5))
    return Program()


def _step(container: Json, dice: Random) -> Program:
    name = str(container["name"])
    if name.startswith("image-pull-"):
        return Program(ends=dice.uniform(0.05, 0.3))
    if name == "load-acme":
        return Program(ends=dice.uniform(0.5, 1.5), lines=("Loading acme.json from Secret",))
    return Program(ends=dice.uniform(0.2, 1.0))


def _awaiter(command: list[object]) -> Program:
    flags = dict(str(each).lstrip("-").partition("=")[::2] for each in command[1:])
    daemon_set = flags.get("daemonset", "hook-image-puller")
    patience = flags.get("pod-scheduling-wait-duration", "10")
    return Program(
        ready=0.0,
        awaits=daemon_set,
        patience=int(patience) if patience.lstrip("-").isdigit() else 10,
    )


def _hub(at: Setting) -> Program:
    head, version = f"[I {at.time} JupyterHub", _version(at)
    return Program(
        ready=at.dice.uniform(6.0, 10.0),
        lines=(
            "Loading /usr/local/etc/jupyterhub/secret/values.yaml",
            f"{head} app:3346] Running JupyterHub version {version}",
            f"{head} app:3376] Using Authenticator: jupyterhub.auth.DummyAuthenticator-{version}",
            f"{head} app:3376] Using Spawner: kubespawner.spawner.KubeSpawner",
            f"{head} app:3376] Using Proxy: jupyterhub.proxy.ConfigurableHTTPProxy-{version}",
        ),
    )


def _version(at: Setting) -> str:
    """The JupyterHub that the release's chart is for, as the hub's Secret has it."""
    for volume in at.pod["spec"].get("volumes") or ():
        name = (volume.get("secret") or {}).get("secretName")
        secret = at.objects.find(SECRETS, namespace_of(at.pod), name) if name else None
        values = ((secret or {}).get("data") or {}).get("values.yaml", "")
        found = _APP_VERSION.search(base64.b64decode(values))
        if found is not None:
            return found[1].decode()
    return "5.5.0"


def _proxy(at: Setting) -> Program:
    head = f"{at.time[11:]} [ConfigProxy] info:"
    return Program(
        ready=at.dice.uniform(1.5, 2.5),
        lines=(
            f"{head} Adding route / -> http://hub:8081",
            f"{head} Proxying http://*:8000 to http://hub:8081",
            f"{head} Proxy API at http://*:8001/api/routes",
            f"{head} Route added / -> http://hub:8081",
        ),
    )


def _notebook(at: Setting) -> Program:
    user = labels_of(at.pod).get("hub.jupyter.org/username", name_of(at.pod))
    head = f"[I {at.time}"
    return Program(
        ready=at.dice.uniform(2.0, 4.0),
        lines=(
            f"{head} ServerApp] jupyterlab | extension was successfully loaded.",
            f"{head} ServerApp] Serving notebooks from local directory: /home/jovyan",
            f"{head} ServerApp] Jupyter Server is running at http://0.0.0.0:8888/user/{user}/lab",
            f"{head} ServerApp] Updating Hub with activity every 300 seconds",
        ),
    )


def _traefik(at: Setting) -> Program:
    head = f"{at.now:%Y-%m-%dT%H:%M:%SZ} INF"
    return Program(
        ready=at.dice.uniform(0.8, 1.6),
        lines=(
            f"{head} Traefik version {at.tag.removeprefix('v')}",
            f"{head} Starting provider aggregator *aggregator.ProviderAggregator",
            f"{head} Starting provider *file.Provider",
            f"{head} Starting provider *acme.Provider",
        ),
    )


def _scheduler(at: Setting) -> Program:
    lease = f"{namespace_of(at.pod)}/user-scheduler-lock"
    head = f"I{at.now:%m%d %H:%M:%S.%f}       1"
    return Program(
        ready=at.dice.uniform(2.0, 4.0),
        lines=(
            f'{head} server.go:154] "Starting Kubernetes Scheduler" version="{at.tag}"',
            f"{head} secure_serving.go:213] Serving securely on [::]:10259",
            f"{head} leaderelection.go:250] attempting to acquire leader lease {lease}...",
        ),
    )


_KNOWN: Final[dict[str, Writer]] = {
    "hub": _hub,
    "chp": _proxy,
    "notebook": _notebook,
    "traefik": _traefik,
    "kube-scheduler": _scheduler,
}
