"""What repo2docker would build from a folder, and from which of its files."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hubtui.clients import repo2docker
from hubtui.errors import UsageError
from hubtui.model.image_plan import FILES, FOLDERS
from hubtui.model.image_plan import ImagePlan as ImagePlan
from hubtui.model.text import one_line


async def planned(folder: Path) -> ImagePlan:
    """The plan for a folder on this machine; nothing is built.

    Raises UsageError where there is no such folder, ToolError where repo2docker is missing or
    cannot tell.
    """
    whole, files = await asyncio.to_thread(_look, folder)
    found = await repo2docker.rendered(whole)
    return ImagePlan(
        folder=one_line(str(whole)),
        dockerfile=found.dockerfile,
        buildpack=found.buildpack,
        version=found.version,
        files=files,
        said=found.said,
    )


def _look(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """The folder's whole path, and the files in it that repo2docker reads."""
    whole = folder.resolve()
    if not whole.is_dir():
        raise UsageError(
            f"{folder} is no folder on this machine",
            remedy="Name the folder that holds environment.yml, requirements.txt or Dockerfile.",
        )
    inner = next((name for name in FOLDERS if (whole / name).is_dir()), "")
    names = [f"{inner}/{name}" if inner else name for name in FILES]
    return whole, tuple(name for name in names if (whole / name).is_file())
