"""One lock for each release, and for what is changed beside it (a node, the servers of a hub), on
this machine, held as long as anything writes to it.

It is a flock on an open file, so it ends with the last process that has it open: a helm that
outlives its hubtui keeps it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

from hubtui.config import private_folder
from hubtui.errors import RefusedError
from hubtui.model.text import one_line


class Lock:
    """The lock of one release, or of something beside it, held."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def release(self) -> None:
        """Lets it go, as far as this process is concerned."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class Locks:
    """The locks of this user on this machine, in the state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "locks"

    def take(self, server: str, namespace: str, name: str, holder: str) -> Lock:
        """Takes the lock of a release, or of what the name says where the namespace is empty, and
        writes down who holds it. Raises RefusedError."""
        what = f"release {name}" if namespace else name
        try:
            private_folder(self._folder)
            path = self._path(server, namespace, name)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise RefusedError(
                f"The lock of {what} cannot be made in {self._folder}: {error.strerror or error}",
                meaning="Nothing was changed.",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, holder.encode())
        except BlockingIOError:
            os.close(descriptor)
            raise RefusedError(
                f"Another operation is at work on {what}: {_words(path)}",
                meaning="Nothing was changed.",
                remedy="Wait for its end; the journal says how it went.",
            ) from None
        except OSError as error:
            os.close(descriptor)
            raise RefusedError(
                f"The lock of {what} cannot be written: {error.strerror or error}",
                meaning="Nothing was changed.",
            ) from error
        return Lock(descriptor)

    def holder(self, server: str, namespace: str, release: str) -> str:
        """Who holds the lock of a release; empty when nobody on this machine does."""
        path = self._path(server, namespace, release)
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            return ""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _words(path)
        finally:
            os.close(descriptor)
        return ""

    def _path(self, server: str, namespace: str, name: str) -> Path:
        file = hashlib.sha256("\0".join((server, namespace, name)).encode()).hexdigest()[:24]
        return self._folder / f"{file}.lock"


def _words(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return one_line(text[:500]) or "it does not say which"
