"""The token for GitHub: from the environment, a file or a command, and never shown."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hubtui import config
from hubtui.clients import process
from hubtui.errors import ConfigError, ToolError

VARIABLE: Final = "HUBTUI_GITHUB_TOKEN"

TIMEOUT: Final = 20.0
"""Seconds that the command may take."""

_TOKEN: Final = re.compile(r"[!-~]+")


def named(settings: config.GitHub, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a token can be had: it is not asked for yet."""
    return bool(environ.get(VARIABLE) or settings.token_file or settings.token_command)


async def read(settings: config.GitHub, environ: Mapping[str, str] = os.environ) -> str:
    """The token, from the environment, the file or the command, the first that is named.

    Raises ConfigError where none is named or it is no token, ToolError for a command that fails.
    """
    if environ.get(VARIABLE):
        return _checked(environ[VARIABLE], VARIABLE)
    if settings.token_file:
        return _checked(_content(settings.token_file), settings.token_file)
    if settings.token_command:
        return _checked(await _printed(settings.token_command), "github.token_command")
    raise ConfigError(
        "There is no token for GitHub",
        remedy=f"Set {VARIABLE}, or github.token_file or github.token_command.",
    )


def _content(file: str) -> str:
    path = Path(file).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(f"github.token_file {path} cannot be read: {why}") from None


async def _printed(command: str) -> str:
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise ConfigError(f"github.token_command cannot be read: {error}") from None
    if not argv:
        raise ConfigError("github.token_command is blank")
    ended = await process.run(argv, timeout=TIMEOUT)
    if ended.returncode != 0:
        raise ToolError(
            f"github.token_command ended with {ended.returncode}",
            output=ended.words,
            meaning="Without a token GitHub is not asked.",
            remedy=f"Run it in a terminal to see why: {argv[0]} …",
        )
    return ended.stdout.decode(errors="replace")


def _checked(text: str, source: str) -> str:
    """The token in a text, which no error shows."""
    found = text.strip()
    if not _TOKEN.fullmatch(found):
        what = "holds no token" if not found else "holds more than a token"
        raise ConfigError(f"{source} {what}", remedy="It has to be the token alone, on one line.")
    return found
