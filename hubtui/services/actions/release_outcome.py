"""How a helm ended, from what was seen: its exit and words, the revisions, hooks and workloads."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from typing import Final

from hubtui.model.plan import FailedObject, Outcome, Result, Step, StepState
from hubtui.model.release import RevisionHead, Status
from hubtui.model.text import one_line
from hubtui.services.hub_health import Health
from hubtui.services.rollouts import Look

# helm 3: `cannot patch "hub" with kind Deployment: …`; helm 4 adds `failed to apply object …`.
_KIND = r"(?P<kind>[A-Za-z]\w+)"
_REASON = r"(?P<reason>[^\n]+)"
_FAILED_OBJECTS: Final = (
    re.compile(rf'cannot patch "(?P<name>[^"]+)" with kind {_KIND}: {_REASON}'),
    re.compile(rf"object (?:[\w.-]+/)?(?P<name>[\w.:-]+) [\w./]+, Kind={_KIND}:? {_REASON}"),
    re.compile(rf'{_KIND}(?:\.[\w.]+)? "(?P<name>[^"]+)" (?=is (?:forbidden|invalid)){_REASON}'),
)


@dataclass(frozen=True, slots=True)
class Deed:
    """What helm was asked to do, in words.

    `makes` is the revision that it writes, `back` the one that was in force before (None where
    there is none), `content` what the new one holds, `what` is what helm applies. `again` says how
    to come to a new plan, `pending` and `failed` what can be done about a revision that stays so.
    """

    makes: int
    back: int | None
    content: str
    what: str
    again: str
    pending: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HookEnd:
    """A hook that did not come to a good end: why, and what was seen of it while it was there."""

    event: str
    kind: str
    name: str
    reason: str
    lines: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known once helm is over. `code` is its exit status, None when nobody can know it;
    `hooks` are those that failed, or at which it was ended."""

    release: str
    deed: Deed
    heads: tuple[RevisionHead, ...]
    code: int | None = None
    words: str = ""
    look: Look | None = None
    hooks: tuple[HookEnd, ...] = ()

    @property
    def expected(self) -> int:
        """The revision that helm makes."""
        return self.deed.makes

    @property
    def made(self) -> RevisionHead | None:
        """That revision, if helm came as far as writing it."""
        return next((head for head in self.heads if head.revision == self.expected), None)

    @property
    def newest(self) -> RevisionHead | None:
        return self.heads[0] if self.heads else None

    @property
    def deployed(self) -> bool:
        """Whether helm finished it; superseded means that somebody has deployed since."""
        return self.made is not None and self.made.status in (Status.DEPLOYED, Status.SUPERSEDED)

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.look.steps if self.look else ()

    @property
    def serving(self) -> str:
        """Which revision is deployed, in words."""
        found = [head.revision for head in self.heads if head.status is Status.DEPLOYED]
        return f"revision {found[0]} is deployed" if found else "no revision is deployed any more"


def deployed(seen: Seen, health: Health | None = None, hub: str = "hub") -> Outcome:
    """All that can be seen has come; the hub's own answer decides. `hub` is its Deployment."""
    done = f"revision {seen.expected} is deployed with {seen.deed.content}"
    ready = _ready_words(seen)
    notes = _excused(seen)
    unseen = [seen.look.unseen] if seen.look and seen.look.unseen else []
    if health is not None and health.ok is False:
        return Outcome(
            Result.FAILED,
            _sentence(f"{done}, {ready}, but the hub does not answer: {health.evidence}"),
            words=seen.words,
            failed=(FailedObject("Deployment", hub, health.evidence),),
            next_steps=("Look at the hub's log.", *_back(seen)),
            notes=notes,
            revision=seen.expected,
            steps=seen.steps,
        )
    if health is not None and health.ok is None:
        unseen.append(health.evidence)
    if unseen:
        return _unverified(seen, f"{done}, not verified: {ready}", unseen, notes, health)
    evidence = f"; {health.evidence}" if health and health.ok else ""
    return Outcome(
        Result.OK,
        _sentence(f"{done}: {ready}{evidence}"),
        words=seen.words,
        notes=notes,
        revision=seen.expected,
        steps=seen.steps,
    )


