"""One node: what is asked of it, who is on it, why it stays, which images it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hubtui.model import kube
from hubtui.model.age import age
from hubtui.model.kube_needs import Node, NodeImage
from hubtui.model.node_images import LISTED
from hubtui.model.packing import CPU, MEMORY, PODS, Share, requests
from hubtui.model.podstate import Severity, state_of
from hubtui.model.quantity import short_size
from hubtui.model.roles import Role, role_of, server_of, user_of
from hubtui.model.scale_down import Hold, Stays
from hubtui.model.seats import NodeSeats, Seats, named
from hubtui.model.text import one_line
from hubtui.services.nodes import NodeRow
from hubtui.services.users import ServerRow
from hubtui.views import node_cells, user_cells
from hubtui.views.cells import EMPTY, SIGN_UNKNOWN, Cell, Tone, cell, join
from hubtui.views.document import INDENT, Hung, fact, heading
from hubtui.views.grid import table
from hubtui.views.pod_details import Events, event_facts
from hubtui.views.seats import binds, headline, number
from hubtui.views.signs import sign_of, tone_of
from hubtui.views.table import Column

NEWEST: Final = 10
"""Events that are shown; `e` has all."""

_USERS: Final = (
    Column("user", "USER", 20),
    Column("idle", "IDLE", 8, align="right"),
    Column("culled", "CULLED IN", 9, align="right"),
    Column("memory", "MEM", 13, align="right"),
    Column("state", "STATE", 20),
)
_ASKED: Final = (
    Column("what", "", 10),
    Column("users", "USERS", 6, align="right"),
    Column("core", "CORE", 6, align="right"),
    Column("placeholders", "PLACEHOLDERS", 12, align="right"),
    Column("free", "FREE", 6, align="right"),
    Column("most", "OF", 6, align="right"),
    Column("use", "IN USE", 6, align="right"),
)


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of a node beside its row. `servers` are the hub's by the key of their pod,
    `seats` how many more users fit, None with the reason in `no_seats`; `stays` is None where
    nobody looked."""

    pods: Collection[kube.Pod] = ()
    servers: Mapping[str, ServerRow] = field(default_factory=dict)
    release: str = ""
    seats: Seats | None = None
    no_seats: str = ""
    stays: Stays | None = None
    events: Events = "Looking for events …"


def node_details(row: NodeRow, around: Around, now: datetime) -> Iterator[Cell | Hung]:
    """The lines of a node's details."""
    yield from _identity(row, now)
    yield EMPTY
    yield heading("Asked for")
    yield from _asked(row)
    yield from _seats(row, around)
    if around.stays is not None:
        yield EMPTY
        yield heading("Why it stays")
        yield from _stays(around.stays)
    yield from _pods(row, around, now)
    if row.node is not None:
        yield EMPTY
        yield from _images(row.node)
        yield EMPTY
        yield heading("Conditions")
        yield from _conditions(row.node, now)
    yield EMPTY
    yield heading("Events")
    events = around.events
    yield from event_facts(events if isinstance(events, str) else events[:NEWEST], now)


def _identity(row: NodeRow, now: datetime) -> Iterator[Cell | Hung]:
    standing, node = row.standing, row.node
    if node is None:
        words = "The node is gone." if row.known else "The nodes could not be read."
        yield join(sign_of(Severity.SOON), cell(words), cell("What its pods tell:", Tone.MUTED))
        return
    yield join(sign_of(standing.severity), cell(standing.words, tone_of(standing.severity)))
    for name, words in (
        ("pool", row.pool),
        ("zone", row.zone),
        ("type", row.instance_type),
        ("age", age(node.metadata.creation_timestamp, now)),
    ):
        yield fact(name, cell(words) if words else cell("none is told", Tone.MUTED))
    info = node.status.node_info
    told = (info.os_image, info.architecture, info.container_runtime_version)
    kubelet = cell(" · ".join(each for each in told if each), Tone.MUTED)
    yield fact("kubelet", join(cell(info.kubelet_version or SIGN_UNKNOWN), kubelet))
    taints = [f"{each}:{each.effect}" for each in node.spec.taints]
    yield fact("taints", cell(", ".join(taints)) if taints else cell("none", Tone.MUTED))


