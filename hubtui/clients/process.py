"""The one seam through which hubtui starts other programs."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hubtui.errors import ToolError


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended."""

    returncode: int
    stdout: bytes
    stderr: bytes

    @property
    def words(self) -> str:
        """What it said on stderr."""
        return self.stderr.decode(errors="replace").strip()


async def run(
    argv: Sequence[str],
    *,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    timeout: float = 60,
) -> Finished:
    """Runs a program to its end without a terminal: it can neither prompt nor draw.

    Its session is its own, so that it finds no controlling terminal; without `stdin` it reads
    end-of-file. On timeout or cancellation its process group is ended. Raises ToolError when it
    cannot be started or takes longer than `timeout` seconds.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError(f"{argv[0]} cannot be started: {error.strerror or error}") from error
    try:
        async with asyncio.timeout(timeout):
            stdout, stderr = await process.communicate(stdin)
    except TimeoutError:
        await _end(process)
        raise ToolError(f"{argv[0]} did not end within {timeout:g} s") from None
    except asyncio.CancelledError:
        await _end(process)
        raise
    return Finished(process.returncode or 0, stdout, stderr)


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    await process.wait()
