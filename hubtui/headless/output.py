"""Where answers go: stdout holds only the answer, everything else goes to stderr."""

from __future__ import annotations

import codecs
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TextIO

import msgspec

from hubtui.model.age import rfc3339
from hubtui.model.text import one_line, safe, safe_json
from hubtui.services.store import utc_now
from hubtui.views.cells import Cell, Tone, plain
from hubtui.views.export import SCHEMA, item_lines
from hubtui.views.lines import cell_to_ascii, to_ascii

_STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.MUTED: "dim",
    Tone.FINE: "green",
    Tone.SOON: "yellow",
    Tone.NOW: "bold red",
    Tone.TOOL: "magenta",
    Tone.WAITING: "cyan",
    Tone.ACCENT: "bold cyan",
}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Scope:
    """What an answer is about."""

    context: str = ""
    namespace: str = ""
    release: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What could not be read, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer in both forms: `body` goes into the JSON document, `lines` give the text for a
    terminal of that width (0: as wide as it gets). CSV has `rows`, by default the body's items."""

    kind: str
    scope: Scope
    body: Mapping[str, Any]
    lines: Callable[[int], Iterable[Cell]]
    rows: Sequence[Mapping[str, Any]] | None = None
    notes: tuple[Note, ...] = ()
    as_of: datetime = field(default_factory=utc_now)

    def document(self) -> dict[str, Any]:
        """The document of design §5."""
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "context": self.scope.context,
            "namespace": self.scope.namespace,
            "release": self.scope.release,
            "as_of": rfc3339(self.as_of),
            **self.body,
            "notes": [{"source": note.source, "reason": note.reason} for note in self.notes],
        }


class Output:
    """The two streams of a command. `json` asks for documents, `stream` for one a line; `csv`
    asks for the items of an answer as a table."""

    def __init__(self, *, json: bool = False, csv: bool = False, stream: bool = False) -> None:
        self.json = json
        self.csv = csv
        self.stream = stream
        self.out = sys.stdout
        self.err = sys.stderr
        self.terminal = self.out.isatty()
        self._shown = 0
        self._console: Any = None

    @property
    def width(self) -> int:
        """The terminal's width; 0 when nothing needs to be cut."""
        return shutil.get_terminal_size().columns if self.terminal else 0

    def show(self, answer: Answer) -> None:
        """Prints an answer; in a stream each replaces the one before where that is possible."""
        if self.json:
            self._document(answer.document())
        elif self.csv:
            self._table(answer)
        else:
            if self.stream and self.terminal:
                self.out.write("\x1b[H\x1b[2J\x1b[3J")
            elif self._shown:
                self.out.write("\n")
            self.lines(answer.lines(self.width))
            for note in answer.notes:
                self.say(f"{note.source}: {note.reason}")
        self._shown += 1
        self.out.flush()

    def lines(self, lines: Iterable[Cell]) -> None:
        """Prints lines, with colours on a terminal only."""
        if self.terminal:
            self._coloured(lines)
        else:
            self.out.writelines(f"{self._text(plain(line)).rstrip()}\n" for line in lines)

    def line(self, text: str) -> None:
        """Prints one line of text at once: a log's."""
        self.out.write(f"{self._text(text)}\n")
        self.out.flush()

    def utf8(self, text: str) -> None:
        """A document that is UTF-8 by its own rules, whatever the terminal speaks."""
        encoded = safe(text).encode()
        self.out.flush()
        raw = getattr(self.out, "buffer", None)
        if raw is None:
            self.out.write(encoded.decode())
        else:
            raw.write(encoded)
        self.out.flush()

    def say(self, text: str) -> None:
        """A sentence beside the answer."""
        tell(text, self.err)

    def mark(self, lines: Iterable[str]) -> None:
        """Lines beside the answer of which one points to another: blanks stay where they are."""
        for line in lines:
            self.err.write(f"{safe(line)}\n")

    def progress(self, text: str) -> None:
        """What is under way: only where somebody watches."""
        if self.err.isatty():
            self.say(text)

    def _text(self, text: str) -> str:
        text = safe(text)
        return text if speaks_utf8(self.out) else to_ascii(text)

    def _document(self, document: Mapping[str, Any]) -> None:
        encoded = safe_json(msgspec.json.encode(document))
        if not self.stream:
            encoded = msgspec.json.format(encoded, indent=2)
        text = encoded.decode()
        if not speaks_utf8(self.out):
            text = _NOT_ASCII.sub(lambda match: json_escape(match.group()), text)
        self.out.write(f"{text}\n")

    def _table(self, answer: Answer) -> None:
        rows = answer.rows if answer.rows is not None else answer.body.get("items", ())
        for line in item_lines(rows):
            self.line(line)
        for note in answer.notes:
            self.say(f"{note.source}: {note.reason}")

    def _coloured(self, lines: Iterable[Cell]) -> None:
        from rich.console import Console
        from rich.text import Text

        if self._console is None:
            self._console = Console(file=self.out, highlight=False, markup=False, emoji=False)
        utf8 = speaks_utf8(self.out)
        for line in lines:
            shown = line if utf8 else cell_to_ascii(line)
            text = Text.assemble(*((safe(part), _STYLES[tone]) for part, tone in shown))
            self._console.print(text, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)


def json_escape(character: str) -> str:
    """A character as JSON's `\\uXXXX`, beyond the first plane as a pair of surrogates."""
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def speaks_utf8(stream: TextIO) -> bool:
    """Whether a stream takes more than ASCII.

    Under a C locale Python speaks UTF-8 all the same (PEP 538, 540), the terminal does not.
    """
    try:
        utf8 = codecs.lookup(stream.encoding or "ascii").name == "utf-8"
    except LookupError:
        utf8 = False
    if not utf8 or "PYTHONIOENCODING" in os.environ or "PYTHONUTF8" in os.environ:
        return utf8
    everything, characters, language = (os.environ.get(n) for n in ("LC_ALL", "LC_CTYPE", "LANG"))
    if characters == "C.UTF-8" and (language or "C") in ("C", "POSIX"):
        characters = ""  # set by the interpreter, not by the operator
    named = everything or characters or language or "C"
    return "utf8" in named.lower().replace("-", "")


def tell(text: str, stream: TextIO | None = None) -> None:
    """A sentence on stderr; one that nobody can hear any more is dropped."""
    stream = stream or sys.stderr
    shown = one_line(text)
    try:
        stream.write(f"{shown if speaks_utf8(stream) else to_ascii(shown)}\n")
        stream.flush()
    except OSError:
        return
