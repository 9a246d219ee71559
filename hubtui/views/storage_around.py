"""What is known around a claim or a disk, taken together from a session for its details."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from hubtui.model import kube
from hubtui.model.claims import ClaimKind
from hubtui.model.expansion import ability_of
from hubtui.services.storage import ClaimRow
from hubtui.services.store import utc_now
from hubtui.views.cells import Cell
from hubtui.views.document import Hung
from hubtui.views.hub_db import database_lines
from hubtui.views.nfs import server_lines
from hubtui.views.pod_details import Events
from hubtui.views.storage_books import Books, Disk
from hubtui.views.storage_details import Around

if TYPE_CHECKING:
    from hubtui.services.session import Session

GROWERS: Final = 10
"""Users that are named by how fast their homes grow."""


def disk_of(session: Session, disk: str) -> Disk | None:
    """A shared disk as the pane has it; None where no claim is on it any more."""
    books = Books(session.storage, session.trends)
    books.serve(session.nfs_servers.servers(), utc_now())
    books.take((), utc_now())
    return books.disks.get(disk)


def around_claim(session: Session, row: ClaimRow, events: Events) -> Around:
    """What is known of a claim beside its row."""
    shared = row.kind is ClaimKind.HOME_SHARED
    home = session.homes.of_user(row.user) if row.user else None
    volume = session.storage.volume_of(row.name)
    return Around(
        pods=_pods(session, row.mounted_by),
        ability=ability_of(volume) if volume is not None else None,
        trends=session.trends.windows(row.name),
        told=session.trends.of(row.name),
        basis=session.trends.basis(row.name),
        past=session.trends.past(row.name),
        no_trends=session.trends.why_not(row.name),
        homes=session.homes.growers(GROWERS) if shared else (home,) if home is not None else (),
        no_homes=session.homes.missing,
        server=_server(session, row.disk),
        database=list(database_lines(session.hub_db.known, utc_now()))
        if row.kind is ClaimKind.HUB_DB
        else (),
        events=events,
    )


def around_disk(session: Session, disk: Disk) -> Around:
    """The same of a disk."""
    own = disk.trend == session.trends.of_disk(disk.row.disk)
    first = next(iter(disk.row.claims if own else disk.behind), disk.row.disk)
    return Around(
        pods=_pods(session, disk.row.pods),
        trends=session.trends.windows(first),
        told=disk.trend,
        basis=session.trends.basis(first),
        past=session.trends.past(first),
        no_trends=session.trends.why_not(first),
        homes=session.homes.growers(GROWERS) if disk.homes else (),
        no_homes=session.homes.missing if disk.homes else "No claim for shared homes is on it.",
        server=_server(session, disk.row.disk),
    )


def _database(session: Session, row: ClaimRow) -> list[Cell | Hung]:
    """What is known of the hub's database, for its claim."""
    if row.kind is not ClaimKind.HUB_DB:
        return []
    return list(database_lines(session.hub_db.known, utc_now()))


def _server(session: Session, disk: str) -> list[Cell | Hung]:
    """What is behind a disk; nothing for one that is no shared one."""
    known = session.nfs_servers
    found = next((each for each in known.servers() if disk and disk in each.disks), None)
    if found is None:
        return []
    return list(server_lines(found, known.clients, known.clients_missing, utc_now()))


def _pods(session: Session, names: Iterable[str]) -> dict[str, kube.Pod]:
    store = session.pods.stores.pods
    found = {name: store.get(f"{session.namespace}/{name}") for name in names}
    return {name: pod for name, pod in found.items() if pod is not None}
