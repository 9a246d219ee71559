"""What an operator can do: one file per verb. `plan` only reads; `apply` writes.

`services.operations` is the only caller of `apply`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Protocol

from hubtui.clients.detached import Detached
from hubtui.clients.gate import Gate, WriteToken
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import Context
from hubtui.config import Settings
from hubtui.model import values_path
from hubtui.model.plan import Outcome, Plan, Progress
from hubtui.model.redact import Redactor
from hubtui.model.release import Payload, RevisionHead
from hubtui.services.hub_link import HubLink
from hubtui.services.journal import Entry
from hubtui.services.leftovers import Leftovers
from hubtui.services.pods import Pods
from hubtui.services.seats import Seating


class Releases(Protocol):
    """What actions ask about releases."""

    async def refresh(self, release: str) -> list[RevisionHead]:
        """The revisions as the server has them now, newest first."""

    async def payload(self, head: RevisionHead) -> Payload:
        """The decoded revision."""


class ActionSession(Protocol):
    """The part of `services.session.Session` that actions stand on."""

    @property
    def settings(self) -> Settings: ...
    @property
    def context(self) -> Context: ...
    @property
    def namespace(self) -> str: ...
    @property
    def release(self) -> str: ...
    @property
    def gate(self) -> Gate: ...
    @property
    def client(self) -> KubeClient: ...
    @property
    def releases(self) -> Releases: ...
    @property
    def pods(self) -> Pods: ...
    @property
    def operations(self) -> Running: ...
    @property
    def hub_link(self) -> HubLink: ...
    @property
    def seats(self) -> Seating: ...
    @property
    def leftovers(self) -> Leftovers: ...

    async def redactor(self) -> Redactor:
        """Masks what is secret in this namespace."""

    def learn(self, secret_paths: frozenset[values_path.Path]) -> None:
        """Paths of the release's values that are masked from here on."""


class Running(Protocol):
    """What actions ask about operations."""

    def live_here(self, release: str) -> str:
        """Which operation of this machine is at work on a release, in words; empty for none."""

    def left_by(self, release: str, revision: int) -> str:
        """Which operation of this machine began a revision and has ended; empty for none."""

    def that_made(self, release: str, revision: int) -> Entry | None:
        """The operation of this machine that began a revision; None for none."""

    def last(self, action: str) -> Entry | None:
        """The newest operation of an action on this release that was begun on this machine."""

    def begun(self, action: str) -> dict[str, bool]:
        """All of them by their ids, and whether one is under way still."""


class Report(Protocol):
    """Where a running action tells how far it is."""

    operation: str

    @property
    def interrupted(self) -> asyncio.Event:
        """Set when the action is asked to begin nothing more; what is under way goes on."""

    @property
    def lock(self) -> int | None:
        """The descriptor that holds the release's lock, for a process that may outlive us."""

    def words(self) -> Path:
        """The file for what the process says, not there yet. Raises RefusedError."""

    def progress(self, progress: Progress) -> None:
        """Replaces what is known of the progress."""

    async def begin(self) -> None:
        """The next thing is a write: journals it. Raises RefusedError when that is impossible."""

    async def step(self, words: str, done: tuple[str, ...] = ()) -> None:
        """Journals a part that is through, and which targets it did. Raises RefusedError."""

    async def process(self, pid: int, started: int, output: str) -> None:
        """Journals the process that writes, before it runs: pid, start time, file of its words."""


class Action(Protocol):
    """A verb. A module is one."""

    async def plan(self, session: ActionSession, request: Any) -> Plan:
        """Reads what the action would do."""

    async def apply(
        self, session: ActionSession, plan: Plan, token: WriteToken, report: Report
    ) -> Outcome:
        """Does it. Raises ChangedSinceError when what the plan rests on has changed."""

    async def aftermath(self, session: ActionSession, entry: Entry) -> Outcome:
        """How it ended while nobody watched, from what the cluster holds now."""


class ProcessAction(Action, Protocol):
    """A verb whose writes a process of its own makes, which may outlive the hubtui that began it.

    The others leave nothing but what the cluster holds.
    """

    async def resume(
        self, session: ActionSession, entry: Entry, process: Detached, report: Report
    ) -> Outcome:
        """Goes on with what another hubtui began: waits for its process, then verifies."""