def _unverified(
    seen: Seen,
    summary: str,
    unseen: list[str],
    notes: tuple[str, ...],
    health: Health | None = None,
) -> Outcome:
    """Helm is done, and not all that came of it can be looked at."""
    evidence = f"; {health.evidence}" if health and health.ok else ""
    return Outcome(
        Result.UNVERIFIED,
        _sentence(f"{summary}{evidence}"),
        words=seen.words,
        next_steps=("Look at it with credentials that may read it: kubectl rollout status.",),
        notes=(*(f"Not verified: {why}" for why in unseen), *notes),
        revision=seen.expected,
        steps=seen.steps,
    )


def not_rolled_out(seen: Seen) -> Outcome:
    """Helm is done, and not all workloads have come."""
    waiting = seen.look.waiting if seen.look else ()
    names = ", ".join(_words(step) for step in waiting)
    return Outcome(
        Result.FAILED,
        _sentence(f"revision {seen.expected} is deployed, but not everything has come: {names}"),
        words=seen.words,
        failed=seen.look.failed if seen.look else (),
        next_steps=(
            "Mend the cause: the rollout then goes on by itself.",
            *_back(seen),
        ),
        notes=_excused(seen),
        revision=seen.expected,
        steps=seen.steps,
    )


def not_deployed(seen: Seen) -> Outcome:
    """Helm is over and has not finished."""
    ended = _ended(seen.code)
    made = seen.made
    if made is None:
        killed = seen.code is None or seen.code < 0
        return Outcome(
            Result.INTERRUPTED if killed else Result.FAILED,
            _sentence(f"{ended} before it wrote anything: {seen.serving}"),
            words=seen.words,
            failed=failed_objects(seen.words),
            next_steps=(f"Mend the cause and {seen.deed.again}.",),
            revision=seen.newest.revision if seen.newest else None,
            steps=seen.steps,
        )
    if made.status.pending:
        return _pending(seen, ended)
    return _applied_badly(seen)


def not_told(deed: Deed, code: int | None, words: str, why: str) -> Outcome:
    """Helm is over, and the cluster does not tell what it holds."""
    ended = "helm finished" if code == 0 else _ended(code)
    return Outcome(
        Result.UNVERIFIED if code == 0 else Result.INTERRUPTED,
        _sentence(f"{ended}, and it is not known what revision {deed.makes} is: {why}"),
        words=words,
        failed=failed_objects(words),
        next_steps=(
            "When the cluster answers again, look at the revisions (hubtui history).",
            *(f"If revision {deed.makes} is pending: {step}" for step in deed.pending),
        ),
    )


def left_behind(seen: Seen, *, begun: bool) -> Outcome:
    """How it ended while nobody watched."""
    made = seen.made
    if not begun or made is None:
        words = "helm was not started" if not begun else "helm ended before it wrote anything"
        return Outcome(
            Result.INTERRUPTED,
            _sentence(f"hubtui was ended, and {words}: {seen.serving}"),
            words=seen.words,
            revision=seen.newest.revision if seen.newest else None,
            steps=seen.steps,
        )
    if not seen.deployed:
        return _pending(seen, "helm ended") if made.status.pending else _applied_badly(seen)
    helm = f"hubtui was ended, and helm finished: revision {made.revision} is {made.status}"
    waiting = seen.look.waiting if seen.look else ()
    if not waiting and seen.look is not None and seen.look.unseen:
        return _unverified(seen, f"{helm}, not verified", [seen.look.unseen], _excused(seen))
    come = seen.look is not None and seen.look.complete
    state = _ready_words(seen) if come else "not everything has come"
    return Outcome(
        Result.OK if come else Result.INTERRUPTED,
        _sentence(f"{helm}, {state}"),
        words=seen.words,
        failed=seen.look.failed if seen.look else (),
        notes=_excused(seen),
        revision=made.revision,
        steps=seen.steps,
    )


