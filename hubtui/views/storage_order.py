"""Which claims and disks stand in the storage pane, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from hubtui.model import fullness, kube
from hubtui.model.claims import KIND_ORDER, ClaimKind
from hubtui.model.podstate import Severity
from hubtui.services.storage import ClaimRow, Storage
from hubtui.services.store import Store
from hubtui.views.filters import Filter
from hubtui.views.node_order import natural
from hubtui.views.storage_books import Books, Disk
from hubtui.views.storage_groups import Group
from hubtui.views.storage_ranks import RANKS, Rank, Ranked

if TYPE_CHECKING:
    from hubtui.services.homes import Homes

SHOWN_OF_TROUBLE: Final = 20
"""Claims of a folded group that are shown because they ask for attention; the rest is counted."""

GROWERS: Final = 3
"""Users that are named below a disk that fills up."""

CLAIMS_OF_DISK: Final = 5
"""Claims of homes that are named below a disk that several have; its details name all."""

_Name = tuple[tuple[int, str], ...]


class Order:
    """The keys of the rows, after filter and folding; `hidden` counts what is left out."""

    def __init__(self, storage: Storage, books: Books, homes: Homes, pods: Store[kube.Pod]) -> None:
        self._storage, self._books = storage, books
        self._homes, self._pods = homes, pods
        self.filter = Filter()
        self.reverse = False
        self._sort = "full"
        self._ranks: dict[str, tuple[Rank, _Name]] = {}
        self.unfolded: set[ClaimKind] = set()
        self.hidden: dict[ClaimKind, int] = {}

    def sort_by(self, sort: str, *, reverse: bool) -> None:
        """Orders the claims of each group."""
        self._sort, self.reverse = sort, reverse
        self._ranks.clear()

    def forget(self, names: Iterable[str]) -> None:
        """These claims changed: where they stand is found anew."""
        for name in names:
            self._ranks.pop(name, None)

    def claims(self) -> Iterator[str]:
        """The names of the claims that the filter leaves, folded or not, in the order of rows."""
        for key in self.keys(folding=False):
            what, _, name = key.partition(":")
            if what == "claim":
                yield name
            elif what == "disk":
                homes = self._books.disks[name].homes
                yield from (each for each in homes if not self.filter or self._matches(each))

    def keys(self, *, folding: bool = True) -> list[str]:
        """What asks for attention first; else as kinds are told, disks where shared homes are. The
        claims of users come last: a full one is the affair of one user."""
        self.hidden.clear()
        blocks: list[tuple[tuple[bool, int, int, str], list[str]]] = []
        for group in self._books.groups.values():
            if len(group):
                of_users = group.kind is ClaimKind.USER
                rank = (of_users, -group.severity, KIND_ORDER[group.kind], "")
                blocks.append((rank, self._of_group(group, folding=folding)))
        for disk in self._books.disks.values():
            rank = (False, -disk.severity, KIND_ORDER[ClaimKind.HOME_SHARED], disk.name)
            blocks.append((rank, self._of_disk(disk)))
        blocks.sort(key=lambda block: block[0])
        return [key for _, keys in blocks for key in keys]

    def _of_group(self, group: Group, *, folding: bool) -> list[str]:
        folded = folding and not self.filter and group.kind not in self.unfolded
        names: Iterable[str] = group.parts
        if self.filter:
            names = [name for name in names if self._matches(name)]
        elif folded and len(group) > 1:
            names = group.troubled
        rows = self._sorted(names)
        if len(group) == 1 or (self.filter and not rows):
            return rows
        head = f"group:{group.kind.name}"
        if folded and len(rows) > SHOWN_OF_TROUBLE:
            self.hidden[group.kind] = len(rows) - SHOWN_OF_TROUBLE
            return [head, *rows[:SHOWN_OF_TROUBLE], f"more:{group.kind.name}"]
        return [head, *rows]

    def _of_disk(self, disk: Disk) -> list[str]:
        """A disk; below it what its server keeps it on, the claims of homes where it has several,
        and who makes it grow while it fills up."""
        names = [name for name in disk.homes if not self.filter or self._matches(name)]
        behind = [name for name in disk.behind if not self.filter or self._matches(name)]
        found = names or behind or not self.filter or self.filter.matches(_words_of_disk(disk))
        if not found:
            return []
        below = self._sorted(behind)
        below += self._sorted(names)[:CLAIMS_OF_DISK] if len(disk.homes) > 1 else []
        if disk.severity >= Severity.SOON and disk.homes and not self.filter:
            below += [f"home:{home.directory}" for home in self._homes.growers(GROWERS)]
        return [f"disk:{disk.row.disk}", *below]

    def _sorted(self, names: Iterable[str]) -> list[str]:
        found = [name for name in names if self._rank(name)]
        found.sort(key=lambda name: self._ranks[name][1])
        found.sort(key=lambda name: self._ranks[name][0], reverse=self.reverse)
        return [f"claim:{name}" for name in found]

    def _rank(self, name: str) -> bool:
        """Whether a claim is there; where it stands is kept until it changes."""
        row = self._storage.row(name)
        if row is not None and name not in self._ranks:
            ranked = Ranked(row, self._books.part(row), self._books.trend_of(row))
            self._ranks[name] = (RANKS[self._sort](ranked), natural(row.user or name))
        return row is not None

    def _matches(self, name: str) -> bool:
        row = self._storage.row(name)
        return row is not None and self.filter.matches(self._words_of(row))

    def _words_of(self, row: ClaimRow) -> dict[str, str]:
        """What a claim can be searched by; the empty key holds what bare words look at."""
        phase = fullness.phase_of(row.claim)
        on = self._books.on_disk(row)
        words = {
            "": f"{row.name} {row.user} {row.server} {phase} {row.kind.value}",
            "claim": row.name,
            "user": row.user,
            "server": row.server,
            "phase": phase,
            "status": phase,
            "class": row.storage_class,
            "disk": f"{on.name} {on.place} {row.disk}" if on is not None else row.disk,
        }
        if any(field == "node" for field, _, _ in self.filter.terms):
            words["node"] = " ".join(self._nodes_of(row))
        return words

    def _nodes_of(self, row: ClaimRow) -> Iterable[str]:
        keys = (f"{row.claim.metadata.namespace}/{name}" for name in row.mounted_by)
        pods = (self._pods.get(key) for key in keys)
        return dict.fromkeys(pod.spec.node_name for pod in pods if pod is not None)


def _words_of_disk(disk: Disk) -> dict[str, str]:
    words = f"{disk.name} {disk.place} {disk.row.path}"
    return {"": words, "disk": f"{words} {disk.row.disk}"}
