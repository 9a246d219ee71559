"""What a node, or a pool of nodes, looks like in a line: who is on it, and how full it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, Protocol

from rich.cells import cell_len

from hubtui.model.age import age, short
from hubtui.model.kube_needs import Node, Taint
from hubtui.model.packing import CPU, MEMORY, PODS, Amounts, Share
from hubtui.model.podstate import Severity
from hubtui.model.quantity import short_cores, short_size
from hubtui.model.scale_down import Hold, Stays
from hubtui.model.text import one_line
from hubtui.model.usage import Usage
from hubtui.views.bars import MARK, bar
from hubtui.views.cells import EMPTY, SIGN_UNKNOWN, Cell, Tone, cell, join
from hubtui.views.lines import clip
from hubtui.views.signs import sign_of, tone_of

PERCENT: Final = 5
"""Cells of the percentage behind a bar, with the blank before it."""

NEARLY_ALL, MUCH = 0.95, 0.85
"""Shares of a node from which on the use of it is told as now, and as soon."""

TONES: Final = {
    Share.USERS: Tone.FINE,
    Share.CORE: Tone.TOOL,
    Share.PLACEHOLDERS: Tone.WAITING,
}

_OF_CONDITIONS: Final = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
"""Taints that say of a node what its state says already."""


class Packed(Protocol):
    """What a node and a pool have in common."""

    @property
    def users(self) -> int: ...
    @property
    def placeholders(self) -> int: ...
    @property
    def pods(self) -> int: ...
    @property
    def shares(self) -> Mapping[Share, Amounts]: ...
    @property
    def used(self) -> Amounts: ...
    @property
    def allocatable(self) -> Amounts | None: ...
    @property
    def usage(self) -> Usage | None: ...
    @property
    def at_least(self) -> bool: ...


# -- the name


def shortened(name: str, width: int) -> str:
    """A node's name in so many cells: without its domain, then without its middle. Clouds tell
    their nodes apart by the end of a name, or by its first label."""
    name = one_line(name)
    if cell_len(name) <= width:
        return name
    host, dot, _ = name.partition(".")
    if dot and cell_len(host) < width:
        return f"{host}…"
    tail = (width - 1) // 2 + 1
    if width < 8 or not host.isascii():
        return clip(host, width)
    return f"{host[: width - 1 - tail]}…{host[-tail:]}"


def node_name_cell(name: str, severity: Severity, width: int) -> Cell:
    """A node's name below its pool; its sign stands before one that asks for attention."""
    lead = (("└", Tone.MUTED),) if severity is Severity.FINE else sign_of(severity)
    return join(lead, cell(shortened(name, width - 2)))


def pool_name_cell(name: str, nodes: int, severity: Severity, width: int, *, open_: bool) -> Cell:
    """A pool's name with how many nodes it has."""
    count = f"×{nodes:,}"
    words = clip(one_line(name), max(4, width - 3 - len(count)))
    named = cell(words, Tone.STRONG if open_ else Tone.PLAIN)
    return join(sign_of(severity), named, cell(count, Tone.MUTED))


def all_name_cell(nodes: int, width: int, *, known: bool) -> Cell:
    """What the sums over all pools are called; without `known` there may be more nodes."""
    count = f"×{'' if known else '≥'}{nodes:,}"
    return join(cell(clip("all nodes", width - 1 - len(count))), cell(count, Tone.MUTED))


def taints_of(node: Node | None) -> tuple[Taint, ...]:
    """A node's taints without those that repeat its state."""
    taints = node.spec.taints if node is not None else ()
    return tuple(each for each in taints if not each.key.startswith(_OF_CONDITIONS))


def state_cell(words: str, severity: Severity, taints: Collection[Taint], width: int) -> Cell:
    """The state of a node in words; its taints too, where they have room as a whole."""
    state = cell(words, Tone.MUTED if severity is Severity.FINE else tone_of(severity))
    more = " ".join(one_line(str(each)) for each in taints)
    fits = more and cell_len(words) + 3 + cell_len(more) <= width
    return join(state, cell(f"· {more}", Tone.MUTED)) if fits else state


# -- who is on it


def count_cell(number: int, tone: Tone = Tone.PLAIN) -> Cell:
    """A number that is quiet when it is none."""
    return cell(f"{number:,}", tone if number else Tone.MUTED)


def users_cell(users: int, guests: int) -> Cell:
    """The servers of this hub, and behind them those of other hubs."""
    shown = count_cell(users)
    return (*shown, (f"+{guests:,}", Tone.MUTED)) if guests else shown


