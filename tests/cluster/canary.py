"""Canaries: values that must be seen nowhere but where they belong, and what looks for them.

A canary is found as it is, and in base64 wherever it begins there; what is packed by gzip or base64
is looked into, as Helm packs a release. Its odd characters stand between two plain parts, so that
no way to escape them hides it.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import secrets
import stat
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ODD: Final = "\"'<>&\\:é\n"
"""What JSON, YAML, Go and a shell write in another way."""

_WORD: Final = re.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}")
_GZIP: Final = b"\x1f\x8b\x08"
_ZLIB: Final = b"\x78"
_DEPTH: Final = 4
_LARGEST: Final = 1 << 26


@dataclass(frozen=True)
class Canary:
    """A secret of two parts, each long enough to be known alone. `odd` stands between them."""

    first: str = field(default_factory=lambda: f"kanarie{secrets.token_hex(4)}")
    second: str = field(default_factory=lambda: f"zeisig{secrets.token_hex(4)}")
    odd: str = ODD

    @property
    def value(self) -> str:
        """The secret."""
        return f"{self.first}{self.odd}{self.second}"


class Search:
    """Looks for canaries."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        parts = [part.encode() for each in canaries for part in (each.first, each.second)]
        self._forms = {form: part for part in parts for form in (part, *_in_base64(part))}

    def seen(self, data: bytes) -> set[str]:
        """Which parts of canaries the bytes hold, in whatever form."""
        return {
            part.decode()
            for layer in layers(data)
            for form, part in self._forms.items()
            if form in layer
        }

    def seen_in(self, text: str) -> set[str]:
        """The same of a text."""
        return self.seen(text.encode(errors="replace"))

    def below(self, *folders: Path) -> dict[str, set[str]]:
        """The files that hold any, by their paths."""
        found = {
            str(path): self.seen(path.read_bytes())
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file()
        }
        return {path: seen for path, seen in found.items() if seen}


def _in_base64(part: bytes) -> Iterator[bytes]:
    """What a part becomes in base64, wherever in its text it begins, without its edges."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + part)
        yield whole[(0, 2, 3)[before] : len(part + b"\0" * before) * 8 // 6]


def layers(data: bytes, depth: int = _DEPTH) -> Iterator[bytes]:
    """The bytes, and what is packed in them."""
    yield data
    if not depth:
        return
    if data[:1] == _ZLIB:  # an object of git
        with contextlib.suppress(zlib.error):
            yield from layers(zlib.decompress(data), depth - 1)
    for place in re.finditer(re.escape(_GZIP), data):
        try:
            unpacked = zlib.decompressobj(wbits=31).decompress(data[place.start() :], _LARGEST)
        except zlib.error:
            continue
        yield from layers(unpacked, depth - 1)
    for word in set(_WORD.findall(data)):
        packed = word.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        try:
            inner = base64.b64decode(packed + b"=" * (-len(packed) % 4))
        except binascii.Error:
            continue
        yield from layers(inner, depth - 1)


class Sampler:
    """Looks at what comes and goes while a program is at work: the command lines and environments
    of everything that it starts, and the files of some folders."""

    def __init__(self, search: Search, mark: str, *folders: Path) -> None:
        self._search = search
        self._mark = mark.encode()
        self._folders = folders
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._known: set[tuple[str, int, int]] = set()
        self.seen: set[str] = set()
        """The command lines and the files that were looked at."""
        self.found: dict[str, set[str]] = {}
        """Where canaries were."""

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._thread.is_alive()
        self._ending.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ending.wait(0.005):
            for process in Path("/proc").glob("[0-9]*"):
                self._process(process)
            for folder in self._folders:
                self._files(folder)

    def _process(self, process: Path) -> None:
        try:
            environment = (process / "environ").read_bytes()
            if self._mark not in environment:
                return
            words = (process / "cmdline").read_bytes()
        except OSError:  # it has ended
            return
        self.seen.add(words.replace(b"\0", b" ").decode(errors="replace"))
        self._note(str(process), words + b"\n" + environment)

    def _files(self, folder: Path) -> None:
        # Not rglob(), which does not bear that a folder goes meanwhile.
        for at, _folders, names in os.walk(folder):
            for path in (Path(at, name) for name in names):
                try:
                    state = path.lstat()
                    version = (str(path), state.st_mtime_ns, state.st_size)
                    if version in self._known or not stat.S_ISREG(state.st_mode):
                        continue
                    content = path.read_bytes()
                except OSError:  # it is gone
                    continue
                self._known.add(version)
                self.seen.add(str(path))
                self._note(str(path), content)

    def _note(self, where: str, data: bytes) -> None:
        if seen := self._search.seen(data):
            self.found.setdefault(where, set()).update(seen)
