"""What a user's server looks like in a line: its state, its age, what it uses, when it goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from hubtui.model import kube
from hubtui.model.age import HOUR, MINUTE, age, seconds_between, short
from hubtui.model.hub import HubServer
from hubtui.model.idle import Forecast
from hubtui.model.podstate import Severity, state_of
from hubtui.model.quantity import parse, short_cores, short_size
from hubtui.model.server_state import LOST, NOT_READY, READY
from hubtui.services.users import ServerRow
from hubtui.views.bars import bar
from hubtui.views.cells import EMPTY, SIGN_UNKNOWN, Cell, Tone, cell, join
from hubtui.views.signs import sign_of, tone_of

BAR = 4
"""Cells of the bar of memory."""

NEARLY_ALL, MUCH = 0.95, 0.85
"""Shares of the limit from which on the use of memory is told as now, and as soon."""

SOON = 15 * 60
"""Seconds before a server goes from which on its forecast stands out."""

_QUIET = frozenset({READY, NOT_READY})
"""Words that say less than the state of a pod that is in trouble."""


def name_cell(row: ServerRow, *, with_server: bool) -> Cell:
    """The user, and the server's name where it has no column of its own."""
    server = f"/{row.key.server}" if with_server and row.key.server else ""
    return join(cell(row.key.user), cell(server, Tone.MUTED))


def severity_of(row: ServerRow) -> Severity:
    """How much a server asks for attention."""
    server = row.server
    if server is None or server.stopped:
        return Severity.PAST
    pod = state_of(row.pod).severity if row.pod is not None else Severity.FINE
    if server.pending:
        return max(pod, Severity.WAITING) if server.pending == "spawn" else Severity.WAITING
    if row.state == LOST:
        return Severity.NOW
    return max(pod, Severity.FINE if server.ready else Severity.SOON)


def state_cell(row: ServerRow, now: datetime) -> Cell:
    """The state with its sign, since when where something is under way, and the step of it."""
    severity = severity_of(row)
    words, _, step = row.state.partition(": ")
    since = pending_since(row)
    passed = f" {short(seconds_between(since, now))}" if since is not None else ""
    sign = sign_of(severity)
    if severity in (Severity.FINE, Severity.PAST):
        return join(sign, cell(words, Tone.MUTED))
    if severity < Severity.SOON or row.pod is None:
        return join(sign, cell(words + passed, tone_of(severity)), cell(step, Tone.MUTED))
    # What is wrong matters more than what it was about.
    wrong = step or (words if words not in _QUIET else state_of(row.pod).status)
    return join(sign, cell(wrong + passed, tone_of(severity)))


def pending_since(row: ServerRow) -> datetime | None:
    """Since when a start or a stop is under way; None where nothing is."""
    server, pod = row.server, row.pod
    if server is None or not server.pending:
        return None
    if server.pending == "stop":
        return pod.metadata.deletion_timestamp if pod is not None else None
    return server.started


def active_at(row: ServerRow) -> datetime | None:
    """The last activity of the server; of the user where there is none."""
    return row.server.last_activity if row.server is not None else row.user.last_activity


def activity_cell(row: ServerRow, now: datetime) -> Cell:
    """How long ago that was."""
    at = active_at(row)
    if at is not None:
        return cell(in_minutes(seconds_between(at, now)))
    return cell("none yet" if row.server is not None else SIGN_UNKNOWN, Tone.MUTED)


def age_cell(row: ServerRow, now: datetime) -> Cell:
    """How long ago the server was started."""
    if row.server is None or row.server.stopped:
        return EMPTY
    return cell(age(row.server.started, now), Tone.MUTED)


def memory_cell(row: ServerRow) -> Cell:
    """The use of memory against its limit; `?` where nothing tells the use."""
    pod = row.pod
    if row.server is None or pod is None:
        return EMPTY
    used = row.usage.memory if row.usage is not None else None
    most = limit_of(pod, "memory")
    if used is None:
        return cell(SIGN_UNKNOWN if most is None else f"?/{short_size(most)}", Tone.MUTED)
    if most is None:
        return cell(short_size(used))
    share = float(used / most) if most else 0.0
    tone = Tone.NOW if share >= NEARLY_ALL else Tone.SOON if share >= MUCH else Tone.FINE
    line = bar([(float(used), tone)], float(most), BAR)
    words_tone = Tone.PLAIN if tone is Tone.FINE else tone
    return (*line, (f" {share_words(used, most):>8}", words_tone))


def share_words(used: int | Decimal, most: Decimal) -> str:
    """A use of a limit, the unit once where it is the same: `1.6/2G`, `512M/2G`."""
    part, whole = short_size(used), short_size(most)
    if part[-1:].isalpha() and part[-1:] == whole[-1:]:
        part = part[:-1]
    return f"{part}/{whole}"


def cpu_cell(row: ServerRow) -> Cell:
    """The cores in use, against the limit where there is one."""
    if row.server is None or row.pod is None:
        return EMPTY
    used = row.usage.cpu if row.usage is not None else None
    most = limit_of(row.pod, "cpu")
    words = SIGN_UNKNOWN if used is None else short_cores(used)
    total = "" if most is None else f"/{short_cores(most)}"
    return cell(words + total, Tone.MUTED if used is None else Tone.PLAIN)


def limit_of(pod: kube.Pod, resource: str) -> Decimal | None:
    """The sum of the containers' limits; None where one has none."""
    return _sum(each.resources.limits.get(resource) for each in pod.spec.containers)


def _sum(quantities: Iterable[str | None]) -> Decimal | None:
    total, found = Decimal(0), False
    for each in quantities:
        try:
            total += parse(each or "")
        except ValueError:
            return None
        found = True
    return total if found else None


def profile_of(row: ServerRow) -> str:
    """The profile that the user chose, else the image without its registry."""
    options = row.server.user_options if row.server is not None else None
    chosen = options.get("profile") if isinstance(options, dict) else None
    if isinstance(chosen, str) and chosen:
        return chosen
    return image_of(row).rpartition("/")[2]


def image_of(row: ServerRow) -> str:
    """The image of the notebook's container."""
    containers: Sequence[kube.Container] = row.pod.spec.containers if row.pod is not None else ()
    named = [each for each in containers if each.name == "notebook"] or list(containers)
    return named[0].image if named else ""


def node_of(row: ServerRow) -> str:
    """The node that the server's pod is on."""
    return row.pod.spec.node_name if row.pod is not None else ""


def culled_cell(
    server: HubServer | None, forecast: Forecast | None, now: datetime, *, due: bool = False
) -> Cell:
    """When the culler stops a server: `12 m`, `≥ 40 m`, `now`, `never`, `?`.

    With `due`, one that the next run stops goes now, however far that run is off.
    """
    if server is None or server.stopped:
        return EMPTY
    if forecast is None or not forecast.known:
        return cell(SIGN_UNKNOWN, Tone.MUTED)
    if forecast.at is None:
        return cell("never", Tone.MUTED)
    left = (forecast.at - now).total_seconds()
    if left <= 0 or (due and forecast.due(now)):
        return cell("now", Tone.SOON)
    words = f"{'≥ ' if forecast.at_least else ''}{in_minutes(left)}"
    near = left < SOON and not forecast.at_least
    return cell(words, Tone.SOON if near else Tone.PLAIN)


def in_minutes(seconds: float) -> str:
    """A length of time, in minutes up to two hours: what is a run of the culler apart is told
    apart."""
    if MINUTE <= seconds < 2 * HOUR:
        return f"{int(seconds // MINUTE)} m"
    return short(seconds)
