"""Images: how large they are, which a node has, and how long it pulls them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hubtui.demo.chance import Chance
from hubtui.demo.life.pace import passed
from hubtui.demo.life.reading import name_of
from hubtui.demo.resources import NODES
from hubtui.demo.storage import Json
from hubtui.demo.world import World

SHOWN: Final = 50
"""Images that a node's status lists (nodeStatusMaxImages)."""

_MEGABYTES: Final = (
    ("pause", 0.3, 0.4),
    ("k8s-image-awaiter", 2, 3),
    ("kube-scheduler", 18, 22),
    ("gke.gcr.io/", 18, 60),
    ("k8s-secret-sync", 22, 30),
    ("traefik", 48, 56),
    ("configurable-http-proxy", 60, 75),
    ("k8s-network-tools", 4, 6),
    ("k8s-hub", 110, 140),
    ("k8s-singleuser-sample", 190, 230),
    ("minimal", 550, 700),
    ("scipy", 1100, 1400),
    ("datascience", 1500, 1900),
    ("pytorch", 3500, 4500),
    ("gpu", 3500, 4500),
)
"""Compressed sizes by a part of the name, from and to; others lie between the two of `_USUAL`."""

_USUAL: Final = (700.0, 1600.0)
SPEED: Final = (35e6, 60e6)
"""Bytes that a node pulls and unpacks in a second, from and to."""

Done = Callable[["Pulled"], None]


def size_of(chance: Chance, image: str) -> int:
    """The compressed size of an image in bytes: always the same for one name."""
    low, high = next(((a, b) for part, a, b in _MEGABYTES if part in image), _USUAL)
    return int(chance.of("size", image).uniform(low, high) * 1e6)


def full_name(image: str) -> str:
    """The name with registry and tag, as a runtime lists it."""
    first, _, rest = image.partition("/")
    if not rest:
        image = f"docker.io/library/{image}"
    elif "." not in first and ":" not in first and first != "localhost":
        image = f"docker.io/{image}"
    return image if ":" in image.rpartition("/")[2] or "@" in image else f"{image}:latest"


def digest_of(chance: Chance, image: str) -> str:
    """The digest of an image."""
    return f"sha256:{chance.of('digest', full_name(image)).getrandbits(256):064x}"


@dataclass(frozen=True, slots=True)
class Pulled:
    """How a pull ended: seconds of the pull itself and with waiting, or the runtime's error."""

    size: int
    seconds: float
    waited: float
    error: str = ""


class Images:
    """The images of one node; it pulls one after the other, as kubelets do by default
    (serializeImagePulls)."""

    def __init__(self, world: World, node: str) -> None:
        self._world = world
        self._node = node
        self._present: dict[str, int] = {}
        self._queue: deque[tuple[str, datetime, Done]] = deque()
        self._busy = False

    def has(self, image: str) -> bool:
        """Whether the image is on the node."""
        return full_name(image) in self._present

    def pull(self, image: str, done: Done) -> None:
        """Pulls an image when its turn comes, and calls `done`."""
        self._queue.append((image, self._world.timeline.now, done))
        if not self._busy:
            self._next()

    def deny(self, image: str, done: Done) -> None:
        """Asks the registry for an image that it does not give to the pod, and calls `done`."""
        seconds = self._world.chance.of("denied", self._node, image).uniform(0.4, 0.9)
        error = _failed("Unknown", image, "unexpected status from HEAD request: 403 Forbidden")
        self._world.timeline.after(seconds, lambda: done(Pulled(0, seconds, seconds, error)))

    def _next(self) -> None:
        self._busy = bool(self._queue)
        if not self._busy:
            return
        image, asked, done = self._queue.popleft()
        seconds = self._seconds(image)
        before = passed(self._world.timeline, asked)

        def finish() -> None:
            if self._node in self._world.faults.lost_nodes:
                self._world.timeline.after(5.0, finish)
                return
            self._end(image, seconds, before, done)

        self._world.timeline.after(seconds, finish)

    def _seconds(self, image: str) -> float:
        faults, dice = self._world.faults, self._world.chance.of("pull", self._node, image)
        if faults.is_missing(image) or self.has(image):
            return dice.uniform(0.4, 0.9)
        usual = 0.5 + size_of(self._world.chance, image) / dice.uniform(*SPEED)
        return faults.pull_seconds(self._node, image, usual)

    def _end(self, image: str, seconds: float, before: float, done: Done) -> None:
        size = size_of(self._world.chance, image)
        error = ""
        if self._world.faults.is_missing(image):
            error = _failed("NotFound", image, f"{full_name(image)}: not found")
        elif not self.has(image):
            self._present[full_name(image)] = size
            self._report()
        done(Pulled(size, seconds, before + seconds, error))
        self._next()

    def _report(self) -> None:
        largest = sorted(self._present.items(), key=lambda each: (-each[1], each[0]))
        listed = [
            {"names": [_by_digest(self._world.chance, name), name], "sizeBytes": size}
            for name, size in largest[:SHOWN]
        ]
        node = self._world.objects.find(NODES, "", self._node)
        if node is not None:
            status: Json = {**(node.get("status") or {}), "images": listed}
            head = {"name": name_of(node)}
            self._world.objects.update_status(NODES, {"metadata": head, "status": status})


def _failed(code: str, image: str, why: str) -> str:
    """A pull's error in containerd's words."""
    name = full_name(image)
    return (
        f'rpc error: code = {code} desc = failed to pull and unpack image "{name}": '
        f'failed to resolve reference "{name}": {why}'
    )


def _by_digest(chance: Chance, name: str) -> str:
    bare, _, tag = name.rpartition(":")
    return f"{bare if tag and '/' not in tag else name}@{digest_of(chance, name)}"