def failed_objects(words: str) -> tuple[FailedObject, ...]:
    """The objects that helm's last words name, each once; its log lines say the same, quoted."""
    words = words[max(words.rfind("Error: "), 0) :]
    found: dict[tuple[str, str], FailedObject] = {}
    for pattern in _FAILED_OBJECTS:
        for match in pattern.finditer(words):
            key = (match["kind"].lower().rstrip("s"), match["name"])
            reason = one_line(match["reason"])
            found.setdefault(key, FailedObject(match["kind"], match["name"], reason))
    return tuple(found.values())


def _pending(seen: Seen, ended: str) -> Outcome:
    status = seen.made.status if seen.made else Status.UNKNOWN
    where = f"in the hook {seen.hooks[0].title}" if seen.hooks else "in the middle"
    written = (
        "nothing was applied yet" if _before_apply(seen) else "its objects may be partly written"
    )
    return Outcome(
        Result.INTERRUPTED,
        _sentence(
            f"{ended} {where}: revision {seen.expected} is {status}, {written}; {seen.serving}"
        ),
        words=seen.words,
        failed=failed_objects(seen.words),
        next_steps=(*seen.deed.pending, "helm upgrade refuses to start until then."),
        notes=(*_hook_lines(seen), *_excused(seen)),
        revision=seen.expected,
        steps=seen.steps,
    )


def _applied_badly(seen: Seen) -> Outcome:
    if seen.hooks:
        return _hook_failed(seen, seen.hooks[0])
    failed = failed_objects(seen.words)
    first = f": {failed[0].kind} {failed[0].name}: {failed[0].reason}" if failed else ""
    return Outcome(
        Result.FAILED,
        _sentence(f"helm could not apply {seen.deed.what}{first}; {seen.serving}"),
        words=seen.words,
        failed=failed,
        next_steps=(*seen.deed.failed, *_back(seen)),
        notes=_excused(seen),
        revision=seen.expected,
        steps=seen.steps,
    )


def _hook_failed(seen: Seen, hook: HookEnd) -> Outcome:
    state = "nothing was applied" if _before_apply(seen) else "everything was applied before it"
    back = () if _before_apply(seen) else _back(seen)
    return Outcome(
        Result.FAILED,
        _sentence(
            f"the {hook.event} hook {hook.title} failed ({hook.reason}): {state}; {seen.serving}"
        ),
        words=seen.words,
        failed=tuple(FailedObject(each.kind, each.name, each.reason) for each in seen.hooks),
        next_steps=(*hook.advice, *seen.deed.failed, *back),
        notes=(*_hook_lines(seen), *_excused(seen)),
        revision=seen.expected,
        steps=seen.steps,
    )


def _before_apply(seen: Seen) -> bool:
    """Whether helm was still in the hooks that come before it applies anything."""
    return bool(seen.hooks) and seen.hooks[0].event.startswith("pre-")


def _hook_lines(seen: Seen) -> tuple[str, ...]:
    return tuple(f"{hook.title}: {line}" for hook in seen.hooks for line in hook.lines)


def _ended(code: int | None) -> str:
    if code is None:
        return "helm ended"
    if code < 0:
        try:
            return f"helm was killed ({signal.Signals(-code).name})"
        except ValueError:
            return f"helm was killed (signal {-code})"
    return f"helm ended with {code}"


def _ready_words(seen: Seen) -> str:
    done = [step for step in seen.steps if step.state is StepState.DONE]
    return f"{len(done)} of {len(seen.steps)} workloads are ready"


def _excused(seen: Seen) -> tuple[str, ...]:
    return tuple(
        f"{_words(step)} (no part of the result)"
        for step in seen.steps
        if step.state is StepState.EXCUSED
    )


def _words(step: Step) -> str:
    reason = f": {step.reason}" if step.reason else ""
    mixed = " (old and new pods together)" if step.ready >= step.desired > 0 else ""
    return f"{step.title} {'/'.join(step.counts)}{mixed}{reason}"


def _back(seen: Seen) -> tuple[str, ...]:
    back = seen.deed.back
    return () if back is None else (f"Or roll back to {back}, where it was before.",)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
