"""Reads what explains a pod, each source by itself: one that is denied costs one line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from hubtui.errors import DeniedError, HubtuiError, NotFoundError
from hubtui.model import kube
from hubtui.model.kinds import ATTACHMENTS, CLAIMS, EVENTS, NODES, QUOTAS, WHOLE_PODS
from hubtui.model.kube_needs import Attachment, Claim, Node, Quota, WholePod
from hubtui.model.podstate import Severity, state_of
from hubtui.model.redact import Redactor
from hubtui.model.roles import Role, role_of
from hubtui.model.why import Finding, explain, grouped, refused_by_quota
from hubtui.model.why_facts import Cause, Facts, Missing, Why, claim_names
from hubtui.services.pods import PodRow
from hubtui.services.store import utc_now

if TYPE_CHECKING:
    from hubtui.services.actions import ActionSession

T = TypeVar("T")

ASKED_OF_A_ROLE = 12
"""Pods of a role that are looked into; those that are alike are one finding anyway."""

AT_ONCE = 4
LAST_LINES = 3
_CRASHED = frozenset({"CrashLoopBackOff", "Error"})


@dataclass
class _Reading:
    """Reads sources and notes what could not be read."""

    missing: list[Missing] = field(default_factory=list)

    async def get(self, source: str, answer: Awaitable[T], instead: T) -> T:
        try:
            return await answer
        except HubtuiError as error:
            self.missing.append(Missing(source, error.what))
            return instead


@dataclass
class _Shared:
    """What the pods of one question have in common; each source is asked once."""

    nodes: tuple[Node, ...] = ()
    claims: tuple[Claim, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    quotas: tuple[Quota, ...] = ()
    missing: tuple[Missing, ...] = ()


async def of_pod(session: ActionSession, name: str) -> Why:
    """What explains one pod. Raises NotFoundError, DeniedError, UnreachableError."""
    return await of_seen(session, await session.client.get(WHOLE_PODS, session.namespace, name))


async def of_seen(session: ActionSession, pod: WholePod) -> Why:
    """What explains a pod as it was seen; it may be gone since."""
    return explain(await _facts(session, pod, await _shared(session, [pod])))


async def of_role(session: ActionSession, role: Role) -> list[Finding]:
    """What explains the pods of a role that are not up, the worst first; alike ones are one."""
    rows = rows_of(session, role)
    troubled = [row for row in rows if row.state.severity >= Severity.WAITING]
    troubled.sort(key=lambda row: (-row.state.severity, row.pod.metadata.name))
    chosen = _different(troubled)[:ASKED_OF_A_ROLE]
    pods = [pod for pod in await _whole(session, chosen) if pod is not None]
    shared = await _shared(session, pods)
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(pod: WholePod) -> tuple[Why, WholePod]:
        async with turn:
            return explain(await _facts(session, pod, shared)), pod

    found = grouped(await asyncio.gather(*(one(pod) for pod in pods)))
    found = _with_alike(found, troubled)
    expected = session.pods.role(role).expected
    if role is not Role.USERS and expected is not None and len(rows) < expected:
        found.append(await _not_made(session, role, expected, len(rows)))
    return found


def rows_of(session: ActionSession, role: Role) -> list[PodRow]:
    """The pods of a role as the store has them now. Nothing is drained: the pane does that."""
    return [
        PodRow(pod, role, state_of(pod))
        for pod in session.pods.stores.pods
        if role_of(pod, session.release) is role
    ]


def _different(rows: Sequence[PodRow]) -> list[PodRow]:
    """The rows with those first that do not look like one before them."""
    seen: set[object] = set()
    first: list[PodRow] = []
    rest: list[PodRow] = []
    for row in rows:
        look = look_of(row)
        (rest if look in seen else first).append(row)
        seen.add(look)
    return first + rest


def look_of(row: PodRow) -> object:
    """What pods that suffer from the same have in common, as far as a list tells."""
    images = tuple(c.image for c in row.pod.spec.containers)
    asked = tuple(str(c.resources.requests) for c in row.pod.spec.containers)
    return (row.state.status, row.state.message, images, asked, row.pod.spec.scheduler_name)


def _with_alike(found: list[Finding], rows: Sequence[PodRow]) -> list[Finding]:
    """Adds to each finding the pods that were not looked into and look like one of its pods."""
    looks = {row.pod.key: look_of(row) for row in rows}
    known = {pod.key for finding in found for pod in finding.pods}
    more = [row for row in rows if row.pod.key not in known]
    result = []
    for finding in found:
        wanted = {looks.get(pod.key) for pod in finding.pods}
        alike = [row.pod for row in more if look_of(row) in wanted]
        more = [row for row in more if row.pod not in alike]
        result.append(Finding(finding.why, (*finding.pods, *alike), finding.severity))
    return result


async def _whole(session: ActionSession, rows: Sequence[PodRow]) -> list[WholePod | None]:
    async def one(row: PodRow) -> WholePod | None:
        try:
            return await session.client.get(WHOLE_PODS, session.namespace, row.pod.metadata.name)
        except NotFoundError:
            return None

    return list(await asyncio.gather(*(one(row) for row in rows)))


async def _shared(session: ActionSession, pods: Sequence[WholePod]) -> _Shared:
    reading, client, namespace = _Reading(), session.client, session.namespace
    nodes, claims, attachments, quotas = await asyncio.gather(
        reading.get("nodes", client.list(NODES), list[Node]()),
        reading.get("claims", client.list(CLAIMS, namespace), list[Claim]())
        if any(claim_names(pod) for pod in pods)
        else _nothing(list[Claim]()),
        reading.get("volume attachments", client.list(ATTACHMENTS), list[Attachment]())
        if any(claim_names(pod) and pod.spec.node_name for pod in pods)
        else _nothing(list[Attachment]()),
        reading.get("resource quotas", client.list(QUOTAS, namespace), list[Quota]()),
    )
    return _Shared(
        tuple(nodes), tuple(claims), tuple(attachments), tuple(quotas), tuple(reading.missing)
    )


async def _nothing(value: T) -> T:
    return value


async def _facts(session: ActionSession, pod: WholePod, shared: _Shared) -> Facts:
    reading = _Reading(list(shared.missing))
    events, last_words = await asyncio.gather(
        reading.get("events", session.pods.events(pod), list[kube.Event]()),
        reading.get("log", _last_words(session, pod), tuple[str, ...]()),
    )
    mounted = set(claim_names(pod))
    store = session.pods.stores.pods
    if not store.complete:
        reading.missing.append(Missing("user-scheduler", "the pods are not read yet"))
    return Facts(
        pod=pod,
        now=utc_now(),
        role=role_of(pod, session.release),
        events=tuple(events),
        nodes=shared.nodes,
        claims=shared.claims,
        attachments=shared.attachments,
        quotas=shared.quotas,
        schedulers=tuple(
            each for each in store if role_of(each, session.release) is Role.USER_SCHEDULER
        ),
        neighbours=tuple(
            each
            for each in store
            if each.key != pod.key and mounted.intersection(claim_names(each))
        ),
        last_words=last_words,
        missing=tuple(reading.missing),
    )


async def _last_words(session: ActionSession, pod: WholePod) -> tuple[str, ...]:
    """The end of the log of the container that crashed, without what looks secret."""
    statuses = (*pod.status.init_container_statuses, *pod.status.container_statuses)
    crashed = next((s for s in statuses if _has_crashed(s)), None)
    if crashed is None:
        return ()
    lines = []
    try:
        async for line in session.pods.logs(
            session.namespace,
            pod.metadata.name,
            container=crashed.name,
            previous=crashed.state.terminated is None,
            tail=LAST_LINES * 3,
        ):
            lines.append(line)
    except DeniedError:
        raise
    except HubtuiError:
        return ()  # the container before the restart is not kept for ever
    told = [line.strip()[:300] for line in lines if line.strip()][-LAST_LINES:]
    return tuple(Redactor().mask_text("\n".join(told)).splitlines())


def _has_crashed(status: kube.ContainerStatus) -> bool:
    waiting, over = status.state.waiting, status.state.terminated
    return (waiting is not None and waiting.reason in _CRASHED) or (
        over is not None and over.exit_code != 0
    )


async def _not_made(session: ActionSession, role: Role, expected: int, there: int) -> Finding:
    """Why a role has fewer pods than its workload asks for."""
    reading, client = _Reading(), session.client
    events, quotas = await asyncio.gather(
        reading.get("events", client.list(EVENTS, session.namespace), list[kube.Event]()),
        reading.get("resource quotas", client.list(QUOTAS, session.namespace), list[Quota]()),
    )
    mine = [e for e in events if e.involved_object.name.startswith(role)]
    mine.sort(key=lambda event: str(event.last_seen), reverse=True)
    why = refused_by_quota(mine, quotas)
    if why is None:
        failed = next((e for e in mine if e.reason == "FailedCreate"), None)
        told = f"A pod cannot be made: {failed.message}" if failed else "Nothing says why."
        why = Why(Cause.MISSING, f"{expected - there} of {expected} pods do not exist.", told)
    return Finding(
        Why(why.cause, why.happened, why.means, why.todo, why.evidence, tuple(reading.missing)),
        (),
        Severity.NOW,
    )
