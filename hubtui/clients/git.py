"""The state of a git work tree; git is only asked, and changes nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from hubtui.clients import process
from hubtui.errors import ToolError
from hubtui.model.deployment import Distance, GitState
from hubtui.model.text import one_line

TIMEOUT: Final = 30.0
"""Seconds that one question may take: a work tree may be on a slow disk."""

_CONFIG: Final = ("core.fsmonitor=false", "log.showSignature=false")
"""Both may name or start a program: that of somebody else's repository is not run. What a check of
signatures says would stand before the commit, too."""
_GIT: Final = ("git", *(word for each in _CONFIG for word in ("-c", each)), "--no-pager")
_STATUS: Final = ("status", "--porcelain=v2", "--branch", "-z")
_DETACHED: Final = "(detached)"
_UNFINISHED: Final = (
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
)
"""What lies in the folder of a repository that git is at work on (git's documentation,
"gitrepository-layout" and "gitrevisions")."""
_COMMIT: Final = ("log", "-1", "--format=%H%x00%an%x00%s")


async def state(folder: Path) -> GitState | None:
    """The work tree that holds the folder; None outside of one, or without git.

    Raises ToolError when git refuses to look, as it does in a folder of another user.
    """
    found = await _root(folder)
    if found is None:
        return None
    root, own = found
    status, commit = await asyncio.gather(_ask(root, *_STATUS), _ask(root, *_COMMIT, empty=True))
    named, author, subject = [*commit.split("\0"), "", ""][:3]
    records = status.split("\0")
    heads = dict(_heads(records))
    ahead, behind = _counts(heads.get("branch.ab", ""))
    dirty, conflicts = _changes(records)
    return GitState(
        root=root,
        branch=one_line(heads.get("branch.head", "").removeprefix(_DETACHED)),
        commit=named,
        author=one_line(author),
        subject=one_line(subject),
        dirty=dirty,
        conflicts=conflicts,
        upstream=one_line(heads.get("branch.upstream", "")),
        ahead=ahead,
        behind=behind,
        unfinished=await asyncio.to_thread(_unfinished, Path(own)),
    )


async def holding(folders: Iterable[Path]) -> GitState | None:
    """The one work tree that holds all these folders; None without git, or when there is no such
    one. Raises ToolError as `state` does."""
    roots = {await _root(folder) for folder in dict.fromkeys(folders)}
    only = roots.pop() if len(roots) == 1 else None
    return await state(Path(only[0])) if only is not None else None


def is_here() -> bool:
    """Whether this machine has a git."""
    return shutil.which(_GIT[0]) is not None


async def distance(root: str, commit: str, other: str) -> Distance | None:
    """How far a commit is from another one; None where this clone does not know one of them."""
    between = f"{commit}...{other}"
    try:
        said = await _ask(root, "rev-list", "--left-right", "--count", between, "--", empty=True)
    except ToolError:
        return None
    ahead, _, behind = said.partition("\t")
    return Distance(int(ahead), int(behind)) if behind else None


async def last_commit(root: Path, path: Path) -> str:
    """The commit that last changed something below the path; "" without one. Raises ToolError."""
    return (await _ask(str(root), "log", "-1", "--format=%H", "--", str(path), empty=True)).strip()


async def ends_at(root: Path, commit: str) -> bool:
    """Whether a shallow clone's history ends at the commit: it then seems to have changed every
    file. Raises ToolError."""
    said = await _ask(str(root), "rev-parse", "--path-format=absolute", "--git-path", "shallow")
    path = Path(said.rstrip("\n"))
    known = await asyncio.to_thread(path.read_text) if await asyncio.to_thread(path.is_file) else ""
    return commit in known.split()


async def _root(folder: Path) -> tuple[str, str] | None:
    """The work tree's folder, and the repository's own."""
    asked = ("rev-parse", "--show-toplevel", "--absolute-git-dir")
    argv = [*_GIT, "-C", str(folder), *asked]
    try:
        ended = await process.run(argv, env=_environment(), timeout=TIMEOUT)
    except ToolError:
        return None
    if ended.returncode == 0:
        root, _, own = os.fsdecode(ended.stdout).rstrip("\n").rpartition("\n")
        return (root, own) if root else None
    if "not a git repository" in ended.words:
        return None
    raise _failed(str(folder), ended.words)


def _unfinished(own: Path) -> str:
    return next((what for name, what in _UNFINISHED if (own / name).exists()), "")


async def _ask(root: str, *words: str, empty: bool = False) -> str:
    """git's answer. `empty`: a failure means that there is no commit yet."""
    ended = await process.run([*_GIT, "-C", root, *words], env=_environment(), timeout=TIMEOUT)
    if ended.returncode and not empty:
        raise _failed(root, ended.words)
    return ended.stdout.decode(errors="replace") if not ended.returncode else ""


def _failed(root: str, words: str) -> ToolError:
    return ToolError(
        f"git does not tell the state of {root}: {one_line(words)}",
        remedy=f"Run git status in {root} and do what it says.",
    )


def _environment() -> dict[str, str]:
    """As git's own hooks set GIT_DIR and the like for another repository, none of it is kept."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def _heads(records: Iterable[str]) -> Iterator[tuple[str, str]]:
    for record in records:
        if record.startswith("# "):
            name, _, value = record[2:].partition(" ")
            yield name, value


def _counts(written: str) -> tuple[int | None, int | None]:
    """`+1 -2` as how many commits the branch is ahead and behind."""
    ahead, _, behind = written.partition(" ")
    return (int(ahead), -int(behind)) if behind else (None, None)


def _changes(records: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The changed paths, and those in conflict (git's documentation, "Porcelain Format v2")."""
    dirty: list[str] = []
    conflicts: list[str] = []
    left = iter(records)
    for record in left:
        fields = _FIELDS.get(record[:2])
        if fields is None:
            continue
        path = one_line(record.split(" ", fields)[-1])
        dirty.append(path)
        if record.startswith("u"):
            conflicts.append(path)
        if record.startswith("2"):
            next(left, None)  # the name that it had before
    return tuple(dirty), tuple(conflicts)


_FIELDS: Final = {"1 ": 8, "2 ": 9, "u ": 10, "? ": 1}
"""How many fields stand before the path, by the kind of the record."""
