"""Runbooks: hubtui's own for each incident, and the operator's from a folder of Markdown.

A file of the operator's is for an incident when it is named after it (`pending-release.md`, in
whatever folder), when its front matter says so (`hubtui: pending-release`, or a list), or when its
first heading names it. Theirs is shown first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from hubtui.model.problem import Incident
from hubtui.model.text import one_line, safe
from hubtui.model.yaml_text import YamlError, load

HEAD: Final = 4096
"""Bytes of a file in which its front matter and its first heading are looked for."""

LONGEST: Final = 256 * 1024
"""Bytes of a runbook that are shown."""

FILES_MOST: Final = 5000
"""Markdown files of a folder that are looked at."""

_SKIPPED: Final = frozenset({"_build", "node_modules", "__pycache__"})
_FRONT: Final = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
_HEADING: Final = re.compile(r"^#{1,6}\s+(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Book:
    """One runbook: `text` is Markdown without front matter, made harmless; `path` is below the
    operator's folder, empty for hubtui's own."""

    text: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The runbooks of one incident, the operator's first; `note` says what could not be read."""

    books: tuple[Book, ...]
    note: str = ""


def shelf_of(incident: Incident, folder: str) -> Shelf:
    """All there is on an incident; `folder` is the setting, empty for none. Takes its time."""
    shipped = resources.files("hubtui.services.problems") / "runbooks" / f"{incident}.md"
    book = Book(_body(shipped.read_text(encoding="utf-8")))
    if not folder:
        return Shelf((book,))
    own: list[Book] = []
    notes: list[str] = []
    try:
        root = Path(folder).expanduser()
    except RuntimeError:
        return Shelf((book,), _note(Path(folder), ["no home folder of that user is known"]))
    for path in _files(root, notes):
        try:
            found = _own(root, path, incident)
        except OSError as error:
            notes.append(f"{path.name}: {error.strerror}")
            continue
        if found is not None:
            own.append(found)
    return Shelf((*own, book), _note(root, notes))


def _note(root: Path, notes: list[str]) -> str:
    if not notes:
        return ""
    more = f" and {len(notes) - 1} more" if len(notes) > 1 else ""
    return one_line(
        f"Of your own runbooks in {root} (the setting runbooks) not all can be read: "
        f"{notes[0]}{more}."
    )


def _files(root: Path, notes: list[str]) -> Iterator[Path]:
    """The Markdown files below a folder, in their order; what cannot be read is noted."""

    def note(error: OSError) -> None:
        notes.append(f"{error.filename}: {error.strerror}")

    count = 0
    for where, folders, names in os.walk(root, onerror=note):
        folders[:] = sorted(n for n in folders if n not in _SKIPPED and not n.startswith("."))
        for name in sorted(names):
            if name.lower().endswith((".md", ".markdown")):
                count += 1
                if count > FILES_MOST:
                    notes.append(f"there are more than {FILES_MOST:,} files")
                    return
                yield Path(where) / name


def _own(root: Path, path: Path, incident: Incident) -> Book | None:
    with path.open("rb") as file:
        head = file.read(HEAD)
        if not _is_for(path, head.decode(errors="replace"), incident):
            return None
        text = (head + file.read(LONGEST - len(head))).decode(errors="replace")
    return Book(_body(text), one_line(str(path.relative_to(root))))


def _is_for(path: Path, head: str, incident: Incident) -> bool:
    if path.stem.lower() == incident:
        return True
    head = head.replace("\r\n", "\n")
    front = _FRONT.match(head)
    if front is not None and incident in _named(front[1]):
        return True
    heading = _HEADING.search(head[front.end() :] if front else head)
    words = re.findall(r"[\w-]+", heading[1].lower()) if heading else []
    # The names that are plain words are taken only alone: `# Core nodes` is about much else.
    return incident in words and ("-" in incident or len(words) == 1)


def _named(front: str) -> Iterable[str]:
    try:
        values: Any = load(front)
    except YamlError:
        return ()
    named = values.get("hubtui") if isinstance(values, dict) else None
    return [str(each) for each in named] if isinstance(named, list) else [str(named or "")]


def _body(text: str) -> str:
    return safe(_FRONT.sub("", text.replace("\r\n", "\n"), count=1)).strip() + "\n"
