"""Starts a demo as a process of its own, and ends it with this one.

All that a demo has lies in one folder, for its user only. Who holds the lock on the folder lives;
folders that nobody holds are what killed demos have left, and are removed at the next start.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hubtui.demo import helms
from hubtui.errors import HubtuiError, UsageError

PREFIX: Final = "hubtui-demo-"
KUBECONFIG: Final = "kubeconfig"
LOG: Final = "demo.log"
STATE: Final = "state"
ENDS: Final = 5.0
"""Seconds that a demo has to end before it is killed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What demo is wanted: a scenario, "" or a drill in it, the seed and speed of its story."""

    scenario: str = "calm"
    drill: str = ""
    seed: int = 1
    speed: float = 1.0

    @property
    def story(self) -> str:
        """Its name."""
        return self.drill or self.scenario


class Demo:
    """A demo that starts, runs, and is ended by `close`."""

    def __init__(self, wanted: Wanted) -> None:
        """Starts it, and does not wait for it. Raises HubtuiError."""
        sweep()
        self.wanted = wanted
        self.folder, self._lock = _own_folder()
        try:
            self._begin(wanted)
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            os.close(self._lock)
            raise HubtuiError(f"The demo cannot start: {error.strerror or error}") from error

    def _begin(self, wanted: Wanted) -> None:
        with ExitStack() as started, ExitStack() as undone:
            life, self._life = os.pipe()
            started.callback(os.close, life)
            undone.callback(os.close, self._life)
            told, tell = os.pipe()
            started.callback(os.close, tell)
            self._told = undone.enter_context(os.fdopen(told, "rb"))
            self._process = self._start(wanted, life, tell)
            undone.pop_all()

    def _start(self, wanted: Wanted, life: int, tell: int) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-P", "-m", "hubtui.demo", f"--life={life}", f"--tell={tell}"]
        argv += [f"--scenario={wanted.scenario}", f"--drill={wanted.drill}"]
        argv += [f"--seed={wanted.seed}", f"--speed={wanted.speed}"]
        with (self.folder / LOG).open("wb") as log:
            return subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
                pass_fds=(life, tell, self._lock),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig that leads to it, from its first answer on."""
        return self.folder / KUBECONFIG

    def wait(self) -> str:
        """Waits until it is ready; gives what its pager says. Raises HubtuiError."""
        line = self._told.readline()
        whole = line.endswith(b"\n")
        answer: dict[str, str] = json.loads(line) if whole else {"error": self._last_words()}
        if "usage" in answer:
            raise UsageError(answer["usage"], remedy=answer["remedy"])
        if "error" in answer:
            raise HubtuiError(f"The demo cannot start: {answer['error']}")
        return answer["page"]

    def close(self) -> None:
        """Ends it and waits until nothing of it is left."""
        os.close(self._life)
        self._told.close()
        try:
            self._process.wait(ENDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        helms.end(self.folder / STATE, self.kubeconfig)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    def _last_words(self) -> str:
        try:
            text = (self.folder / LOG).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            text = ""
        return text.rpartition("\n")[2] or "it ended at once"


def _own_folder() -> tuple[Path, int]:
    """A new folder, and the lock on it."""
    try:
        while True:
            folder = Path(tempfile.mkdtemp(prefix=PREFIX))
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)  # somebody swept it before the lock was on it
    except OSError as error:
        raise HubtuiError(
            f"The demo needs a folder for its files, and none can be made: {error.strerror}",
            remedy="Set TMPDIR to a folder that you can write to.",
        ) from error


def running() -> list[Path]:
    """The folders of this user's demos that run."""
    return [folder for folder, lives in _folders() if lives]


def sweep() -> None:
    """Removes what demos have left that were killed."""
    for folder, lives in _folders():
        if not lives:
            shutil.rmtree(folder, ignore_errors=True)


def _folders() -> Iterator[tuple[Path, bool]]:
    try:
        found = sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))
    except OSError:
        return
    for folder in found:
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            if os.fstat(descriptor).st_uid == os.geteuid():
                yield folder, _is_locked(descriptor)
        finally:
            os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
