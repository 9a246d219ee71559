"""One claim, or one shared disk: what is behind it, how full it is, who mounts it, who fills it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hubtui.model import fullness, kube
from hubtui.model.age import age, short
from hubtui.model.claims import Backing
from hubtui.model.disk import Figures
from hubtui.model.expansion import Ability, Way
from hubtui.model.past import PARTS, Past
from hubtui.model.podstate import Severity, state_of
from hubtui.model.quantity import short_size
from hubtui.model.roles import user_of
from hubtui.model.trend import Trend
from hubtui.services.storage import ClaimRow
from hubtui.views import storage_cells as cells_of
from hubtui.views.bars import sparkline
from hubtui.views.cells import EMPTY, SIGN_UNKNOWN, Cell, Tone, cell, join
from hubtui.views.document import INDENT, Hung, fact, heading
from hubtui.views.grid import table
from hubtui.views.pod_details import Events, event_facts
from hubtui.views.signs import sign_of, tone_of
from hubtui.views.storage_books import Disk
from hubtui.views.storage_groups import filling
from hubtui.views.table import Column

if TYPE_CHECKING:
    from hubtui.services.homes import Home

NEWEST: Final = 10
"""Events that are shown; `e` has all."""

NAMED: Final = 20
"""Pods and claims that are named; the rest is counted."""

BAR: Final = 40
"""Cells of a bar with its percentage."""

_TRENDS: Final = (
    Column("window", "OVER", 5),
    Column("trend", "CHANGE", 9, align="right"),
    Column("full", "FULL IN", 8, align="right"),
    Column("sure", "CONFIDENCE", 10),
    Column("words", "", 40),
)
_PODS: Final = (
    Column("pod", "POD", 20),
    Column("user", "USER", 16),
    Column("node", "NODE", 16),
    Column("state", "STATE", 10),
)
_HOMES: Final = (
    Column("user", "USER", 18),
    Column("trend", "GROWS", 9, align="right"),
    Column("size", "HAS", 6, align="right"),
    Column("quota", "QUOTA", 6, align="right"),
    Column("share", "%", 4, align="right"),
    Column("changed", "CHANGED", 9, align="right"),
)

_RECLAIM: Final = {
    "Retain": "Retain: what is on it stays when the claim is deleted",
    "Delete": "Delete: it goes when the claim is deleted",
}


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of a claim or a disk beside its row.

    `pods` mount it, by name; `ability` is what can be done about its volume's size; `trends` are
    told per window, `basis` says from what, `past` is what was used before, `no_trends` says why
    there are none, unless they are being read; `homes` are those that
    grow most, `no_homes` says why there are none; `server` are lines about the server behind it,
    `database` about the hub's database.
    """

    pods: Mapping[str, kube.Pod] = field(default_factory=dict)
    ability: Ability | None = None
    trends: Sequence[Trend] = ()
    told: Trend | None = None
    basis: str = ""
    past: Past | None = None
    no_trends: str = ""
    homes: Sequence[Home] = ()
    no_homes: str = ""
    server: Sequence[Cell | Hung] = ()
    database: Sequence[Cell | Hung] = ()
    events: Events = "Looking for events …"


def claim_details(row: ClaimRow, around: Around, now: datetime) -> Iterator[Cell | Hung]:
    """The lines of a claim's details."""
    yield _state(row, around, now)
    yield from _identity(row, now)
    yield from _section("Volume", _volume(row, around.ability))
    yield from _section("How full", _full(row.figures, row.why_not, now))
    if row.figures is not None:
        yield from _section("How it fills", _trend(around, row.figures, now))
    yield from _section("Mounted by", _pods(row.mounted_by, around.pods))
    if around.database:
        yield from _section("The hub's database", around.database)
    if around.server:
        yield from _section("Server", around.server)
    if around.homes:
        yield from _section("Grow most", _homes(around, now))
    events = around.events
    shown = events if isinstance(events, str) else events[:NEWEST]
    yield from _section("Events", event_facts(shown, now))


def disk_details(disk: Disk, around: Around, now: datetime) -> Iterator[Cell | Hung]:
    """The lines of a shared disk's details."""
    row, figures = disk.row, disk.figures
    yield join(sign_of(disk.severity), _filled(figures, disk.trend, disk.severity, now))
    yield fact("disk", cell(disk.place))
    if row.path:
        yield fact("path", cell(row.path))
    yield fact("driver", cell(row.driver or SIGN_UNKNOWN))
    if disk.behind:
        yield fact("kept on", join(cell(", ".join(disk.behind)), cell("by its server", Tone.MUTED)))
    yield from _section("How full", _full(figures, row.why_not, now))
    if figures is not None:
        yield from _section("How it fills", _trend(around, figures, now))
    yield from _section("Grow most", _homes(around, now))
    if around.server:
        yield from _section("Server", around.server)
    yield EMPTY
    yield join(heading("Claims on it"), cell(f"{len(row.claims):,}", Tone.MUTED))
    yield from _names(disk.homes, "for shared homes")
    rest = [name for name in row.claims if name not in set(disk.homes)]
    yield from _names(rest, "")
    yield from _section("Mounted by", _pods(row.pods, around.pods))


