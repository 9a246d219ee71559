"""repo2docker, asked what it would build: it prints a Dockerfile, and needs no Docker for that.

Found in hubtui's own environment (the extra `hubtui[images]`), else on PATH.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from hubtui.clients import process
from hubtui.errors import ToolError
from hubtui.model.text import one_line, safe, safe_json

PROGRAM: Final = "jupyter-repo2docker"
TIMEOUT: Final = 60.0
"""Seconds; for R it asks a package server which snapshot there is."""

_AS_DEPLOYED: Final = ("--user-id", "1000", "--user-name", "jovyan")
"""Not who runs hubtui: the user of z2jh's servers (its singleuser.uid)."""

_PASSED_ON: Final = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
)  # fmt: skip

_WHICH: Final = """
import os, sys
sys.path[:] = [each for each in sys.path if each]  # what lies in the folder is not imported
from repo2docker import __version__
from repo2docker.app import Repo2Docker
app = Repo2Docker()
os.chdir(sys.argv[1])
packs = (kind(base_image=app.base_image) for kind in app.buildpacks)
found = next((pack for pack in packs if pack.detect()), None)
print(__version__, type(found).__name__ if found else app.default_buildpack.__name__)
"""
"""With --no-build its command does not say which buildpack it takes."""


class _Message(msgspec.Struct, frozen=True):
    message: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What it printed: the Dockerfile, and its own words; `buildpack` and `version` are "" where
    they could not be found out."""

    dockerfile: str
    said: tuple[str, ...]
    buildpack: str
    version: str


@dataclass(frozen=True, slots=True)
class Program:
    """`argv` starts it; `python` is the interpreter that has it, "" where that is unknown."""

    argv: tuple[str, ...]
    python: str


def find() -> Program:
    """Where repo2docker is. Raises ToolError with the command that mends it."""
    if importlib.util.find_spec("repo2docker") is not None:
        return Program((sys.executable, "-m", "repo2docker"), sys.executable)
    found = shutil.which(PROGRAM)
    if found is None:
        raise ToolError(
            "repo2docker is not installed",
            meaning="What it would build cannot be told.",
            remedy="Install it: pip install 'hubtui[images]', or put jupyter-repo2docker on PATH.",
        )
    return Program((found,), _interpreter(Path(found)))


def _interpreter(script: Path) -> str:
    """The Python of an installed command, from its first line."""
    try:
        with script.open("rb") as file:
            first = file.readline(512).decode(errors="replace").strip()
    except OSError:
        return ""
    python = first.removeprefix("#!")
    return python if first.startswith("#!/") and "python" in python and " " not in python else ""


async def rendered(folder: Path) -> Rendered:
    """What it would build from a folder on this machine. Raises ToolError with its own words."""
    program = find()
    argv = [*program.argv, "--no-build", "--debug", "--json-logs", *_AS_DEPLOYED, str(folder)]
    # It runs a repo2docker_config.py of the folder it is started in: this one has none.
    with tempfile.TemporaryDirectory(prefix="hubtui-") as empty:
        ended, (version, buildpack) = await asyncio.gather(
            _run(argv, empty), _which(program.python, folder, empty)
        )
    said = _said(ended.stderr.splitlines())
    if ended.returncode != 0:
        why = next((each for each in reversed(said) if each), one_line(ended.words[-400:]))
        raise ToolError(
            f"repo2docker cannot tell what to build: {why.removeprefix('Error during build: ')}",
            output=ended.words,
        )
    dockerfile = safe(ended.stdout.decode(errors="replace")).strip("\n")
    return Rendered(dockerfile, tuple(filter(_worth_telling, said)), buildpack, version)


async def _run(argv: list[str], cwd: str) -> process.Finished:
    env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return await process.run(argv, env=env, cwd=cwd, timeout=TIMEOUT)


async def _which(python: str, folder: Path, cwd: str) -> tuple[str, str]:
    """Version and buildpack, as far as they can be found out."""
    if not python:
        return "", ""
    ended = await _run([python, "-c", _WHICH, str(folder)], cwd)
    words = ended.stdout.decode(errors="replace").split()
    return (one_line(words[0]), one_line(words[1])) if len(words) == 2 else ("", "")


def _said(lines: Iterable[bytes]) -> list[str]:
    """Its messages, each on one line, without the tracebacks beside them."""
    found = []
    for line in lines:
        try:
            message = msgspec.json.decode(safe_json(line), type=_Message).message
        except msgspec.MsgspecError:
            continue
        found.append(one_line(message))
    return found


def _worth_telling(words: str) -> bool:
    return bool(words) and not words.startswith(("Picked ", "Using local repo "))
