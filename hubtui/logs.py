"""The log: one rotating file in the state folder, for this user only, without secrets.

Nothing is ever logged to the terminal: it belongs to the screen or to the answer.
"""

from __future__ import annotations

import logging
import os
import re
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, Final

from hubtui.model.redact_text import MASK, mask_text

FILE: Final = "hubtui.log"
MAX_BYTES: Final = 1_000_000
KEPT: Final = 2
"""Older files that are kept beside the present one."""

_AUTHORIZATION = re.compile(r"(?i)\b(bearer|basic|token)(\s+|%20)[^\s'\",;]+")


def start(folder: Path) -> Path | None:
    """Logs to a file in the folder from here on; None where that cannot be written.

    A log that cannot be kept never stops the program.
    """
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _PrivateFile)]:
        root.removeHandler(handler)
        handler.close()
    logging.raiseExceptions = False
    path = folder / FILE
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = _PrivateFile(path)
    except OSError:
        root.addHandler(logging.NullHandler())
        return None
    handler.setFormatter(Redacting("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("hubtui").setLevel(logging.INFO)
    return path


class Redacting(logging.Formatter):
    """Takes secrets out of the whole record, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def redact(text: str) -> str:
    """The text without tokens, passwords and the values of what is named like a secret."""
    return mask_text(_AUTHORIZATION.sub(rf"\1 {MASK}", text))


class _PrivateFile(RotatingFileHandler):
    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8")

    def _open(self) -> IO[str]:  # type: ignore[override]
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self.baseFilename, flags, 0o600)
        os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")
