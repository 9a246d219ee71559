"""The server of shared disks as lines: its kind, its pod, how full it is, what its clients say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from hubtui.model.age import age, precise
from hubtui.model.nfs import Client
from hubtui.model.podstate import state_of
from hubtui.services.nfs_servers import NfsServer
from hubtui.views.cells import EMPTY, SIGN_SOON, Cell, Tone, cell, join
from hubtui.views.document import Hung, fact
from hubtui.views.signs import sign_of, tone_of
from hubtui.views.storage_cells import percent

NAMED: Final = 5
"""Clients that are named because they suffer."""


def server_lines(
    server: NfsServer, clients: Sequence[Client], missing: str, now: datetime
) -> Iterator[Cell | Hung]:
    """One server; `clients` are the nodes that mount anything of any server."""
    yield fact("kind", cell(server.kind))
    if server.address:
        yield fact("address", cell(server.address))
    yield from _pod(server, now)
    yield from _clients(clients, missing)


def _pod(server: NfsServer, now: datetime) -> Iterator[Hung]:
    pod = server.pod
    if pod is None:
        yield fact("pod", cell(server.why_no_pod, Tone.MUTED))
        return
    state = state_of(pod)
    words = join(sign_of(state.severity), cell(state.status, tone_of(state.severity)))
    where = cell(f"on {pod.spec.node_name or 'no node'}", Tone.MUTED)
    yield fact("pod", join(cell(pod.key), words, where))
    restarts = server.restarts
    if restarts is not None and restarts.count:
        reason = f"last {age(restarts.at, now)} ago" if restarts.at is not None else ""
        told = " ".join(part for part in (reason, restarts.reason) if part)
        yield fact("restarts", join(cell(f"{restarts.count}", Tone.SOON), cell(told, Tone.MUTED)))


def _clients(clients: Sequence[Client], missing: str) -> Iterator[Hung]:
    if missing:
        yield fact("clients", cell(f"? {missing}", Tone.MUTED))
        return
    bad = [each for each in clients if each.suffers]
    length = precise(clients[0].length.total_seconds()) if clients else ""
    if not bad:
        words = f"{len(clients):,} nodes, none sends much again ({length})" if clients else "none"
        yield fact("clients", cell(words, Tone.MUTED))
        return
    for index, each in enumerate(bad[:NAMED]):
        words = f"{each.sent_again:,} of {each.calls:,} calls sent again in {length}"
        line = join(
            cell(SIGN_SOON, Tone.SOON),
            cell(each.node),
            cell(words, Tone.SOON),
            cell(percent(min(1.0, each.share)), Tone.MUTED),
        )
        yield fact("clients" if not index else "", line)
    more = len(bad) - NAMED
    if more > 0:
        yield fact("", cell(f"and {more:,} more", Tone.MUTED) if more else EMPTY)