def held_cell(number: int) -> Cell:
    """The placeholders: they hold room and are nobody's."""
    return cell(f"{number:,}", Tone.WAITING) if number else EMPTY


def pods_cell(row: Packed, width: int) -> Cell:
    """The pods against how many a kubelet takes; only how many where both have no room."""
    most = _most(row, PODS)
    least = "≥" if row.at_least else ""
    words = f"{least}{row.pods}/{SIGN_UNKNOWN if most is None else most}"
    if cell_len(words) > width:
        words = f"{least}{row.pods}"
    full = most is not None and row.pods >= most
    return cell(words, Tone.SOON if full else Tone.PLAIN)


def seats_cell(seats: int | None, *, at_most: bool = False) -> Cell:
    """How many more users fit; `?` where that is not known."""
    if seats is None:
        return cell(SIGN_UNKNOWN, Tone.MUTED)
    words = f"{'≤' if at_most and seats else ''}{seats:,}"
    return cell(words, Tone.PLAIN if seats else Tone.MUTED)


# -- how full it is


def packing_cell(row: Packed, resource: str, width: int) -> Cell:
    """What is asked for of a resource: a bar of users, core, placeholders and what is free, the
    use of it as a stroke, and the share that is asked for."""
    most, asked = _most(row, resource), row.used.get(resource, 0)
    least = "≥" if row.at_least else ""
    if not most:
        return cell(f"{least}{amount_words(resource, asked)}/{SIGN_UNKNOWN}", Tone.MUTED)
    use = use_of(row.usage, resource)
    tone = use_tone(resource, use, most)
    mark = None if use is None else (float(use), tone)
    parts = [(float(row.shares.get(share, {}).get(resource, 0)), TONES[share]) for share in Share]
    words = f"{least}{round(100 * asked / most)}%"
    line = bar(parts, float(most), width - PERCENT, mark=mark)
    return (*line, (f"{words:>{PERCENT}}", tone))


def use_of(usage: Usage | None, resource: str) -> Decimal | int | None:
    """What is in use, in the units of requests: thousandths of a core, bytes."""
    if usage is None:
        return None
    if resource == CPU:
        return None if usage.cpu is None else usage.cpu * 1000
    return usage.memory if resource == MEMORY else None


def use_tone(resource: str, use: Decimal | int | None, most: int) -> Tone:
    """A node whose memory is nearly used up kills; one whose cores are is slow."""
    share = float(use) / most if use is not None and most else 0.0
    if share >= NEARLY_ALL:
        return Tone.NOW if resource == MEMORY else Tone.SOON
    return Tone.SOON if share >= MUCH and resource == MEMORY else Tone.PLAIN


def amount_words(resource: str, amount: int | Decimal) -> str:
    """An amount of a resource in few characters: `1.5`, `12G`, `3`."""
    if resource == CPU:
        return short_cores(Decimal(amount) / 1000)
    if resource == MEMORY or resource.startswith(("ephemeral-storage", "hugepages-")):
        return short_size(amount)
    return f"{amount:,}"


def _most(row: Packed, resource: str) -> int | None:
    return None if row.allocatable is None else row.allocatable.get(resource)


# -- the rest


def age_cell(node: Node | None, now: datetime) -> Cell:
    """How long ago a node joined."""
    if node is None:
        return cell(SIGN_UNKNOWN, Tone.MUTED)
    return cell(age(node.metadata.creation_timestamp, now), Tone.MUTED)


def several(words: Collection[str], what: str) -> Cell:
    """What the nodes of a pool have in common, or how many of it there are."""
    found = sorted({word for word in words if word})
    if len(found) > 1:
        return cell(f"{len(found)} {what}", Tone.MUTED)
    return cell(found[0] if found else "", Tone.MUTED)


def stays_cell(stays: Stays, now: datetime) -> Cell:
    """When a node gets free of what keeps it: `frees in 2 h`, `stays: 3`, `may go`."""
    sure = [each for each in stays.blockers if not each.may]
    if not sure:
        return cell("may go", Tone.MUTED)
    if stays.last_cull is None or any(each.kind is not Hold.USER for each in sure):
        return cell(f"stays: {len(sure)}", Tone.MUTED)
    left = max(0.0, (stays.last_cull - now).total_seconds())
    return cell(f"frees in {'≥' if stays.at_least else ''}{short(left)}")


def legend() -> Cell:
    """What the segments of the bars are."""
    named = [(*bar([(1.0, TONES[share])], 1.0, 1), (f" {share}", Tone.MUTED)) for share in Share]
    return join(*named, ((MARK, Tone.PLAIN), (" in use", Tone.MUTED)))
