"""How fresh a pane is, in the words of its border."""

from __future__ import annotations

from datetime import datetime

from hubtui.errors import DeniedError
from hubtui.model.age import seconds_between, short
from hubtui.model.text import one_line
from hubtui.services.store import Health, State
from hubtui.views.cells import Tone
from hubtui.views.table import Freshness


def freshness(health: Health, now: datetime) -> Freshness:
    """The words for one store: `live`, `stale 42 s · reconnecting in 4 s`, `no right to …`."""
    if health.state is State.LIVE:
        return Freshness("live")
    retry = ""
    if health.retry_at is not None:
        wait = max(0, round((health.retry_at - now).total_seconds()))
        retry = f" · again in {wait} s" if wait else " · connecting"
    if isinstance(health.error, DeniedError) and health.error.status == 403:
        return Freshness(one_line(health.error.what), Tone.SOON, stale=True)
    if health.state is State.STALE:
        age = short(seconds_between(health.since, now))
        return Freshness(f"stale {age}{retry}", Tone.SOON, stale=True)
    if health.error is not None:
        return Freshness(f"no connection{retry}", Tone.NOW, stale=True)
    return Freshness("connecting")