# -- what is asked of it


def _asked(row: NodeRow) -> Iterator[Cell]:
    names = {CPU, MEMORY, *(row.allocatable or {}), *row.used} - {PODS}
    order = [MEMORY, CPU, *sorted(names - {CPU, MEMORY})]
    kept = [name for name in order if name in (CPU, MEMORY) or row.used.get(name)]
    lines = [_amounts(row, name) for name in kept]
    most = None if row.allocatable is None else row.allocatable.get(PODS)
    free = row.free(PODS)
    own = cell(f"{row.users:,}"), EMPTY, cell(f"{row.placeholders:,}" if row.placeholders else "")
    rest = (_amount(PODS, free), _amount(PODS, most), cell(f"{_least(row)}{row.pods:,}"))
    yield from _indented(table(_ASKED, [*lines, (cell("pods", Tone.MUTED), *own, *rest)], 0))
    if row.guests:
        yield from _indented([cell(f"{row.guests:,} servers of other hubs are on it.", Tone.MUTED)])


def _seats(row: NodeRow, around: Around) -> Iterator[Hung]:
    if around.seats is None:
        yield fact("seats", join(cell(SIGN_UNKNOWN), cell(around.no_seats, Tone.MUTED)), width=10)
        return
    here = around.seats.usual.by_node.get(row.name, NodeSeats())
    words = number(around.seats, here.now)
    if here.giving_way != here.now:
        words += f", {number(around.seats, here.giving_way)} with placeholders giving way"
    why = here.off or (binds(named(here.binds)) if here.binds else "")
    yield fact("seats", join(cell(words), cell(f"· {why}" if why else "", Tone.MUTED)), width=10)
    yield fact("", cell(f"on all nodes: {headline(around.seats)}", Tone.MUTED), width=10)


def _amounts(row: NodeRow, name: str) -> Sequence[Cell]:
    most = None if row.allocatable is None else row.allocatable.get(name, 0)
    shares = [row.shares.get(share, {}).get(name, 0) for share in Share]
    use = node_cells.use_of(row.usage, name)
    return (
        cell(name, Tone.MUTED),
        *(
            cell(f"{_least(row)}{node_cells.amount_words(name, share)}" if share else "")
            for share in shares
        ),
        _amount(name, row.free(name), "≤" if row.at_least else ""),
        _amount(name, most),
        EMPTY if name not in (CPU, MEMORY) else _amount(name, None if use is None else int(use)),
    )


def _amount(name: str, number: int | None, least: str = "") -> Cell:
    if number is None:
        return cell(SIGN_UNKNOWN, Tone.MUTED)
    return cell(least + node_cells.amount_words(name, number))


def _least(row: NodeRow) -> str:
    return "≥" if row.at_least else ""


def _stays(stays: Stays) -> Iterator[Cell | Hung]:
    """What keeps a node in a line, and what of it are no users: those stand below."""
    tone = Tone.SOON if stays.held else Tone.FINE
    yield Hung(((INDENT, Tone.PLAIN), *cell(stays.words, tone)), len(INDENT))
    for each in stays.blockers:
        if each.kind is not Hold.USER:
            yield fact("may" if each.may else "keeps it", cell(each.words), width=10)
    for missing in stays.missing:
        yield fact("not known", cell(f"{missing.source}: {missing.reason}", Tone.MUTED), width=10)


# -- who is on it


def _pods(row: NodeRow, around: Around, now: datetime) -> Iterator[Cell | Hung]:
    groups: dict[Role, list[kube.Pod]] = {}
    for pod in sorted(around.pods, key=lambda pod: pod.key):
        groups.setdefault(role_of(pod, around.release), []).append(pod)
    users = groups.pop(Role.USERS, [])
    yield EMPTY
    yield join(heading("Users"), cell(f"{len(users):,}", Tone.MUTED))
    if users:
        ordered = sorted(users, key=lambda pod: _idle_first(pod, around))
        lines = [_user(pod, around.servers.get(pod.key), now) for pod in ordered]
        yield from _indented(table(_USERS, lines, 0))
    else:
        yield fact("", cell("No user is on it.", Tone.MUTED), width=0)
    yield EMPTY
    rest = sum(len(pods) for pods in groups.values())
    yield join(heading("Other pods"), cell(f"{_least(row)}{rest:,}", Tone.MUTED))
    for role in sorted(groups, key=list(Role).index):
        for pod in groups[role]:
            yield _pod(pod, role, now)


