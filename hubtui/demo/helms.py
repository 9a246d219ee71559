"""The helms that write for a demo: they end with it, for their cluster is gone then.

Only what the demo's own journal names: by pid and start time, and with its kubeconfig.
"""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path
from typing import Final

from hubtui.clients.detached import boot_id, runs
from hubtui.errors import HubtuiError
from hubtui.services.journal import Journal, Process

_ENDS: Final = 2.0
"""Seconds that one has to be gone; it is killed, so that they are hardly needed."""


def end(state: Path, kubeconfig: Path) -> None:
    """Ends those that still run. `state` is the demo's state folder; one that cannot be read, or
    is not there any more, names none."""
    try:
        entries = Journal(state).read().entries
    except HubtuiError:
        return
    for entry in entries:
        if entry.process is not None:
            _end(entry.process, kubeconfig)


def _end(process: Process, kubeconfig: Path) -> None:
    try:
        descriptor = os.pidfd_open(process.pid)
    except (OSError, ValueError):
        return
    try:
        # The pid may have been another process's until the look: from here on it is held.
        if _runs(process) and _speaks_to(process.pid, kubeconfig):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            _until_gone(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)


def _runs(process: Process) -> bool:
    return process.boot == boot_id() and runs(process.pid, process.started)


def _speaks_to(pid: int, kubeconfig: Path) -> bool:
    """Whether a process was given a kubeconfig, as an argument or in its environment."""
    given = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
    words = (word.rpartition("=")[2] for word in os.fsdecode(given).split("\0"))
    return any(
        Path(word).resolve() == kubeconfig.resolve()
        for word in words
        if Path(word).name == kubeconfig.name
    )


def _until_gone(descriptor: int) -> None:
    ended = select.poll()
    ended.register(descriptor, select.POLLIN)
    ended.poll(1000 * _ENDS)
