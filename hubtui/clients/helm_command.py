"""pyhelm3's Command with our process runner. Imported late: pyhelm3 costs 0.2 s."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pyhelm3 import command, errors  # type: ignore[import-untyped]

from hubtui.clients import process
from hubtui.clients.gate import Gate, WriteToken

_CLASSES: tuple[tuple[str, type[errors.Error]], ...] = (
    ("context canceled", errors.CommandCancelledError),
    ("etcdserver", errors.ConnectionError),
    ("release: not found", errors.ReleaseNotFoundError),
    ("execution error", errors.FailedToRenderChartError),
    ("that already exists", errors.ResourceAlreadyExistsError),
    ("is invalid", errors.InvalidResourceError),
    ("connect: network is unreachable", errors.ConnectionError),
    ("connection refused", errors.ConnectionError),
    ("i/o timeout", errors.ConnectionError),
)


class ExecCommand(command.Command):  # type: ignore[misc]
    """Runs helm without a shell, in an environment of its own; every argv asks the gate."""

    def __init__(
        self,
        binary: Path,
        gate: Gate,
        env: Mapping[str, str],
        token: WriteToken | None = None,
        timeout: float = 60,
    ) -> None:
        super().__init__(executable=str(binary))
        self._argv0 = str(binary)
        self._gate = gate
        self._env = env
        self._token = token
        self._timeout = timeout

    async def run(self, command: list[str], input: bytes | None = None) -> bytes:  # noqa: A002
        """helm's stdout. Raises pyhelm3's Error, ToolError, ReadOnlyError."""
        argv = [str(part) for part in command]
        self._gate.check_helm(argv, self._token)
        finished = await process.run(
            [self._argv0, *argv], stdin=input, env=self._env, timeout=self._timeout
        )
        if finished.returncode:
            raise failure(finished.returncode, finished.stdout, finished.stderr)
        return finished.stdout


def failure(returncode: int, stdout: bytes, stderr: bytes) -> errors.Error:
    """pyhelm3's error for what helm said."""
    said = stderr.decode(errors="replace").lower()
    kind = next((found for words, found in _CLASSES if words in said), errors.Error)
    return kind(returncode, stdout, stderr)
