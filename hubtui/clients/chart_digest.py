"""What tells one state of a chart on the disk from all others."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from hubtui.errors import ToolError

_LEFT_OUT: Final = frozenset({".git"})


def digest(path: Path) -> bytes:
    """SHA-256 over an archive, or over all files of a folder with their names.

    Raises ToolError when it is not there or cannot be read.
    """
    try:
        if not path.is_dir():
            return hashlib.sha256(path.read_bytes()).digest()
        whole = hashlib.sha256()
        for file in sorted(_files(path)):
            content = hashlib.sha256(file.read_bytes()).digest()
            whole.update(str(file.relative_to(path)).encode() + b"\0" + content)
        return whole.digest()
    except OSError as error:
        raise ToolError(
            f"The chart {path} cannot be read: {error.strerror or error}",
            remedy="Name a chart's folder or archive.",
        ) from error


def _files(path: Path) -> list[Path]:
    found = []
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        found += [file for name in names if (file := Path(folder) / name).is_file()]
    return found
