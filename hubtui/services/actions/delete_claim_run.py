"""Deletes claims one after the other: each is looked at just before, and followed until it is gone.

Who mounts claims is followed for as long as it runs: the pods of a hub are too many to be listed
anew before each.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from hubtui.clients.gate import Call, WriteToken
from hubtui.clients.watch import Feed, follow
from hubtui.errors import (
    ApiError,
    DeniedError,
    HubtuiError,
    NotFoundError,
    RefusedError,
    UnreachableError,
)
from hubtui.model import kube
from hubtui.model.hub import ServerKey
from hubtui.model.kinds import PODS, WHOLE_CLAIMS
from hubtui.model.kube_needs import WholeClaim
from hubtui.model.leftovers import RETAIN, Kind
from hubtui.model.plan import StepState
from hubtui.model.why_facts import claim_names, listed
from hubtui.services.actions import ActionSession, Report
from hubtui.services.actions.delete_claim_facts import Chosen, ClaimFacts
from hubtui.services.actions.delete_claim_steps import Steps
from hubtui.services.actions.stopping_server import is_active
from hubtui.services.patient_hub import PatientHub
from hubtui.services.store import State, Store

CADENCE: Final = 0.3
"""Seconds between two looks at a claim that goes."""

GONE_WITHIN: Final = 60.0
"""Seconds in which a claim that nothing keeps is gone."""

AWAY: Final = 120.0
"""Seconds that the apiserver may be away."""

SEEN_WITHIN: Final = 60.0
"""Seconds in which the pods are known, or nothing is deleted."""

_CONFLICT: Final = 409


@dataclass(frozen=True, slots=True)
class ToDelete:
    """A claim of a plan, as it was then: `kind` is why it is left over, None where somebody wants
    it deleted all the same. `asked`: the hub was, and is asked again; `absent`: it had no such
    user. `stays` is the volume that is left of it."""

    name: str
    uid: str
    version: str
    owner: ServerKey | None = None
    kind: Kind | None = None
    asked: bool = True
    absent: bool = False
    stays: str = ""

    @classmethod
    def of(cls, chosen: Chosen, facts: ClaimFacts) -> ToDelete:
        """A claim as it was read."""
        meta, owner, kind = chosen.claim.metadata, chosen.owner, chosen.verdict.kind
        by_name = owner is not None and owner.user in facts.absent
        return cls(
            name=meta.name,
            uid=meta.uid,
            version=meta.resource_version,
            owner=owner,
            kind=kind,
            asked=not facts.refusal or by_name,
            absent=kind is Kind.NO_USER or by_name,
            stays=chosen.claim.spec.volume_name if chosen.reclaim == RETAIN else "",
        )


class Fate(StrEnum):
    """What became of a claim."""

    DELETED = "deleted"
    GONE = "gone before"
    """It was not there any more when its turn came."""
    SKIPPED = "skipped"
    """It is in use, or not the one of the plan: it stays."""
    FAILED = "not deleted"
    LEFT = "left"
    """Its turn did not come."""


STATES: Final = {
    Fate.DELETED: StepState.DONE,
    Fate.GONE: StepState.DONE,
    Fate.SKIPPED: StepState.EXCUSED,
    Fate.FAILED: StepState.STUCK,
    Fate.LEFT: StepState.WAITING,
}


@dataclass(frozen=True, slots=True)
class End:
    """What became of one claim."""

    claim: ToDelete
    fate: Fate
    words: str = ""


@dataclass(frozen=True, slots=True)
class Deletions:
    """What became of the claims of a plan. `refused` is why nothing more was begun, "" where
    something was; `interrupted` when somebody asked to end, and some were left."""

    ends: tuple[End, ...]
    refused: str = ""
    interrupted: bool = False

    def of(self, *fates: Fate) -> tuple[End, ...]:
        """Those that ended so."""
        return tuple(end for end in self.ends if end.fate in fates)


class Run:
    """One run over claims."""

    def __init__(
        self,
        session: ActionSession,
        claims: Sequence[ToDelete],
        token: WriteToken,
        report: Report,
    ) -> None:
        self._session = session
        self._claims = claims
        self._token = token
        self._report = report
        self._steps = Steps([each.name for each in claims], report)
        self._hub = PatientHub(session.hub_link, self._steps.say)
        self._pods: Store[kube.Pod] = Store("pods")
        self._refused = ""

    async def to_the_end(self) -> Deletions:
        """Works until all claims have ended, or it is not to begin with more. Raises RefusedError
        when the journal cannot be written."""
        ends: list[End] = []
        async with self._followed():
            for claim in self._claims:
                if self._report.interrupted.is_set() or self._refused:
                    break
                end = await self._guarded(claim)
                ends.append(end)
                self._steps.end(claim.name, STATES[end.fate], end.words)
                done = (claim.name,) if end.fate is Fate.DELETED else ()
                words = f": {end.words}" if end.words else ""
                await self._report.step(f"{claim.name}: {end.fate.value}{words}", done)
        left = self._claims[len(ends) :]
        ends += [End(claim, Fate.LEFT, "its turn did not come") for claim in left]
        return Deletions(tuple(ends), self._refused, bool(left) and not self._refused)

    @asynccontextmanager
    async def _followed(self) -> AsyncIterator[None]:
        """Follows the pods of the namespace."""
        feed = Feed(PODS, self._session.namespace)
        task = asyncio.create_task(follow(self._session.client, feed, self._pods), name=str(feed))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _guarded(self, claim: ToDelete) -> End:
        """The end of a claim; what goes wrong is one, too, and after what would go wrong with all
        nothing more is begun."""
        self._steps.show(claim.name, StepState.MOVING, "is looked at")
        try:
            return await self._one(claim)
        except RefusedError:
            raise
        except (DeniedError, UnreachableError) as error:
            self._refused = str(error)
            return End(claim, Fate.FAILED, error.what)
        except HubtuiError as error:
            return End(claim, Fate.FAILED, error.what)

    async def _one(self, claim: ToDelete) -> End:
        if words := await self._comes_back(claim):
            return End(claim, Fate.SKIPPED, words)
        end = await self._changed(claim)
        if end is not None:
            return end
        if pods := await self._mounting(claim.name):
            return End(claim, Fate.SKIPPED, f"{listed(pods)} mounts it by now")
        return await self._delete(claim)

    # -- just before

    async def _comes_back(self, claim: ToDelete) -> str:
        """Whether the hub knows by now who it was made for, or their server runs; "" when not."""
        owner = claim.owner
        if owner is None or not claim.asked:
            return ""
        try:
            user = await self._hub.ask(lambda hub: hub.user(owner.user, stopped=True))
        except NotFoundError:
            return ""
        if claim.absent:
            return f"the hub has user {owner.user} again"
        server = user.servers.get(owner.server)
        if server is not None and claim.kind is Kind.NO_SERVER:
            return f"{owner.user} has a server {owner.server} again"
        if any(server.claim == claim.name for server in user.servers.values()) and claim.kind:
            return f"a server of {owner.user} has it for its own by now"
        # A server that runs beside its old claim has another one: its pod says so.
        if server is not None and is_active(server) and (claim.kind is None or server.pending):
            return f"the server of {owner} runs, or starts"
        return ""

    async def _changed(self, claim: ToDelete) -> End | None:
        """Whether it is another one than that of the plan, or none."""
        found = await self._look(claim)
        if found is None:
            return End(claim, Fate.GONE, "it was not there any more")
        if found.metadata.resource_version != claim.version:
            return End(claim, Fate.SKIPPED, "it was changed since the plan")
        return None

    async def _mounting(self, name: str) -> list[str]:
        """The pods that mount a claim. Raises UnreachableError, DeniedError when they are not
        known."""
        try:
            async with asyncio.timeout(SEEN_WITHIN):
                while self._pods.health.state is not State.LIVE:
                    if isinstance(self._pods.health.error, DeniedError):
                        raise self._pods.health.error
                    await asyncio.sleep(CADENCE)
        except TimeoutError:
            error = self._pods.health.error
            why = f": {error.what}" if error is not None else ""
            raise UnreachableError(f"Who mounts claims is not known{why}") from None
        return [pod.metadata.name for pod in self._pods if name in claim_names(pod)]

    async def _look(self, claim: ToDelete) -> WholeClaim | None:
        """The claim as it is now; None when it, under this uid, is gone."""
        try:
            found = await self._session.client.get(
                WHOLE_CLAIMS, self._session.namespace, claim.name
            )
        except NotFoundError:
            return None
        return found if found.metadata.uid == claim.uid else None

    # -- the deletion

    async def _delete(self, claim: ToDelete) -> End:
        """Sends the DELETE until it is taken, then follows. An answer that was lost is asked for by
        the same DELETE: its version tells whether it is the first."""
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": claim.uid, "resourceVersion": claim.version},
        }
        call = Call("delete", WHOLE_CLAIMS.resource, self._session.namespace, claim.name)
        end, lost = _time() + AWAY, False
        self._steps.show(claim.name, StepState.MOVING, "is deleted")
        while True:
            try:
                await self._session.client.request(
                    call, kind=WHOLE_CLAIMS, body=options, token=self._token
                )
            except NotFoundError:
                return End(claim, Fate.DELETED) if lost else End(claim, Fate.GONE)
            except UnreachableError as error:
                lost = True
                if _time() > end:
                    raise
                self._steps.show(claim.name, StepState.MOVING, error.what)
                await asyncio.sleep(CADENCE)
            except ApiError as error:
                if error.status != _CONFLICT:
                    raise
                if not lost:
                    return End(claim, Fate.SKIPPED, "it was changed since the plan")
                return await self._follow(claim)
            else:
                return await self._follow(claim)

    async def _follow(self, claim: ToDelete) -> End:
        """Looks until it is gone, or its time is over."""
        end = _time() + GONE_WITHIN
        found: WholeClaim | None = None
        while True:
            try:
                found = await self._look(claim)
                if found is None:
                    return End(claim, Fate.DELETED)
                if found.metadata.deletion_timestamp is None:
                    return End(claim, Fate.SKIPPED, "it was changed since the plan")
                self._steps.show(claim.name, StepState.MOVING, _kept(found))
            except UnreachableError as error:
                self._steps.show(claim.name, StepState.MOVING, error.what)
                if _time() > end + AWAY:
                    raise
            if _time() > end and found is not None:
                return End(claim, Fate.FAILED, self._stays(found))
            await asyncio.sleep(CADENCE)

    def _stays(self, found: WholeClaim) -> str:
        """Why a claim that was deleted is still there."""
        name = found.metadata.name
        pods = [pod.metadata.name for pod in self._pods if name in claim_names(pod)]
        if pods:
            return f"it was deleted, and goes when {listed(pods)} ends, which mounts it"
        return f"it was deleted, and is still there: {_kept(found)}"


def _kept(claim: WholeClaim) -> str:
    finalizers = claim.metadata.finalizers
    return f"kept by {', '.join(finalizers)}" if finalizers else "goes"


def _time() -> float:
    return asyncio.get_running_loop().time()