def _section(title: str, lines: Iterable[Cell | Hung]) -> Iterator[Cell | Hung]:
    yield EMPTY
    yield heading(title)
    yield from lines


# -- what it is


def _state(row: ClaimRow, around: Around, now: datetime) -> Cell:
    phase = fullness.phase_of(row.claim)
    standing = fullness.standing(row.claim, wanted=bool(row.mounted_by))
    severity = max(standing, filling(row.figures, around.told, now))
    words = cell(phase, tone_of(standing))
    return join(sign_of(severity), words, _filled(row.figures, around.told, severity, now))


def _filled(
    figures: Figures | None, trend: Trend | None, severity: Severity, now: datetime
) -> Cell:
    tone = tone_of(severity)
    if figures is None or figures.doubt:
        return cell("how full it is, is not known", Tone.MUTED)
    if figures.share is None:
        return EMPTY
    words = cell(f"{cells_of.percent(figures.share)} full", tone)
    ends = trend is not None and trend.full_at is not None
    when = cells_of.full_in_cell(trend, figures, now) if ends else EMPTY
    return join(words, cell("· full in", Tone.MUTED) if when else EMPTY, when)


def _identity(row: ClaimRow, now: datetime) -> Iterator[Hung]:
    if row.user:
        server = f"server {row.server}" if row.server else ""
        yield fact("user", join(cell(row.user), cell(server, Tone.MUTED)))
    yield fact("for", cell(row.kind.value))
    asked = f"asked for {short_size(row.asked)}" if row.asked not in (None, row.size) else ""
    yield fact("size", join(cells_of.size_cell(row.size, None), cell(asked, Tone.SOON)))
    yield fact("class", cell(row.storage_class or "none"))
    yield fact("access", cell(", ".join(row.claim.spec.access_modes) or SIGN_UNKNOWN))
    yield fact("made", cell(f"{age(row.created, now)} ago"))
    when = cells_of.last_used_cell(row, now)
    ago = cell(f"ago: {row.last_used_words}" if row.last_used else row.last_used_words, Tone.MUTED)
    yield fact("last used", join(EMPTY if row.mounted_by else when, ago))


def _volume(row: ClaimRow, ability: Ability | None) -> Iterator[Hung]:
    backing = row.backing
    if backing is None:
        bound = row.claim.spec.volume_name
        words = f"{bound}, which could not be read" if bound else "It has none yet."
        yield fact("", cell(words, Tone.MUTED), width=0)
        return
    place = ":".join(part for part in (backing.server, backing.path) if part)
    for name, words in (
        ("volume", f"{backing.volume} {backing.phase}".strip()),
        ("driver", backing.driver or SIGN_UNKNOWN),
        ("place", place),
        ("handle", backing.handle),
        ("reached from", backing.where),
        ("reclaim policy", _RECLAIM.get(backing.reclaim, backing.reclaim)),
        ("expandable", _expandable(backing, ability)),
    ):
        if words:
            yield fact(name, cell(words))


def _expandable(backing: Backing, ability: Ability | None) -> str:
    if ability is not None and ability.way is Way.NEVER:
        return f"no: {ability.words}"
    if backing.expandable is None:
        return f"{SIGN_UNKNOWN} its class is not known"
    return "yes, its class allows it" if backing.expandable else "no, its class does not allow it"


# -- how full it is


def _full(figures: Figures | None, why_not: str, now: datetime) -> Iterator[Cell | Hung]:
    if figures is None:
        yield fact("", join(cell(SIGN_UNKNOWN), cell(why_not, Tone.MUTED)), width=0)
        return
    if figures.doubt:
        doubt = join(cell(SIGN_UNKNOWN, Tone.SOON), cell(f"Doubtful: {figures.doubt}.", Tone.SOON))
        yield Hung(((INDENT, Tone.PLAIN), *doubt), len(INDENT) + 2)
    elif figures.share is not None:
        yield ((INDENT, Tone.PLAIN), *cells_of.full_cell(figures.share, BAR))
    for name, amount in (
        ("size", figures.capacity),
        ("used", figures.used),
        ("free", figures.available),
    ):
        yield fact(name, cell(SIGN_UNKNOWN if amount is None else short_size(amount)))
    yield fact("inodes", _inodes(figures))
    source = ", ".join(part for part in (figures.source.value, figures.by) if part)
    yield fact("told by", join(cell(source), cell(f"{age(figures.as_of, now)} ago", Tone.MUTED)))


