"""A release that stays pending: helm was killed, and no further upgrade can start."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hubtui.model.age import short
from hubtui.model.problem import Evidence, Fix, Incident, Level, Problem, Target, Verb
from hubtui.model.release import RevisionHead
from hubtui.model.trail import pair_of, trail, way_back
from hubtui.services.problems.situation import Situation

SETTLING: Final = timedelta(seconds=5)
"""After the end of a helm on this machine: its last word may not have been heard yet."""

LONG: Final = 3
"""Timeouts after which a hook that still works is no excuse any more."""


def find(seen: Situation) -> list[Problem]:
    """The newest revision, if it is pending and nobody works on it."""
    newest = seen.heads[0] if seen.heads else None
    if newest is None or not newest.status.pending or seen.helm is None or seen.helm.live:
        return []
    since = newest.modified or newest.created
    age = timedelta(seconds=seen.seconds(since))
    left = bool(seen.helm.left_by) and _is_settled(seen)
    if not left and age <= seen.timeout:
        return []
    hook_works = seen.hook is not None and age <= LONG * seen.timeout and not left
    target = way_back(seen.heads)
    return [
        Problem(
            incident=Incident.PENDING_RELEASE,
            level=Level.SOON if hook_works else Level.NOW,
            title=f"Release {newest.release} is stuck: revision {newest.revision} stays "
            f"{newest.status}",
            effect="What runs goes on. No upgrade can start: helm refuses with 'another operation "
            "is in progress'. What the revision had not applied yet is missing.",
            todo=_todo(target),
            evidence=_evidence(seen, newest, hook_works=hook_works),
            since=since,
            missing=seen.unread("jobs", "journal"),
            targets=(Target("release", newest.release),),
            fixes=_fixes(target),
        )
    ]


def _is_settled(seen: Situation) -> bool:
    quiet = seen.helm.quiet_since if seen.helm else None
    return quiet is not None and seen.now - quiet >= SETTLING


def _todo(target: RevisionHead | None) -> str:
    look = "Make sure that nobody runs helm elsewhere (a pipeline, a colleague)"
    if target is None:
        return (
            f"{look}; there is no revision to go back to: mark this one as failed and upgrade, or "
            "`helm uninstall` and install anew."
        )
    return (
        f"{look}, then roll back to revision {target.revision}, the last that was deployed, or "
        "mark this one as failed and upgrade again."
    )


def _evidence(seen: Situation, newest: RevisionHead, *, hook_works: bool) -> tuple[Evidence, ...]:
    helm = seen.helm
    timeout = short(seen.timeout.total_seconds())
    words = f"revision {newest.revision} is {newest.status} and unchanged; the timeout is {timeout}"
    found = [Evidence("release", words, newest.modified or newest.created, warning=True)]
    if helm is not None and helm.left_by:
        words = f"left by a {helm.left_by}, whose helm has ended on this machine"
        found.append(Evidence("journal", words, warning=True))
    else:
        found.append(Evidence("machine", "no helm seen from here; one elsewhere cannot be seen"))
    if hook_works and seen.hook is not None:
        words = (
            f"the hook image puller still works ({seen.hook.ready} of {seen.hook.wanted} nodes): "
            "a helm with a longer timeout may be at work elsewhere"
        )
        found.append(Evidence("hook", words, seen.hook.since))
    if (target := way_back(seen.heads)) is not None:
        pair = pair_of(trail(seen.heads, seen.descriptions, seen.now), newest.revision)
        tells = f"; compare {pair[0]} with {pair[1]}" if pair else ""
        words = f"revision {target.revision} is {target.status}{tells}"
        found.append(Evidence("release", words, target.created))
    return tuple(found)


def _fixes(target: RevisionHead | None) -> tuple[Fix, ...]:
    recover = Fix(Verb.RECOVER, "", "choose a way out: roll back, or mark the revision as failed")
    if target is None:
        return (recover,)
    revision = str(target.revision)
    return recover, Fix(Verb.ROLLBACK, revision, f"roll back to revision {revision}")
