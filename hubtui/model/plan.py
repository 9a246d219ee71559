"""What an action is about to do, how far it has come, and how it ended.

A Plan only says; nothing in it can write. It rests on a Basis, the state of the cluster that it was
made from, and `services.operations` refuses it once that state has changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from hubtui.model.age import rfc3339

if TYPE_CHECKING:
    from hubtui.model.brought import Cargo
    from hubtui.model.deployment import Inputs
    from hubtui.model.diff import RevisionDiff


class Level(StrEnum):
    """What a check says."""

    OK = "ok"
    WARN = "warn"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, with what was seen.

    A `stop` that is `overridable` can be passed by its name; any other ends the action. `details`
    are all of what the evidence names the first of.
    """

    name: str
    level: Level
    evidence: str
    overridable: bool = False
    details: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "level": self.level.value,
            "evidence": self.evidence,
            "overridable": self.overridable,
            "details": list(self.details),
        }


@dataclass(frozen=True, slots=True)
class Permit:
    """One thing that a plan may write: a verb on one named object, or helm on one release."""

    verb: str
    resource: str
    namespace: str
    name: str
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan rests on, by name: revisions, resource versions, the server."""

    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Basis:
        return cls(tuple(sorted(values.items())))

    @property
    def digest(self) -> str:
        """Twelve characters that change when anything does: what `--expect` takes."""
        text = "\0".join(f"{name}\1{value}" for name, value in self.values)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def changed(self, now: Basis) -> tuple[str, ...]:
        """What differs, as `name: before → now`; empty when nothing does."""
        before, after = dict(self.values), dict(now.values)
        return tuple(
            f"{name}: {before.get(name, 'absent')} → {after.get(name, 'absent')}"
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        )


@dataclass(frozen=True, slots=True)
class Text:
    """Lines that an operator takes elsewhere as they are, and what they are."""

    title: str
    lines: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"title": self.title, "text": "\n".join(self.lines)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One action on one release, ready to be shown and confirmed.

    `summary` is what happens in one line, `notices` what people notice, `undo` the way back,
    `confirm` what must be typed, `command` the equivalent helm or kubectl command, `means` how it
    is done (which helm, which timeout). `permits` is all that the action may write; `details` is
    what a later hubtui needs to go on watching it. `lock` names what nobody else may write to in
    the meantime, where that is not the release: a node, beside a helm that is at work. `inputs` is
    what an upgrade is made from, `texts` are to be taken elsewhere as they are. `interruptible`
    actions end between two targets when asked to. `cargo` are the images of a revision to come,
    which can be pulled beforehand.
    """

    id: str
    action: str
    title: str
    summary: str
    context: str
    server: str
    namespace: str
    release: str
    targets: tuple[str, ...]
    checks: tuple[Check, ...]
    changes: RevisionDiff | None = None
    notices: tuple[str, ...] = ()
    undo: str = ""
    confirm: str
    basis: Basis
    command: str
    means: str = ""
    permits: tuple[Permit, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    lock: str = ""
    inputs: Inputs | None = None
    texts: tuple[Text, ...] = ()
    interruptible: bool = False
    cargo: Cargo | None = None

    @property
    def stops(self) -> tuple[Check, ...]:
        """The checks that say stop."""
        return tuple(check for check in self.checks if check.level is Level.STOP)

    def blocked_by(self, overrides: Iterable[str] = ()) -> tuple[Check, ...]:
        """The stops that are left when these checks are overridden by name."""
        passed = set(overrides)
        return tuple(c for c in self.stops if not (c.overridable and c.name in passed))

    def to_json(self, changes: Any = None) -> dict[str, Any]:
        """The document of design §5, without its envelope.

        `changes` is the diff in another shape; without it, it is given field by field.
        """
        if changes is None and self.changes is not None:
            changes = msgspec.to_builtins(self.changes)
        return {
            "action": self.action,
            "id": self.id,
            "title": self.title,
            "summary": self.summary,
            "targets": list(self.targets),
            "checks": [check.to_json() for check in self.checks],
            "changes": changes,
            "notices": list(self.notices),
            "undo": self.undo,
            "confirm": self.confirm,
            "basis": self.basis.digest,
            "rests_on": dict(self.basis.values),
            "command": self.command,
            "means": self.means,
            **({"inputs": self.inputs.to_json()} if self.inputs is not None else {}),
            **({"texts": [text.to_json() for text in self.texts]} if self.texts else {}),
        }


class StepState(StrEnum):
    """How far one object has come."""

    WAITING = "waiting"
    MOVING = "moving"
    DONE = "done"
    STUCK = "stuck"
    EXCUSED = "excused"
    """Not ready, and the result does not depend on it: placeholders, image pullers."""
    UNKNOWN = "unknown"
    """It may not be read, so whether it has come is not known."""


@dataclass(frozen=True, slots=True)
class Step:
    """One Deployment, StatefulSet or DaemonSet on its way, with the reason where it waits.

    The counts mean nothing when it could not be read (`known`). Without a `kind` it is a part of
    the way, which has no counts but the `seconds` that it took.
    """

    kind: str
    name: str
    ready: int
    desired: int
    updated: int = 0
    state: StepState = StepState.WAITING
    reason: str = ""
    known: bool = True
    seconds: float | None = None

    @property
    def title(self) -> str:
        return f"{self.kind}/{self.name}" if self.kind else self.name

    @property
    def counts(self) -> tuple[str, str]:
        """How many are ready, and how many there should be, in words."""
        return (str(self.ready), str(self.desired)) if self.known else ("?", "?")

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.name,
            "ready": self.ready if self.known else None,
            "desired": self.desired if self.known else None,
            "updated": self.updated if self.known else None,
            "state": self.state.value,
            "reason": self.reason,
            **({"seconds": self.seconds} if self.seconds is not None else {}),
        }


class Phase(StrEnum):
    """Where an operation is."""

    STARTING = "starting"
    HOOKS = "hooks"
    """helm waits for a Job or a Pod of the chart, before or after it applies."""
    APPLYING = "applying"
    ROLLING_OUT = "rolling out"
    VERIFYING = "verifying"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an operation has come: `note` says what it is waiting for at present."""

    phase: Phase = Phase.STARTING
    steps: tuple[Step, ...] = ()
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "phase": self.phase.value,
            "steps": [step.to_json() for step in self.steps],
            "note": self.note,
        }


class Result(StrEnum):
    """How an operation ended."""

    OK = "ok"
    UNVERIFIED = "unverified"
    """It was done, and not all that came of it could be looked at."""
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """It was ended from outside: helm or hubtui was killed, or it can no longer be told."""


@dataclass(frozen=True, slots=True)
class FailedObject:
    """An object that did not come, and why."""

    kind: str
    name: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "name": self.name, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an action ended.

    `words` are the tool's own, redacted; `revision` is the newest one of the release now.
    """

    result: Result
    summary: str
    words: str = ""
    failed: tuple[FailedObject, ...] = ()
    next_steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    revision: int | None = None
    steps: tuple[Step, ...] = field(default=())
    ended: datetime | None = None

    @property
    def ok(self) -> bool:
        return self.result is Result.OK

    def to_json(self) -> dict[str, Any]:
        return {
            "result": self.result.value,
            "summary": self.summary,
            "words": self.words,
            "failed": [failed.to_json() for failed in self.failed],
            "next_steps": list(self.next_steps),
            "notes": list(self.notes),
            "revision": self.revision,
            "steps": [step.to_json() for step in self.steps],
            "ended": rfc3339(self.ended),
        }
