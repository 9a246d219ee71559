"""What an explanation is made of: the facts that were read about a pod, and the finding."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from hubtui.model.age import precise, seconds_between
from hubtui.model.kube import Container, ContainerStatus, Event, Pod
from hubtui.model.kube_needs import Attachment, Claim, Node, Quota, WholePod
from hubtui.model.roles import Role


class Cause(StrEnum):
    """What explains a pod, in one word for programs."""

    UP = "up"
    DONE = "done"
    STARTING = "starting"
    PLACEHOLDER = "placeholder-waits"
    DELETING = "deleting"
    STUCK = "stuck-deleting"
    EVICTED = "evicted"
    FAILED = "failed"
    NODE = "node-not-ready"
    GATED = "scheduling-gate"
    SCHEDULER = "scheduler-down"
    TOO_LARGE = "too-large"
    FULL = "nodes-full"
    NO_NODE = "no-node-accepts"
    CLAIM = "claim"
    VOLUME = "volume"
    MULTI_ATTACH = "multi-attach"
    IMAGE = "image-pull"
    PULLING = "pulling"
    INIT = "init-step"
    CONFIG = "container-config"
    SANDBOX = "pod-network"
    MEMORY = "out-of-memory"
    CRASH = "crash"
    NOT_READY = "not-ready"
    QUOTA = "quota"
    MISSING = "no-pod"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was seen: where, in which words, and when."""

    source: str
    words: str
    at: datetime | None = None
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A source that could not be read, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Why:
    """What happened, what it means, what to do, and the evidence for it.

    `subject` is what pods have in common that suffer from the same: an image, a node."""

    cause: Cause
    happened: str
    means: str = ""
    todo: str = ""
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Missing, ...] = ()
    subject: str = ""

    @property
    def paragraph(self) -> str:
        """The explanation in one paragraph."""
        return " ".join(part for part in (self.happened, self.means, self.todo) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read about a pod. `events` are newest first; `schedulers` are the pods of the
    hub's own scheduler; `neighbours` the other pods that mount one of its claims; `last_words`
    the end of its log before the last restart. A source in `missing` was not read."""

    pod: WholePod
    now: datetime
    role: Role = Role.OTHER
    events: tuple[Event, ...] = ()
    nodes: tuple[Node, ...] = ()
    claims: tuple[Claim, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    quotas: tuple[Quota, ...] = ()
    schedulers: tuple[Pod, ...] = ()
    neighbours: tuple[Pod, ...] = ()
    last_words: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = field(default=())

    def read(self, source: str) -> bool:
        """Whether a source was read."""
        return all(missing.source != source for missing in self.missing)

    def since(self, moment: datetime | None) -> str:
        """How long ago, in words; "" when that is unknown."""
        return precise(seconds_between(moment, self.now)) if moment else ""

    @property
    def node(self) -> Node | None:
        """The node that the pod is on."""
        name = self.pod.spec.node_name
        return next((node for node in self.nodes if node.metadata.name == name), None)

    @property
    def claim_names(self) -> tuple[str, ...]:
        """The claims that the pod mounts."""
        return claim_names(self.pod)

    def newest(self, *reasons: str, having: str = "") -> Event | None:
        """The newest event of one of these reasons whose message holds some words."""
        return next(
            (e for e in self.events if e.reason in reasons and having in e.message.lower()), None
        )

    @property
    def containers(self) -> list[tuple[str, Container, ContainerStatus | None]]:
        """All containers in the order in which they start: its title, itself, its status."""
        status = self.pod.status
        known = {s.name: s for s in (*status.init_container_statuses, *status.container_statuses)}
        inits = self.pod.spec.init_containers
        steps = [
            (f"Init step {n} of {len(inits)} ({each.name})", each, known.get(each.name))
            for n, each in enumerate(inits, 1)
        ]
        mains = [(f"Container {c.name}", c, known.get(c.name)) for c in self.pod.spec.containers]
        listed = {c.name for c in (*inits, *self.pod.spec.containers)}
        others = [
            (f"Container {s.name}", Container(name=s.name, image=s.image), s)
            for s in known.values()
            if s.name not in listed
        ]
        return [*steps, *mains, *others]


_KEYS = re.compile(r" \([a-zA-Z](?:, [a-zA-Z])*\)")


def without_keys(why: Why) -> Why:
    """The explanation without the keys of the screen, for where there is none."""
    return replace(why, means=_KEYS.sub("", why.means), todo=_KEYS.sub("", why.todo))


def claim_names(pod: Pod) -> tuple[str, ...]:
    """The claims that a pod mounts."""
    claims = (volume.persistent_volume_claim for volume in pod.spec.volumes)
    return tuple(claim.claim_name for claim in claims if claim is not None)


def evidence_of(event: Event) -> Evidence:
    """An event as evidence."""
    times = f" (seen {event.times} times)" if event.times > 1 else ""
    words = f"{event.reason}: {event.message}{times}"
    return Evidence("event", words, event.last_seen, warning=event.type == "Warning")


def sentence(text: str) -> str:
    """Words from outside as a sentence of their own."""
    text = " ".join(text.split())
    return text if not text or text.endswith((".", "?", "…")) else f"{text}."


def listed(names: list[str], most: int = 3) -> str:
    """Names in a row, cut where there are many."""
    shown = names[:most]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
