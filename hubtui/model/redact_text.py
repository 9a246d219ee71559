"""Takes secrets out of free text: configuration in Python, YAML, INI or JSON, and messages.

Line by line and without parsing, since a text that does not parse must not leak either. The
number of lines stays, so that a diff's lines and their masked form can be laid side by side.
"""

from __future__ import annotations

import re
from re import Match

from hubtui.model.secret_names import is_secret, words

MASK = "••••••"
"""What stands for a secret: always the same, so that not even its length is told."""

_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{1,40}-----.*?(?:-----END [A-Z0-9 ]{1,40}-----|\Z)", re.DOTALL
)
_CREDENTIALS = re.compile(
    r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # a JWT
    r"|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-)[\w-]{10,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bAGE-SECRET-KEY-[A-Z0-9]+"
    r"|(?<=\bBearer )[\w.~+/-]{8,}=*"
    r"|(?<=\bBasic )[\w+/]{8,}=*"
    r"|(?<=\btoken )[\w.~+/-]{16,}=*"
)
_URL_LOGIN = re.compile(
    r"(?P<scheme>\b[a-zA-Z][\w+.-]{0,20}://)(?P<user>[^\s/:@\"']*):[^\s/@\"']+@"
)
_ASSIGNED = re.compile(
    r"(?<![\w.\-/])(?P<name>[A-Za-z_][\w.\-/]{0,200}+)(?P<close>[\"']?\]?[\"']?)"
    r"(?P<sign>[ \t]*(?::=|=>|[=:])[ \t]*)"
)
_FLAG = re.compile(r"(?<!\S)--?(?P<name>[A-Za-z][\w-]{0,60}+)(?P<sign>[ \t]+)(?=[^\s-])")
_CALL = re.compile(r"[\"'](?P<name>[A-Za-z_][\w.\-/]{0,100}+)(?P<sign>[\"'][ \t]*,[ \t]*)(?=[\"'])")
_NAMED = re.compile(
    r"\bname[\"']?[ \t]*[:=][ \t]*[\"']?(?P<name>[\w.\-]{1,200}+)(?P<sign>[\"']?,?[ \t]*)"
)
_VALUE = re.compile(r"\b(?P<name>value)[\"']?(?P<sign>[ \t]*[:=][ \t]*)")
_HARMLESS = re.compile(r"(?:true|false|null|none|~|\"\"|''|\d{1,4})?[,;)}\s]*", re.IGNORECASE)
_LOOKED_UP = re.compile(
    r"(?:os\.environ|os\.environ\.get|os\.getenv|get_config|get_secret_value|z2jh\.\w+)"
    r"[\[(][\"'][\w.\-]+[\"'][\])][,;)\s]*"
)
_GOES_ON = re.compile(r"(?:[\[{(\\,]|[|>][-+\d]*)\s*$")
_STATEMENT = re.compile(r"\s*(?:if|elif|else|for|while|def|class|with|try|except|async)\b.*:\s*$")
_QUOTES = ('"""', "'''")


def mask_credentials(text: str) -> str:
    """The text without what looks like a credential by itself, wherever it stands."""
    if "-----BEGIN " in text:
        text = _PEM.sub(_masked_lines, text)
    text = _CREDENTIALS.sub(MASK, text)
    return _URL_LOGIN.sub(rf"\g<scheme>\g<user>:{MASK}@", text)


def mask_text(text: str) -> str:
    """The text without credentials and without the values that a secret name is given."""
    lines = _Lines()
    return "\n".join(lines.mask(line) for line in mask_credentials(text).split("\n"))


def _masked_lines(match: Match[str]) -> str:
    return "\n".join([MASK] * (match.group().count("\n") + 1))


class _Lines:
    """Masks one line after the other; remembers a secret that goes on over several lines."""

    def __init__(self) -> None:
        self._column: int | None = None
        self._quote = ""
        self._named = False

    def mask(self, line: str) -> str:
        if not line.strip():
            return line
        if self._quote:
            if self._quote in line:
                self._quote = ""
            return MASK
        indent = len(line) - len(line.lstrip())
        if self._column is not None:
            listed = indent == self._column and line[indent:].startswith("- ")
            if indent > self._column or listed:
                return line[:indent] + MASK
            self._column = None
        return self._one(line, indent)

    def _one(self, line: str, indent: int) -> str:
        found = _first_secret(line)
        if self._named and (value := _VALUE.search(line)):
            found = value
        named = _NAMED.search(line)
        if named and is_secret(named["name"]) and not (found and found.start() < named.start()):
            if "value" in line[named.end() :]:
                return line[: named.end()] + MASK
            self._named = True
            return line
        if found is None:
            self._named = self._named and not line.lstrip().startswith("- ")
            return line
        self._named = False
        return self._value(line, indent, found)

    def _value(self, line: str, indent: int, found: Match[str]) -> str:
        head, value = line[: found.end()], line[found.end() :]
        for quote in _QUOTES:
            if value.count(quote) % 2:
                self._quote = quote
        if not _STATEMENT.match(line):
            self._column = indent if _GOES_ON.search(value) else found.start("name")
        if _HARMLESS.fullmatch(value) or _LOOKED_UP.fullmatch(value):
            return line
        return head + (value if value.strip() in _BLOCKS else MASK)


_BLOCKS = frozenset(("|", "|-", "|+", ">", ">-", ">+", "[", "{", "(", "\\"))


def _first_secret(line: str) -> Match[str] | None:
    """The first name on the line that is given a secret."""
    matches = (
        match
        for pattern in (_ASSIGNED, _FLAG, _CALL)
        for match in pattern.finditer(line)
        if _is_secret(match["name"])
    )
    return min(matches, key=lambda match: match.end(), default=None)


def _is_secret(name: str) -> bool:
    parts = re.split(r"[./]", name.rstrip("./"))
    return is_secret(parts[-1]) or (parts[-1] == "keys" and "crypt" in words(name))
