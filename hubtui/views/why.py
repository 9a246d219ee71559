"""An explanation as lines: what happened, what it means, what to do, and the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from hubtui.model import fullness
from hubtui.model.kube import Pod
from hubtui.model.kube_needs import Claim
from hubtui.model.podstate import Severity, state_of
from hubtui.model.roles import server_of, user_of
from hubtui.model.why import Finding
from hubtui.model.why_facts import Cause, Why
from hubtui.views.cells import Cell, Tone, cell, join
from hubtui.views.document import INDENT, Hung, heading
from hubtui.views.evidence import evidence_lines, missing_lines
from hubtui.views.signs import sign_of, tone_of

NAMES = 6
"""Pods of one finding that are named; the others are counted."""


def pod_why(pod: Pod | None, why: Why, now: datetime) -> Iterator[Cell | Hung]:
    """The lines of one pod's explanation."""
    severity = state_of(pod).severity if pod is not None else Severity.SOON
    if pod is not None:
        yield join(sign_of(severity), cell(state_of(pod).status, tone_of(severity)))
        yield ()
    yield from _why(why, severity, now)


def claim_why(claim: Claim | None, why: Why, now: datetime) -> Iterator[Cell | Hung]:
    """The lines of what explains a claim; None where it is gone."""
    pods = why.cause not in (Cause.UP, Cause.STARTING)
    severity = fullness.standing(claim, wanted=pods) if claim is not None else Severity.SOON
    if claim is not None:
        yield join(sign_of(severity), cell(fullness.phase_of(claim), tone_of(severity)))
        yield ()
    yield from _why(why, severity, now)


def role_why(role: str, findings: Sequence[Finding], now: datetime) -> Iterator[Cell | Hung]:
    """The lines of a role's explanation: one block for each finding."""
    if not findings:
        yield cell(f"Every pod of {role} is up.", Tone.FINE)
    for index, finding in enumerate(findings):
        if index:
            yield ()
        yield join(sign_of(finding.severity), heading(who(finding)))
        yield from _why(finding.why, finding.severity, now)


def who(finding: Finding) -> str:
    """Whom a finding is about: a count and a few names."""
    names = sorted(name_of(pod) for pod in finding.pods)
    if not names:
        return "Pods that were not made"
    shown = ", ".join(names[:NAMES])
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return f"{len(names)} pods: {shown}{more}" if len(names) > 1 else shown


def name_of(pod: Pod) -> str:
    """A pod as people call it: its user and server, else its own name."""
    user, server = user_of(pod), server_of(pod)
    return f"{user}/{server}" if user and server else user or pod.metadata.name


def _why(why: Why, severity: Severity, now: datetime) -> Iterator[Cell | Hung]:
    tone = tone_of(severity) if severity >= Severity.SOON else Tone.STRONG
    for words, toned in ((why.happened, tone), (why.means, Tone.PLAIN), (why.todo, Tone.ACCENT)):
        if words:
            yield Hung(((INDENT, Tone.PLAIN), *cell(words, toned)), len(INDENT))
    yield from evidence_lines(why.evidence, now)
    yield from missing_lines(why.missing)
