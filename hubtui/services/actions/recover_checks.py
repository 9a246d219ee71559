"""The checks of a recovery: that no helm is at work, and what the marking of a revision needs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from hubtui.model.age import duration, precise, seconds_between
from hubtui.model.plan import Check
from hubtui.model.release import Status
from hubtui.model.text import one_line
from hubtui.services.actions.common import counted, ok, stop, warn
from hubtui.services.actions.recover_facts import Facts
from hubtui.services.actions.release_pending import nothing_is_running
from hubtui.services.problems.pending_release import LONG

FILE: Final = "file"
"""The check of the file that marking needs."""


def alive(facts: Facts, now: datetime) -> tuple[Check, ...]:
    """Whether a helm may be at work, from all sides that can be seen from here."""
    return (nothing_is_running(facts.stuck, facts.look, now), *more_alive(facts, now))


def more_alive(facts: Facts, now: datetime) -> tuple[Check, ...]:
    """The same without what every plan looks at."""
    return helm_here(facts), hooks_at_work(facts, now)


def helm_here(facts: Facts) -> Check:
    """Whether a helm of this machine names the release."""
    name = "helm on this machine"
    title = f"helm works on a release {facts.stuck.release}"
    if facts.helms.here:
        words = f"{title} ({_pids(facts.helms.here)}), of this cluster or of one that is not known"
        return stop(name, words, overridable=True)
    if facts.helms.elsewhere:
        return warn(name, f"{title} ({_pids(facts.helms.elsewhere)}), but of another server")
    return ok(name, "none is seen from here; one elsewhere cannot be seen")


def _pids(pids: Sequence[int]) -> str:
    return f"pid {', '.join(map(str, pids))}"


def hooks_at_work(facts: Facts, now: datetime) -> Check:
    """Whether a hook of the pending revision still runs: a helm may wait for it."""
    name = "hooks"
    number = facts.stuck.revision
    if facts.hooks_error:
        return warn(name, f"? not looked at: {facts.hooks_error}")
    if not facts.hooks:
        return ok(name, f"no Job of a hook of revision {number} is at work")
    titles = ", ".join(each.title for each in facts.hooks)
    since = [each.since for each in facts.hooks if each.since is not None]
    age = seconds_between(min(since), now) if since else 0.0
    words = f"{titles} is at work for {precise(age)}"
    if facts.look.left_by:
        return warn(name, f"{words}: it goes on without its helm, which has ended")
    if since and age > LONG * duration(facts.look.timeout).total_seconds():
        return warn(name, f"{words}: no helm waits that long for it")
    return stop(name, f"{words}: a helm elsewhere may wait for it", overridable=True)


def last_deployed(facts: Facts) -> Check:
    """What the next upgrade starts from."""
    name = "last deployed"
    back = facts.back
    if back is None:
        return warn(name, "none: the next upgrade starts from this very revision")
    words = f"revision {back.revision} is {back.status}"
    if back.status is Status.DEPLOYED:
        return ok(name, f"{words}: the next upgrade starts from it")
    return warn(name, f"{words}, none is deployed: the next upgrade starts from this one")


def is_readable(facts: Facts) -> Check:
    """Whether the revision's payload can be rewritten."""
    name = "revision can be read"
    number = facts.stuck.revision
    if facts.payload is None:
        return stop(name, f"revision {number} cannot be read, and so not be marked: {facts.error}")
    return ok(name, f"revision {number} decodes: {counted(len(facts.payload.hooks), 'hook')}")


def file_is_new(path: Path | None) -> Check:
    """Whether the file for what is replaced can be made."""
    name = FILE
    if path is None:
        return stop(name, "none is named: what is replaced must be kept (--save FILE)")
    shown = one_line(str(path))
    if path.exists() or path.is_symlink():
        return stop(name, f"{shown} exists already: name a new one")
    if not path.parent.is_dir():
        return stop(name, f"{one_line(str(path.parent))} is no folder")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return stop(name, f"{one_line(str(path.parent))} cannot be written")
    return ok(name, f"{shown} is made, readable for you only: it holds secrets")
