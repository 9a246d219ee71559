"""One user: each server with its forecast, its pod and what it uses, events, the end of the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from hubtui.model import kube
from hubtui.model.age import age
from hubtui.model.hub import HubUser
from hubtui.model.podstate import state_of
from hubtui.model.quantity import short_cores, short_size
from hubtui.services.users import ServerRow
from hubtui.views import user_cells as cells_of
from hubtui.views.cells import SIGN_UNKNOWN, Cell, Tone, cell, join
from hubtui.views.compute_quota import Quotas, quota_facts
from hubtui.views.document import Hung, fact, heading
from hubtui.views.pod_details import Events, event_facts
from hubtui.views.signs import sign_of, tone_of

NEWEST = 5
"""Events that are shown; `e` has all."""

HIDDEN = "? (the token's scopes hide it)"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is asked for while a user is looked at: the events and the last log lines of the pod,
    and the user's compute quotas; each may be the reason why there are none."""

    events: Events = "Looking for events …"
    log: Sequence[str] | str = "Reading the log …"
    quotas: Quotas = ()


def user_details(
    user: HubUser, rows: Sequence[ServerRow], found: Evidence, now: datetime
) -> Iterator[Cell | Hung]:
    """The lines of a user's details."""
    yield from _user(user, now)
    yield from quota_facts(found.quotas)
    for row in rows:
        yield ()
        if row.server is None:
            yield cell("No server is running. b starts one.", Tone.MUTED)
        else:
            yield cell(f"Server {row.key.server}".rstrip(), Tone.STRONG)
            yield from _server(row, now)
    if any(row.pod is not None for row in rows):
        yield ()
        yield heading("Events")
        events = found.events
        yield from event_facts(events if isinstance(events, str) else events[:NEWEST], now)
        yield ()
        yield heading("Log")
        yield from _log(found.log)


def _user(user: HubUser, now: datetime) -> Iterator[Cell | Hung]:
    admin = cell("admin", Tone.SOON) if user.admin else ()
    yield join(cell(user.name, Tone.STRONG), admin)
    groups = HIDDEN if user.groups is None else ", ".join(user.groups) or "none"
    yield fact("groups", cell(groups, Tone.MUTED if not user.groups else Tone.PLAIN))
    yield fact("last activity", _ago(user.last_activity, now))
    if user.created is not None:
        yield fact("created", _ago(user.created, now))


def _server(row: ServerRow, now: datetime) -> Iterator[Cell | Hung]:
    server, pod = row.server, row.pod
    if server is None:
        return
    yield fact("state", cells_of.state_cell(row, now))
    if row.forecast is not None:
        at = cells_of.culled_cell(server, row.forecast, now)
        yield fact("culled in", join(at, cell(f"· {row.forecast.words}", Tone.MUTED)))
    yield fact("last activity", cells_of.activity_cell(row, now))
    yield fact("started", _ago(server.started, now))
    if profile := cells_of.profile_of(row):
        yield fact("profile", cell(profile))
    if pod is None:
        yield fact("pod", cell("none is known", Tone.MUTED))
        return
    yield from _pod(row, pod)


def _pod(row: ServerRow, pod: kube.Pod) -> Iterator[Cell | Hung]:
    state = state_of(pod)
    status = cell(state.status, tone_of(state.severity))
    yield fact("pod", join(cell(pod.key), sign_of(state.severity), status, cell(state.message)))
    yield fact("node", cell(pod.spec.node_name or "none yet"))
    yield fact("image", cell(cells_of.image_of(row)))
    memory = row.usage.memory if row.usage is not None else None
    most = cells_of.limit_of(pod, "memory")
    yield fact("memory", _use(memory and short_size(memory), most and short_size(most)))
    cores = row.usage.cpu if row.usage is not None else None
    limit = cells_of.limit_of(pod, "cpu")
    yield fact("cpu", _use(cores and short_cores(cores), limit and short_cores(limit)))
    for volume in pod.spec.volumes:
        if volume.persistent_volume_claim is not None:
            yield fact("claim", cell(volume.persistent_volume_claim.claim_name))


def _use(used: str | object | None, most: str | object | None) -> Cell:
    words = SIGN_UNKNOWN if used is None else str(used)
    limit = f"of {most}" if most else "without a limit"
    return join(cell(words, Tone.MUTED if used is None else Tone.PLAIN), cell(limit, Tone.MUTED))


def _log(log: Sequence[str] | str) -> Iterator[Cell | Hung]:
    if isinstance(log, str):
        yield fact("", cell(log, Tone.MUTED), width=0)
        return
    if not log:
        yield fact("", cell("The log is empty.", Tone.MUTED), width=0)
    for line in log:
        yield fact("", cell(line), width=0)


def _ago(moment: datetime | None, now: datetime) -> Cell:
    return cell(f"{age(moment, now)} ago") if moment is not None else cell(SIGN_UNKNOWN, Tone.MUTED)
