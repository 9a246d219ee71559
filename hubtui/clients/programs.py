"""Where a program is that is on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from hubtui.errors import ToolError


def on_machine(name: str, configured: str) -> Path | None:
    """The program that the setting of this name names, else the one on PATH; None without any.

    Raises ToolError for a setting that names no program.
    """
    if not configured:
        found = shutil.which(name)
        return Path(found) if found else None
    found = shutil.which(str(Path(configured).expanduser()))
    if found is None:
        raise ToolError(
            f"{name} = {configured!r} names no program",
            remedy=f"Mend HUBTUI_{name.upper()} or `{name}`.",
        )
    return Path(found)
