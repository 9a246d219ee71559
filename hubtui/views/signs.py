"""The sign and the tone of a severity and of a release's status."""

from __future__ import annotations

from typing import Final

from hubtui.model.podstate import Severity
from hubtui.model.release import Status
from hubtui.views.cells import (
    SIGN_FINE,
    SIGN_NOW,
    SIGN_PAST,
    SIGN_SOON,
    SIGN_UNKNOWN,
    SIGN_WAITING,
    Cell,
    Tone,
)

_SEVERITIES: Final = {
    Severity.FINE: (SIGN_FINE, Tone.FINE),
    Severity.PAST: (SIGN_PAST, Tone.MUTED),
    Severity.WAITING: (SIGN_WAITING, Tone.WAITING),
    Severity.SOON: (SIGN_SOON, Tone.SOON),
    Severity.NOW: (SIGN_NOW, Tone.NOW),
}


def tone_of(severity: Severity) -> Tone:
    """The tone of a severity's words."""
    return _SEVERITIES[severity][1]


def sign_of(severity: Severity) -> Cell:
    """The sign of a severity."""
    return (_SEVERITIES[severity],)


def status_sign(status: Status) -> tuple[str, Tone]:
    """The sign and tone of a revision's status."""
    if status.pending or status is Status.UNINSTALLING:
        return SIGN_WAITING, Tone.SOON
    return {
        Status.DEPLOYED: (SIGN_FINE, Tone.FINE),
        Status.FAILED: (SIGN_NOW, Tone.NOW),
        Status.SUPERSEDED: (SIGN_PAST, Tone.MUTED),
        Status.UNINSTALLED: (SIGN_PAST, Tone.MUTED),
    }.get(status, (SIGN_UNKNOWN, Tone.SOON))
