"""What goes wrong in the demo's cluster: set by a scenario or a drill, looked at by its parts.

Each is a fact of the simulated world, not of its answers: the apiserver tells what is so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Crash:
    """How a container ends again and again: after so many seconds, with this code and these last
    lines of its log. With `times`, only so often."""

    reason: str = "Error"
    code: int = 1
    after: float = 3.0
    lines: tuple[str, ...] = ()
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Growth:
    """Memory that grows to so many bytes `within` seconds, from `begun` on (unix seconds) and
    anew from each start of the container."""

    begun: float
    to: int
    within: float

    def of(self, memory: float, seconds: float) -> float:
        """The bytes after so many seconds, of those at first."""
        return memory + max(0.0, self.to - memory) * min(1.0, max(0.0, seconds / self.within))


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one pod alone."""

    denied: bool = False
    """The registry denies it its images, as to a pod without the secret for them."""
    init_hangs: bool = False
    """Its init steps do not end."""
    crash: Crash | None = None
    """Its main container crashes."""
    unready: str = ""
    """What its readiness probe fails with."""
    evicted: bool = False
    """The memory of its node runs low because of it, so that the kubelet evicts it."""
    clings: bool = False
    """Its containers do not end when they are told to."""


WELL: Final = Trouble()


@dataclass
class Faults:
    """All that may be wrong. Keys are parts of image names, node names, component labels, or
    namespace and name of a pod."""

    missing_images: set[str] = field(default_factory=set)
    """Parts of image names that no registry has: ErrImagePull, then ImagePullBackOff."""
    published: dict[str, re.Pattern[str]] = field(default_factory=dict)
    """What there is in a part of a registry, by how its names begin: `name:tag` as they go on. Of
    other parts every image is there."""
    slow_pulls: dict[str, float] = field(default_factory=dict)
    """Seconds that a pull takes, by a part of the image's name, or by `node/image part`."""
    crashes: dict[str, Crash] = field(default_factory=dict)
    """Components whose main container crashes."""
    crashes_by_image: dict[str, Crash] = field(default_factory=dict)
    """The same by a part of the main container's image."""
    growths: dict[str, Growth] = field(default_factory=dict)
    """Components whose main container uses more and more memory."""
    pods: dict[tuple[str, str], Trouble] = field(default_factory=dict)
    """What is wrong with single pods."""
    lost_nodes: set[str] = field(default_factory=set)
    """Nodes whose kubelet is silent."""
    no_scheduler: bool = False
    """The user-scheduler binds nothing."""
    hub_latency: float = 0.0
    """Seconds that the hub takes for each answer."""
    before_latency: list[Callable[[], None]] = field(default_factory=list)
    """Are called before `hub_latency` changes: who counts slow seconds counts up to then."""
    spawn_failures: int = 0
    """How many of the next spawns fail."""
    unseen: set[str] = field(default_factory=set)
    """Pods whose end the hub's watch misses, until it is asked to stop their server."""
    routes_unchecked: bool = False
    """The hub does not look at the proxy's routes by itself."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "hub_latency":
            for told in self.__dict__.get("before_latency", ()):
                told()
        super().__setattr__(name, value)

    def pull_seconds(self, node: str, image: str, usual: float) -> float:
        """How long a node pulls an image."""
        return _matching(self.slow_pulls, f"{node}/{image}", usual)

    def is_missing(self, image: str) -> bool:
        """Whether no registry has the image."""
        if any(part in image for part in self.missing_images):
            return True
        parts = ((image.removeprefix(head), known) for head, known in self.published.items()
                 if image.startswith(head) and "@" not in image)  # fmt: skip
        return any(known.fullmatch(n if ":" in n else f"{n}:latest") is None for n, known in parts)

    def crash_of(self, component: str, image: str) -> Crash | None:
        """How the main container of a component with this image crashes, if it does."""
        return self.crashes.get(component) or _matching(self.crashes_by_image, image, None)


def _matching(table: Mapping[str, T], text: str, default: T) -> T:
    return next((value for part, value in table.items() if part in text), default)
