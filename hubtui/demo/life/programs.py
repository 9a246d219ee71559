"""What the programs in the containers do: how long they take, and what they write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from hubtui.demo.life.reading import component_of, labels_of, name_of, namespace_of
from hubtui.demo.storage import Json


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
    """Where a program runs: its pod, the tag of its image, and dice of its own."""

    pod: Json
    tag: str
    dice: Random


Writer = Callable[[Setting], Program]


def program_of(pod: Json, container: Json, dice: Random, *, init: bool) -> Program:
    """The program of a container. An init step and the container of a Job end by themselves."""
    name = str(container["name"])
    if init and container.get("restartPolicy") != "Always":
        return _step(container, dice)
    command = [*(container.get("command") or ()), *(container.get("args") or ())]
    if command and str(command[0]).endswith("image-awaiter"):
        return _awaiter(command)
    known = _KNOWN.get(name)
    if known is not None:
        tag = str(container["image"]).rpartition(":")[2]
        return known(Setting(pod, tag, dice))
    if pod["spec"].get("restartPolicy") in ("Never", "OnFailure") and not component_of(pod):
        return Program(ends=dice.uniform(2, 5))
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
    return Program(
        ready=at.dice.uniform(6.0, 10.0),
        lines=(
            "Loading /usr/local/etc/jupyterhub/secret/values.yaml",
            f"[I JupyterHub app:3346] Running JupyterHub version {_version(at.tag)}",
            "[I JupyterHub app:3376] Using Authenticator: dummyauthenticator.DummyAuthenticator",
            "[I JupyterHub app:3376] Using Spawner: kubespawner.spawner.KubeSpawner-7.1.0",
            "[I JupyterHub app:3376] Using Proxy: jupyterhub.proxy.ConfigurableHTTPProxy-6.1.1",
            "[I JupyterHub app:1926] Writing cookie_secret to memory",
        ),
    )


def _version(tag: str) -> str:
    """The JupyterHub of a chart: facts.md §0."""
    return "6.1.1" if tag.startswith("5.") else "5.5.0"


def _proxy(at: Setting) -> Program:
    return Program(
        ready=at.dice.uniform(1.5, 2.5),
        lines=(
            "[ConfigProxy] info: Adding route / -> http://hub:8081",
            "[ConfigProxy] info: Proxying http://*:8000 to http://hub:8081",
            "[ConfigProxy] info: Proxy API at http://*:8001/api/routes",
            "[ConfigProxy] info: Route added / -> http://hub:8081",
        ),
    )


def _notebook(at: Setting) -> Program:
    user = labels_of(at.pod).get("hub.jupyter.org/username", name_of(at.pod))
    return Program(
        ready=at.dice.uniform(1.5, 3.0),
        lines=(
            "[I ServerApp] jupyterlab | extension was successfully loaded.",
            "[I ServerApp] Serving notebooks from local directory: /home/jovyan",
            f"[I ServerApp] Jupyter Server is running at http://0.0.0.0:8888/user/{user}/lab",
            "[I JupyterHubSingleUser] Updating Hub with activity every 300 seconds",
        ),
    )


def _traefik(at: Setting) -> Program:
    return Program(
        ready=at.dice.uniform(0.8, 1.6),
        lines=(
            f"INF Traefik version {at.tag} built",
            "INF Starting provider aggregator *aggregator.ProviderAggregator",
            "INF Starting provider *file.Provider",
            f"INF Starting provider *acme.Provider for {namespace_of(at.pod)}",
        ),
    )


def _scheduler(at: Setting) -> Program:
    lease = f"{namespace_of(at.pod)}/user-scheduler-lock"
    return Program(
        ready=at.dice.uniform(2.0, 4.0),
        lines=(
            f'I server.go:154] "Starting Kubernetes Scheduler" version="{at.tag}"',
            "I secure_serving.go:213] Serving securely on [::]:10259",
            f"I leaderelection.go:250] attempting to acquire leader lease {lease}...",
        ),
    )


_KNOWN: Final[dict[str, Writer]] = {
    "hub": _hub,
    "chp": _proxy,
    "notebook": _notebook,
    "traefik": _traefik,
    "kube-scheduler": _scheduler,
}
