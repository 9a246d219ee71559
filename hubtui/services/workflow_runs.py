"""The latest runs of the workflow that deploys the hub, and the revisions that they made.

Nothing is asked where the configuration names no repository or no token can be had, nor in the
demo, whose revisions no workflow made.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from hubtui.clients import github_token
from hubtui.clients.gate import Gate
from hubtui.clients.github import GitHub
from hubtui.clients.http import Http
from hubtui.config import Settings
from hubtui.errors import DeniedError, HubtuiError, LimitedError
from hubtui.model.workflow import Deployed, Made, WorkflowRun, joined
from hubtui.services.releases import Releases

log = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=1)
"""Between two looks at GitHub; an answer that has not changed costs nothing of its rate limit."""

UNDER_WAY: Final = timedelta(seconds=15)
"""The same while a run is under way."""

AFTER_ERROR: Final = timedelta(minutes=5)
"""The same after an error: most need somebody to mend something."""

REVISIONS: Final = 20
"""Revisions that are compared with the runs, the newest ones."""


class WorkflowRuns:
    """The runs of one repository's workflow. `version` counts the changes of what is known."""

    def __init__(self, settings: Settings, gate: Gate, releases: Releases, release: str) -> None:
        self._settings = settings.github
        self._http = Http(gate)
        self._releases = releases
        self._release = release
        self._client: GitHub | None = None
        self._due: datetime | None = None
        self._work: asyncio.Task[None] | None = None
        self.configured = (
            settings.demo is None
            and bool(settings.github.repository and settings.github.workflow)
            and github_token.named(settings.github)
        )
        self.runs: tuple[WorkflowRun, ...] = ()
        self.error: HubtuiError | None = None
        self.asked: datetime | None = None
        """When GitHub answered last; None before the first time."""
        self.version = 0

    @property
    def repository(self) -> str:
        """OWNER/NAME."""
        return self._settings.repository

    @property
    def workflow(self) -> str:
        """The workflow's file."""
        return self._settings.workflow

    def look(self, now: datetime) -> None:
        """One beat: asks GitHub when that is due, and waits for nothing."""
        idle = self._work is None or self._work.done()
        if self.configured and idle and (self._due is None or now >= self._due):
            self._work = asyncio.create_task(self.read(now), name="workflow runs")

    async def read(self, now: datetime) -> None:
        """Asks GitHub, if that is due; what went wrong is `error`, and older runs stay."""
        if not self.configured or (self._due is not None and now < self._due):
            return
        before = self.runs, self.error
        try:
            self.runs = await self._ask()
            self.error, self.asked = None, now
            under_way = any(not run.over for run in self.runs)
            self._due = now + (UNDER_WAY if under_way else EVERY)
        except HubtuiError as error:
            log.info("workflow runs: %s", error.what)
            self.error = error
            self._due = now + _pause(error)
            if isinstance(error, DeniedError):
                self._client = None  # a token that a command prints may be a new one next time
        if (self.runs, self.error) != before or self.version == 0:
            self.version += 1

    async def _ask(self) -> tuple[WorkflowRun, ...]:
        if self._client is None:
            token = await github_token.read(self._settings)
            self._client = GitHub(self._http, self._settings, token)
        return await self._client.runs()

    def made(self, now: datetime) -> Mapping[int, Made]:
        """Which revision each run made, by the run's id, as far as the payloads are in."""
        heads = self._releases.heads(self._release)[:REVISIONS]
        revisions = []
        for head in heads:
            summary = self._releases.known(head)
            if summary is not None:
                revisions.append(Deployed(head.revision, head.created, summary.description))
        return joined(self.runs, revisions, now)

    async def close(self) -> None:
        """Ends the asking and the connections."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        await self._http.close()


def latest(runs: Sequence[WorkflowRun]) -> WorkflowRun | None:
    """The newest run that can have deployed; a run for a pull request only plans."""
    return next((run for run in runs if run.may_deploy), None)


def _pause(error: HubtuiError) -> timedelta:
    if isinstance(error, LimitedError) and error.wait is not None:
        return max(AFTER_ERROR, timedelta(seconds=min(error.wait, _LONGEST)))
    return AFTER_ERROR


_LONGEST: Final = 3600.0
"""Seconds: GitHub's hourly limit is over by then."""
