"""The token for GitHub: from the environment, a file or a command, and never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from hubtui import config
from hubtui.clients.token import Named, read_named
from hubtui.errors import ConfigError

VARIABLE: Final = "HUBTUI_GITHUB_TOKEN"


def named(settings: config.GitHub, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a token can be had: it is not asked for yet."""
    return _sources(settings).found(environ)


async def read(settings: config.GitHub, environ: Mapping[str, str] = os.environ) -> str:
    """The token, from the environment, the file or the command, the first that is named.

    Raises ConfigError where none is named or it is no token, ToolError for a command that fails.
    """
    token = await read_named(_sources(settings), environ)
    if not token:
        raise ConfigError(
            "There is no token for GitHub",
            remedy=f"Set {VARIABLE}, or github.token_file or github.token_command.",
        )
    return token


def _sources(settings: config.GitHub) -> Named:
    file, command = settings.token_file, settings.token_command
    return Named(VARIABLE, "github", file, command, whom="GitHub")
