"""Watches a helm to its end, workloads until they have come, the hub until it answers.

helm's status only says that everything was applied; the result is what the cluster then shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

from hubtui.clients.detached import Detached, last_words
from hubtui.errors import (
    ApiError,
    DecodeError,
    DeniedError,
    HubtuiError,
    LimitedError,
    NotFoundError,
    UnreachableError,
)
from hubtui.model.age import duration
from hubtui.model.diff_content import content_steps
from hubtui.model.manifest import Document
from hubtui.model.plan import Outcome, Phase, Progress
from hubtui.model.redact import Redactor, texts
from hubtui.model.release import Payload
from hubtui.model.text import safe
from hubtui.services import hub_health, rollouts
from hubtui.services.actions import ActionSession, Report, following
from hubtui.services.actions import release_outcome as outcomes
from hubtui.services.actions.following import CADENCE, HEALTH_FOR, STUCK_FOR, TRUSTED_AFTER
from hubtui.services.actions.release_facts import heads_of
from hubtui.services.actions.release_hooks import HookRuns
from hubtui.services.actions.release_outcome import Deed, HookEnd, Seen
from hubtui.services.hub_health import Health, HubAddress
from hubtui.services.releases import head_of
from hubtui.services.rollouts import Look, Rollouts
from hubtui.services.unhurried import unhurried

T = TypeVar("T")

UNTOLD: Final = "(not shown: it cannot be known what of it is secret)"

ASK_AGAIN: Final = 300.0
"""Seconds for which a cluster that does not answer is asked how helm ended: as long as a managed
control plane of one apiserver takes to come back."""

_BROKEN: Final = 500
"""From this status on it is the server that failed: one that starts says 500 and 503."""


@dataclass(slots=True)
class Watch:
    """One helm at work: `deed` is what it does, `source` the revision whose objects come, `action`
    what its hooks are called by, `errors` the file of its words. `secrets` are texts that are
    masked in them, None when it is not known which they are: then every value of the release is.
    `timeout` is helm's, a Go duration; empty: that of the settings.

    Without a report nobody is told of progress.
    """

    session: ActionSession
    report: Report | None
    action: str
    deed: Deed
    source: int
    errors: str
    secrets: frozenset[str] | None = frozenset()
    timeout: str = ""
    _documents: tuple[Document, ...] | HubtuiError = ()
    _hooks: HookRuns = field(init=False)

    def __post_init__(self) -> None:
        self._hooks = HookRuns(self.session, self.action)

    async def to_the_end(self, helm: Detached) -> Outcome:
        """Waits for helm, then for the cluster. Cancelling it leaves helm alone."""
        code = await self._helm(helm)
        try:
            seen = await self._seen(code, ASK_AGAIN)
        except HubtuiError as error:
            return outcomes.not_told(self.deed, code, await self._words(), error.what)
        if not seen.deployed:
            return outcomes.not_deployed(replace(seen, hooks=await self._ends()))
        documents = await self._read(ASK_AGAIN)
        if isinstance(documents, HubtuiError):
            what = f"what revision {self.source} brings cannot be read: {documents.what}"
            return outcomes.deployed(replace(seen, look=Look(error=what)))
        look, in_time = await self._rollouts(self._follow(documents))
        seen = replace(seen, look=look)
        if not in_time and not look.error:
            return outcomes.not_rolled_out(seen)
        address = hub_health.address_of(documents, self.session.namespace, self.session.release)
        if address is None:
            return outcomes.deployed(seen)
        health = await self._health(address, look)
        return outcomes.deployed(seen, health, address.deployment)

    async def aftermath(self, *, begun: bool) -> Outcome:
        """One look at what is there, when nobody watched. Raises UnreachableError, DeniedError."""
        seen = await self._seen(None)
        documents = await self._read()
        if isinstance(documents, HubtuiError):
            look = Look(error=documents.what)
        else:
            look = await self._follow(documents).look()
        hooks = () if seen.deployed else await self._ends()
        return outcomes.left_behind(replace(seen, look=look, hooks=hooks), begun=begun)

    async def _read(self, patience: float = 0) -> tuple[Document, ...] | HubtuiError:
        """The objects that come, or why they cannot be read; read once."""
        if not self._documents or isinstance(self._documents, HubtuiError):
            try:
                payload = await self._patiently(lambda: self._payload(self.source), patience)
                self._documents = (await unhurried(content_steps(payload))).objects
            except (DecodeError, ApiError, UnreachableError) as error:
                self._documents = error
        return self._documents

    async def _payload(self, revision: int) -> Payload:
        head = head_of(await heads_of(self.session), revision)
        return await self.session.releases.payload(head)

    def _follow(self, documents: tuple[Document, ...] | HubtuiError) -> Rollouts:
        known = () if isinstance(documents, HubtuiError) else documents
        return Rollouts(self.session.client, rollouts.targets_of(known, self.session.namespace))

    async def _helm(self, helm: Detached) -> int | None:
        """Shows hooks and workloads while helm is at work; gives its exit status."""
        ending = asyncio.ensure_future(helm.wait())
        follow: Rollouts | None = None
        look = Look()
        phase = Phase.STARTING if self.action == "upgrade" else Phase.APPLYING
        try:
            while not ending.done():
                try:
                    if follow is None:
                        documents = await self._read()
                        found = not isinstance(documents, HubtuiError)
                        follow = self._follow(documents) if found else None
                    look = await follow.look() if follow else Look()
                    phase, note = await self._phase()
                except HubtuiError as error:
                    note = error.what
                self._tell(phase, look, note)
                await asyncio.wait({ending}, timeout=CADENCE)
            return ending.result()
        finally:
            ending.cancel()
            await self._hooks.close()

    async def _phase(self) -> tuple[Phase, str]:
        """Where helm is, from the revision that it writes."""
        try:
            made = await self._payload(self.deed.makes)
        except NotFoundError:
            if self.action == "upgrade":
                return Phase.STARTING, "helm renders the chart"
            return Phase.APPLYING, "helm applies the revision"  # a rollback renders nothing
        except DecodeError:
            return Phase.APPLYING, "helm applies the revision"
        running = await self._hooks.running(made)
        if running is None:
            return Phase.APPLYING, "helm applies the revision"
        event, hook = running
        self._hooks.keep(hook)
        return Phase.HOOKS, f"helm waits for the {event} hook {hook.kind}/{hook.name}"

    async def _ends(self) -> tuple[HookEnd, ...]:
        """The hooks that failed, or that helm left running."""
        try:
            made = await self._payload(self.deed.makes)
            redactor = await self._redactor()
            return () if redactor is None else await self._hooks.ends(made, redactor)
        except HubtuiError:
            return ()

    async def _seen(self, code: int | None, patience: float = 0) -> Seen:
        """What the cluster holds once helm is over. Raises HubtuiError when it does not say."""
        heads = await self._patiently(
            lambda: self.session.releases.refresh(self.session.release), patience
        )
        return Seen(
            release=self.session.release,
            deed=self.deed,
            heads=tuple(heads),
            code=code,
            words=await self._words(),
        )

    async def _words(self) -> str:
        """What helm said, without secrets and control characters."""
        words = await asyncio.to_thread(last_words, Path(self.errors)) if self.errors else ""
        if not words:
            return ""
        redactor = await self._redactor()
        return UNTOLD if redactor is None else redactor.mask_said(safe(words))

    async def _redactor(self) -> Redactor | None:
        """Knows the live Secrets' values, and those that helm was given; None where it cannot be
        known which these are."""
        known = self.secrets
        try:
            redactor = await self.session.redactor()
        except HubtuiError:
            redactor = Redactor()
        if known is None:
            try:
                known = texts((await self._payload(self.deed.makes)).config)
            except HubtuiError:
                return None
        return replace(redactor, live=redactor.live | known)

    async def _rollouts(self, follow: Rollouts) -> tuple[Look, bool]:
        """Waits until the workloads have come; false when they have not in time."""
        limit = duration(self.timeout or self.session.settings.helm_timeout).total_seconds()
        return await following.rollouts(follow, self._tell, limit=limit, stuck_for=STUCK_FOR)

    async def _health(self, address: HubAddress, look: Look) -> Health:
        """Asks the hub until it answers."""
        client = self.session.client
        return await following.health(client, address, look, self._tell, limit=HEALTH_FOR)

    async def _patiently(self, ask: Callable[[], Awaitable[T]], patience: float) -> T:
        """Asks again while the cluster does not answer, fails or wants other credentials."""
        loop = asyncio.get_running_loop()
        limit = loop.time() + patience
        trusted: float | None = None
        while True:
            try:
                return await ask()
            except (UnreachableError, ApiError) as error:
                now = loop.time()
                end = limit if _may_pass(error) else now
                if isinstance(error, DeniedError) and error.status != rollouts.LOG_IN:
                    trusted = trusted or now + TRUSTED_AFTER
                    end = min(limit, trusted)
                if now >= end:
                    raise
                self._tell(Phase.VERIFYING, Look(), f"helm is over; how it ended: {error.what}")
            await asyncio.sleep(CADENCE)

    def _tell(self, phase: Phase, look: Look, note: str) -> None:
        if self.report is not None:
            self.report.progress(Progress(phase, look.steps, note))


def _may_pass(error: UnreachableError | ApiError) -> bool:
    """Whether the same question may be answered later."""
    if isinstance(error, UnreachableError | LimitedError):
        return True
    return error.status == rollouts.LOG_IN or error.status >= _BROKEN
