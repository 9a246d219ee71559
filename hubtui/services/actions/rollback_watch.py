"""Watches a rollback: helm to its end, workloads until they have come, the hub until it answers.

helm's status only says that everything was applied; the result is what the cluster then shows.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from hubtui.clients.detached import Detached, last_words
from hubtui.errors import (
    ApiError,
    DecodeError,
    DeniedError,
    HubtuiError,
    UnreachableError,
)
from hubtui.model.age import duration
from hubtui.model.diff_content import content_steps
from hubtui.model.manifest import Document
from hubtui.model.plan import Outcome, Phase, Progress
from hubtui.model.redact import Redactor
from hubtui.model.text import safe
from hubtui.services import hub_health, rollouts
from hubtui.services.actions import ActionSession, Report, following
from hubtui.services.actions import rollback_outcome as outcomes
from hubtui.services.actions.following import CADENCE, HEALTH_FOR, STUCK_FOR
from hubtui.services.actions.rollback_facts import head_of, heads_of, unhurried
from hubtui.services.actions.rollback_outcome import Seen
from hubtui.services.hub_health import Health, HubAddress
from hubtui.services.rollouts import Look, Rollouts

T = TypeVar("T")

ASK_AGAIN: Final = 60.0
"""Seconds for which a cluster that does not answer is asked how helm ended."""


@dataclass(slots=True)
class Watch:
    """One rollback from revision `current` back to `target`; `errors` is the file of helm's words.

    Without a report nobody is told of progress.
    """

    session: ActionSession
    report: Report | None
    current: int
    target: int
    errors: str

    async def to_the_end(self, helm: Detached) -> Outcome:
        """Waits for helm, then for the cluster. Cancelling it leaves helm alone."""
        documents = await self._documents()
        code = await self._helm(helm, self._follow(documents))
        seen = await self._seen(code)
        if not seen.deployed:
            return outcomes.not_deployed(seen)
        if isinstance(documents, HubtuiError):
            documents = await self._documents()
        if isinstance(documents, HubtuiError):
            what = f"what revision {self.target} brings cannot be read: {documents.what}"
            return outcomes.rolled_back(replace(seen, look=Look(error=what)))
        look, in_time = await self._rollouts(self._follow(documents))
        seen = replace(seen, look=look)
        if not in_time and not look.error:
            return outcomes.not_rolled_out(seen)
        address = hub_health.address_of(documents, self.session.namespace, self.session.release)
        if address is None:
            return outcomes.rolled_back(seen)
        health = await self._health(address, look)
        return outcomes.rolled_back(seen, health, address.deployment)

    async def aftermath(self, *, begun: bool) -> Outcome:
        """One look at what is there, when nobody watched. Raises UnreachableError, DeniedError."""
        seen = await self._seen(None, patience=0)
        documents = await self._documents()
        if isinstance(documents, HubtuiError):
            look = Look(error=documents.what)
        else:
            look = await self._follow(documents).look()
        return outcomes.left_behind(replace(seen, look=look), begun=begun)

    async def _documents(self) -> tuple[Document, ...] | HubtuiError:
        """The objects that the rollback brings, or why they cannot be read."""
        try:
            head = head_of(await heads_of(self.session), self.target)
            payload = await self.session.releases.payload(head)
        except (DecodeError, ApiError, UnreachableError) as error:
            return error
        return (await unhurried(content_steps(payload))).objects

    def _follow(self, documents: tuple[Document, ...] | HubtuiError) -> Rollouts:
        known = () if isinstance(documents, HubtuiError) else documents
        return Rollouts(self.session.client, rollouts.targets_of(known, self.session.namespace))

    async def _helm(self, helm: Detached, follow: Rollouts) -> int | None:
        """Shows the workloads while helm is at work; gives its exit status."""
        ending = asyncio.ensure_future(helm.wait())
        try:
            while not ending.done():
                with contextlib.suppress(HubtuiError):
                    self._tell(Phase.APPLYING, await follow.look(), "helm applies the revision")
                await asyncio.wait({ending}, timeout=CADENCE)
            return ending.result()
        finally:
            ending.cancel()

    async def _seen(self, code: int | None, patience: float = ASK_AGAIN) -> Seen:
        """What the cluster holds once helm is over. Raises HubtuiError when it does not say."""
        heads = await self._patiently(
            lambda: self.session.releases.refresh(self.session.release), patience
        )
        return Seen(
            release=self.session.release,
            current=self.current,
            target=self.target,
            heads=tuple(heads),
            code=code,
            words=await self._words(),
        )

    async def _words(self) -> str:
        """What helm said, without secrets and control characters."""
        words = await asyncio.to_thread(last_words, Path(self.errors)) if self.errors else ""
        if not words:
            return ""
        try:
            redactor = await self.session.redactor()
        except HubtuiError:
            redactor = Redactor()
        return redactor.mask_text(safe(words))

    async def _rollouts(self, follow: Rollouts) -> tuple[Look, bool]:
        """Waits until the workloads have come; false when they have not in time."""
        limit = duration(self.session.settings.helm_timeout).total_seconds()
        return await following.rollouts(follow, self._tell, limit=limit, stuck_for=STUCK_FOR)

    async def _health(self, address: HubAddress, look: Look) -> Health:
        """Asks the hub until it answers."""
        client = self.session.client
        return await following.health(client, address, look, self._tell, limit=HEALTH_FOR)

    async def _patiently(self, ask: Callable[[], Awaitable[T]], patience: float) -> T:
        """Asks again while the cluster does not answer or wants other credentials."""
        loop = asyncio.get_running_loop()
        limit = loop.time() + patience
        while True:
            try:
                return await ask()
            except (UnreachableError, DeniedError) as error:
                refused = isinstance(error, DeniedError) and error.status != rollouts.LOG_IN
                if refused or loop.time() > limit:
                    raise
            await asyncio.sleep(CADENCE)

    def _tell(self, phase: Phase, look: Look, note: str) -> None:
        if self.report is not None:
            self.report.progress(Progress(phase, look.steps, note))