def _idle_first(pod: kube.Pod, around: Around) -> tuple[float, str]:
    server = around.servers.get(pod.key)
    at = user_cells.active_at(server) if server is not None else None
    return (at.timestamp() if at is not None else float("inf"), user_of(pod))


def _user(pod: kube.Pod, server: ServerRow | None, now: datetime) -> Sequence[Cell]:
    named = server_of(pod)
    who = join(
        cell(user_of(pod) or pod.metadata.name), cell(f"/{named}" if named else "", Tone.MUTED)
    )
    if server is None or server.server is None:
        state = state_of(pod)
        words = join(sign_of(state.severity), cell(state.status, tone_of(state.severity)))
        unknown = cell(SIGN_UNKNOWN, Tone.MUTED)
        asked = requests(pod).get(MEMORY)
        return who, unknown, unknown, cell(f"?/{short_size(asked)}" if asked else "?"), words
    return (
        who,
        user_cells.activity_cell(server, now),
        user_cells.culled_cell(server.server, server.forecast, now),
        user_cells.memory_cell(server),
        user_cells.state_cell(server, now),
    )


def _pod(pod: kube.Pod, role: Role, now: datetime) -> Hung:
    state = state_of(pod)
    quiet = state.severity in (Severity.FINE, Severity.PAST)
    asked = requests(pod)
    parts = [
        f"{node_cells.amount_words(name, asked[name])} {what}"
        for name, what in ((MEMORY, "memory"), (CPU, "cores"))
        if asked.get(name)
    ]
    tone = Tone.WAITING if role is Role.USER_PLACEHOLDER else Tone.PLAIN
    words = join(
        sign_of(state.severity),
        cell(pod.key, tone),
        EMPTY if quiet else cell(state.status, tone_of(state.severity)),
        cell(age(pod.metadata.creation_timestamp, now), Tone.MUTED),
        cell("· " + ", ".join(parts) if parts else "", Tone.MUTED),
    )
    return fact("" if role is Role.OTHER else role.value, words, width=23)


# -- images and conditions


def _images(node: Node) -> Iterator[Cell | Hung]:
    images = sorted(node.status.images, key=lambda each: -each.size_bytes)
    total = sum(each.size_bytes for each in images)
    full = len(images) >= LISTED
    size = f"{'≥' if full else ''}{short_size(total)}" if images else ""
    count = f"{'≥' if full else ''}{len(images):,}"
    yield join(heading("Images"), cell(" · ".join((count, size)) if size else count, Tone.MUTED))
    if not images:
        yield fact("", cell("The kubelet tells of none.", Tone.MUTED), width=0)
    if full:
        words = f"The list is full: a kubelet tells of its {LISTED} largest, others may be there."
        yield fact("", cell(words, Tone.SOON), width=0)
    for each in images:
        yield fact(short_size(each.size_bytes), cell(_image(each)), width=6)


def _image(image: NodeImage) -> str:
    """The name with a tag, where there is one."""
    names = image.names or ()
    tagged = [name for name in names if "@" not in name]
    return next(iter([*tagged, *names]), "without a name")


def _conditions(node: Node, now: datetime) -> Iterator[Hung]:
    if not node.status.conditions:
        yield fact("", cell("Its kubelet has told of none yet.", Tone.MUTED), width=0)
    for each in node.status.conditions:
        good = each.status == ("True" if each.type == "Ready" else "False")
        words = join(
            cell(each.status, Tone.FINE if good else Tone.SOON),
            cell(age(each.last_transition_time, now), Tone.MUTED),
            cell(each.reason, Tone.MUTED),
            cell(each.message),
        )
        yield fact(one_line(each.type), words, width=26)


def _indented(lines: Iterable[Cell]) -> Iterator[Cell]:
    for line in lines:
        yield ((INDENT, Tone.PLAIN), *line)
