"""Writes what is on the screen into a new file that only its owner can read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from hubtui.errors import HubtuiError
from hubtui.model.text import one_line


def save(name: str, lines: Iterable[str]) -> Path:
    """Writes the lines to a new file, mode 0600, and gives its whole path.

    Raises HubtuiError: a file that exists is left alone.
    """
    shown = one_line(name)
    if not name.strip():
        raise HubtuiError("No name was given", meaning="Nothing was saved.")
    try:
        path = Path(name.strip()).expanduser().absolute()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", newline="") as file:
            file.writelines(f"{line}\n" for line in lines)
    except FileExistsError:
        raise HubtuiError(
            f"{shown} exists already", meaning="Nothing was saved.", remedy="Choose another name."
        ) from None
    except (OSError, RuntimeError, ValueError) as error:
        why = one_line(str(getattr(error, "strerror", None) or error))
        raise HubtuiError(f"{shown} cannot be written: {why}") from None
    return path
