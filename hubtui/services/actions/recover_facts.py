"""What a stuck release is recovered from: its revisions, who may be at work on it, what is kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from hubtui.clients import helm_seen, kubeconfig
from hubtui.clients.gate import Call
from hubtui.clients.helm_seen import Helms
from hubtui.errors import ApiError, ConfigError, DecodeError, NotFoundError, RefusedError
from hubtui.model import kube
from hubtui.model.kinds import CONFIGMAPS, JOBS, PODS, SECRETS, Kind
from hubtui.model.plan import Basis
from hubtui.model.release import Hook, Payload, RevisionHead, Status
from hubtui.model.trail import way_back
from hubtui.services.actions import ActionSession, release_pending
from hubtui.services.actions.common import who_answers
from hubtui.services.actions.release_facts import heads_of
from hubtui.services.actions.release_pending import Pending
from hubtui.services.hooks import of_this_run

_RUNS: Final[dict[str, Kind[Any]]] = {"Job": JOBS, "Pod": PODS}
"""The kinds of hooks that helm waits for."""

_OVER: Final = ("Succeeded", "Failed")

_ELSEWHERE: Final = {
    Status.UNINSTALLING: "`helm uninstall` can be run again and goes on.",
    Status.FAILED: "An upgrade or `hubtui rollback` goes on from here.",
}


@dataclass(frozen=True, slots=True)
class AtWork:
    """A hook's Job or Pod that has not ended, and since when it is there."""

    kind: str
    name: str
    since: datetime | None

    @property
    def title(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was read for one plan.

    `back` is the revision to go back to. `helms` are those on this machine that name the release;
    `hooks` those that still run, `hooks_error` why that is not known. `payload` is
    the pending revision's, None with the reason in `error`.
    """

    heads: tuple[RevisionHead, ...]
    back: RevisionHead | None
    look: Pending
    helms: Helms
    hooks: tuple[AtWork, ...]
    hooks_error: str
    payload: Payload | None
    error: str
    answers: dict[str, str]

    @property
    def stuck(self) -> RevisionHead:
        """The pending revision, which is the newest one."""
        return self.heads[0]

    @property
    def basis(self) -> Basis:
        return basis_of(self.heads, self.back, self.answers)


def basis_of(
    heads: tuple[RevisionHead, ...], back: RevisionHead | None, answers: dict[str, str]
) -> Basis:
    """What marking a revision rests on: the newest one, the one in force, and who answers."""
    newest = heads[0]
    return Basis.of(
        {
            **answers,
            "newest revision": f"{newest.revision} ({newest.status})",
            "newest revision's object": f"{newest.uid}@{newest.resource_version}",
            "revision to go back to": f"{back.revision} ({back.status})" if back else "none",
        }
    )


async def stuck_heads(session: ActionSession) -> tuple[RevisionHead, ...]:
    """The revisions of a release whose newest one is pending, newest first.

    Raises RefusedError when it is not, NotFoundError, DeniedError, UnreachableError.
    """
    heads = await heads_of(session)
    newest = heads[0]
    if not newest.status.pending:
        raise RefusedError(
            f"Release {newest.release} is not stuck: revision {newest.revision} is {newest.status}",
            meaning="Only a release whose newest revision is pending is recovered.",
            remedy=_ELSEWHERE.get(newest.status, ""),
        )
    return heads


async def read(session: ActionSession, heads: tuple[RevisionHead, ...]) -> Facts:
    """Reads everything else anew. Raises DeniedError, UnreachableError."""
    newest = heads[0]
    (payload, error), look, helms, answers = await asyncio.gather(
        _payload(session, newest),
        release_pending.look(session, newest),
        asyncio.to_thread(_helms, session, newest),
        who_answers(session),
    )
    hooks, hooks_error = await _hooks(session, payload)
    return Facts(
        heads=heads,
        back=way_back(heads),
        look=look,
        helms=helms,
        hooks=hooks,
        hooks_error=hooks_error,
        payload=payload,
        error=error,
        answers=answers,
    )


def _helms(session: ActionSession, head: RevisionHead) -> Helms:
    try:
        server = kubeconfig.server(session.settings, session.context)
    except (ConfigError, ValueError, OSError):
        server = None
    return helm_seen.at_work(head.release, head.namespace, server)


def storage_kind(session: ActionSession) -> Kind[kube.Object]:
    """Where Helm keeps the release's revisions."""
    return CONFIGMAPS if session.settings.helm_driver == "configmap" else SECRETS


async def stored(session: ActionSession, name: str) -> dict[str, Any]:
    """A revision's storage object as it is, with its secrets, to be kept and written back.

    Raises NotFoundError, DeniedError, DecodeError, UnreachableError.
    """
    kind = storage_kind(session)
    call = Call("get", kind.resource, session.namespace, name)
    answer = await session.client.request(call, kind=kind, exact=True)
    try:
        return msgspec.json.decode(answer, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise DecodeError(f"The server's answer about {name} is no object") from error


async def _payload(session: ActionSession, head: RevisionHead) -> tuple[Payload | None, str]:
    try:
        return await session.releases.payload(head), ""
    except (DecodeError, NotFoundError) as error:
        return None, error.what


async def _hooks(session: ActionSession, payload: Payload | None) -> tuple[tuple[AtWork, ...], str]:
    """The hooks of the pending revision that still run, or why that is not known."""
    if payload is None:
        return (), "its hooks cannot be read"
    found = []
    for hook in payload.hooks:
        if hook.kind in _RUNS:
            try:
                thing = await session.client.get(_RUNS[hook.kind], session.namespace, hook.name)
            except NotFoundError:
                continue
            except ApiError as error:
                return (), error.what
            if _works(hook, thing):
                found.append(AtWork(hook.kind, hook.name, thing.metadata.creation_timestamp))
    return tuple(found), ""


def _works(hook: Hook, thing: kube.Object) -> bool:
    if not of_this_run(hook, thing.metadata.creation_timestamp):
        return False
    if isinstance(thing, kube.Job):
        return thing.status.active > 0
    return isinstance(thing, kube.Pod) and thing.status.phase not in _OVER
