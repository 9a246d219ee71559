"""A spawn part by part: what its pod and the pod's events show of it, and how long each took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from hubtui.model.kube import Event, Pod
from hubtui.model.plan import Step, StepState


class Part(StrEnum):
    """The parts of a spawn, in their order."""

    REQUESTED = "requested"
    CREATED = "pod created"
    SCHEDULED = "scheduled"
    PULLED = "image pulled"
    STARTED = "containers run"
    READY = "hub says ready"


OF_POD: Final = (Part.CREATED, Part.SCHEDULED, Part.PULLED, Part.STARTED)
"""The parts that only the pod and its events show."""

ORDER: Final = tuple(Part)


@dataclass(frozen=True, slots=True)
class Trace:
    """When each part was first seen, in seconds after the request; `words` are about parts.

    `unseen` is why the pod cannot be looked at: then its own parts are not known.
    """

    reached: Mapping[Part, float] = field(default_factory=dict)
    words: Mapping[Part, str] = field(default_factory=dict)
    unseen: str = ""

    def reach(self, parts: Iterable[Part], at: float) -> Trace:
        """The trace with parts that are seen now; those that were seen before stay as they are."""
        return replace(self, reached={**dict.fromkeys(parts, at), **self.reached})

    def tell(self, part: Part, words: str) -> Trace:
        """The trace with words about a part."""
        return replace(self, words={**self.words, part: words})

    @property
    def ready(self) -> bool:
        """Whether the server is ready."""
        return Part.READY in self.reached

    @property
    def total(self) -> float:
        """Seconds until the last part that was seen."""
        return max(self.reached.values(), default=0.0)

    @property
    def waits_for(self) -> Part | None:
        """The part that is under way; None once the server is ready.

        Where the pod cannot be looked at that is what the hub says.
        """
        if self.ready:
            return None
        parts = [part for part in ORDER if not (self.unseen and part in OF_POD)]
        return next(part for part in parts if part not in self.reached)

    def steps(self, now: float, *, stuck: str = "") -> tuple[Step, ...]:
        """All parts for the screen, `now` seconds after the request; `stuck` is why the one that
        is under way does not come."""
        found: list[Step] = []
        before, waits_for = 0.0, self.waits_for
        for part in ORDER:
            at = self.reached.get(part)
            if at is not None:
                found.append(_step(part, StepState.DONE, self.words.get(part, ""), at - before))
                before = max(before, at)
            elif part is waits_for:
                state = StepState.STUCK if stuck else StepState.MOVING
                words = stuck or self.words.get(part, "")
                found.append(_step(part, state, words, now - before))
            elif self.unseen and part in OF_POD:
                found.append(_step(part, StepState.UNKNOWN, self.unseen))
            else:
                found.append(_step(part, StepState.WAITING))
        return tuple(found)


def _step(part: Part, state: StepState, words: str = "", seconds: float | None = None) -> Step:
    took = None if seconds is None else round(max(0.0, seconds), 1)
    return Step("", part.value, 0, 0, state=state, reason=words, seconds=took)


def parts_of(pod: Pod, events: Sequence[Event] = ()) -> tuple[Part, ...]:
    """The parts that a pod and its events show."""
    found = [Part.CREATED]
    if pod.spec.node_name:
        found.append(Part.SCHEDULED)
    started = _started(pod)
    if started or _pulled(pod, events):
        found.append(Part.PULLED)
    if started:
        found.append(Part.STARTED)
    return tuple(found)


def pull_words(pod: Pod, events: Iterable[Event]) -> str:
    """What the kubelet says of the pod's images: under way, there already, pulled in how long."""
    told = [event for event in events if event.reason in ("Pulling", "Pulled", "Failed", "BackOff")]
    main = [event for event in told if _container_of(event) in _names(pod)]
    newest = max(main or told, key=lambda event: str(event.last_seen), default=None)
    return newest.message if newest else ""


def _started(pod: Pod) -> bool:
    statuses = pod.status.container_statuses
    running = all(each.state.running or each.state.terminated for each in statuses)
    return len(statuses) >= len(pod.spec.containers) > 0 and running


def _pulled(pod: Pod, events: Iterable[Event]) -> bool:
    """Whether the image of each main container is there; an event names its container."""
    pulled = {_container_of(event) for event in events if event.reason == "Pulled"}
    return bool(pulled) and _names(pod) <= pulled


def _names(pod: Pod) -> set[str]:
    return {container.name for container in pod.spec.containers}


def _container_of(event: Event) -> str:
    """The main container that an event is about: `spec.containers{notebook}`."""
    kind, _, name = event.involved_object.field_path.partition("{")
    return name.removesuffix("}") if kind == "spec.containers" else ""
