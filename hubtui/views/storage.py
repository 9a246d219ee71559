"""The storage pane: what fills up. Claims by kind, and each shared disk once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from hubtui.model import kube
from hubtui.model.claims import ClaimKind
from hubtui.model.text import one_line
from hubtui.services.storage import FIGURES, ClaimRow, Storage
from hubtui.services.store import State, Store, utc_now
from hubtui.views import storage_headline as told
from hubtui.views import storage_lines as lines_of
from hubtui.views.cells import EMPTY, Cell, Tone, cell, plain
from hubtui.views.filters import Filter
from hubtui.views.freshness import freshness
from hubtui.views.storage_books import Books, Disk, Fill
from hubtui.views.storage_lines import BLANK, Widths
from hubtui.views.storage_order import Order
from hubtui.views.table import Column, Dirty, Freshness

if TYPE_CHECKING:
    from hubtui.services.disks import Disks
    from hubtui.services.homes import Homes
    from hubtui.services.nfs_servers import NfsServer
    from hubtui.services.trends import Trends


class StorageView:
    """The view model of the storage pane. A row's key is `group:KIND`, `disk:ID`, `claim:NAME`,
    `home:DIRECTORY` of one who makes a disk grow, or `more:KIND`."""

    def __init__(
        self, storage: Storage, disks: Disks, trends: Trends, homes: Homes, pods: Store[kube.Pod]
    ) -> None:
        self._storage, self._disks, self._trends = storage, disks, trends
        self._homes = homes
        self._seen = storage.subscribe()
        self._trends_seen = trends.subscribe()
        self.books = Books(storage, trends)
        self._ordering = Order(storage, self.books, homes, pods)
        self._open = self._ordering.unfolded
        self._widths = Widths()
        self._unseen: set[str] = set()
        self._order: list[str] = []
        self._fills: tuple[Fill, ...] | None = None
        self._stale_order = True
        self._repaint = False

    @property
    def columns(self) -> Sequence[Column]:
        return self._widths.columns

    @property
    def filter(self) -> Filter:
        """What is shown only."""
        return self._ordering.filter

    # -- what stands round the rows

    @property
    def headline(self) -> str:
        """What fills up, and the filter."""
        return plain(self.headline_cell(utc_now()))

    def headline_cell(self, now: datetime) -> Cell:
        """The same with its tones."""
        if not self._shows:
            return EMPTY
        count = len(self._storage.rows())
        claims = cell(f"{count:,} claim{'' if count == 1 else 's'}", Tone.MUTED)
        users = self.books.full_users()
        parts = [told.headline(self.fills, users, now) or claims]
        if self.filter:
            parts.append(cell(str(self.filter), Tone.MUTED))
        return told.dotted(parts)

    @property
    def fills(self) -> tuple[Fill, ...]:
        """How full each file system is that was measured."""
        if self._fills is None:
            self._fills = tuple(self.books.fills())
        return self._fills

    def strip_words(self, now: datetime) -> Cell:
        """The fullest in a word, for a strip; true while hidden too."""
        self.absorb()
        return told.strip_words(self.fills, now)

    def note(self) -> Cell:
        """What could not be read; where figures came another way, why not from Prometheus."""
        if not self._shows:
            return EMPTY
        notes = [
            each for each in self._storage.notes() if self.books.measured or each.source != FIGURES
        ]
        return cell(" · ".join(f"{each.source}: {each.reason}" for each in notes), Tone.MUTED)

    def freshness(self, now: datetime) -> Freshness:
        """How fresh the claims are where they are not live, else who measured and when."""
        found = freshness(self._storage.claims.health, now)
        if self._storage.claims.health.state is not State.LIVE:
            return found
        if sources := told.sources(self.books.measured, now):
            return Freshness(sources)
        if self._disks.missing:
            return Freshness(one_line(self._disks.missing), Tone.SOON)
        return Freshness("asking for figures" if self._disks.as_of is None else "no figures")

    def empty(self) -> str:
        health = self._storage.claims.health
        if self.filter and self._shows:
            return f"No claim matches {self.filter}."
        if health.error is not None:
            return str(health.error)
        if health.state is State.CONNECTING or not self._shows:
            read = len(self._storage.claims)
            return f"Reading claims: {read:,} so far …" if read else "Reading claims …"
        return "This namespace has no claim."

    # -- what is shown

    def resize(self, width: int) -> None:
        """So many cells are there for the columns; 0 cuts nothing."""
        self._repaint |= self._widths.fit(width)

    def toggle(self, key: str) -> None:
        """Folds or unfolds the group that a row belongs to."""
        kind = self._kind(key)
        if kind is not None:
            self._open ^= {kind}
            self._stale_order = True

    def unfold_all(self) -> None:
        """Shows every claim."""
        self._open.update(ClaimKind)
        self._stale_order = True

    def set_filter(self, text: str) -> None:
        """Shows only claims that match; words may be `claim:`, `user:`, `phase:`, `class:`,
        `node:`, `disk:`."""
        self._ordering.filter = Filter.parse(text)
        self._stale_order = True

    def set_sort(self, column: str, *, reverse: bool) -> None:
        """Orders the claims of each group."""
        self._ordering.sort_by(column, reverse=reverse)
        self._stale_order = True

    def serve(self, servers: Iterable[NfsServer]) -> None:
        """These servers are behind the shared disks from here on."""
        if self.books.serve(servers, utc_now()):
            self._fills, self._stale_order, self._repaint = None, True, True

    # -- rows

    @property
    def _shows(self) -> bool:
        """Half a first list has no order yet."""
        return bool(self._order) or self._storage.claims.loaded.is_set()

    def absorb(self) -> None:
        """Takes in what changed; what a hidden pane does not draw is kept for when it does."""
        self._storage.update()
        everything, changed = self._seen.drain()
        again, trended = self._trends_seen.drain()
        changed |= trended
        if everything or again:
            changed |= {row.name for row in self._storage.rows()}
        if changed:
            turned = self.books.take(changed, utc_now())
            self._unseen |= turned
            self._ordering.forget(turned)
            self._fills = None

    def claims(self) -> list[ClaimRow]:
        """All claims that the filter leaves, in the order of the rows, folded or not."""
        names = dict.fromkeys(self._ordering.claims())
        return [row for name in names if (row := self._storage.row(name)) is not None]

    def claim(self, key: str) -> ClaimRow | None:
        """The claim that a row is about: its own, or the one of the homes on a disk."""
        kind, _, name = key.partition(":")
        if kind == "claim":
            return self._storage.row(name)
        disk = self.disk(key)
        return self._storage.row(disk.homes[0]) if disk is not None and disk.homes else None

    def disk(self, key: str) -> Disk | None:
        """The shared disk that a row is about, or that one who is on the row makes grow."""
        kind, _, name = key.partition(":")
        if kind == "home":
            return next((disk for disk in self.books.disks.values() if disk.homes), None)
        return self.books.disks.get(name) if kind == "disk" else None

    def _kind(self, key: str) -> ClaimKind | None:
        what, _, name = key.partition(":")
        if what in ("group", "more"):
            return ClaimKind[name]
        row = self._storage.row(name) if what == "claim" else None
        return row.kind if row is not None else None

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
        self._order = self._ordering.keys()
        dirty = {key for key in self._order if not key.startswith("claim:")}
        dirty |= {f"claim:{name}" for name in self._unseen}
        self._unseen, self._stale_order = set(), False
        if repaint:
            dirty.update(self._order)
        return Dirty(frozenset(dirty), order=self._order != before)

    # -- cells

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        kind, _, name = key.partition(":")
        if kind == "claim":
            return self._claim_cells(name, now)
        if kind == "home":
            home = self._homes.of(name)
            return lines_of.home_line(home, self._widths, now) if home is not None else BLANK
        disk = self.books.disks.get(name)
        if disk is not None:
            home_claim = self.claim(key) if len(disk.homes) == 1 else None
            return lines_of.disk_line(disk, home_claim, self._widths, now)
        if kind not in ("group", "more"):
            return BLANK
        group = self.books.groups[ClaimKind[name]]
        if kind == "more":
            return lines_of.more_line(self._ordering.hidden.get(group.kind, 0))
        on = self.books.disks.get(group.disk)
        open_ = group.kind in self._open
        return lines_of.group_line(group, self._widths, open_=open_, on=on.name if on else "")

    def _claim_cells(self, name: str, now: datetime) -> Sequence[Cell]:
        row = self._storage.row(name)
        if row is None:
            return BLANK
        group = self.books.groups[row.kind]
        part, on = self.books.part(row), self.books.on_disk(row)
        elsewhere = f"on {on.name}" if on is not None else ""
        if name not in group.parts:
            elsewhere = "serves it" if name in self.books.behind else "is on it"
        below = len(group) > 1 or name not in group.parts
        about = lines_of.About(part.severity, self._trends.of(name), elsewhere, below)
        return lines_of.claim_line(row, about, self._widths, now)

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        return "minute"
