"""The nodes pane: pools with their totals, unfolded each node with who is on it and what fits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from hubtui.model.packing import CPU, MEMORY
from hubtui.model.podstate import Severity
from hubtui.model.roles import user_of
from hubtui.model.seats import NodeSeats, Seats
from hubtui.services.nodes import NodeRow, Nodes, PoolRow
from hubtui.services.scale_down import ScaleDown
from hubtui.services.seats import Seating
from hubtui.services.store import State
from hubtui.services.users import Users
from hubtui.views import node_cells as cells_of
from hubtui.views.cells import EMPTY, SIGN_UNKNOWN, Cell, Tone, cell, join
from hubtui.views.filters import Filter
from hubtui.views.freshness import freshness
from hubtui.views.node_order import RANKS, natural, worst_first
from hubtui.views.seats import headline, number
from hubtui.views.seats import notes as notes_of
from hubtui.views.signs import tone_of
from hubtui.views.table import Column, Dirty, Freshness, fit

COLUMNS: Final = (
    Column("node", "NODE", 15, grow=True),
    Column("state", "STATE", 8, rank=2, grow=True),
    Column("users", "USERS", 5, align="right"),
    Column("held", "HELD", 4, align="right", rank=5, sortable=False),
    Column("pods", "PODS", 7, align="right", rank=3),
    Column("memory", "MEMORY", 14, grow=True),
    Column("cpu", "CPU", 9, grow=True, rank=4),
    Column("seats", "SEATS", 5, align="right", rank=1),
    Column("stays", "STAYS", 14, rank=6, sortable=False),
    Column("age", "AGE", 4, align="right", rank=7),
    Column("type", "TYPE", 14, rank=8, sortable=False),
    Column("zone", "ZONE", 14, rank=9, sortable=False),
)

SHOWN_OF_TROUBLE: Final = 20
"""Nodes of a folded pool that are shown because they ask for attention; the rest is counted."""

OPEN_UP_TO: Final = 20
"""A pool with users is unfolded from the start where it has no more nodes than this."""

NO_POOL: Final = "no pool"
"""The pool of the nodes that tell of none."""

ALL: Final = "all:"
"""The key of the sums over all pools, below them."""

_WORDS: Final = ("node", "state", "pods")
_WHOLE: Final = 1000
"""Cells where no word needs to be cut."""

_WIDTH: Final = {column.id: column.width for column in COLUMNS}


class NodesView:
    """The view model of the nodes pane. A row's key is `pool:NAME`, `node:NAME` or `ALL`."""

    def __init__(self, nodes: Nodes, users: Users, seats: Seating, stays: ScaleDown) -> None:
        self._nodes = nodes
        self._users = users
        self._seats = seats
        self._stays = stays
        self._seen = nodes.subscribe()
        self._users_seen = users.subscribe()
        self._answer: Seats | None = None
        self._by_node: Mapping[str, NodeSeats] | None = None
        self._unseen: set[str] = set()
        self.filter = Filter()
        self.sort = "state"
        self.reverse = False
        self._open: set[str] = set()
        self._decided: set[str] = set()
        self._order: list[str] = []
        self._pools: dict[str, PoolRow] = {}
        self._hidden: dict[str, int] = {}
        self._widths = dict(_WIDTH)
        self._stale_order = True
        self._repaint = False

    @property
    def columns(self) -> Sequence[Column]:
        return COLUMNS

    # -- what stands round the rows

    @property
    def headline(self) -> str:
        """Nodes, and how many more users fit."""
        if not self._shows:
            return ""
        least = "" if self._nodes.totals().known else "≥ "
        seats = headline(self._answer) if self._answer is not None else f"seats {SIGN_UNKNOWN}"
        parts = [f"{least}{self._nodes.totals().nodes:,}", seats, str(self.filter)]
        return " · ".join(part for part in parts if part)

    def strip_words(self) -> str:
        """The same in a word or two, for a strip."""
        if self._answer is None:
            return f"{len(self._nodes.rows()):,}"
        return f"{number(self._answer, self._answer.total)} seats"

    def note(self) -> Cell:
        """What could not be read; else what the bars are made of, and the doubts about seats."""
        if not self._shows:
            return EMPTY
        said = [f"{note.source}: {note.reason}" for note in self._seats.notes()]
        if self._answer is None and self._seats.missing:
            said.append(f"no seats: {self._seats.missing}")
        if said:
            return cell(" · ".join(said), Tone.MUTED)
        doubts = notes_of(self._answer) if self._answer is not None else []
        return join(cells_of.legend(), cell(" · ".join(["", *doubts]).strip(), Tone.MUTED))

    def totals(self) -> tuple[int, int]:
        """How many nodes there are and how many ask for attention now; true while hidden too."""
        self.absorb()
        bad = sum(1 for row in self._nodes.rows() if row.standing.severity is Severity.NOW)
        return len(self._nodes.rows()), bad

    def freshness(self, now: datetime) -> Freshness:
        found = freshness(self._nodes.store.health, now)
        denied = self._nodes.store.health.state is State.DENIED
        # Who is on a node is told by its pods, which are fresh by themselves.
        return Freshness(found.words, found.tone) if denied else found

    def empty(self) -> str:
        health = self._nodes.store.health
        if self.filter and self._shows:
            return f"No node matches {self.filter}."
        if health.error is not None:
            return str(health.error)
        if health.state is State.CONNECTING or not self._shows:
            read = len(self._nodes.store)
            return f"Reading nodes: {read:,} so far …" if read else "Reading nodes …"
        return "This cluster has no node."

    # -- what is shown

    def resize(self, width: int) -> None:
        """So many cells are there for the columns: bars and names fill theirs. 0 cuts nothing."""
        fitted = {COLUMNS[index].id: size for index, size in fit(COLUMNS, width)}
        widths = fitted if width else {**_WIDTH, **dict.fromkeys(_WORDS, _WHOLE)}
        if widths != self._widths:
            self._widths = widths
            self._repaint = True

    def toggle(self, key: str) -> None:
        """Folds or unfolds the pool that a row belongs to; all pools, where it stands for all."""
        if key == ALL:
            folded = self._pools.keys() - self._open
            self._decided |= self._pools.keys()
            self._open = self._open | folded if folded else set()
            self._stale_order = True
            return
        row = self.row(key)
        if row is not None:
            name = row.name if isinstance(row, PoolRow) else row.pool
            self._decided.add(name)
            self._open ^= {name}
            self._stale_order = True

    def unfold_all(self) -> None:
        """Shows every node of every pool."""
        self._arrange()
        self._open |= self._pools.keys()
        self._decided |= self._pools.keys()
        self._stale_order = True

    def set_filter(self, text: str) -> None:
        """Shows only nodes that match; words may be `pool:`, `zone:`, `type:`, `state:`, `user:`:
        a node matches by the users on it too."""
        self.filter = Filter.parse(text)
        self._stale_order = True

    def set_sort(self, column: str, *, reverse: bool) -> None:
        """Orders the nodes of each pool."""
        self.sort, self.reverse = column, reverse
        self._stale_order = True

    # -- rows

    @property
    def _shows(self) -> bool:
        """Half a first list has no order yet."""
        return bool(self._order) or self._nodes.store.loaded.is_set()

    def absorb(self) -> None:
        """Takes in what changed; what a hidden pane does not draw is kept for when it does."""
        self._nodes.update()
        everything, changed = self._seen.drain()
        self._unseen |= changed
        self._stale_order |= everything
        if "stays" in self._widths:
            self._unseen |= self._nodes_of_users()
        self._seats.update()
        if self._seats.answer is not self._answer:
            self._answer = self._seats.answer
            self._by_node = self._answer.usual.by_node if self._answer is not None else None
            self._repaint = True

    def _nodes_of_users(self) -> set[str]:
        """The nodes of the servers that changed: they may keep theirs for longer."""
        _, keys = self._users_seen.drain()
        rows = [self._users.row(key) for key in keys]
        return {row.pod.spec.node_name for row in rows if row is not None and row.pod is not None}

    def row(self, key: str) -> NodeRow | PoolRow | None:
        """What a key stands for."""
        if key == ALL:
            return self._nodes.totals()
        kind, _, name = key.partition(":")
        return self._nodes.row(name) if kind == "node" else self._pools.get(name)

    def keys(self) -> Sequence[str]:
        return self._order

    def drain(self) -> Dirty:
        self.absorb()
        if not self._shows:
            return Dirty()
        repaint, self._repaint = self._repaint, False
        if not (self._unseen or self._stale_order or repaint):
            return Dirty()
        before = self._order
        self._arrange()
        pools = {f"pool:{name}" for name in self._pools}
        dirty = {f"node:{name}" for name in self._unseen} | pools | {ALL}
        self._unseen, self._stale_order = set(), False
        if repaint:
            dirty.update(self._order)
        return Dirty(frozenset(dirty), order=self._order != before)

    def _arrange(self) -> None:
        members: dict[str, list[NodeRow]] = {}
        for row in self._nodes.rows():
            members.setdefault(row.pool, []).append(row)
        self._pools = {pool.name: pool for pool in self._nodes.pools()}
        self._hidden.clear()
        order: list[str] = []
        for pool in sorted(self._pools.values(), key=worst_first):
            self._decide(pool)
            shown = self._shown(pool, members.get(pool.name, []))
            if self.filter and not shown:
                continue
            order.append(f"pool:{pool.name}")
            order += [f"node:{row.name}" for row in shown]
        if len(self._pools) > 1 and not self.filter:
            order.append(ALL)
        self._order = order

    def _decide(self, pool: PoolRow) -> None:
        """Where users are is looked at most."""
        if pool.name not in self._decided and pool.users and pool.nodes <= OPEN_UP_TO:
            self._decided.add(pool.name)
            self._open.add(pool.name)

    def _shown(self, pool: PoolRow, rows: list[NodeRow]) -> list[NodeRow]:
        if self.filter:
            rows = [row for row in rows if self.filter.matches(self.words_of(row))]
        elif pool.name not in self._open:
            rows = [row for row in rows if row.standing.severity >= Severity.SOON]
        rows.sort(key=lambda row: natural(row.name))
        rows.sort(key=self._rank, reverse=self.reverse)
        if not self.filter and pool.name not in self._open and len(rows) > SHOWN_OF_TROUBLE:
            self._hidden[pool.name] = len(rows) - SHOWN_OF_TROUBLE
            rows = rows[:SHOWN_OF_TROUBLE]
        return rows

    def _rank(self, row: NodeRow) -> tuple[float, ...]:
        if self.sort == "seats":
            return (-(self._seats_on(row.name) or 0),)
        return RANKS[self.sort](row)

    def words_of(self, row: NodeRow) -> dict[str, str]:
        """What a node can be searched by; the empty key holds what bare words look at."""
        taints = " ".join(str(each) for each in cells_of.taints_of(row.node))
        users = " ".join(user_of(pod) for pod in self._nodes.pods_on(row.name))
        return {
            "": f"{row.name} {row.pool} {row.standing.words} {row.zone} {row.instance_type}",
            "node": row.name,
            "pool": row.pool,
            "state": f"{row.standing.words} {taints}",
            "status": row.standing.words,
            "zone": row.zone,
            "type": row.instance_type,
            "user": users,
        }

    # -- cells

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        row = self.row(key)
        if isinstance(row, PoolRow):
            return self._all_cells(row) if key == ALL else self._pool_cells(row)
        if row is not None:
            return self._node_cells(row, now)
        return (EMPTY,) * len(COLUMNS)

    def _node_cells(self, row: NodeRow, now: datetime) -> Sequence[Cell]:
        standing = row.standing
        taints = cells_of.taints_of(row.node)
        return (
            cells_of.node_name_cell(row.name, standing.severity, self._width("node")),
            cells_of.state_cell(standing.words, standing.severity, taints, self._width("state")),
            *self._packing(row),
            self._seats_cell(row.name),
            self._stays_cell(row, now),
            cells_of.age_cell(row.node, now),
            cell(row.instance_type, Tone.MUTED),
            cell(row.zone, Tone.MUTED),
        )

    def _stays_cell(self, row: NodeRow, now: datetime) -> Cell:
        shown = "stays" in self._widths and (row.users or row.guests)
        return cells_of.stays_cell(self._stays.of(row.name), now) if shown else EMPTY

    def _pool_cells(self, pool: PoolRow) -> Sequence[Cell]:
        rows = [row for row in self._nodes.rows() if row.pool == pool.name]
        name, width, unfolded = pool.name or NO_POOL, self._width("node"), pool.name in self._open
        named = cells_of.pool_name_cell(name, pool.nodes, pool.severity, width, open_=unfolded)
        return self._sums(named, self._trouble(pool), pool, rows)

    def _all_cells(self, sums: PoolRow) -> Sequence[Cell]:
        named = cells_of.all_name_cell(sums.nodes, self._width("node"), known=sums.known)
        return self._sums(named, EMPTY, sums, self._nodes.rows())  # what is wrong, its pool tells

    def _sums(
        self, named: Cell, trouble: Cell, pool: PoolRow, rows: Collection[NodeRow]
    ) -> Sequence[Cell]:
        return (
            named,
            trouble,
            *self._packing(pool),
            self._seats_cell(*(row.name for row in rows), together=True),
            EMPTY,
            EMPTY,
            cells_of.several([row.instance_type for row in rows], "types"),
            cells_of.several([row.zone for row in rows], "zones"),
        )

    def _packing(self, row: NodeRow | PoolRow) -> tuple[Cell, ...]:
        return (
            cells_of.users_cell(row.users, row.guests),
            cells_of.held_cell(row.placeholders),
            cells_of.pods_cell(row, self._width("pods")),
            cells_of.packing_cell(row, MEMORY, self._width("memory")),
            cells_of.packing_cell(row, CPU, self._width("cpu")),
        )

    def _trouble(self, pool: PoolRow) -> Cell:
        """What of a pool's nodes is not ready or cordoned, in numbers."""
        sure = pool.nodes - pool.unknown
        counts = ((sure - pool.ready, "not ready"), (pool.cordoned, "cordoned"))
        tone = tone_of(pool.severity)
        parts = [cell(f"{number} {what}", tone) for number, what in counts if number]
        if hidden := self._hidden.get(pool.name):
            parts.append(cell(f"{hidden} not shown", Tone.MUTED))
        return join(*parts)

    def _seats_on(self, *names: str) -> int | None:
        """How many more users fit on these nodes together; None where that is not known."""
        if self._by_node is None:
            return None
        found = (self._by_node.get(name) for name in names)
        return sum(each.now for each in found if each is not None)

    def _seats_cell(self, *names: str, together: bool = False) -> Cell:
        """How many more users fit; `together` on several nodes no more than a quota allows."""
        count, answer = self._seats_on(*names), self._answer
        if together and count is not None and answer is not None:
            count = min(count, answer.total)
        return cells_of.seats_cell(count, at_most=answer is not None and answer.at_most)

    def _width(self, column: str) -> int:
        return self._widths.get(column, _WIDTH[column])

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        return "minute"
