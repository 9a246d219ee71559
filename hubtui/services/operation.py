"""One action that runs, and where it tells how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from hubtui.clients.detached import boot_id
from hubtui.config import private_folder
from hubtui.errors import RefusedError
from hubtui.model.plan import Outcome, Phase, Plan, Progress
from hubtui.model.text import one_line
from hubtui.services import journal
from hubtui.services.journal import Journal, Line, Process, Said
from hubtui.services.locks import Lock


class Operation:
    """One action that runs. Reading it never waits; nothing that is drawn can cancel it.

    `version` counts the changes of `progress` and `outcome`; `changed` waits for the next one.
    """

    def __init__(self, id_: str, plan: Plan) -> None:
        self.id = id_
        self.plan = plan
        self.began = journal.now()
        self.progress = Progress()
        self.outcome: Outcome | None = None
        self.said: tuple[Said, ...] = ()
        self.interrupted = asyncio.Event()
        self.version = 0
        self._changed = asyncio.Event()

    @property
    def done(self) -> bool:
        """Whether it is over."""
        return self.outcome is not None

    @property
    def may_be_interrupted(self) -> bool:
        """Whether it can be asked to end between two targets, and was not yet."""
        return self.plan.interruptible and not self.done and not self.interrupted.is_set()

    def interrupt(self) -> None:
        """Asks it to end between two targets: what is under way is followed to its end."""
        if self.may_be_interrupted:
            self.interrupted.set()
            self._tell()

    async def changed(self, since: int) -> int:
        """Waits until `version` is another than `since`; gives it."""
        while self.version == since:
            await self._changed.wait()
        return self.version

    async def wait(self) -> Outcome:
        """Waits for the end. Cancelling this does not cancel the operation."""
        while self.outcome is None:
            await self.changed(self.version)
        return self.outcome

    def advance(self, progress: Progress) -> None:
        """Replaces what is known of its progress; only the runner calls this."""
        if progress != self.progress:
            self.progress = progress
            self._tell()

    def say(self, said: Said) -> None:
        """A part is through; only the runner calls this."""
        self.said = (*self.said, said)
        self._tell()

    def end(self, outcome: Outcome) -> None:
        """Says how it ended; only the runner calls this."""
        self.progress = Progress(Phase.OVER, outcome.steps or self.progress.steps)
        self.outcome = outcome
        self._tell()

    def _tell(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()


class Reporter:
    """What a running action is given: it journals before each write and shows the progress."""

    def __init__(
        self,
        operation: Operation,
        record: Journal,
        first: Callable[[], Line] | None = None,
        lock: Lock | None = None,
    ) -> None:
        self.operation = operation.id
        self.begun = asyncio.Event()
        self._operation = operation
        self._journal = record
        self._first = first
        self._lock = lock

    @property
    def interrupted(self) -> asyncio.Event:
        """Set when the action is asked to begin nothing more."""
        return self._operation.interrupted

    @property
    def lock(self) -> int | None:
        """The descriptor that holds the release's lock, for a process that may outlive us."""
        return self._lock.descriptor if self._lock else None

    def words(self) -> Path:
        """The file for what the process says, not there yet. Raises RefusedError."""
        path = self._journal.words_of(self.operation)
        try:
            private_folder(path.parent)
        except OSError as error:
            raise RefusedError(
                f"{path.parent} cannot be made: {error.strerror or error}",
                meaning="Nothing was written.",
            ) from error
        return path

    def progress(self, progress: Progress) -> None:
        """Replaces what is known of the progress."""
        self._operation.advance(progress)

    async def begin(self) -> None:
        """The next thing is a write: journals it. Raises RefusedError when that is impossible."""
        if self._first is not None:
            await self._journal.append(self._first())
        self.begun.set()

    async def step(self, words: str, done: tuple[str, ...] = ()) -> None:
        """Journals a part that is through, and which targets it did. Raises RefusedError."""
        said = Said(journal.now(), one_line(words))
        line = Line(id=self.operation, event="step", at=said.at, words=said.words, done=done)
        await self._journal.append(line)
        self._operation.say(said)

    async def process(self, pid: int, started: int, output: str) -> None:
        """Journals the process that writes, before it runs. Raises RefusedError."""
        process = Process(pid, started, boot_id(), output)
        line = Line(id=self.operation, event="process", at=journal.now(), process=process)
        await self._journal.append(line)
