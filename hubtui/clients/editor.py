"""$EDITOR: the one program that gets hubtui's terminal, on a file that is gone afterwards."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hubtui.errors import ToolError
from hubtui.model.text import one_line

_IN_MEMORY: Final = "/dev/shm"  # noqa: S108 — a folder of our own is made in it


def command(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The user's editor with its options: VISUAL, else EDITOR. Raises ToolError without one."""
    for name in ("VISUAL", "EDITOR"):
        try:
            argv = shlex.split(environ.get(name, ""))
        except ValueError as error:
            raise ToolError(f"{name} cannot be understood: {error}") from None
        if argv:
            return argv
    raise ToolError(
        "No editor is set", remedy="Set VISUAL or EDITOR, for example EDITOR=vi, and start anew."
    )


async def edit(argv: Sequence[str], text: str, name: str) -> str:
    """The text as the user leaves it; `name` is the file's, whose ending tells the editor what it
    is.

    The file lies in a folder that only the user may enter, in memory where there is such a place,
    and is removed with all that the editor put beside it. Raises ToolError when the editor cannot
    be started or does not end with 0, and when what it left cannot be read.
    """
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="hubtui-", dir=_place()))
    file = folder / name
    try:
        await asyncio.to_thread(_write, file, text)
        await _run([*argv, str(file)])
        return await asyncio.to_thread(file.read_text, "utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ToolError(f"What {argv[0]} left cannot be read: {why}") from None
    finally:
        # Not awaited: a cancelled edit leaves nothing behind either.
        shutil.rmtree(folder, ignore_errors=True)


def _place(environ: Mapping[str, str] = os.environ) -> str | None:
    """A folder in memory; None for the usual one of temporary files."""
    for place in (environ.get("XDG_RUNTIME_DIR", ""), _IN_MEMORY):
        if place and os.access(place, os.W_OK | os.X_OK):
            return place
    return None


def _write(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)


async def _run(argv: Sequence[str]) -> None:
    with _not_interrupted():
        try:
            process = await asyncio.create_subprocess_exec(*argv)
        except OSError as error:
            raise ToolError(
                f"{one_line(argv[0])} cannot be started: {error.strerror}",
                remedy="VISUAL or EDITOR names it.",
            ) from None
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
    if code:
        raise ToolError(f"{one_line(argv[0])} ended with {code}", meaning="Nothing is taken over.")


@contextmanager
def _not_interrupted() -> Iterator[None]:
    """The terminal sends ctrl+c to hubtui too: it is meant for the editor."""
    # A handler of Python's, as an ignored signal would be ignored by the editor as well.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
