"""What is known of the hub's database: values, its claim, who holds it, and the hub's log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hubtui.errors import HubtuiError
from hubtui.model import hub_db, kube
from hubtui.model.claims import ClaimKind
from hubtui.model.expansion import Way, ability_of
from hubtui.model.holding import Holding, holding_of, is_single, volume_in
from hubtui.model.hub_db import DbKind, DbSaid, HubDb
from hubtui.model.log_lines import stamped
from hubtui.model.quantity import short_size
from hubtui.model.redact import Redactor
from hubtui.model.roles import Role, role_of
from hubtui.model.trend import Confidence
from hubtui.model.why_facts import Missing
from hubtui.services.store import State

if TYPE_CHECKING:
    from hubtui.services.session import Session
    from hubtui.services.storage import ClaimRow

LOG_LINES: Final = 2000
"""Lines of the hub's log in which somebody who asks looks for copies of the database: it speaks of
them at its start."""

LOG: Final = "the hub's log"

_LONGEST_LINE: Final = 300
_SURE: Final = (Confidence.HIGH, Confidence.FAIR)


@dataclass(frozen=True, slots=True)
class Told:
    """What a hub's log says of its database, without what looks secret."""

    said: tuple[DbSaid, ...] = ()
    backups: tuple[str, ...] | None = None


class HubDatabase:
    """The database of one hub, read when somebody asks."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.known: HubDb | None = None
        """What was found last; None while nobody has looked."""

    async def look(self) -> HubDb:
        """Reads values and log, and joins them with what `Storage` and `Pods` hold by now. What
        cannot be read is in `missing` of it."""
        session, missing = self._session, list[Missing]()
        setting, told = None, Told()
        try:
            setting = hub_db.setting_of(await session.hub_link.values())
        except HubtuiError as error:
            missing.append(Missing("values", error.what))
        pods = [
            pod for pod in session.pods.stores.pods if role_of(pod, session.release) is Role.HUB
        ]
        hub = _newest(pods)
        if hub is not None and _runs(hub):
            try:
                told = await read_log(session, hub.metadata.name, LOG_LINES)
            except HubtuiError as error:
                missing.append(Missing(LOG, error.what))
        known = seen(session, hub, told)
        if setting is not None and setting.kind is not DbKind.SQLITE and not hub_claim(hub):
            known = replace(known, claim="", phase="")
        holding = await self._holding(hub, missing) if hub is not None else None
        self.known = replace(known, setting=setting, holding=holding, missing=tuple(missing))
        return self.known

    async def _holding(self, hub: kube.Pod, missing: list[Missing]) -> Holding | None:
        """Who else holds the volume that the hub's pod waits for."""
        if not hub.spec.node_name or _runs(hub):
            return None
        session, storage = self._session, self._session.storage
        message = ""
        try:
            told = (event for event in await session.pods.events(hub) if volume_in(event.message))
            event = next(told, None)
            message = event.message if event is not None else ""
        except HubtuiError as error:
            missing.append(Missing("events", error.what))
        claim = storage.claims.get(f"{session.namespace}/{hub_claim(hub)}")
        volume = volume_in(message)
        if not volume and claim is not None and is_single(claim):
            volume = claim.spec.volume_name
        if not volume:
            return None
        found = holding_of(
            hub,
            volume,
            claims=storage.claims,
            attachments=storage.attachments,
            others=session.pods.stores.pods,
            nodes=session.nodes.store,
            message=message,
        )
        return found if message or found.nodes else None


async def read_log(session: Session, pod: str, tail: int) -> Told:
    """What the last lines of a running hub's log say. Raises ApiError, UnreachableError."""
    lines: list[tuple[datetime | None, str]] = []
    async for line in session.pods.logs(
        session.namespace, pod, container=Role.HUB.value, tail=tail, timestamps=True
    ):
        at, words = stamped(line)
        lines.append((_moment(at), words.strip()[:_LONGEST_LINE]))
    mask = Redactor().mask_text
    said = tuple(replace(each, line=mask(each.line)) for each in hub_db.said_of(lines))
    return Told(said, hub_db.backups_in(words for _, words in lines))


def seen(session: Session, hub: kube.Pod | None, told: Told) -> HubDb:
    """What the stores hold of the database that a hub's pod mounts, else of the claim that is
    called like one."""
    storage = session.storage
    name = hub_claim(hub)
    if not name:
        mine = (row.name for row in storage.rows() if row.kind is ClaimKind.HUB_DB)
        name = next(mine, "")
    row = storage.row(name) if name else None
    known = HubDb(
        claim=name,
        pod=hub.metadata.name if hub is not None else "",
        node=hub.spec.node_name if hub is not None else "",
        said=told.said,
        backups=told.backups,
    )
    if row is None:
        claims = storage.claims
        gone = bool(name) and claims.complete and claims.health.state is State.LIVE
        return replace(known, phase="absent") if gone else known
    full_at, words = growth(session, name)
    going = row.claim.metadata.deletion_timestamp is not None
    figures = row.figures
    return replace(
        known,
        phase="Terminating" if going else row.phase,
        storage_class=row.storage_class,
        size=row.size,
        asked=row.asked,
        figures=figures if figures is not None and not figures.doubt else None,
        why_not=figures.doubt if figures is not None else row.why_not,
        full_at=full_at,
        trend=words,
        expandable=expandable(session, row),
    )


def hub_claim(hub: kube.Pod | None) -> str:
    """The claim that a hub's pod mounts; empty without one."""
    return hub_db.claim_of(hub) if hub is not None else ""


def expandable(session: Session, row: ClaimRow) -> bool | None:
    """Whether a claim can be expanded; None where that is not known."""
    volume = session.storage.volume_of(row.name)
    if volume is not None and ability_of(volume).way is Way.NEVER:
        return False
    return row.backing.expandable if row.backing is not None else None


def growth(session: Session, claim: str) -> tuple[datetime | None, str]:
    """When a claim's disk will be full, if that is to be believed, and how that was reckoned."""
    found = session.trends.of(claim)
    if found is None or found.per_day is None or found.confidence not in _SURE:
        return None, ""
    grows = short_size(abs(int(found.per_day)))
    words = f"{'grows' if found.per_day >= 0 else 'shrinks'} by {grows} a day"
    how = f"over {found.window_words}, {session.trends.basis(claim)}"
    when = f", full {found.words}" if found.full_at is not None else ""
    return found.full_at, f"{words}{when} ({how}, confidence {found.confidence})"


def _newest(pods: Iterable[kube.Pod]) -> kube.Pod | None:
    meant = [pod for pod in pods if pod.metadata.deletion_timestamp is None]
    return max(meant, key=lambda pod: str(pod.metadata.creation_timestamp), default=None)


def _runs(pod: kube.Pod) -> bool:
    return any(each.state.running is not None for each in pod.status.container_statuses)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
