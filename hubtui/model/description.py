"""A revision's description: helm's own words, or those of whoever wrote the revision."""

from __future__ import annotations

from dataclasses import replace

from hubtui.model.redact import Redactor, texts
from hubtui.model.release import Payload, Status


def described(payload: Payload, redactor: Redactor) -> str:
    """The description without the secrets that the redactor and the revision's own values tell.

    A failed one repeats the server's words, which may hold any value that was refused.
    """
    if not payload.description:
        return ""
    redactor = redactor.knowing(payload.config)
    if payload.status is Status.FAILED:
        redactor = replace(redactor, live=redactor.live | texts(payload.config))
    return redactor.mask_text(payload.description)
