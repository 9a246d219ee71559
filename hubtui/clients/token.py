"""A token that the operator names: by the environment, a file or a command, and never shown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hubtui.clients import process
from hubtui.errors import ConfigError, ToolError

TIMEOUT: Final = 20.0
"""Seconds that a command may take."""

_TOKEN: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Named:
    """Where a token may come from: the environment's `variable`, then `file`, then `command`.

    `section` is where the two stand in the configuration, `prefix` what their names begin with
    there, and `whom` is not asked without a token.
    """

    variable: str
    section: str
    file: str = ""
    command: str = ""
    whom: str = "the hub"
    prefix: str = ""

    def setting(self, name: str) -> str:
        """`hub.token_file`."""
        return f"{self.section}.{self.prefix}{name}"

    def found(self, environ: Mapping[str, str]) -> bool:
        """Whether a token can be had: it is not asked for yet."""
        return bool(self.source(environ))

    def source(self, environ: Mapping[str, str]) -> str:
        """Where it comes from, in words; "" where none is named."""
        if environ.get(self.variable):
            return self.variable
        return self.file or (self.setting("token_command") if self.command else "")


async def read_named(named: Named, environ: Mapping[str, str]) -> str:
    """The token of the first source that is named; "" where none is.

    Raises ConfigError where it is no token, ToolError for a command that fails.
    """
    if environ.get(named.variable):
        text = environ[named.variable]
    elif named.file:
        text = _content(named)
    elif named.command:
        text = await _printed(named)
    else:
        return ""
    return checked(text, named.source(environ))


def _content(named: Named) -> str:
    path = Path(named.file).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(f"{named.setting('token_file')} {path} cannot be read: {why}") from None


async def _printed(named: Named) -> str:
    setting = named.setting("token_command")
    try:
        argv = shlex.split(named.command)
    except ValueError as error:
        raise ConfigError(f"{setting} cannot be read: {error}") from None
    if not argv:
        raise ConfigError(f"{setting} is blank")
    ended = await process.run(argv, timeout=TIMEOUT)
    if ended.returncode != 0:
        raise ToolError(
            f"{setting} ended with {ended.returncode}",
            output=ended.words,
            meaning=f"Without a token {named.whom} is not asked.",
            remedy=f"Run it in a terminal to see why: {argv[0]} …",
        )
    return ended.stdout.decode(errors="replace")


def checked(text: str, source: str) -> str:
    """The token in a text, which no error shows. Raises ConfigError where it is none."""
    found = text.strip()
    if not _TOKEN.fullmatch(found):
        what = "holds no token" if not found else "holds more than a token"
        raise ConfigError(f"{source} {what}", remedy="It has to be the token alone, on one line.")
    return found