def _inodes(figures: Figures) -> Cell:
    if figures.inodes_used is None or figures.inodes is None:
        return cell("it counts none", Tone.MUTED)
    words = f"{figures.inodes_used:,} of {figures.inodes:,}"
    return join(cells_of.inodes_cell(figures), cell(words, Tone.MUTED))


def _trend(around: Around, figures: Figures, now: datetime) -> Iterator[Cell | Hung]:
    if not around.trends:
        yield fact("", cell(_no_trend(around, figures), Tone.MUTED), width=0)
        return
    if around.past is not None:
        yield ((INDENT, Tone.PLAIN), *_past(around.past, now))
    lines = [
        (
            cell(each.window_words, Tone.STRONG if each == around.told else Tone.PLAIN),
            cells_of.trend_cell(each),
            cells_of.full_in_cell(each, figures, now),
            cell(each.confidence.value, Tone.MUTED),
            cell(each.words if each.per_day is None else "", Tone.MUTED),
        )
        for each in around.trends
    ]
    yield from _indented(table(_TRENDS, lines, 0))
    yield fact("from", cell(around.basis, Tone.MUTED), width=5)


def _no_trend(around: Around, figures: Figures) -> str:
    """Why nothing is told of how it fills."""
    if figures.doubt:
        return "Not known: its figures are doubtful."
    if figures.used is None:
        return "Not known: how much of it is used is not told."
    return f"Not known: {around.no_trends}." if around.no_trends else "Its past is being read."


def _past(past: Past, now: datetime) -> Cell:
    """A line of blocks above the lowest value: a half full disk would be a block without a form."""
    known = [value for value in past.values if value is not None]
    low, high = min(known), max(known)
    line = sparkline([None if v is None else v - low for v in past.values], PARTS, Tone.TOOL)
    length = short(now.timestamp() - past.begun)
    return join(
        line, cell(f"{short_size(int(low))} to {short_size(int(high))} in {length}", Tone.MUTED)
    )


# -- who has it


def _pods(names: Sequence[str], pods: Mapping[str, kube.Pod]) -> Iterator[Cell | Hung]:
    if not names:
        yield fact("", cell("No pod mounts it.", Tone.MUTED), width=0)
        return
    lines = [_pod(name, pods.get(name)) for name in names[:NAMED]]
    yield from _indented(table(_PODS, lines, 0))
    if len(names) > NAMED:
        yield fact("", cell(f"and {len(names) - NAMED:,} more", Tone.MUTED), width=0)


def _pod(name: str, pod: kube.Pod | None) -> Sequence[Cell]:
    if pod is None:
        return (cell(name), EMPTY, EMPTY, cell("gone", Tone.MUTED))
    state = state_of(pod)
    words = join(sign_of(state.severity), cell(state.status, tone_of(state.severity)))
    return cell(name), cell(user_of(pod)), cell(pod.spec.node_name or "no node yet"), words


def _homes(around: Around, now: datetime) -> Iterator[Cell | Hung]:
    if not around.homes:
        words = around.no_homes or "Nobody's folder has grown."
        yield fact("", cell(words, Tone.MUTED), width=0)
        return
    lines = [
        (
            cell(each.user or f"{each.directory}/"),
            cell(cells_of.per_day(each.grown_per_day or 0.0)),
            cells_of.sum_cell(each.size),
            cell(short_size(each.quota)) if each.quota else cell("none", Tone.MUTED),
            _of_quota(each.share),
            cells_of.age_cell(each.last_change, now),
        )
        for each in around.homes
    ]
    yield from _indented(table(_HOMES, lines, 0))
    source = around.homes[0]
    ago = f"{source.source.value}, {age(source.as_of, now)} ago"
    yield fact("from", cell(ago, Tone.MUTED), width=5)


def _of_quota(share: float | None) -> Cell:
    if share is None:
        return EMPTY
    severity = fullness.of_share(share)
    return cell(cells_of.percent(share), tone_of(severity) if severity else Tone.PLAIN)


def _names(names: Sequence[str], what: str) -> Iterator[Hung]:
    for name in names[:NAMED]:
        yield fact("", join(cell(name), cell(what, Tone.MUTED)), width=0)
    if len(names) > NAMED:
        yield fact("", cell(f"and {len(names) - NAMED:,} more", Tone.MUTED), width=0)


def _indented(lines: Iterable[Cell]) -> Iterator[Cell]:
    for line in lines:
        yield ((INDENT, Tone.PLAIN), *line)
